"""The steps of the backup DAGs: where the domain meets Airflow's connections. Each takes and returns JSON for
XCom, no secret.

An error leaves here with a Spanish sentence for people in front of its own words for who mends it.
"""

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ofitec.backup import copying, message, nightly, proof, restore, retention, rotation, shared
from ofitec.backup.job import FIRST_CONNECTION, SECOND_CONNECTION, Job, from_settings
from ofitec.backup.restore import Plan
from ofitec.clients.restic_connection import password_file
from ofitec.connections import connection, found
from ofitec.errors import InputError, OfitecError
from ofitec.ledger import backups, copies, open_ledger
from ofitec.notify import approval
from ofitec.notify.four_eyes import Rules
from ofitec.notify.once import tell_once
from ofitec.notify.tasks import HOURS, Answer
from ofitec.settings import settings

log = logging.getLogger(__name__)

REMINDERS = ((1, 2), (7, 2))  # month and day


def preflight(*, run_id: str, create_repository: bool) -> dict[str, Any]:
    """See `nightly.preflight`."""
    with message.in_spanish():
        return nightly.preflight(_nights_job(run_id), run_id=run_id, create_repository=create_repository)


def snapshot(*, run_id: str) -> str:
    """The new backup's key."""
    with message.in_spanish():
        return nightly.snapshot(_nights_job(run_id), run_id=run_id)


def check(key: str, *, run_id: str) -> dict[str, Any]:
    """See `nightly.check`."""
    with message.in_spanish():
        return nightly.check(from_settings(), key, run_id=run_id)


def retain(*, run_id: str, acknowledged: int, by: str) -> dict[str, Any]:
    """See `retention.apply`. Tells Slack once of each set of lost or unknown snapshots."""
    return _retain(from_settings(), "backup_nightly", run_id=run_id, acknowledged=acknowledged, by=by)


def _retain(job: Job, dag_id: str, *, run_id: str, acknowledged: int, by: str) -> dict[str, Any]:
    try:
        with message.in_spanish():
            done = retention.apply(job, run_id=run_id, acknowledged=acknowledged, by=by)
    except retention.SnapshotsLost as error:
        text, blocks = message.lost(error.keys, job.restic.where, second=job.second)
        tell(f"lost/{_digest(error.keys)}", dag_id, run_id, text, blocks)
        raise
    if done["strangers"]:
        text, blocks = message.strangers(done["strangers"])
        tell(f"strangers/{_digest(done['strangers'])}", dag_id, run_id, text, blocks)
    return done


def copy(*, run_id: str, create_repository: bool) -> dict[str, Any] | None:
    """See `copying.copy`; None where there is no second repository."""
    with message.in_spanish():
        second = _second()
        if second is None:
            return None
        return copying.copy(from_settings(), second, run_id=run_id, create_repository=create_repository)


def retain_copies(*, run_id: str, acknowledged: int, by: str) -> dict[str, Any]:
    """As `retain`, of the second repository and by its own policy."""
    with message.in_spanish():
        second = from_settings(SECOND_CONNECTION)
    return _retain(second, "backup_copy", run_id=run_id, acknowledged=acknowledged, by=by)


def prove_copy(asked: str, *, run_id: str, read_data: bool) -> dict[str, Any] | None:
    """Prove a copy: a person's choice, or the newest if that is due; None if nothing is. Tell Slack once."""
    with message.in_spanish():
        second = _second()
        if second is None or not (asked or read_data or copying.proof_due(second, now=datetime.now(UTC))):
            return None
    return _prove(second, asked, (), "backup_copy", run_id=run_id, read_data=read_data, news=True)


def _second() -> Job | None:
    """The job of the second repository, None if there is none.

    :raises InputError: if there was one
    """
    if found(SECOND_CONNECTION) is None and not copies.some(open_ledger(), settings().env):
        return None
    return from_settings(SECOND_CONNECTION)


def prove(asked: str, published: Sequence[dict[str, Any]], *, run_id: str, read_data: bool) -> dict[str, Any]:
    """Prove a backup: a person's choice, the newest of those just published, or the newest. After a full proof (the
    weekly), and when one lifts what an earlier one refuted, tell Slack once.

    :param published: extras of the asset's events that started this run, in any order
    :return: {"proof": id, "backup": key, "tables", "rows", "files", "rto_seconds", "steps"}
    """
    keys = [str(extra["backup"]) for extra in published if extra.get("backup")]
    with message.in_spanish():
        job, keep = from_settings(), settings().staging
    return _prove(job, asked, keys, "backup_verify", run_id=run_id, read_data=read_data, news=read_data, keep=keep)


def _prove(
    job: Job,
    asked: str,
    published: Sequence[str],
    dag_id: str,
    *,
    run_id: str,
    read_data: bool,
    news: bool,
    keep: bool = False,
) -> dict[str, Any]:
    """:param news: whether the good news is told"""
    how: dict[str, Any] = {"run_id": run_id, "read_data": read_data, "keep": keep}
    with message.in_spanish():
        if asked:
            key = proof.choose(job, asked)
            number, evidence, lifted = proof.prove(job, key, **how)
        else:
            key, number, evidence, lifted = proof.prove_newest(job, published, **how)
    row = backups.get(job.ledger, key)
    assert row is not None
    if lifted:
        tell(f"lifted/{number}", dag_id, run_id, *message.lifted(row))
    if news:
        done = backups.proofs(job.ledger, key)[-1]
        text, blocks = message.proven(row, done, kept_for_ever=job.pruner is None)
        tell(f"proof/{number}", dag_id, run_id, text, blocks)
    figures = {
        "tables": evidence.tables,
        "rows": evidence.rows,
        "files": evidence.files,
        "rto_seconds": evidence.rto_seconds,
    }
    return {"proof": number, "backup": key, **figures, "steps": evidence.steps}


