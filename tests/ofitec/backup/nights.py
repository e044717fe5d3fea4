"""A night's backup of the tests, and what must hold after one that failed."""

from ofitec.backup import nightly
from ofitec.backup.job import Job
from ofitec.ledger import backups


def back_up(job: Job) -> str:
    nightly.preflight(job, run_id="r")
    key = nightly.snapshot(job, run_id="r")
    nightly.check(job, key, run_id="r")
    return key


def nothing_counts(job: Job) -> None:
    """No backup counts, and no snapshot of a failed one is left to take a place in the retention."""
    assert backups.of_status(job.ledger, job.env, backups.RUNNING, *backups.KEPT) == []
    assert job.restic.snapshots(*job.tags) == []


def works_again(job: Job) -> None:
    key = back_up(job)
    assert {s.tag("run") for s in job.restic.snapshots(*job.tags)} == {key}
    assert job.restic.locks() == []
