"""The retention: which backups go. Decided on what the ledger counts, and removed by the ids that the ledger knows.

restic's own policy (`forget --keep-daily`) looks at every snapshot that carries our tags: a refuted backup, or a forged
one of a later hour, would take a good one's place. So the places are given here, to backups that are whole in this
repository, a proven one before one that is not.
"""

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ofitec.backup import repository
from ofitec.backup.attachments import sample
from ofitec.backup.job import Job
from ofitec.clients.restic_records import Snapshot
from ofitec.errors import PermanentError
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

_SLOT: dict[str, Callable[[datetime], Hashable]] = {
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
}


class RetentionRefused(PermanentError):
    """The policy keeps nothing. Nothing was removed."""


class SnapshotsLost(PermanentError):
    """Snapshots that the ledger counts are gone from the repository, and no person took note yet.

    :param keys: the backups'
    """

    def __init__(self, message: str, keys: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.keys = list(keys)


@dataclass(frozen=True)
class Candidate:
    """A backup as the policy sees it."""

    key: str
    at: datetime
    proven: bool


def keep(candidates: Sequence[Candidate], policy: dict[str, int], *, floor: int, zone: ZoneInfo) -> set[str]:
    """The keys that the policy keeps: of each of the newest days, weeks and months that have one, the newest proven
    backup, or the newest if none is proven; the newest `floor` of all; and the newest proven one.

    :param policy: e.g. {"daily": 7, "weekly": 4, "monthly": 6}
    :param zone: whose days, weeks and months they are
    """
    newest_first = sorted(candidates, key=lambda found: (found.at, found.key), reverse=True)
    kept = {found.key for found in newest_first[:floor]}
    kept |= {found.key for found in [found for found in newest_first if found.proven][:1]}
    for unit, count in policy.items():
        slots: dict[Hashable, Candidate] = {}
        for found in newest_first:
            slot = _SLOT[unit](found.at.astimezone(zone))
            if slot not in slots or (found.proven and not slots[slot].proven):
                slots[slot] = found
        kept |= {found.key for found in list(slots.values())[:count]}
    return kept


def apply(job: Job, *, run_id: str, acknowledged: int = 0, by: str = "") -> dict[str, Any]:
    """Remove the backups that the policy does not keep, and prune their data.

    :param acknowledged: how many lost backups a person took note of; only if that many are lost, pruning goes on
    :param by: who that was
    :return: {"kept": n, "removed": [keys], "refuted": [keys that stay], "strangers": [ids], "pruned": bool}
    :raises SnapshotsLost: if some are, and nobody took note: then nothing is removed
    :raises RetentionRefused: if the policy keeps nothing
    """
    if not any(job.rules.keep.values()):
        names = f"OFITEC_{'SECOND_' if job.second else ''}KEEP_DAILY, _WEEKLY and _MONTHLY"
        raise RetentionRefused(f"{names} are all 0: that would remove every backup.")
    with repository.exclusive(job, why=f"retention {run_id}"):
        snapshots = job.restic.snapshots(*job.tags)
        _require_acknowledged(job, repository.settle_losses(job, snapshots), acknowledged, by)
        kept, removed, refuted = plan(job)
        if job.pruner is None:
            log.info("Nothing is removed: OFITEC_PRUNE_CONNECTION is empty (%d could go)", len(removed))
            removed = []
        else:
            _remove(job, removed, snapshots)
            job.pruner.prune()
        foreign = repository.strangers(job, snapshots)
    for snapshot in foreign:
        log.warning("Snapshot %s of %s (%s) is not in the ledger: not ours, not counted, not removed",
                    snapshot.id[:8], snapshot.time, snapshot.hostname)  # fmt: skip
    log.info("Retention: %d backups kept, %d removed, %d refuted ones stay", len(kept), len(removed), len(refuted))
    return {
        "kept": len(kept),
        "removed": sorted(row.key for row in removed),
        "refuted": sorted(refuted),
        "strangers": sorted(snapshot.id for snapshot in foreign),
        "pruned": job.pruner is not None,
    }


def plan(job: Job) -> tuple[set[str], list[BackupRun], set[str]]:
    """The keys of the good backups that stay, the backups that go, and the keys of refuted ones that stay. Removes
    nothing.

    A refuted backup goes when one of younger data is proven and it is older than the days of the policy: until then a
    later proof may lift that.
    """
    rows = [row for row in backups.of_status(job.ledger, job.env, backups.CHECKED, backups.REFUTED) if _here(job, row)]
    proven = [row for row in backups.proven(job.ledger, job.env) if _here(job, row)]
    known = {row.key for row in proven}
    good = [
        Candidate(row.key, _moment(row), row.key in known) for row in rows if row.status == backups.CHECKED
    ]  # fmt: skip
    kept = keep(good, job.rules.keep, floor=job.rules.keep_floor, zone=ZoneInfo(job.rules.zone))
    newest_proven = max((_moment(row) for row in proven), default=None)
    before = datetime.now(UTC) - timedelta(days=max(job.rules.keep.get("daily", 0), 1))
    stale = {
        row.key
        for row in rows
        if row.status == backups.REFUTED and newest_proven and _moment(row) < min(newest_proven, before)
    }
    going = [row for row in rows if (row.key in stale if row.status == backups.REFUTED else row.key not in kept)]
    return kept, going, {row.key for row in rows if row.status == backups.REFUTED} - stale


def _require_acknowledged(job: Job, gone: list[BackupRun], acknowledged: int, by: str) -> None:
    if not gone:
        return
    keys = [row.key for row in gone]
    if acknowledged != len(gone):
        noted = f", and {acknowledged} were acknowledged" if acknowledged else ""
        raise SnapshotsLost(
            f"{len(gone)} backups are gone from the repository {job.restic.where}: {sample(keys)}{noted}. Somebody or "
            "something deleted their snapshots: find out who before the rest goes (runbook: snapshots lost). Nothing "
            f"is pruned until somebody runs {'backup_copy' if job.second else 'backup_nightly'} with "
            f"'acknowledge_lost' = {len(gone)}.",
            keys,
        )
    backups.acknowledge(job.ledger, keys, by=by)
    log.warning("%s took note that %d backups are lost; pruning goes on", by or "Somebody", len(gone))


def _remove(job: Job, going: list[BackupRun], snapshots: list[Snapshot]) -> None:
    there = {snapshot.id for snapshot in snapshots}
    ids = [part["id"] for row in going for part in row.snapshots.values() if part["id"] in there]
    if not going or job.pruner is None:
        return
    log.info("Removing %d backups: %s", len(going), ", ".join(sorted(row.key for row in going)))
    job.pruner.forget(ids)
    for row in going:
        backups.change(job.ledger, row.key, status=backups.REMOVED, finished_at=datetime.now(UTC))


def _here(job: Job, row: BackupRun) -> bool:
    return row.snapshot_at is not None and backups.lies_in(row, job.restic.where)


def _moment(row: BackupRun) -> datetime:
    assert row.snapshot_at is not None
    return row.snapshot_at
