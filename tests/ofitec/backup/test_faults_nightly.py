"""What goes wrong at night, done to real restic and real PostgreSQL: it fails with a clear message, or it heals.

Either way no snapshot counts that cannot be restored, and the next night's run works.
"""

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ofitec.backup import figures, nightly
from ofitec.backup.attachments import FilesMissing
from ofitec.backup.job import Job
from ofitec.backup.moment import NotOdoo, OdooWorking
from ofitec.clients.restic_errors import (
    SourceUnreadable,
)
from ofitec.errors import OfitecError
from ofitec.ledger import backups
from tests.ofitec.backup import worker
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import nothing_counts, works_again
from tests.waiting import wait_gone

SLOW_DUMP = '$REAL "$@" | head -c 200000; exec sleep 60'


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param('$REAL "$@" | head -c 300000; kill -9 $$', "command failed", id="killed half-way"),
        pytest.param('$REAL "$@" | head -c 300000; exit 1', "exit status 1", id="fails half-way"),
        pytest.param("exit 0", "no data read", id="says nothing"),
        pytest.param('$REAL "$@" | head -c 885', "885 bytes, less than 10000", id="tiny"),
    ],
)
def test_bad_dump_is_never_saved(job: Job, pg_dump_as: Callable[[str], None], script: str, message: str) -> None:
    pg_dump_as(script)
    with pytest.raises(SourceUnreadable, match=message):
        nightly.snapshot(job, run_id="r")
    nothing_counts(job)
    pg_dump_as("")
    works_again(job)


def test_server_process_ended_during_the_dump(job: Job, pg_dump_as: Callable[[str], None], cluster: Cluster) -> None:
    """The server ends all our sessions half-way, the barrier's too."""
    pg_dump_as('$REAL "$@" | head -c 200000; sleep 2; exit 1')

    def end_sessions() -> None:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        time.sleep(1.5)
        with cluster.admin() as conn:
            conn.execute(query, [job.database.name])

    thread = threading.Thread(target=end_sessions)
    thread.start()
    with pytest.raises(OfitecError):
        nightly.snapshot(job, run_id="r")
    thread.join()
    nothing_counts(job)


