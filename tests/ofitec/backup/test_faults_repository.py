"""What can happen to the repository before and between backups: locks, losses, a full disk, a wrong password."""

import dataclasses
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ofitec.backup import nightly, proof, retention
from ofitec.backup.job import Job
from ofitec.backup.repository import ClockWrong
from ofitec.clients.restic_errors import (
    RepositoryDamaged,
    RepositoryFull,
    RepositoryLocked,
    RepositoryMissing,
    WrongPassword,
)
from ofitec.errors import OfitecError
from ofitec.ledger import backups
from ofitec.ledger.exclusive import ODOO, Busy, held
from tests.ofitec.backup.conftest import PASSWORD
from tests.ofitec.backup.nights import back_up, nothing_counts, works_again
from tests.ofitec.backup.restic_files import add_lock, biggest


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


def test_lost_snapshots_stop_the_pruning_until_a_person_takes_note(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job = dataclasses.replace(job, rules=dataclasses.replace(job.rules, keep_floor=9))
    first, second = back_up(job), back_up(job)
    gone = job.restic.snapshots(*job.tags, f"run={first}")[0]
    job.restic.forget([gone.id])
    pruned: list[str] = []
    monkeypatch.setattr(type(job.restic), "prune", lambda self: pruned.append("pruned"))
    for _ in range(3):  # night after night, not only the first
        assert nightly.preflight(job, run_id="r")["lost"] == [first]
        key = nightly.snapshot(job, run_id="r")
        nightly.check(job, key, run_id="r")
        with pytest.raises(
            retention.SnapshotsLost, match=f"1 backups are gone.*{first}.*'acknowledge_lost' = 1"
        ) as error:
            retention.apply(job, run_id="r")
        assert error.value.keys == [first]
        # another number than is lost is no acknowledgement of what is lost
        with pytest.raises(retention.SnapshotsLost, match="and 2 were acknowledged"):
            retention.apply(job, run_id="r", acknowledged=2, by="ana")
    assert pruned == []
    # tonight's is whole all the same
    assert key in [row.key for row in backups.of_status(job.ledger, job.env, backups.CHECKED)]
    retention.apply(job, run_id="r", acknowledged=1, by="ana")
    assert pruned == ["pruned"]
    row = backups.get(job.ledger, first)
    assert row is not None
    assert (row.status, row.acknowledged_by) == (backups.LOST, "ana")
    assert nightly.preflight(job, run_id="r")["lost"] == []
    retention.apply(job, run_id="r")
    assert second in [row.key for row in backups.of_status(job.ledger, job.env, backups.CHECKED)]


def test_snapshots_that_come_back_are_lost_no_more(job: Job, repository: Path, tmp_path: Path) -> None:
    """As when delete markers are taken away in a versioned bucket."""
    key = back_up(job)
    copy = shutil.copytree(repository / "snapshots", tmp_path / "markers")
    for file in (repository / "snapshots").iterdir():
        file.unlink()
    assert nightly.preflight(job, run_id="r")["lost"] == [key]
    for file in copy.iterdir():
        shutil.copy2(file, repository / "snapshots")
    assert nightly.preflight(job, run_id="r")["lost"] == []
    back_up(job)
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED


def test_another_host_name_loses_no_backup(job: Job) -> None:
    job = dataclasses.replace(job, rules=dataclasses.replace(job.rules, keep_floor=9))
    key = back_up(job)
    renamed = dataclasses.replace(job, restic=dataclasses.replace(job.restic, host="odoo-nuevo"))
    found = nightly.preflight(renamed, run_id="r")
    assert (found["lost"], found["other_hosts"]) == ([], {"odoo": 1})
    back_up(renamed)
    retention.apply(renamed, run_id="r")
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED


@pytest.mark.parametrize("step", ["check", "retention", "proof"])
def test_a_killed_restic_of_the_try_before_stops_no_later_step(job: Job, repository: Path, step: str) -> None:
    """Airflow tries a task again; the lock of its dead restic must not fail it, here or in a container's new name."""
    nightly.preflight(job, run_id="r")
    key = nightly.snapshot(job, run_id="r")
    if step != "check":
        nightly.check(job, key, run_id="r")
    for host in (socket.gethostname(), "0d7c9a"):
        add_lock(repository, PASSWORD, hostname=host, pid=2**22 - 3, at=datetime.now(UTC), exclusive=True)
        if step == "check":
            nightly.check(job, key, run_id="r")
        elif step == "retention":
            retention.apply(job, run_id="r")
        else:
            proof.prove(job, key, run_id="r")
    assert job.restic.locks() == []


def test_an_empty_prune_connection_removes_nothing_and_says_so(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    append_only = dataclasses.replace(job, pruner=None, rules=dataclasses.replace(job.rules, keep={"daily": 1}))
    keys = [back_up(append_only) for _ in range(3)]
    done = retention.apply(append_only, run_id="r")
    assert (done["removed"], done["pruned"]) == ([], False)
    assert "Nothing is removed: OFITEC_PRUNE_CONNECTION is empty (2 could go)" in caplog.text
    assert {s.tag("run") for s in job.restic.snapshots(*job.tags)} == set(keys)


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
    assert failed_night(job) == ("r", "La clave de la conexión no abre el repositorio de respaldos.")


def failed_night(job: Job) -> tuple[str, str]:
    """The run and the first sentence of the one failed night in the ledger."""
    (row,) = backups.of_status(job.ledger, job.env, backups.FAILED)
    assert row.finished_at is not None
    assert row.said is not None
    return row.run_id, row.said.partition(" Corr")[0].partition(" (¿")[0]


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
    for create in (False, True):
        with pytest.raises(nightly.RepositoryGone, match="should hold 1 backups"):
            nightly.preflight(moved, run_id="gone", create_repository=create)
    assert failed_nights(job)["gone"] == (
        f"El repositorio de respaldos no está en {elsewhere.where}; según el registro debía tener 1 respaldo. No cree "
        "otro ahí: averigüe primero qué pasó (¿está montado su disco?)."
    )


def failed_nights(job: Job) -> dict[str, str | None]:
    """What people are told of each failed run; a run that is tried again is one night."""
    rows = backups.of_status(job.ledger, job.env, backups.FAILED)
    assert len({row.run_id for row in rows}) == len(rows)
    return {row.run_id: row.said for row in rows}


def test_every_failed_night_is_a_row(job: Job, tmp_path: Path) -> None:
    """Whatever the preflight finds, also tried three times."""
    nowhere = dataclasses.replace(job.database, port=1)
    cases = {
        "database": (dataclasses.replace(job, database=nowhere), "La base de datos no responde"),
        "filestore": (dataclasses.replace(job, filestore=tmp_path / "x"), "A la carpeta de archivos de Odoo le faltan"),
        "program": (
            dataclasses.replace(job, restic=dataclasses.replace(job.restic, binary="no-hay")),
            "Falta un programa",
        ),
    }
    for run_id, (broken, _) in cases.items():
        for _ in range(3):
            with pytest.raises(OfitecError):
                nightly.preflight(broken, run_id=run_id)
    told = failed_nights(job)
    assert told.keys() == cases.keys()
    for run_id, (_, words) in cases.items():
        assert str(told[run_id]).startswith(words)


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
    # a night that found no free place is a failed one too
    assert failed_night(job)[1].startswith("Otro proceso (un despliegue")
    works_again(job)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
