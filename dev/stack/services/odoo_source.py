"""Which Odoo the stack runs: Debian's package of 19.0, or the source tree in ODOO_HOME (16.0 or 19.0)."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import debian
from dev.stack.machine.environment import python_with
from dev.stack.machine.paths import CACHE

SERIES = ("16.0", "19.0")
_LOCK = Path(__file__).with_name("requirements-odoo-19.txt")


@dataclass(frozen=True)
class OdooSource:
    """A runnable Odoo. `series` is '16.0' or '19.0'; `version` tells two trees of one series apart (template names)."""

    series: str
    version: str
    python: Path
    program: Path
    pythonpath: Path
    origin: str

    def command(self, *args: str) -> list[str]:
        return [str(self.python), str(self.program), *args]

    def env(self) -> dict[str, str]:
        """The environment of every Odoo process: nothing of ours but what it needs."""
        return {
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.pythonpath),
            "HOME": os.environ.get("HOME", "/tmp"),  # noqa: S108 - only where Odoo would write a config it is told not to
            "LANG": "C.UTF-8",
            # compiled once, and not into a tree of yours
            "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode"),
        }


def series_of(release_py: str) -> str:
    """The series in the text of an odoo/release.py. Raises StackError for one the project does not support."""
    match = re.search(r"^version_info\s*=\s*\((?:'saas~)?(\d+)'?,\s*(\d+)", release_py, re.MULTILINE)
    if match is None:
        raise StackError(
            "ODOO_HOME has an odoo/release.py without version_info: name a source tree of Odoo 16.0 or 19.0."
        )
    series = f"{match.group(1)}.{match.group(2)}"
    if series not in SERIES:
        raise StackError(f"ODOO_HOME holds Odoo {series}; this project supports {' and '.join(SERIES)}.")
    return series


def find() -> OdooSource:
    """The Odoo named by ODOO_HOME and ODOO_PYTHON, else Debian's, downloaded on first use."""
    home = os.environ.get("ODOO_HOME")
    return _from_tree(Path(home).expanduser().resolve()) if home else _from_debian()


def _from_tree(home: Path) -> OdooSource:
    release = home / "odoo" / "release.py"
    if not release.exists():
        raise StackError(f"ODOO_HOME={home} is no Odoo source tree: it has no odoo/release.py.")
    series = series_of(release.read_text())
    program = next((home / name for name in ("odoo-bin", "setup/odoo") if (home / name).exists()), None)
    if program is None:
        raise StackError(f"ODOO_HOME={home} has no odoo-bin.")
    if named := os.environ.get("ODOO_PYTHON"):
        python = Path(named).expanduser()
        if not python.exists():
            raise StackError(f"ODOO_PYTHON={python} does not exist: name the Python that has Odoo's requirements.")
    elif series == "19.0":
        python = _venv_19()
    else:
        raise StackError(
            f"Odoo {series} needs a Python with its own requirements: set ODOO_PYTHON to it (README, Odoo 16)."
        )
    version = hashlib.sha256(f"{home}|{release.read_text()}|{release.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    return OdooSource(series, f"tree-{version}", python, program, home, str(home))


def _from_debian() -> OdooSource:
    root = debian.unpacked("odoo-19")
    version = debian.version_of("odoo-19")
    packages = root / "usr/lib/python3/dist-packages"
    _complete_assets(packages / "odoo")
    return OdooSource("19.0", version, _venv_19(), root / "usr/bin/odoo", packages, f"Debian's odoo-19 {version}")


def _complete_assets(odoo: Path) -> None:
    """Debian leaves out one JavaScript library for its license: the background blur of video calls.

    Odoo's bundle names the file, and each page load logs an error without it. Nothing here makes video calls.
    """
    blur = odoo / "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    if not blur.exists():
        blur.parent.mkdir(parents=True, exist_ok=True)
        blur.write_text("// Left out by Debian (license): background blur of video calls is not available.\n")


def _venv_19() -> Path:
    return python_with(_LOCK, "odoo-19", "Odoo 19")
