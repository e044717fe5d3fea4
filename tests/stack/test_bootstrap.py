"""The first thing a newcomer meets: what bootstrap.sh says when it cannot go on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "dev" / "stack").mkdir(parents=True)
    shutil.copy(ROOT / "dev" / "stack" / "bootstrap.sh", tmp_path / "dev" / "stack")
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def bootstrap(clone: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = clone / "dev" / "stack" / "bootstrap.sh"
    return subprocess.run(["/bin/bash", script], capture_output=True, text=True, env=env, check=False)


def folder_with(clone: Path, *programs: str) -> str:
    folder = clone / "bin"
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(shutil.which(program) or program)
    return str(folder)


TOOLS = [
    "mkdir",
    "chmod",
    "flock",
    "dirname",
    "cat",
    "sha256sum",
    "df",
    "tail",
    "awk",
    "sed",
    "grep",
    "sleep",
    "rm",
    "id",
]


def test_a_machine_without_a_fitting_python_is_told_which(clone: Path) -> None:
    done = bootstrap(clone, {"PATH": folder_with(clone, *TOOLS)})
    assert done.returncode == 1
    assert done.stderr.startswith("make stopped: Python 3.11, 3.12 or 3.13 is needed")
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_is_said_before_anything_is_downloaded(clone: Path) -> None:
    path = folder_with(clone, *(tool for tool in TOOLS if tool != "df"))
    fake = clone / "bin" / "df"
    fake.write_text("#!/bin/bash\necho Avail\necho 120000\n")
    fake.chmod(0o755)
    done = bootstrap(clone, {"PATH": path, "PYTHON": sys.executable})
    assert done.returncode == 1
    assert "has 117 MB free and the first start needs 5000" in done.stderr
    assert not (clone / ".local" / "venv").exists()
