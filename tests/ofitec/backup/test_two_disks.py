"""Workers that share no disk: what one leaves there when it dies, and what of one cannot be another's."""

import dataclasses
from pathlib import Path

import pytest

from ofitec.backup import nightly, proof, scratch, shared
from ofitec.backup.job import Job
from ofitec.ledger import backups
from ofitec.ledger.folders import MARK, NotShared
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import nothing_left


@pytest.fixture
def other(job: Job, tmp_path: Path) -> Job:
    """The same job on another worker."""
    work = tmp_path / "other worker"
    work.mkdir()
    return dataclasses.replace(job, work=work)


@pytest.mark.parametrize("next_task", ["proof", "night"])
def test_a_dead_workers_copy_goes_with_its_next_task(job: Job, other: Job, next_task: str) -> None:
    """Its database is dropped by the other worker's retry, which cannot reach its disk: people's files lay there."""
    key = back_up(job)
    died = scratch.make(job, purpose=proof.PURPOSE, run_id="r")
    died.filestore.mkdir(parents=True)
    proof.prove(other, key, run_id="r")
    assert died.folder.exists()
    if next_task == "proof":
        proof.prove(job, key, run_id="r2")
    else:
        nightly.preflight(job, run_id="r2")
    assert not died.folder.exists()
    nothing_left(job)
    nothing_left(other)


def test_a_copy_that_another_proof_works_on_stays(job: Job) -> None:
    working = scratch.make(job, purpose="backup_restore", run_id="r")
    unknown = job.work / "scratch" / f"{scratch.PREFIX}de_otro"
    unknown.mkdir()
    scratch.sweep_disk(job)
    assert working.folder.exists()
    assert unknown.exists()
    scratch.drop(job, working.database.name)
    unknown.rmdir()


class Disks:
    """One path, under which each of two workers has a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.path, self._one = path, path.with_name(f"{path.name} of the first")

    def change(self) -> None:
        """From here on the second works."""
        self.path.rename(self._one)
        self.path.mkdir()


@pytest.fixture
def celery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")


@pytest.mark.usefixtures("celery")
@pytest.mark.parametrize("prefix", ["", "local:"])
def test_a_repository_on_one_workers_disk_is_refused_on_the_next(job: Job, tmp_path: Path, prefix: str) -> None:
    folder = tmp_path / "restic"
    shared.require_repository(job.ledger, f"{prefix}{folder}")
    Disks(folder).change()
    with pytest.raises(NotShared, match=r"The restic repository is the folder .* a repository on S3, SFTP or REST"):
        shared.require_repository(job.ledger, f"{prefix}{folder}")
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("celery")
@pytest.mark.parametrize("address", ["s3:http://127.0.0.1:1/a/b", "sftp:u@h:/p", "rest:http://127.0.0.1:1/", "gs:b:/"])
def test_a_repository_that_all_reach_is_marked_nowhere(job: Job, address: str) -> None:
    shared.require_repository(job.ledger, address)
    shared.require_repository(job.ledger, address)


@pytest.mark.usefixtures("celery")
def test_a_repository_with_our_mark_in_it_works(job: Job, repository: Path) -> None:
    shared.require_repository(job.ledger, str(repository))
    assert (repository / MARK).exists()
    proof.prove(job, back_up(job), run_id="r", read_data=True)


@pytest.mark.usefixtures("celery")
def test_a_password_that_only_one_worker_would_learn_is_not_changed(job: Job, tmp_path: Path) -> None:
    """The other worker would take the new password for lost, and its key away: the first's would open nothing."""
    file = tmp_path / "key" / "password"
    file.parent.mkdir()
    file.write_text("secreta")
    shared.tell_password(job.ledger, file)
    Disks(file.parent).change()
    file.write_text("secreta")
    with pytest.raises(NotShared, match="The password file's place"):
        shared.require_password(job.ledger, file)
    assert sorted(path.name for path in file.parent.iterdir()) == ["password"]


@pytest.mark.usefixtures("celery")
def test_files_are_restored_only_where_all_workers_see_them(job: Job, tmp_path: Path) -> None:
    place = tmp_path / "filestores" / "odoo_restaurado"
    place.parent.mkdir()
    shared.require_place(job.ledger, place)
    shared.require_place(job.ledger, place)
    Disks(place.parent).change()
    with pytest.raises(NotShared, match="The place of the restored files"):
        shared.require_place(job.ledger, place)


def test_on_one_machine_a_moved_folder_is_nobodys_business(job: Job, tmp_path: Path) -> None:
    folder = tmp_path / "restic"
    folder.mkdir()
    shared.require_repository(job.ledger, str(folder))
    Disks(folder).change()
    shared.require_repository(job.ledger, str(folder))
    assert list(folder.iterdir()) == []
    assert backups.newest_checked(job.ledger, job.env) is None
