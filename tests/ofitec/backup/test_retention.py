"""The retention: what the policy says, whatever a backup's own tags, and never what must stay."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ofitec.backup import retention
from ofitec.backup.job import PARTS, Job
from ofitec.backup.retention import Candidate, RetentionRefused
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun


def history(job: Job, *ages: float, env: str = "", of_parts: Sequence[str] = PARTS) -> list[str]:
    """Whole backups of so many days ago, tiny but with real snapshots; their keys, in that order."""
    tags, keys = ("ofitec", f"env={env or job.env}"), []
    for age in ages:
        at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=age + 1)
        key = backups.new_key(at)
        backups.start(job.ledger, key=key, env=env or job.env, repository=job.restic.where, run_id="r")
        parts = {}
        for part in of_parts:
            saved = job.restic.backup_bytes(key.encode(), part, at=at, tags=[*tags, f"run={key}", f"part={part}"])
            parts[part] = dataclasses.asdict(saved)
        backups.change(job.ledger, key, status=backups.CHECKED, snapshots=parts, snapshot_at=at)
        keys.append(key)
    return keys


def judged(job: Job, key: str, outcome: str) -> None:
    """Write a proof of a backup into the ledger."""
    row = backups.get(job.ledger, key)
    assert row is not None
    backups.finish_proof(
        job.ledger, backups.start_proof(job.ledger, row, run_id="r", started_at=datetime.now(UTC)), outcome
    )


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
    done = retention.apply(with_policy(job, daily=3), run_id="r")
    # the third and the fourth are of one day: the younger one stays
    assert left(job) == {keys[1], keys[3], keys[4]}
    assert (done["kept"], done["removed"], done["pruned"]) == (3, sorted([keys[0], keys[2]]), True)
    assert [row.key for row in backups.of_status(job.ledger, job.env, backups.REMOVED)] == [keys[0], keys[2]]
    assert left(staging) == set(others)
    job.restic.check(read_data=True)


def test_policy_that_keeps_nothing_is_refused(job: Job) -> None:
    keys = history(job, 2, 1)
    with pytest.raises(RetentionRefused, match="are all 0: that would remove every backup"):
        retention.apply(with_policy(job), run_id="r")
    assert left(job) == set(keys)


def test_newest_few_stay_whatever_the_policy_says(job: Job) -> None:
    """Several backups of one day, or a policy that is mistyped: the floor holds."""
    keys = history(job, 1.02, 1.01, 1)
    done = retention.apply(with_policy(job, floor=2, daily=1), run_id="r")
    assert done["removed"] == keys[:1]
    assert left(job) == set(keys[1:])


def test_newest_proven_backup_stays_whatever_the_policy_says(job: Job) -> None:
    keys = history(job, 3, 2, 1)
    judged(job, keys[0], backups.PASSED)
    retention.apply(with_policy(job, daily=1), run_id="r")
    assert left(job) == {keys[0], keys[2]}


def test_snapshots_that_the_ledger_does_not_know_are_left_alone(job: Job) -> None:
    at = datetime.now(UTC) - timedelta(days=5)
    for part in PARTS:
        job.restic.backup_bytes(b"x", part, at=at, tags=[*job.tags, "run=desconocido", f"part={part}"])
    keys = history(job, 2, 1)
    retention.apply(with_policy(job, daily=1), run_id="r")
    done = retention.apply(with_policy(job, daily=1), run_id="r")
    assert left(job) == {keys[1], "desconocido"}
    # and a person is told of them
    assert len(done["strangers"]) == len(PARTS)


def test_good_nights_are_kept_whatever_refuted_and_forged_ones_lie_between(job: Job) -> None:
    """Twelve good nights; after each a refuted one of the same night, and a forged one of a later hour."""
    good, refuted, forged = [], [], set()
    for age in range(12, 0, -1):
        good += history(job, age, of_parts=PARTS[:1])
        judged(job, good[-1], backups.PASSED)
        refuted += history(job, age - 0.05, of_parts=PARTS[:1])
        judged(job, refuted[-1], backups.REFUTED)
        at = datetime.now(UTC).replace(hour=20, minute=0) - timedelta(days=age + 1)
        tags = [*job.tags, f"run={good[-1]}", f"part={PARTS[0]}"]
        forged.add(job.restic.backup_bytes(b"falso", "x", at=at, tags=tags).id)
    done = retention.apply(with_policy(job, daily=12), run_id="r")
    assert statuses(job, good) == {backups.CHECKED}
    assert set(done["removed"]) <= set(refuted)
    # forged ones stay, for they are not ours, and a person is told
    assert set(done["strangers"]) == forged
    there = {snapshot.id for snapshot in job.restic.snapshots(*job.tags)}
    assert {part["id"] for key in good for part in saved(job, key).snapshots.values()} | forged <= there
    # refuted ones are no more kept for ever than good ones
    done = retention.apply(with_policy(job, daily=5, weekly=3), run_id="r")
    assert statuses(job, good[-5:]) == {backups.CHECKED}
    assert statuses(job, refuted[:6]) == {backups.REMOVED}
    assert set(done["refuted"]) == {key for key in refuted if saved(job, key).status == backups.REFUTED}


def saved(job: Job, key: str) -> BackupRun:
    row = backups.get(job.ledger, key)
    assert row is not None
    return row


def statuses(job: Job, keys: Sequence[str]) -> set[str]:
    return {saved(job, key).status for key in keys}


NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
SANTIAGO = ZoneInfo("America/Santiago")


def candidate(age: float, *, proven: bool = False) -> Candidate:
    return Candidate(key=f"{age}{'p' * proven}", at=NOW - timedelta(days=age), proven=proven)


def kept(*candidates: Candidate, floor: int = 1, **policy: int) -> set[str]:
    return retention.keep(candidates, policy, floor=floor, zone=SANTIAGO)


def test_a_proven_backup_is_preferred_within_its_day() -> None:
    day = [candidate(1.0), candidate(1.1, proven=True), candidate(1.2, proven=True)]
    assert kept(candidate(0), *day, daily=2) == {"0", "1.1p"}
    # also when the younger one is the newest of its week and month
    assert kept(candidate(0), *day, weekly=1) == {"0", "1.1p"}


def test_a_day_is_a_day_in_santiago() -> None:
    # 23:30 of the 21st and 00:30 of the 22nd there, one day in UTC
    evening = Candidate("evening", datetime(2026, 11, 22, 2, 30, tzinfo=UTC), proven=False)
    night = Candidate("night", datetime(2026, 11, 22, 3, 30, tzinfo=UTC), proven=False)
    assert kept(evening, night, candidate(0), daily=3) == {"0", "night", "evening"}


def test_days_without_a_backup_take_no_place() -> None:
    assert kept(*(candidate(age) for age in (0, 3, 9, 30)), daily=3) == {"0", "3", "9"}


def test_weeks_and_months_keep_their_newest() -> None:
    daily = [candidate(age) for age in range(120)]
    assert len(kept(*daily, daily=7, weekly=4, monthly=6)) == 13


def test_the_newest_proven_and_the_newest_few_stay() -> None:
    ages = [candidate(0.01), candidate(0.02), candidate(0.03), candidate(40, proven=True)]
    assert kept(*ages, floor=2, daily=1) == {"0.01", "0.02", "40p"}
