import shutil
from pathlib import Path

import pytest

from dev.stack.errors import StackError
from dev.stack.machine import system_packages


def test_without_rights_the_command_to_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    with pytest.raises(StackError, match=r"PostgreSQL server is missing.*not root.*apt-get install .*postgresql"):
        system_packages.install(["postgresql"], "PostgreSQL server")


def test_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(StackError, match="no apt-get: install postgresql by hand"):
        system_packages.install(["postgresql"], "PostgreSQL server")


def test_the_newest_postgresql_is_used_by_number_not_by_name(tmp_path: Path) -> None:
    for major in ("9", "15", "17"):
        (tmp_path / major / "bin").mkdir(parents=True)
        (tmp_path / major / "bin" / "initdb").touch()
    assert system_packages.newest_postgres(tmp_path) == tmp_path / "17" / "bin"
    assert system_packages.newest_postgres(tmp_path / "none") is None
