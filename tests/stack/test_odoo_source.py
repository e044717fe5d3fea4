from pathlib import Path

import pytest

from dev.stack.errors import StackError
from dev.stack.services import odoo_source

RELEASE = "RELEASE_LEVELS = []\nversion_info = ({}, {}, 0, FINAL, 0, '')\nversion = 'x'\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo-bin").touch()
    (tmp_path / "odoo" / "release.py").write_text(RELEASE.format(16, 0))
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    monkeypatch.delenv("ODOO_PYTHON", raising=False)
    return tmp_path


@pytest.mark.parametrize("series", ["16.0", "19.0"])
def test_the_series_is_read_from_the_tree(series: str) -> None:
    assert odoo_source.series_of(RELEASE.format(*series.split("."))) == series


@pytest.mark.parametrize("numbers", [("17", "0"), ("'saas~18'", "4")])
def test_another_series_is_refused_by_name(numbers: tuple[str, str]) -> None:
    with pytest.raises(StackError, match=r"ODOO_HOME holds Odoo 1\d\.\d; this project supports 16\.0 and 19\.0"):
        odoo_source.series_of(RELEASE.format(*numbers))


def test_a_folder_that_is_no_odoo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    with pytest.raises(StackError, match="is no Odoo source tree"):
        odoo_source.find()


def test_16_needs_a_python_of_its_own(tree: Path) -> None:
    with pytest.raises(StackError, match="set ODOO_PYTHON"):
        odoo_source.find()


def test_a_python_that_does_not_exist_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_PYTHON", "/no/such/python")
    with pytest.raises(StackError, match="ODOO_PYTHON=/no/such/python does not exist"):
        odoo_source.find()


def test_a_tree_is_run_by_the_named_python(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_PYTHON", "/bin/sh")
    found = odoo_source.find()
    assert found.series == "16.0"
    assert found.command("--version") == ["/bin/sh", str(tree / "odoo-bin"), "--version"]
