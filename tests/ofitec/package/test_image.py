"""Airflow's image for docker compose: the wheel in it, and the stage that builds it from what the lock pins."""

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT
from tests.ofitec.package.installation import BUNDLE, BUNDLES, UV_CACHE

FOLDER = ROOT / "include/images/airflow"
LOCK = FOLDER / "requirements-build.txt"
# stage to its instructions: ("COPY", "dags dags")
STAGES = {
    head.split(" AS ")[-1].strip() if " AS " in head else "": re.findall(r"(?m)^([A-Z]+) (.+)$", body)
    for head, _, body in (
        stage.partition("\n")
        for stage in re.split(r"(?m)^FROM ", (FOLDER / "Dockerfile").read_text().replace("\\\n", " "))[1:]
    )
}


def arguments(stage: str, instruction: str) -> list[str]:
    return [rest for name, rest in STAGES[stage] if name == instruction]


@pytest.fixture
def python(tmp_path: Path) -> str:
    """An interpreter with what the stage installs, and nothing else."""
    made = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    argv = [sys.executable, "-m", "uv", "pip", "install", "-q", "--offline", "--python", str(made), "--no-deps"]
    subprocess.run([*argv, "--require-hashes", "-r", str(LOCK)], env=UV_CACHE, check=True)
    return str(made)


def files(folder: Path) -> dict[str, bytes]:
    """Every file of the one wheel in a folder."""
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_its_stage_builds_the_wheel_of_make_wheel(python: str, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for copied in arguments("wheel", "COPY"):
        *names, target = shlex.split(copied)
        for name in names:
            assert f"!{name.split('/')[0]}" in (ROOT / ".dockerignore").read_text().split(), name
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, source)
    [build] = [line for line in arguments("wheel", "RUN") if "hatchling" in line]
    argv = shlex.split(build.replace("/tmp/dist", str(tmp_path / "dist")))
    subprocess.run([python, *argv[1:]], cwd=source, check=True)
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "made")]
    subprocess.run(argv, cwd=ROOT, check=True)
    assert files(tmp_path / "dist") == files(tmp_path / "made")


def test_what_builds_is_pinned_as_everywhere_else() -> None:
    pins = re.compile(r"(?m)^[a-z][\w-]*==\S+")
    pinned = set(pins.findall(LOCK.read_text()))
    assert {name.split("==")[0] for name in pinned} >= {"hatchling", "hatch-requirements-txt"}
    assert pinned <= set(pins.findall((ROOT / "requirements-dev.txt").read_text()))


def test_the_image_has_the_wheel_and_its_dags_once() -> None:
    """By the wheel alone: no second copy in Airflow's own folders, no PYTHONPATH."""
    assert not any(re.search(r"\b(dags|plugins|ofitec)\b", copied) for copied in arguments("", "COPY"))
    assert [line for line in arguments("", "RUN") if "--no-index /tmp/dist/*.whl" in line]
    assert arguments("", "ENV") == [f"{BUNDLES}='{BUNDLE}'"]
