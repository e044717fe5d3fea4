"""The retention: which backups go, decided by restic's policy in a dry run, guarded, and then removed by id.

Why not one `restic forget --prune`: grouped by tags, each backup's own tag `run=...` would make it a group of its own
and nothing would ever go; grouped too widely, a staging's snapshots would push out production's. So the policy is asked
per part with host and tags given, and what it would remove is looked at before anything is.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from ofitec.backup.attachments import sample
from ofitec.backup.job import PARTS, Job
from ofitec.clients.restic_records import Snapshot
from ofitec.errors import PermanentError
from ofitec.ledger import backups
from ofitec.ledger.exclusive import REPOSITORY, held

log = logging.getLogger(__name__)


class RetentionRefused(PermanentError):
    """The policy keeps nothing. Nothing was removed."""


class SnapshotsLost(PermanentError):
    """Snapshots that the ledger counts are gone from the repository."""


def apply(job: Job, *, run_id: str, lost: list[str]) -> dict[str, Any]:
    """Remove the backups that the policy does not keep, and prune their data.

    :param lost: keys of backups that the preflight missed in the repository
    :return: {"kept": n, "removed": [keys]}
    :raises SnapshotsLost: if there are any: then nothing is removed until a person looked
    :raises RetentionRefused: if the policy keeps nothing
    """
    if lost:
        for key in lost:
            backups.change(job.ledger, key, status=backups.LOST)
        raise SnapshotsLost(
            f"{len(lost)} backups are gone from the repository {job.restic.where}: {sample(lost)}. Somebody or "
            "something deleted their snapshots: find out who before the rest goes (runbook: snapshots lost). "
            "Tonight's backup is whole."
        )
    with held(job.ledger, REPOSITORY, why=f"retention {run_id}", wait=job.rules.exclusive_wait):
        kept, removed = plan(job)
        if removed:
            log.info("Removing %d backups: %s", len(removed), ", ".join(sorted(removed)))
            job.pruner.forget([snapshot.id for found in removed.values() for snapshot in found])
            for key in removed:
                backups.change(job.ledger, key, status=backups.REMOVED, finished_at=datetime.now(UTC))
        job.pruner.prune()
    log.info("Retention: %d backups kept, %d removed", len(kept), len(removed))
    return {"kept": len(kept), "removed": sorted(removed)}


def plan(job: Job) -> tuple[set[str], dict[str, list[Snapshot]]]:
    """The keys of the backups that stay, and those that go with their snapshots. Removes nothing.

    :raises RetentionRefused: if the policy keeps nothing
    """
    if not any(job.rules.keep.values()):
        raise RetentionRefused("OFITEC_KEEP_DAILY, _WEEKLY and _MONTHLY are all 0: that would remove every backup.")
    keep: set[str] = set()
    remove: dict[str, list[Snapshot]] = {}
    for part in PARTS:
        staying, going = job.pruner.forget_plan(job.rules.keep, *job.tags, f"part={part}")
        keep |= {key for snapshot in staying if (key := snapshot.tag("run"))}
        for snapshot in going:
            if key := snapshot.tag("run"):
                remove.setdefault(key, []).append(snapshot)
    # a backup stays whole, and what must stay does
    for key in keep | _protected(job):
        remove.pop(key, None)
    known = {row.key for row in backups.of_status(job.ledger, job.env, backups.CHECKED)}
    # what the ledger does not count is not ours to remove here
    remove = {key: found for key, found in remove.items() if key in known or _refuted(job, key)}
    return known - remove.keys(), remove


def _protected(job: Job) -> set[str]:
    """What stays whatever the policy says: the newest few whole backups, and the newest proven one."""
    whole = backups.of_status(job.ledger, job.env, backups.CHECKED)
    proven = backups.newest_proven(job.ledger, job.env)
    return {row.key for row in whole[-job.rules.keep_floor :]} | ({proven.key} if proven else set())


def _refuted(job: Job, key: str) -> bool:
    row = backups.get(job.ledger, key)
    return row is not None and row.status == backups.REFUTED
