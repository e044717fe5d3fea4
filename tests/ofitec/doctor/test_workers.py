"""The doctor on each of two workers: which folder of theirs is not one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ofitec.doctor import workers
from ofitec.ledger import Ledger
from ofitec.ledger.folders import NotShared
from ofitec.settings import settings


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, ledger: Ledger, tmp_path: Path) -> Iterator[Path]:
    """A worker's disk, with the installation's settings and connections."""
    disk = tmp_path / "disk"
    for name in ("exports", "restic", "key"):
        (disk / name).mkdir(parents=True)
    (disk / "key" / "password").write_text("secreta")
    monkeypatch.setenv("AIRFLOW_CONN_RESTIC_DEFAULT", f'{{"conn_type": "generic", "extra": {{"password_file": '
                       f'"{disk}/key/password"}}}}')  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger.engine.url.set(drivername="postgresql").render_as_string(
        hide_password=False))  # fmt: skip
    monkeypatch.setenv("OFITEC_EXPORT_URL", f"file://{disk}/exports")
    monkeypatch.setenv("OFITEC_RESTIC_REPOSITORY", str(disk / "restic"))
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    settings.cache_clear()
    yield disk
    settings.cache_clear()


def test_the_same_folders_on_both_are_named_with_who_has_them(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("uno", "dos"):
        monkeypatch.setattr("socket.gethostname", lambda name=name: name)
        said = workers.shared_folders()
    for folder in ("exports", "restic", "key"):
        assert f"{disk / folder} (the same on dos, uno)" in said


@pytest.mark.parametrize("apart", ["exports", "restic", "key"])
def test_a_folder_of_its_own_is_wrong(disk: Path, apart: str) -> None:
    workers.shared_folders()
    (disk / apart).rename(disk / "of the first worker")
    (disk / apart).mkdir()
    (disk / "key" / "password").write_text("secreta")
    with pytest.raises(NotShared, match=str(disk / apart)):
        workers.shared_folders()


def test_storages_need_no_look(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFITEC_EXPORT_URL", "s3://aws_default@bucket/prefix")
    monkeypatch.setenv("OFITEC_RESTIC_REPOSITORY", "sftp:u@h:/p")
    monkeypatch.setenv("AIRFLOW_CONN_RESTIC_DEFAULT", "generic://:secreta@")
    settings.cache_clear()
    assert workers.shared_folders().startswith("none is used")


def test_on_one_machine_there_is_nothing_to_share(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    assert workers.shared_folders().startswith("one machine")
    assert list(disk.rglob(".ofitec-folder")) == []
