"""The proof: a backup is restored by id, compared row by row and file by file, and booted. Only that makes it good.

Each step writes a proof into the ledger when it fails: "refuted" if the backup is bad, "failed" if the step could not
be carried out and nothing was learnt. A backup without a passed proof is never called good.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ofitec.backup import boot as odoo
from ofitec.backup import restoring, scratch
from ofitec.backup.attachments import sample
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.clients.postgres import RestoreRefused
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.errors import InputError, OfitecError, PermanentError
from ofitec.ledger import backups
from ofitec.ledger.exclusive import REPOSITORY, held
from ofitec.ledger.tables import RestoreProof

log = logging.getLogger(__name__)

PURPOSE = "backup_verify"


class BackupRefuted(PermanentError):
    """The backup is bad: it cannot be restored, or gives other data than was saved."""


def choose(job: Job, key: str = "") -> str:
    """The key of the backup to prove: the one asked for, or the newest whole one.

    :raises InputError: if there is none
    """
    if key:
        return restoring.wanted(job, key).key
    newest = backups.newest_checked(job.ledger, job.env)
    if newest is None:
        raise InputError(f"There is no backup of {job.env} to prove yet. Run backup_nightly first.")
    return newest.key


def restore(job: Job, key: str, *, run_id: str, read_data: bool = False) -> Evidence:
    """Restore a backup into a new copy. The caller must drop the copy, whatever happens: `clean_up`.

    :param read_data: first read every byte of the repository
    """
    row = restoring.wanted(job, key)
    evidence = Evidence(backup=key, started_at=datetime.now(UTC))
    with _judged(job, evidence, run_id):
        restoring.require_room(job, row, job.work)
        copy = scratch.make(job, purpose=PURPOSE, run_id=run_id)
        evidence.scratch = copy.database.name
        with held(job.ledger, REPOSITORY, why=f"proof {run_id}", wait=job.rules.exclusive_wait):
            if read_data:
                _read_all(job, evidence)
            restoring.fetch(job, row, copy, evidence)
        restoring.load(job, copy, evidence)
    return evidence


def compare(job: Job, evidence: Evidence, *, run_id: str) -> Evidence:
    """Compare the copy with the source's figures.

    :raises BackupRefuted: if anything differs
    """
    with _judged(job, evidence, run_id):
        said = restoring.manifest(job, restoring.wanted(job, evidence.backup))
        restoring.compare(said, scratch.named(job, evidence.scratch), evidence)
        if evidence.findings:
            raise BackupRefuted(
                f"Backup {evidence.backup} is not what was saved: {len(evidence.findings)} differences: "
                f"{sample(evidence.findings)}."
            )
    return evidence


def boot(job: Job, evidence: Evidence, *, run_id: str) -> Evidence:
    """Neutralise the copy and run Odoo on it; does nothing if the settings name no Odoo."""
    if not job.odoo_command:
        log.warning("OFITEC_ODOO_COMMAND is empty: the copy is not booted")
        return evidence
    copy = scratch.named(job, evidence.scratch)
    row = restoring.wanted(job, evidence.backup)
    with _judged(job, evidence, run_id):
        odoo.require_series(job.odoo_command, str((row.figures or {})["series"]))
        with evidence.timed("neutralise"):
            odoo.neutralise(job.odoo_command, copy)
        with evidence.timed("boot"):
            odoo.read_back(job.odoo_command, copy)
        evidence.booted = True
    return evidence


def record(job: Job, evidence: Evidence, *, run_id: str) -> int:
    """Write the passed proof; returns its id.

    :raises RepositoryDamaged: if this backup is good, but the repository is damaged elsewhere
    """
    proof = _record(job, evidence, run_id, backups.PASSED)
    log.info("Backup %s is proven: RTO %s s, steps %s", evidence.backup, evidence.rto_seconds, evidence.steps)
    if evidence.repository_error:
        raise RepositoryDamaged(f"This backup is proven, but not all is well: {evidence.repository_error}")
    return proof


def clean_up(job: Job) -> None:
    """Drop the copy of the proof, and what killed proofs left."""
    scratch.sweep(job, purpose=PURPOSE)


def prove(job: Job, key: str, *, run_id: str, read_data: bool = False) -> Evidence:
    """The whole proof in one go, as `backup_verify` does it in tasks.

    :raises BackupRefuted: if the backup is bad
    """
    try:
        evidence = restore(job, key, run_id=run_id, read_data=read_data)
        evidence = boot(job, compare(job, evidence, run_id=run_id), run_id=run_id)
        record(job, evidence, run_id=run_id)
    finally:
        clean_up(job)
    return evidence


@contextmanager
def _judged(job: Job, evidence: Evidence, run_id: str) -> Iterator[None]:
    """Write down what a failing step says about the backup."""
    try:
        yield
    except (RestoreRefused, RepositoryDamaged, BackupRefuted) as error:
        evidence.findings = evidence.findings or [str(error)]
        _record(job, evidence, run_id, backups.REFUTED)
        if isinstance(error, BackupRefuted):
            raise
        raise BackupRefuted(f"Backup {evidence.backup} cannot be restored. {error}") from None
    except OfitecError as error:
        evidence.findings = [str(error)]
        _record(job, evidence, run_id, backups.FAILED)
        raise


def _read_all(job: Job, evidence: Evidence) -> None:
    """Read every byte of the repository. Damage elsewhere does not stop this backup's proof, it is told at its end."""
    try:
        with evidence.timed("read_data"):
            job.restic.check(read_data=True)
        evidence.read_data = True
    except RepositoryDamaged as error:
        log.error("%s", error)  # noqa: TRY400 - a person needs the sentence, not the traceback
        evidence.repository_error = str(error)


def _record(job: Job, evidence: Evidence, run_id: str, outcome: str) -> int:
    row = restoring.wanted(job, evidence.backup)
    proof = RestoreProof(
        backup_id=row.id,
        env=job.env,
        run_id=run_id,
        outcome=outcome,
        read_data=evidence.read_data,
        booted=evidence.booted,
        tables=evidence.tables,
        rows=evidence.rows,
        files=evidence.files,
        steps=evidence.steps,
        rto_seconds=evidence.rto_seconds,
        findings=evidence.findings[:200],
        started_at=evidence.started_at,
    )
    return backups.record_proof(job.ledger, proof)