def plan_restore(params: dict[str, Any]) -> dict[str, Any]:
    """Check the restore's parameters; returns `Plan` as JSON, with the question that a person is asked."""
    with message.in_spanish():
        job = from_settings(params.get("repository") or FIRST_CONNECTION)
        wanted = restore.plan(
            job,
            key=params.get("backup") or "",
            database=params["database"],
            filestore=params.get("filestore") or "",
            neutralise=params["neutralise"],
        )
        shared.require_place(job.ledger, Path(wanted.filestore))
    log.info("Backup %s of %s becomes database %s with files in %s",
             wanted.backup, wanted.at, wanted.database, wanted.filestore)  # fmt: skip
    for name in wanted.replaces:
        log.info("There already, and renamed if a person approves: %s", name)
    plan = wanted.model_dump(mode="json")
    return {**plan, "question": message.restore_question(plan)}


def ask_restore(plan: dict[str, Any], *, page: str, by: str, dag_id: str, run_id: str) -> bool:
    """Tell Slack that a restore waits for a person. True if a message was sent now."""
    until, zone = datetime.now(UTC) + timedelta(hours=HOURS), settings().zone
    title, facts, paragraphs = message.restore_asked(plan, by=by)
    asked = approval.asked(title, facts, paragraphs, page=page, until=until, zone=zone, may=Rules.set().may(by))
    return tell(f"restore-asked/{run_id}", dag_id, run_id, *asked)


def run_restore(plan: dict[str, Any], *, run_id: str, approved: bool) -> dict[str, Any]:
    """Carry out the plan.

    :param approved: whether a person agreed to what it replaces
    """
    with message.in_spanish():
        wanted = Plan.model_validate(plan)
        job = from_settings(wanted.repository)
        shared.require_place(job.ledger, Path(wanted.filestore))
        return restore.restore(job, wanted, run_id=run_id, approved=approved)


def settle_restore(
    plan: dict[str, Any] | None, answer: Answer | None, *, url: str, dag_id: str, run_id: str
) -> list[str]:
    """Leave nothing half-way, and tell if a person said no; returns a sentence for what was repaired.

    :param url: address of the run
    """
    with message.in_spanish():
        told = restore.repair(from_settings(), run_id=run_id)
    if plan and answer and not answer.approved:
        approval.rejected(
            open_ledger(),
            f"La restauración de {plan['database']} no se hace",
            who=answer.who,
            at=answer.at,
            hours=HOURS,
            dag_id=dag_id,
            run_id=run_id,
            url=url,
            zone=settings().zone,
        )
    return told


def rotation_step(*, by_hand: bool, on: datetime) -> str | None:
    """Which of secrets_rotate's tasks is due: "rotate", "finish", "remind", or None for none.

    :param by_hand: whether a person triggered the run
    :param on: when the run is for
    """
    with message.in_spanish():
        job = from_settings()
        waiting = rotation.pending(job)
        if waiting is None:
            day = on.astimezone(settings().zone)
            return "rotate" if by_hand else "remind" if (day.month, day.day) in REMINDERS else None
        if by_hand:
            return "finish" if rotation.switched(job) else "rotate"
        ready = rotation.proven(job, waiting) or not rotation.switched(job)
    return "finish" if ready else None


def rotate(*, run_id: str) -> dict[str, Any]:
    """The first phase: a new password that opens the repository too. Tells Slack what a person must do.

    :raises InputError: if the connection holds the password itself, which a task cannot change
    """
    with message.in_spanish():
        file, job = _password_file(), from_settings()
        shared.require_password(job.ledger, file)
        done = rotation.begin(job, file, run_id=run_id)
    text, blocks = message.rotated(done["other_keys"], str(file))
    tell(f"rotation/{done['key']}", "secrets_rotate", run_id, text, blocks)
    return done


def finish_rotation(*, run_id: str) -> bool:
    """The second phase: the old password opens nothing any more. False if the new one was lost, and its key went."""
    with message.in_spanish():
        file, job = _password_file(), from_settings()
        shared.require_password(job.ledger, file)
        done = rotation.finish(job, file, run_id=run_id)
    text, blocks = message.old_key_gone() if done else message.new_key_lost(str(file))
    tell(f"rotation-end/{run_id}", "secrets_rotate", run_id, text, blocks)
    return done


def remind(*, run_id: str) -> bool:
    """Tell Slack that the password wants changing. True if a message was sent now."""
    created = from_settings().restic.key_created()
    text, blocks = message.reminder(created, datetime.now(UTC))
    return tell(f"rotation-reminder/{run_id}", "secrets_rotate", run_id, text, blocks)


def _password_file() -> Path:
    file = password_file(connection("restic_default"))
    if file is None:
        raise InputError(
            "Connection restic_default holds its password itself, and a task cannot change a connection. Put the "
            "password into a file, name it in extra.password_file, and run again (or rotate by hand: see the runbook)."
        )
    return file


def _nights_job(run_id: str) -> Job:
    """The job; a night that fails for want of a connection or setting is a failed row as well."""
    try:
        return from_settings()
    except OfitecError as error:
        with suppress(OfitecError):
            note = {"env": settings().env, "repository": "", "run_id": run_id, "said": message.sentence(error)}
            backups.note_failure(open_ledger(), error=str(error), **note)
        raise


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]


def tell(key: str, dag_id: str, run_id: str, text: str, blocks: list[dict[str, Any]]) -> bool:
    """Tell Slack once. True if a message was sent now."""
    return tell_once(open_ledger(), (text, blocks), key=key, kind="backup", dag_id=dag_id, run_id=run_id)
