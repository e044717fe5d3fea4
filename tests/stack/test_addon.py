"""When the add-on counts as changed: everything made from it is then made anew, which takes a minute."""

import shutil
from pathlib import Path

import pytest

from dev.stack.services import addon


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(addon.SOURCE, tmp_path / "odoo_addon"))
    monkeypatch.setattr(addon, "SOURCE", copy)
    return copy


def test_what_linters_and_python_leave_is_no_change(source: Path) -> None:
    before = addon.digest("19.0")
    for left in (".ruff_cache/0.1/123", "of_sii_cl/__pycache__/x.pyc", "README.md"):
        (source / left).parent.mkdir(parents=True, exist_ok=True)
        (source / left).write_text("new")
    assert addon.digest("19.0") == before


@pytest.mark.parametrize("file", ["of_sii_cl/__manifest__.py", "of_sii_cl/models/new.py", "render.py"])
def test_a_changed_or_new_source_is_one(source: Path, file: str) -> None:
    before = addon.digest("19.0")
    with (source / file).open("a") as changed:
        changed.write("\n# x\n")
    assert addon.digest("19.0") != before


def test_each_series_has_its_own(source: Path) -> None:
    assert addon.digest("16.0") != addon.digest("19.0")
