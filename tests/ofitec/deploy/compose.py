"""docker-compose.yml as docker compose itself reads it: no engine needed."""

import json
import os
import subprocess
from pathlib import Path

from dev.stack.machine import debian
from dev.stack.machine.paths import ROOT

PROFILES = ("odoo", "airflow", "celery", "colours", "monitoring")
FILES = ("docker-compose.yml", "include/monitoring/compose.yml")


def installation(folder: Path, settings: str = "") -> Path:
    """The folder of an installation, with these lines in .env."""
    for name in ("docker-compose.yml", "docker-compose.traefik.yml", "include"):
        (folder / name).symlink_to(ROOT / name)
    if settings:
        (folder / ".env").write_text(settings)
    return folder


def config(folder: Path, files: tuple[str, ...], profiles: tuple[str, ...], *options: str) -> str:
    """What `docker compose ... config` of these files and profiles prints in an installation's folder."""
    program = next((debian.unpacked("docker-compose") / "usr").rglob("cli-plugins/docker-compose"))
    argv = [
        str(program),
        *[f"--file={folder / name}" for name in files],
        *[f"--profile={name}" for name in profiles],
    ]
    done = subprocess.run(
        [*argv, "config", *options], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def airflow_services(text: str) -> dict[str, dict[str, str]]:
    """Each service that runs Airflow, and its environment."""
    found = {name: one for name, one in json.loads(text)["services"].items() if name.startswith("airflow-")}
    del found["airflow-secrets"]  # it copies files and reads no setting
    return {name: one["environment"] for name, one in found.items()}
