"""An Airflow of one's own with our wheel, installed by the commands of README.md and in nothing but their folder."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.blocks import ROOT, blocks, commands

[README] = [block for block in blocks(ROOT / "README.md") if "pip install" in block.text]
*PIP, EXPORT = (command.words for command in commands(README))
DAGS = {file.stem for file in (ROOT / "dags").glob("*.py")}
BUNDLES, BUNDLE = EXPORT[1].split("=", 1)
UV_CACHE = {**os.environ, "UV_CACHE_DIR": str(ROOT / ".local" / "cache" / "uv")}

# a stack in which nothing was backed up yet has none
REPOSITORY = """
from ofitec.clients.restic_connection import restic
from ofitec.clients.restic_errors import RepositoryMissing
try:
    restic().open()
except RepositoryMissing:
    restic().init()
"""


@dataclass(frozen=True)
class Installation:
    """An environment with Airflow from the lock and our wheel, and a folder of its own."""

    folder: Path

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        empty = self.folder / "empty"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "OFITEC_EXPORT_URL": f"file://{self.folder}/exports",
            **{name: value for name, value in (more or {}).items() if name != "PYTHONPATH"},
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(empty),
            "AIRFLOW__CORE__DAGS_FOLDER": str(empty),
            BUNDLES: BUNDLE,
        }

    def run(self, *argv: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        program = self.folder / "venv" / "bin" / argv[0]
        return subprocess.run(
            [str(program), *argv[1:]],
            env=self.env(env),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def make_repository(self, env: Mapping[str, str]) -> None:
        """The restic repository that `env` names, if it is not there yet."""
        made = self.run("python", "-c", REPOSITORY, env=env)
        assert made.returncode == 0, made.stderr


def install(folder: Path) -> Installation:
    """What README.md says, in `folder`: the wheel is built anew, the locked packages come from the cache."""
    python = str(folder / "venv" / "bin" / "python")
    dist = folder / "dist"

    def run(*argv: str | Path, cwd: Path = ROOT) -> None:
        subprocess.run(argv, cwd=cwd, env=UV_CACHE, check=True, capture_output=True, timeout=300)

    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    (dist / "requirements.txt").symlink_to(ROOT / "requirements.txt")
    uv = shlex.join([sys.executable, "-m", "uv"])  # pip's words, ten times faster
    for command in PIP:
        where = f"-q --offline --python {shlex.quote(python)}"
        run("bash", "-c", f"{uv} {' '.join(command)} {where}", cwd=dist)
    return Installation(folder)