def test_barrier_lost_while_the_filestore_is_saved(job: Job, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """All programs succeed, but the transaction that protected the files died: the backup must not count."""
    real = type(job.restic).backup_folder

    def ends_the_barrier(*args: Any, **kwargs: Any) -> Any:
        with cluster.admin() as conn:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            conn.execute(query, [job.database.name])
        return real(*args, **kwargs)

    monkeypatch.setattr(type(job.restic), "backup_folder", ends_the_barrier)
    with pytest.raises(OfitecError, match="failed us"):
        nightly.snapshot(job, run_id="r")
    nothing_counts(job)


def test_killed_restic(job: Job, pg_dump_as: Callable[[str], None]) -> None:
    pg_dump_as(SLOW_DUMP)
    killer = threading.Thread(target=lambda: os.kill(child("restic", "backup"), signal.SIGKILL))
    killer.start()
    with pytest.raises(OfitecError, match="restic backup"):
        nightly.snapshot(job, run_id="r")
    killer.join()
    nothing_counts(job)
    pg_dump_as("")
    works_again(job)


def test_killed_worker(job: Job, pg_dump_as: Callable[[str], None]) -> None:
    pg_dump_as(SLOW_DUMP)
    process = worker.start(job, "night")
    restic = child("restic", "backup", of=process.pid)
    process.kill()
    process.wait()
    assert wait_gone(restic)
    assert [row.status for row in backups.of_status(job.ledger, job.env, backups.RUNNING)] == [backups.RUNNING]
    assert job.restic.locks() != []
    pg_dump_as("")
    works_again(job)
    assert [row.error for row in backups.of_status(job.ledger, job.env, backups.FAILED)] == ["killed before its end"]


@pytest.mark.parametrize("how", ["empty", "absent", "one file lost", "one file cut"])
def test_filestore_that_is_not_whole(job: Job, how: str) -> None:
    files = sorted(path for path in job.filestore.rglob("*") if path.is_file())
    if how in ("empty", "absent"):
        job.filestore.rename(job.filestore.with_name("elsewhere"))
    if how == "empty":
        job.filestore.mkdir()
    if how == "one file lost":
        files[0].unlink()
    if how == "one file cut":
        files[0].write_bytes(files[0].read_bytes()[:-1])
    expected = {"empty": "60 of 60 attachments.*not mounted", "absent": "is not there"}.get(how, "1 of 60 attachments")
    for step in (nightly.preflight, nightly.snapshot):
        with pytest.raises(FilesMissing, match=expected):
            step(job, run_id="r")
    nothing_counts(job)


@pytest.mark.skipif(os.geteuid() != 0, reason="root reads everything; only root can give that right up for restic")
def test_unreadable_file(job: Job, tmp_path: Path) -> None:
    next(path for path in job.filestore.rglob("*") if path.is_file()).chmod(0)
    wrapper = tmp_path / "restic"
    caps = "--bounding-set=-dac_override,-dac_read_search"
    wrapper.write_text(f'#!/bin/sh\nexec setpriv {caps} {job.restic.binary} "$@"\n')
    wrapper.chmod(0o755)
    humble = dataclasses.replace(job, restic=dataclasses.replace(job.restic, binary=str(wrapper)))
    with pytest.raises(SourceUnreadable, match="permission denied"):
        nightly.snapshot(humble, run_id="r")
    nothing_counts(job)


def test_database_that_is_no_odoo(job: Job, cluster: Cluster) -> None:
    name = f"{job.database.name}_empty"
    strange = dataclasses.replace(job, database=cluster.create(name))
    try:
        for step in (nightly.preflight, nightly.snapshot):
            with pytest.raises(NotOdoo, match="holds no Odoo"):
                step(strange, run_id="r")
    finally:
        cluster.drop(name)


def test_upgrade_holds_the_table(job: Job, cluster: Cluster) -> None:
    with cluster.admin(job.database.name) as conn, conn.transaction():
        conn.execute("LOCK TABLE ir_attachment IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OdooWorking, match="stayed locked for 2 s"):
            nightly.snapshot(job, run_id="r")
    nothing_counts(job)


def test_odoo_cannot_remove_files_during_the_backup_and_users_can_work(
    job: Job, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    real, seen = type(job.restic).backup_folder, []

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        with cluster.admin(job.database.name) as conn:
            conn.execute("INSERT INTO ir_attachment (name) VALUES ('de un usuario')")
            conn.execute("SET lock_timeout = '300ms'")
            try:
                with conn.transaction():
                    conn.execute("LOCK ir_attachment IN SHARE MODE")  # as _gc_file_store does
            except Exception as error:
                seen.append(type(error).__name__)
        return real(*args, **kwargs)

    monkeypatch.setattr(type(job.restic), "backup_folder", meanwhile)
    nightly.snapshot(job, run_id="r")
    assert seen == ["LockNotAvailable"]
    with cluster.admin(job.database.name) as conn, conn.transaction():
        conn.execute("LOCK ir_attachment IN SHARE MODE NOWAIT")


def test_vacuum_goes_on_while_the_files_are_saved_and_the_dump_alone_holds_it_back(
    job: Job, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    """Saving a filestore may take hours: no snapshot of ours is open then, only the lock on ir_attachment."""
    oldest = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = %s AND application_name = 'ofitec' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    """
    seen: dict[str, int] = {}
    for method in ("backup_command", "backup_folder"):
        real = getattr(type(job.restic), method)

        def look(*args: object, real: Any = real, method: str = method, **kwargs: object) -> object:
            with cluster.admin() as conn:
                row = conn.execute(oldest, [job.database.name]).fetchone()
            assert row is not None
            seen[method] = row[0]
            return real(*args, **kwargs)

        monkeypatch.setattr(type(job.restic), method, look)
    nightly.snapshot(job, run_id="r")
    assert seen == {"backup_command": 1, "backup_folder": 0}


def test_no_file_can_go_between_the_database_s_moment_and_the_files(
    job: Job, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    """The cleaning tries at each point: before the snapshot is taken it may win, from then on it never does."""
    won: list[str] = []

    def clean(where: str) -> None:
        with cluster.admin(job.database.name) as conn:
            conn.execute("SET lock_timeout = '200ms'")
            try:
                with conn.transaction():
                    conn.execute("LOCK ir_attachment IN SHARE MODE")
                won.append(where)
            except Exception:
                return

    real_take, real_dump, real_files = figures.take, nightly._dump, type(job.restic).backup_folder

    def at(where: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            clean(f"before {where}")
            done = real(*args, **kwargs)
            clean(f"after {where}")
            return done

        return call

    monkeypatch.setattr(figures, "take", at("figures", real_take))
    monkeypatch.setattr(nightly, "_dump", at("dump", real_dump))
    monkeypatch.setattr(type(job.restic), "backup_folder", at("files", real_files))
    clean("before all")
    nightly.snapshot(job, run_id="r")
    clean("after all")
    assert won == ["before all", "after all"]


def child(name: str, word: str, of: int = os.getpid(), seconds: float = 120) -> int:
    """Waits for a descendant process with that name and argument that has been at work for a moment; its pid."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for entry in Path("/proc").iterdir():
            try:
                argv = (entry / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if Path(argv[0]).name == name and word in argv and of in ancestors(int(entry.name)):
                time.sleep(1)
                return int(entry.name)
        time.sleep(0.05)
    raise AssertionError(f"no process {name} {word} of {of}")


def ancestors(pid: int) -> list[int]:
    found = []
    try:
        while pid > 1:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            found.append(pid)
    except OSError:
        pass
    return found
