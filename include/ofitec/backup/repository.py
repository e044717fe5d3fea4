"""The repository's health before and around a backup: locks, clocks, and snapshots against the ledger."""

import logging
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ofitec.backup.job import Job
from ofitec.clients.restic import Restic
from ofitec.clients.restic_errors import RepositoryLocked
from ofitec.clients.restic_records import Lock, Snapshot
from ofitec.errors import OfitecError, PermanentError
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

_POLL = 2.0  # seconds


class ClockWrong(PermanentError):
    """A clock is ahead: its snapshots would be the newest for years and push good ones out of the retention."""


def free_locks(restic: Restic, *, stale: float) -> None:
    """Remove locks that dead processes left. To be called under the lock REPOSITORY only.

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
    """Remove snapshots of failed or killed runs, so that they take no place in the retention. Returns their ids.

    Only runs that the ledger knows as failed are touched; what it does not know is somebody else's.
    """
    failed = {row.key for row in backups.of_status(job.ledger, job.env, backups.FAILED)}
    ids = [snapshot.id for snapshot in snapshots if snapshot.tag("run") in failed]
    if ids:
        log.info("Removing %d snapshots of failed runs", len(ids))
        try:
            job.pruner.forget(ids)
        except OfitecError as error:
            # they count for nothing; the next run tries again
            log.warning("Could not remove them: %s", error)
            return []
    return ids


def lost(job: Job, snapshots: list[Snapshot]) -> list[BackupRun]:
    """Backups that the ledger counts and whose snapshots are gone; `restic check` does not see that.

    Only those of this very repository: after a move to a new one, the old one's backups are not lost.
    """
    there = {snapshot.id for snapshot in snapshots}
    known = backups.of_status(job.ledger, job.env, *backups.KEPT)
    return [
        row
        for row in known
        if row.repository == job.restic.where and not {part["id"] for part in row.snapshots.values()} <= there
    ]
