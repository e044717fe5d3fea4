"""The retention: what the policy says, whatever a backup's own tags, and never what must stay."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from ofitec.backup import retention
from ofitec.backup.job import PARTS, Job
from ofitec.backup.retention import RetentionRefused
from ofitec.ledger import backups
from ofitec.ledger.tables import RestoreProof


def history(job: Job, *ages: float, env: str = "") -> list[str]:
    """Whole backups of so many days ago, tiny but with real snapshots; their keys, in that order."""
    tags, keys = ("ofitec", f"env={env or job.env}"), []
    for age in ages:
        at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=age + 1)
        key = backups.new_key(at)
        backups.start(job.ledger, key=key, env=env or job.env, repository=job.restic.where, run_id="r")
        parts = {}
        for part in PARTS:
            saved = job.restic.backup_bytes(key.encode(), part, at=at, tags=[*tags, f"run={key}", f"part={part}"])
            parts[part] = dataclasses.asdict(saved)
        backups.change(job.ledger, key, status=backups.CHECKED, snapshots=parts, snapshot_at=at)
        keys.append(key)
    return keys


def with_policy(job: Job, *, floor: int = 1, **keep: int) -> Job:
    policy = {"daily": 0, "weekly": 0, "monthly": 0, **keep}
    return dataclasses.replace(job, rules=dataclasses.replace(job.rules, keep=policy, keep_floor=floor))


def left(job: Job) -> set[str]:
    """Keys whose three parts are all in the repository; no backup is half there."""
    found = [snapshot.tag("run") for snapshot in job.restic.snapshots(*job.tags)]
    assert all(found.count(key) == len(PARTS) for key in found)
    return {key for key in found if key}


def test_policy_works_although_each_backup_has_its_own_tag_and_leaves_other_installations_alone(job: Job) -> None:
    keys = history(job, 4, 3, 2.01, 2, 1)
    staging = dataclasses.replace(job, env="staging")
    others = history(job, 9, 8, env="staging")
    done = retention.apply(with_policy(job, daily=3), run_id="r", lost=[])
    # the third and the fourth are of one day: the younger one stays
    assert left(job) == {keys[1], keys[3], keys[4]}
    assert done == {"kept": 3, "removed": sorted([keys[0], keys[2]])}
    assert [row.key for row in backups.of_status(job.ledger, job.env, backups.REMOVED)] == [keys[0], keys[2]]
    assert left(staging) == set(others)
    job.restic.check(read_data=True)


def test_policy_that_keeps_nothing_is_refused(job: Job) -> None:
    keys = history(job, 2, 1)
    with pytest.raises(RetentionRefused, match="are all 0: that would remove every backup"):
        retention.apply(with_policy(job), run_id="r", lost=[])
    assert left(job) == set(keys)


def test_newest_few_stay_whatever_the_policy_says(job: Job) -> None:
    """Several backups of one day, or a policy that is mistyped: the floor holds."""
    keys = history(job, 1.02, 1.01, 1)
    done = retention.apply(with_policy(job, floor=2, daily=1), run_id="r", lost=[])
    assert done["removed"] == keys[:1]
    assert left(job) == set(keys[1:])


def test_newest_proven_backup_stays_whatever_the_policy_says(job: Job) -> None:
    keys = history(job, 3, 2, 1)
    proven = backups.get(job.ledger, keys[0])
    assert proven is not None
    values = {"env": job.env, "run_id": "r", "read_data": False, "booted": True, "steps": {}, "findings": []}
    proof = RestoreProof(
        backup_id=proven.id, outcome=backups.PASSED, tables=1, rows=1, files=1, started_at=datetime.now(UTC), **values
    )
    backups.record_proof(job.ledger, proof)
    retention.apply(with_policy(job, daily=1), run_id="r", lost=[])
    assert left(job) == {keys[0], keys[2]}


def test_snapshots_that_the_ledger_does_not_know_are_left_alone(job: Job) -> None:
    at = datetime.now(UTC) - timedelta(days=5)
    for part in PARTS:
        job.restic.backup_bytes(b"x", part, at=at, tags=[*job.tags, "run=desconocido", f"part={part}"])
    keys = history(job, 2, 1)
    retention.apply(with_policy(job, daily=1), run_id="r", lost=[])
    assert left(job) == {keys[1], "desconocido"}
