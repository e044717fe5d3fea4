"""Proofs that are made to fail, and what must hold after one."""

import pytest

from ofitec.backup import proof, retrieval, scratch
from ofitec.backup.attachments import Attachment
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.backup.manifest import Manifest
from ofitec.errors import OfitecError
from ofitec.ledger import backups
from tests.ofitec.backup import storages
from tests.ofitec.backup.cluster import Cluster


def refuted(job: Job, key: str, message: str) -> None:
    """The proof fails with that message, the backup no longer counts, and no copy is left."""
    with pytest.raises(proof.BackupRefuted, match=message):
        proof.prove(job, key, run_id="r")
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.REFUTED
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.REFUTED]
    assert backups.newest_proven(job.ledger, job.env) is None
    nothing_left(job)


def nothing_left(job: Job) -> None:
    with job.scratch.maintenance().connect() as conn:
        found = conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'ofitec_scratch_%'").fetchall()
    assert found == []
    assert list((job.work / "scratch").glob("*")) == []


def changed_copy(patch: pytest.MonkeyPatch, cluster: Cluster, statement: str) -> None:
    """Between the load and the comparison, do something to the copy."""
    real = retrieval.compare_tables

    def after_a_change(expected: Manifest, copy: scratch.Scratch, evidence: Evidence) -> list[Attachment]:
        with cluster.admin(copy.database.name) as conn:
            conn.execute(statement)
        return real(expected, copy, evidence)

    patch.setattr(retrieval, "compare_tables", after_a_change)


def outcome(place: storages.Place, fault: storages.Fault, key: str, *, read_data: bool = False) -> str:
    """What a proof during a fault calls the good backup; "passed" if it did not notice."""
    with fault(place) as job:
        # reached by this address, it is the same repository
        backups.change(job.ledger, key, repository=job.restic.where)
        try:
            proof.prove(job, key, run_id="r", read_data=read_data)
        except (OfitecError, OSError):
            pass
        finally:
            backups.change(job.ledger, key, repository=place.job.restic.where)
    row = backups.get(place.job.ledger, key)
    assert row is not None
    newest = backups.proofs(place.job.ledger, key)[-1]
    assert row.status == (backups.REFUTED if newest.outcome == backups.REFUTED else backups.CHECKED), newest.findings
    return newest.outcome
