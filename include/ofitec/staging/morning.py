"""One morning: the night's proven copy, masked, becomes the staging copy. Until it stands, yesterday's does.

The proof hands its copy over (`ofitec.backup.handover`). Where none waits (another worker proved, or somebody asks for
another backup) one is brought back and compared, as a restore does it.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from ofitec.backup import boot, handover, retrieval, scratch
from ofitec.backup.attachments import sample
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.backup.scratch import Scratch
from ofitec.errors import InputError, OfitecError, PermanentError
from ofitec.ledger import backups, staging
from ofitec.ledger.tables import BackupRun
from ofitec.staging import keeping, masking
from ofitec.staging.harmless import Logins
from ofitec.staging.rules import Rules

log = logging.getLogger(__name__)


class CopyNotWhatWasSaved(PermanentError):
    """The restored copy is not what was saved. Yesterday's staging copy stands as it was."""


@dataclass(frozen=True)
class Choices:
    """:param refuse: whether columns that look like people's data without a rule are an error"""

    rules: Rules
    logins: Logins
    refuse: bool = False


@dataclass(frozen=True)
class Made:
    """:param first: whether no copy ever stood under the name before
    :param findings: columns that look like people's data and have no rule
    :param steps: seconds of each
    """

    backup: str
    database: str
    snapshot_at: datetime
    first: bool
    findings: list[str]
    steps: dict[str, float]


def make(job: Job, choices: Choices, *, number: int, run_id: str, key: str = "") -> Made:
    """Make today's copy and let it take yesterday's place. Whatever fails, yesterday's stands as it was.

    :param number: the ledger's row of this attempt (`ofitec.ledger.staging.start`)
    :param key: the backup; empty: the newest that is proven
    :raises InputError: if there is no backup, or no Odoo to neutralise it with
    :raises CopyNotWhatWasSaved: if the backup was brought back anew and is not what was saved
    :raises UnknownColumns: if the choices refuse columns that look like people's data without a rule
    """
    if not job.odoo_command:
        raise InputError("A staging copy needs an Odoo that neutralises it: set OFITEC_ODOO_COMMAND.")
    settle(job)  # what a killed run left
    row = _chosen(job, key)
    assert row.snapshot_at is not None
    evidence = Evidence(backup=row.key, started_at=datetime.now(UTC))
    evidence.on_step = lambda steps: staging.change(job.ledger, number, steps=steps)
    staging.change(job.ledger, number, backup=row.key, snapshot_at=row.snapshot_at)
    try:
        copy = _waiting(job, row) or _brought_back(job, row, evidence, run_id=run_id)
        staging.change(job.ledger, number, copy=copy.database.name)
        with evidence.timed("mask"):
            done = masking.mask(copy.database, choices.rules, choices.logins, refuse=choices.refuse)
        with evidence.timed("prune_files"):
            gone = keeping.prune(copy.filestore, _named(copy))
            log.info("Removed %d files that no attachment names any more", gone)
        with evidence.timed("boot"):
            boot.read_back(job.odoo_command, copy)
        with evidence.timed("take_place"):
            keeping.take_place(job, copy)
        findings = [str(finding) for finding in done.findings]
        first = staging.stands(job.ledger, number, masked=done.rows, findings=findings)
    finally:
        _settle_at_last(job)
    log.info("Database %s stands: backup %s, data of %s", keeping.name(job), row.key, row.snapshot_at)
    return Made(row.key, keeping.name(job), row.snapshot_at, first, findings, evidence.steps)


def settle(job: Job) -> None:
    """Drop what does not stand, and make the ledger say what does."""
    stands = keeping.settle(job)
    staging.agree(job.ledger, env=job.env, database=keeping.name(job), copy=stands)


def _settle_at_last(job: Job) -> None:
    """Never hides what went wrong before, and takes nothing from a copy that stands."""
    try:
        settle(job)
    except (OfitecError, OSError, psycopg.Error) as error:
        log.error("What does not stand could not be dropped now; the next run does. %s", error)  # noqa: TRY400


def _chosen(job: Job, key: str) -> BackupRun:
    if key:
        return retrieval.wanted(job, key)
    row = backups.newest_proven(job.ledger, job.env, job.restic.where)
    if row is None:
        raise InputError(f"No backup of {job.env} in {job.restic.where} is proven yet. Run backup_verify first.")
    return row


def _waiting(job: Job, row: BackupRun) -> Scratch | None:
    """The copy that the proof of this backup handed over."""
    found = handover.waiting(job)
    if found is None or (proven := backups.proven_by(job.ledger, found.run_id)) is None or proven.key != row.key:
        return None
    if not handover.take(job, found.name, purpose=keeping.NEW):
        return None
    log.info("The proof's own copy %s becomes the staging copy", found.name)
    return scratch.named(job, found.name)


def _brought_back(job: Job, row: BackupRun, evidence: Evidence, *, run_id: str) -> Scratch:
    log.info("No copy of backup %s waits on this machine: it is brought back and compared", row.key)
    retrieval.require_room(job, row, job.work)
    boot.require_series(job.odoo_command, str((row.figures or {})["series"]))
    copy = scratch.make(job, purpose=keeping.NEW, run_id=run_id)
    retrieval.bring_back(job, row, copy, evidence, why=f"staging {run_id}")
    if evidence.findings:
        raise CopyNotWhatWasSaved(
            f"Backup {row.key} is not what was saved: {sample(evidence.findings)}. Prove it (backup_verify), and take "
            "an older one meanwhile."
        )
    with evidence.timed("neutralise"):
        boot.neutralise(job.odoo_command, copy)
    return copy


def _named(copy: Scratch) -> set[str]:
    """The files that its attachments name."""
    query = "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL"
    with copy.database.connect() as conn:
        return {row[0] for row in conn.execute(query)}
