"""What can happen to the repository before and between backups: locks, losses, a full disk, a wrong password."""

import dataclasses
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ofitec.backup import nightly, retention
from ofitec.backup.job import Job
from ofitec.backup.repository import ClockWrong
from ofitec.clients.restic_errors import (
    RepositoryDamaged,
    RepositoryFull,
    RepositoryLocked,
    RepositoryMissing,
    WrongPassword,
)
from ofitec.ledger import backups
from ofitec.ledger.exclusive import ODOO, Busy, held
from tests.backup.conftest import PASSWORD
from tests.backup.restic_files import add_lock, biggest
from tests.backup.test_faults_nightly import nothing_counts, works_again
from tests.backup.test_nightly import back_up


def test_dead_lock_of_another_host_is_removed(job: Job, repository: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=12)
    add_lock(repository, PASSWORD, hostname="0d7c9a", pid=17, at=long_ago, exclusive=True)
    works_again(job)


@pytest.mark.parametrize("alive", [False, True], ids=["zombie", "another program"])
def test_lock_of_a_dead_restic_of_this_machine_goes_at_once(job: Job, repository: Path, alive: bool) -> None:
    """Its pid may be a zombie's or another program's by now (usual in containers), which must not be harmed."""
    holder = subprocess.Popen(["sleep", "60" if alive else "0"])
    if not alive:
        time.sleep(0.3)
    now = datetime.now(UTC)
    add_lock(repository, PASSWORD, hostname=socket.gethostname(), pid=holder.pid, at=now, exclusive=True)
    works_again(dataclasses.replace(job, rules=dataclasses.replace(job.rules, lock_stale=600)))
    assert holder.poll() == (None if alive else 0)
    holder.kill()
    holder.wait()


def test_living_lock_of_another_host_is_respected(job: Job, repository: Path) -> None:
    job = dataclasses.replace(job, rules=dataclasses.replace(job.rules, lock_stale=30))
    lock = add_lock(repository, PASSWORD, hostname="pruner", pid=17, at=datetime.now(UTC))

    def refresh() -> None:
        time.sleep(2)
        add_lock(repository, PASSWORD, hostname="pruner", pid=17, at=datetime.now(UTC))
        (repository / "locks" / lock).unlink()

    thread = threading.Thread(target=refresh)
    thread.start()
    with pytest.raises(RepositoryLocked, match=r"in use by pruner \(pid 17\)"):
        nightly.preflight(job, run_id="r")
    thread.join()
    assert len(job.restic.locks()) == 1


def test_deleted_pack(job: Job, repository: Path) -> None:
    first = back_up(job)
    biggest(repository / "data").unlink()
    with pytest.raises(RepositoryDamaged, match=r"restic check.*pack [0-9a-f]+: does not exist"):
        back_up(job)
    # tonight's snapshots exist, but they do not count
    assert [row.key for row in backups.of_status(job.ledger, job.env, backups.CHECKED)] == [first]


def test_deleted_index_heals(job: Job, repository: Path) -> None:
    back_up(job)
    for index in (repository / "index").iterdir():
        index.unlink()
    with pytest.raises(nightly.IndexRebuilt, match="rebuilt from the packs"):
        back_up(job)
    key = back_up(job)
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED
    job.restic.check(read_data=True)


def test_deleted_snapshot_is_missed(job: Job) -> None:
    first = back_up(job)
    gone = job.restic.snapshots(*job.tags, f"run={first}")[0]
    job.restic.forget([gone.id])
    lost = nightly.preflight(job, run_id="r")["lost"]
    key = nightly.snapshot(job, run_id="r")
    nightly.check(job, key, run_id="r")
    with pytest.raises(retention.SnapshotsLost, match=f"1 backups are gone.*{first}"):
        retention.apply(job, run_id="r", lost=lost)
    # tonight's is whole, and the loss is told once
    assert [row.key for row in backups.of_status(job.ledger, job.env, backups.CHECKED)] == [key]
    assert nightly.preflight(job, run_id="r")["lost"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk that this test fills")
def test_full_disk(job: Job, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "400k") as disk:
        full = dataclasses.replace(job.restic, repository=str(disk / "repository"))
        full.init()
        cramped = dataclasses.replace(job, restic=full, pruner=full)
        with pytest.raises(RepositoryFull, match="No space left for restic backup"):
            nightly.snapshot(cramped, run_id="r")
        nothing_counts(cramped)


def test_wrong_password(job: Job) -> None:
    stranger = dataclasses.replace(job.restic, secrets={"RESTIC_PASSWORD": "otra"})
    with pytest.raises(WrongPassword, match="password opens no key"):
        nightly.preflight(dataclasses.replace(job, restic=stranger), run_id="r")


def test_missing_repository_is_created_only_on_demand(job: Job, tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(job.restic, repository=str(tmp_path / "elsewhere"))
    moved = dataclasses.replace(job, restic=elsewhere, pruner=elsewhere)
    with pytest.raises(RepositoryMissing, match="no restic repository at"):
        nightly.preflight(moved, run_id="r")
    assert not (tmp_path / "elsewhere").exists()
    nightly.preflight(moved, run_id="r", create_repository=True)
    back_up(moved)
    # gone with its backups: not silently replaced by an empty one
    (tmp_path / "elsewhere").rename(tmp_path / "lost")
    with pytest.raises(nightly.RepositoryGone, match="should hold 1 backups"):
        nightly.preflight(moved, run_id="r", create_repository=True)


def test_future_snapshot_stops_the_backup(job: Job) -> None:
    at = datetime.now(UTC) + timedelta(days=1800)
    saved = job.restic.backup_bytes(b"x", "x", at=at, tags=job.tags)
    with pytest.raises(ClockWrong, match=f"Snapshot {saved.id[:8]} is of 203"):
        nightly.preflight(job, run_id="r")
    job.restic.forget([saved.id])
    nightly.preflight(job, run_id="r")


def test_never_two_at_a_time(job: Job) -> None:
    job = dataclasses.replace(job, rules=dataclasses.replace(job.rules, exclusive_wait=0.5))
    with (
        held(job.ledger, ODOO, why="odoo_deploy manual__7", wait=1),
        pytest.raises(Busy, match="odoo_deploy manual__7"),
    ):
        nightly.snapshot(job, run_id="r")
    assert backups.of_status(job.ledger, job.env, backups.RUNNING, backups.FAILED) == []
    works_again(job)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
