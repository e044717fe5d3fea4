"""The repository's health before and around a backup: locks, clocks, and snapshots against the ledger."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import IndexDamaged, RepositoryLocked
from ofitec.clients.restic_records import Lock, Snapshot
from ofitec.errors import OfitecError, PermanentError
from ofitec.ledger import backups
from ofitec.ledger.exclusive import Held, held
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_POLL = 2.0  # seconds


class ClockWrong(PermanentError):
    """A clock is ahead: its snapshots would be the newest for years and push good ones out of the retention."""


class NobodyMayRepair(PermanentError):
    """The index is damaged, and no connection may write a new one."""


@contextmanager
def exclusive(job: Job, *, why: str) -> Iterator[Held]:
    """Nobody else of this installation works on the repository, and no dead restic's lock is in the way.

    :raises Busy: if somebody does
    :raises RepositoryLocked: if a restic that is not ours holds a lock and lives
    """
    with held(job.ledger, job.lock, why=why, wait=job.rules.exclusive_wait) as lock:
        free_locks(job.restic, stale=job.rules.lock_stale)
        yield lock


def healing(job: Job, action: Callable[[], _T]) -> _T:
    """Run what reads the repository; if only its index is damaged, rebuild that from the packs and run it again.

    :raises RepositoryDamaged: if that does not help
    :raises NobodyMayRepair: if no connection may (OFITEC_PRUNE_CONNECTION is empty)
    """
    try:
        return action()
    except IndexDamaged as error:
        repair_index(job, str(error))
    return action()


def repair_index(job: Job, why: str) -> None:
    """Rebuild the index from the packs. Loses nothing.

    :raises NobodyMayRepair: if no connection may
    """
    if job.pruner is None:
        raise NobodyMayRepair(
            f"{why} All packs may be well: run `restic repair index` with credentials that may delete, or name a "
            "connection that has them in OFITEC_PRUNE_CONNECTION."
        )
    log.warning("%s Rebuilding the index from the packs.", why)
    job.pruner.repair_index()


def free_locks(restic: Restic, *, stale: float) -> None:
    """Remove locks that dead processes left. To be called under the repository's lock (`Job.lock`) only.

    A lock of this machine whose restic does not run goes at once. One of another host (a container's former name) may
    be alive: restic refreshes its lock every 5 minutes, so one that nobody refreshed for `stale` seconds is dead.
    restic's plain `unlock` is not used: it asks whether the holder lives by a SIGHUP to the lock's pid, which ends
    whatever other program has that pid now (usual in containers), and it takes a zombie for alive.

    :raises RepositoryLocked: if one is being refreshed
    """
    locks, told = restic.locks(), False
    first = {lock.id for lock in locks}
    until = time.monotonic() + stale + 60
    while locks:
        now = datetime.now(UTC)
        living = [lock for lock in locks if not _dead_here(lock) and (now - lock.time).total_seconds() < stale]
        if not living:
            for lock in locks:
                log.warning("Removing the dead lock of %s (pid %d, since %s)", lock.hostname, lock.pid, lock.time)
            restic.remove_all_locks()
            return
        newest = max(living, key=lambda lock: lock.time)
        if newest.id not in first or time.monotonic() > until:
            raise RepositoryLocked(
                f"The restic repository {restic.where} is in use by {newest.hostname} (pid {newest.pid}), "
                f"which refreshed its lock at {newest.time:%H:%M:%S} UTC. Wait for it to end."
            )
        if not told:
            log.info("Lock of %s (pid %d): waiting up to %.0f s to see it alive", newest.hostname, newest.pid, stale)
            told = True
        time.sleep(min(_POLL, stale))
        locks = restic.locks()


def _dead_here(lock: Lock) -> bool:
    """Whether a lock is of this machine and its restic does not run any more."""
    if lock.hostname != socket.gethostname():
        return False
    try:
        head, _, tail = Path(f"/proc/{lock.pid}/stat").read_text().rpartition(")")
    except OSError:
        return True
    return tail.split()[0] == "Z" or not head.endswith("(restic")


def require_clocks(job: Job, database_now: datetime, snapshots: list[Snapshot]) -> None:
    """Make sure that no clock and no snapshot is ahead.

    :raises ClockWrong: names the clock or the snapshot, and by how much
    """
    now, skew = datetime.now(UTC), timedelta(seconds=job.rules.clock_skew)
    if abs(database_now - now) > skew:
        raise ClockWrong(
            f"The database server's clock says {database_now:%F %T} UTC, this machine's {now:%F %T}. Set them right."
        )
    ahead = [snapshot for snapshot in snapshots if snapshot.time > now + skew]
    if ahead:
        worst = ahead[-1]
        raise ClockWrong(
            f"Snapshot {worst.id[:8]} is of {worst.time:%F %T}, but now is {now:%F %T} UTC: some clock was ahead. "
            "If this machine's clock is right, remove it by `restic forget` and its id, then run again."
        )


def discard_uncounted(job: Job, snapshots: list[Snapshot]) -> list[str]:
    """Remove snapshots of failed or killed runs, so that they take no room. Returns their ids.

    Only runs that the ledger knows as failed are touched; what it does not know is somebody else's.
    """
    failed = {row.key for row in backups.of_status(job.ledger, job.env, backups.FAILED)}
    ids = [snapshot.id for snapshot in snapshots if snapshot.tag("run") in failed]
    if ids and job.pruner is None:
        log.info("%d snapshots of failed runs stay: OFITEC_PRUNE_CONNECTION is empty", len(ids))
        return []
    if ids:
        assert job.pruner is not None
        log.info("Removing %d snapshots of failed runs", len(ids))
        try:
            job.pruner.forget(ids)
        except OfitecError as error:
            # they count for nothing; the next run tries again
            log.warning("Could not remove them: %s", error)
            return []
    return ids


def settle_losses(job: Job, snapshots: list[Snapshot]) -> list[BackupRun]:
    """Mark in the ledger what is gone from the repository's list of snapshots (`restic check` does not see that), and
    what came back. Returns the backups that are lost and of which nobody took note yet.

    Only those of this very repository: after a move to a new one, the old one's backups are not lost.
    """
    there = {snapshot.id for snapshot in snapshots}
    for row in backups.of_status(job.ledger, job.env, *backups.KEPT, backups.LOST):
        if not backups.lies_in(row, job.restic.where):
            continue
        whole = {part["id"] for part in row.snapshots.values()} <= there
        if whole and row.status == backups.LOST:
            log.warning("Backup %s was lost and is in the repository again", row.key)
            back = {"status": _found_again(job, row), "acknowledged_at": None, "acknowledged_by": None}
            backups.change(job.ledger, row.key, **back)
        elif not whole and row.status != backups.LOST:
            log.error("Backup %s is gone from the repository", row.key)
            backups.change(job.ledger, row.key, status=backups.LOST, finished_at=datetime.now(UTC))
    return [row for row in backups.lost(job.ledger, job.env) if backups.lies_in(row, job.restic.where)]


def _found_again(job: Job, row: BackupRun) -> str:
    """What a backup is whose snapshots are back: refuted if it was; else saved, and counted by the next check."""
    verdicts = [proof.outcome for proof in backups.proofs(job.ledger, row.key)]
    known = [outcome for outcome in verdicts if outcome in (backups.PASSED, backups.REFUTED)]
    return backups.REFUTED if known[-1:] == [backups.REFUTED] else backups.STORED


def other_hosts(job: Job, snapshots: list[Snapshot]) -> dict[str, int]:
    """Host names that our counted backups carry besides the one in the settings, and how many backups each.

    They count and are kept all the same; somebody changed OFITEC_BACKUP_HOST.
    """
    known = backups.of_status(job.ledger, job.env, *backups.KEPT)
    ours = {part["id"] for row in known if backups.lies_in(row, job.restic.where) for part in row.snapshots.values()}
    found: dict[str, set[str]] = {}
    for snapshot in snapshots:
        if snapshot.id in ours and snapshot.hostname != job.restic.host:
            found.setdefault(snapshot.hostname, set()).add(snapshot.tag("run") or snapshot.id)
    return {host: len(keys) for host, keys in sorted(found.items())}


def strangers(job: Job, snapshots: list[Snapshot]) -> list[Snapshot]:
    """Snapshots with our tags that the ledger does not know: forged, or of another ledger. They take no place in the
    retention and are never removed by us; a person must know of them."""
    every = backups.of_status(job.ledger, job.env, *backups.EVERY)
    known = {part["id"] for row in every for part in row.snapshots.values()}
    # a copy carries the tag of what it was made of
    here = [row for row in every if backups.lies_in(row, job.restic.where)]
    runs = {row.copy_of or row.key for row in here if row.status in (backups.FAILED, backups.RUNNING)}
    runs |= {row.key for row in every if row.copy_of is None and row.status in (backups.FAILED, backups.RUNNING)}
    return [snapshot for snapshot in snapshots if snapshot.id not in known and snapshot.tag("run") not in runs]
