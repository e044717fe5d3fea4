"""The proof: a backup is restored by id, compared row by row and file by file, and booted. Only that makes it good.

A proof ends in the ledger as "passed", as "refuted" if data were read and found wrong, or as "failed" if it could not
be carried out: then nothing was learnt. A backup without a passed proof is never called good; a later passed proof
lifts what an earlier one refuted. All of it is one task: the copy is made, used and removed where it is.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from ofitec.backup import boot as odoo
from ofitec.backup import handover, repository, retrieval, scratch
from ofitec.backup.attachments import sample
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.clients.postgres import RestoreRefused
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.errors import InputError, OfitecError, PermanentError
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

PURPOSE, PURPOSE_SECOND = "backup_verify", "backup_copy"
_FINDINGS = 200  # that the ledger keeps of one proof


class BackupRefuted(PermanentError):
    """The backup is bad: it cannot be restored, or gives other data than was saved."""


def choose(job: Job, key: str = "") -> str:
    """The key of the backup to prove: the one asked for, or the newest whole one of this repository.

    :raises InputError: if there is none
    """
    if key:
        return retrieval.wanted(job, key).key
    newest = backups.newest_checked(job.ledger, job.env, job.restic.where)
    if newest is None:
        raise InputError(
            f"There is no backup of {job.env} in {job.restic.where} to prove yet. Run "
            f"{'backup_copy' if job.second else 'backup_nightly'} first." + retrieval.elsewhere(job)
        )
    return newest.key


def prove_newest(
    job: Job, published: Sequence[str] = (), *, run_id: str, read_data: bool = False, keep: bool = False
) -> tuple[str, int, Evidence, bool]:
    """Prove the newest of the backups that were just published, or the newest there is.

    :param published: keys, in any order; where the retention has removed one meanwhile, the next takes its place
    :param keep: as for `prove`
    :return: the backup's key, and what `prove` returns
    """
    left = sorted(published)  # a key begins with its moment
    while True:
        try:
            key = choose(job, left.pop() if left else "")
            return key, *prove(job, key, run_id=run_id, read_data=read_data, keep=keep)
        except retrieval.Removed as error:
            log.info("%s It is not proven; the newest that is left is", error)


def prove(
    job: Job, key: str, *, run_id: str, read_data: bool = False, keep: bool = False
) -> tuple[int, Evidence, bool]:
    """The whole proof; its copy is dropped whatever happens, unless it passes and another waits for it.

    :param read_data: first read every byte of the repository
    :param keep: hand the copy over (`handover`) if the backup passes
    :return: the proof's id, what was learnt, and whether it lifts an earlier refutation
    :raises BackupRefuted: if the backup is bad
    :raises RepositoryDamaged: if this backup is good, but the repository is damaged elsewhere
    :raises Removed: if the retention removed the backup before it was fetched: then there was no proof
    :raises OfitecError: if the proof could not be carried out: nothing was learnt
    """
    row = retrieval.wanted(job, key)
    evidence = Evidence(backup=key, started_at=datetime.now(UTC))
    number = backups.start_proof(job.ledger, row, run_id=run_id, started_at=evidence.started_at)
    evidence.on_step = lambda steps: backups.change_proof(job.ledger, number, steps=steps)
    try:
        with _judged(job, evidence, number):
            if not job.second:  # its copies are handed to nobody
                handover.take_back(job, purpose=PURPOSE)
            copy = _restore(job, row, evidence, run_id=run_id, read_data=read_data)
        before = _finish(job, evidence, number, backups.PASSED)
        if keep and evidence.booted:
            handover.keep(job, copy, purpose=PURPOSE)
    finally:
        _drop_copies(job)
    log.info("Backup %s is proven; recovery takes %s s", evidence.backup, evidence.rto_seconds or "?")
    if before == backups.REFUTED:
        log.info("An earlier proof had refuted it. This one read it all and found it right: it counts again")
    if evidence.repository_error:
        raise RepositoryDamaged(f"This backup is proven, but not all is well: {evidence.repository_error}")
    return number, evidence, before == backups.REFUTED


def _purpose(job: Job) -> str:
    """Whose copies are whose: both repositories may be proven at once."""
    return PURPOSE_SECOND if job.second else PURPOSE


def _restore(job: Job, row: BackupRun, evidence: Evidence, *, run_id: str, read_data: bool) -> scratch.Scratch:
    retrieval.require_room(job, row, job.work)
    copy = scratch.make(job, purpose=_purpose(job), run_id=run_id)
    read_all = partial(_read_all, job, evidence) if read_data else None
    retrieval.bring_back(job, row, copy, evidence, why=f"proof {run_id}", first=read_all)
    if evidence.findings:
        raise BackupRefuted(
            f"Backup {evidence.backup} is not what was saved: {len(evidence.findings)} differences: "
            f"{sample(evidence.findings)}."
        )
    _boot(job, row, copy, evidence)
    return copy


def _boot(job: Job, row: BackupRun, copy: scratch.Scratch, evidence: Evidence) -> None:
    """Neutralise the copy and run Odoo on it; does nothing if the settings name no Odoo."""
    if not job.odoo_command:
        log.warning("OFITEC_ODOO_COMMAND is empty: the copy is not booted")
        return
    odoo.require_series(job.odoo_command, str((row.figures or {})["series"]))
    with evidence.timed("neutralise"):
        odoo.neutralise(job.odoo_command, copy)
    with evidence.timed("boot"):
        odoo.read_back(job.odoo_command, copy)
    evidence.booted = True


@contextmanager
def _judged(job: Job, evidence: Evidence, number: int) -> Iterator[None]:
    """Write down what a failing step says about the backup."""
    try:
        yield
    except (RestoreRefused, RepositoryDamaged, BackupRefuted) as error:
        evidence.findings = evidence.findings or [str(error)]
        _finish(job, evidence, number, backups.REFUTED)
        if isinstance(error, BackupRefuted):
            raise
        raise BackupRefuted(f"Backup {evidence.backup} cannot be restored. {error}") from None
    except retrieval.Removed:
        backups.forget_proof(job.ledger, number)
        raise
    except BaseException as error:
        # Airflow's timeout and its end by TERM are no Exceptions
        message = str(error) if isinstance(error, OfitecError) else f"{type(error).__name__}: {error}"
        evidence.findings = [message[:2000]]
        _finish(job, evidence, number, backups.FAILED)
        raise


def _read_all(job: Job, evidence: Evidence) -> None:
    """Read every byte of the repository. Damage elsewhere does not stop this backup's proof, it is told at its end."""
    try:
        with evidence.timed("read_data"):
            repository.healing(job, lambda: job.restic.check(read_data=True))
        evidence.read_data = True
    except RepositoryDamaged as error:
        log.error("%s", error)  # noqa: TRY400 - a person needs the sentence, not the traceback
        evidence.repository_error = str(error)


def _finish(job: Job, evidence: Evidence, number: int, outcome: str) -> str:
    """Write the proof's outcome; returns what the ledger called the backup before."""
    return backups.finish_proof(
        job.ledger,
        number,
        outcome,
        read_data=evidence.read_data,
        booted=evidence.booted,
        tables=evidence.tables,
        rows=evidence.rows,
        files=evidence.files,
        steps=evidence.steps,
        key_id=evidence.key_id,
        rto_seconds=evidence.rto_seconds,
        findings=evidence.findings[:_FINDINGS],
    )


def _drop_copies(job: Job) -> None:
    """Drop the copy of this proof and what killed ones left. Never hides what the proof found."""
    try:
        scratch.sweep(job, purpose=_purpose(job))
    except (OfitecError, OSError) as error:
        log.error("The proof's copy could not be dropped now; the next proof drops it. %s", error)  # noqa: TRY400
