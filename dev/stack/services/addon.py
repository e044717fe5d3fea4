"""The project's own Odoo add-on, made ready for one series of Odoo."""

from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import process
from dev.stack.machine.paths import ROOT, Place

NAME = "of_sii_cl"
SOURCE = ROOT / "odoo_addon"


@dataclass(frozen=True)
class Addon:
    """`folder` goes into Odoo's addons path, `digest` changes with the add-on's source."""

    folder: Path
    digest: str


def digest(series: str) -> str:
    """A short hash of the add-on's source files and of the series they are rendered for."""
    total = hashlib.sha256(series.encode())
    for file in sorted([SOURCE / "render.py", *(SOURCE / NAME).rglob("*")]):
        if file.is_file() and "__pycache__" not in file.parts:
            total.update(str(file.relative_to(SOURCE)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:10]


def render(place: Place, series: str) -> Addon:
    """The add-on for `series` in a folder of its own, so that a running server never sees its files change."""
    if not (SOURCE / NAME / "__manifest__.py").exists():
        raise StackError(f"this working copy has no add-on odoo_addon/{NAME}: check it out whole and try again.")
    made = Addon(place.dir / "addons" / f"{series}-{digest(series)}", digest(series))
    if (made.folder / NAME / "__manifest__.py").exists():
        return made
    building = made.folder.with_name(f".{made.folder.name}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    argv = [sys.executable, str(SOURCE / "render.py"), series, str(building)]
    process.run(argv, log=place.logs / "addon.log", what=f"rendering {NAME} for Odoo {series}")
    building.rename(made.folder)
    return made
