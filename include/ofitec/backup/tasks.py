"""The tasks of the backup DAGs: where the domain meets Airflow. Each takes and returns JSON for XCom, no secret."""

import logging
from datetime import UTC, datetime
from typing import Any

from ofitec.backup import message, nightly, proof, recovery, retention, rotation
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import from_settings
from ofitec.backup.recovery import Plan
from ofitec.clients.restic_connection import password_file
from ofitec.connections import connection
from ofitec.errors import InputError
from ofitec.ledger import backups
from ofitec.notify.channels import tell
from ofitec.notify.once import send_once

log = logging.getLogger(__name__)


def preflight(*, run_id: str, create_repository: bool) -> dict[str, Any]:
    """See `nightly.preflight`."""
    return nightly.preflight(from_settings(), run_id=run_id, create_repository=create_repository)


def snapshot(*, run_id: str) -> str:
    """The new backup's key."""
    return nightly.snapshot(from_settings(), run_id=run_id)


def check(key: str, *, run_id: str) -> dict[str, Any]:
    """See `nightly.check`."""
    return nightly.check(from_settings(), key, run_id=run_id)


def retain(lost: list[str], *, run_id: str) -> dict[str, Any]:
    """See `retention.apply`."""
    return retention.apply(from_settings(), run_id=run_id, lost=lost)


def choose(asked: str, published: list[dict[str, Any]]) -> str:
    """The key of the backup to prove: a person's choice, the one that was just published, or the newest.

    :param published: extras of the asset's events that started this run, oldest first
    """
    newest = next((str(extra["backup"]) for extra in reversed(published) if extra.get("backup")), "")
    return proof.choose(from_settings(), asked or newest)


def restore_copy(key: str, *, run_id: str, read_data: bool) -> dict[str, Any]:
    """Restore the backup into a throw-away copy; returns `Evidence` as JSON."""
    return proof.restore(from_settings(), key, run_id=run_id, read_data=read_data).model_dump(mode="json")


def compare(evidence: dict[str, Any], *, run_id: str) -> dict[str, Any]:
    """Compare the copy with the source's figures; returns `Evidence` as JSON."""
    done = proof.compare(from_settings(), Evidence.model_validate(evidence), run_id=run_id)
    return done.model_dump(mode="json")


def boot(evidence: dict[str, Any], *, run_id: str) -> dict[str, Any]:
    """Run Odoo on the copy; returns `Evidence` as JSON."""
    done = proof.boot(from_settings(), Evidence.model_validate(evidence), run_id=run_id)
    return done.model_dump(mode="json")


def record(evidence: dict[str, Any], *, run_id: str) -> dict[str, Any]:
    """Write the passed proof; after a full one (the weekly), tell Slack once.

    :return: {"proof": id, "backup": key, "tables", "rows", "files", "rto_seconds", "steps"}
    """
    job, said = from_settings(), Evidence.model_validate(evidence)
    number = proof.record(job, said, run_id=run_id)
    if said.read_data:
        row = backups.get(job.ledger, said.backup)
        done = backups.proofs(job.ledger, said.backup)[-1]
        assert row is not None
        text, blocks = message.proven(row, done)
        _tell(f"proof/{number}", "backup_verify", run_id, text, blocks)
    figures = {"tables": said.tables, "rows": said.rows, "files": said.files, "rto_seconds": said.rto_seconds}
    return {"proof": number, "backup": said.backup, **figures, "steps": said.steps}


def clean_up() -> None:
    """Drop the proof's copy."""
    proof.clean_up(from_settings())


def plan_restore(params: dict[str, Any]) -> dict[str, Any]:
    """Check the restore's parameters; returns `Plan` as JSON."""
    wanted = recovery.plan(
        from_settings(),
        key=params.get("backup") or "",
        database=params["database"],
        filestore=params.get("filestore") or "",
        neutralise=params["neutralise"],
    )
    log.info("Plan: %s", wanted)
    return wanted.model_dump(mode="json")


def restore(plan: dict[str, Any], approval: dict[str, Any] | None, *, run_id: str) -> dict[str, Any]:
    """Carry out the plan.

    :param approval: what the approval step answered, None if it was not needed
    """
    approved = bool(approval) and "Approve" in (approval or {}).get("chosen_options", [])
    return recovery.restore(from_settings(), Plan.model_validate(plan), run_id=run_id, approved=approved)


def rotate(*, run_id: str) -> dict[str, Any]:
    """Change the repository's password and tell Slack what a person must do.

    :raises InputError: if the connection holds the password itself, which a task cannot change
    """
    file = password_file(connection("restic_default"))
    if file is None:
        raise InputError(
            "Connection restic_default holds its password itself, and a task cannot change a connection. Put the "
            "password into a file, name it in extra.password_file, and run again (or rotate by hand: see the runbook)."
        )
    done = rotation.rotate(from_settings(), file, run_id=run_id)
    text, blocks = message.rotated(done["other_keys"], str(file))
    _tell(f"rotation/{done['key']}", "secrets_rotate", run_id, text, blocks)
    return done


def remind(*, run_id: str) -> bool:
    """Tell Slack that the password wants changing. True if a message was sent now."""
    created = from_settings().restic.key_created()
    text, blocks = message.reminder(created, datetime.now(UTC))
    return _tell(f"rotation-reminder/{run_id}", "secrets_rotate", run_id, text, blocks)


def _tell(key: str, dag_id: str, run_id: str, text: str, blocks: list[dict[str, Any]]) -> bool:
    ledger = from_settings().ledger
    return send_once(ledger, key=key, kind="backup", dag_id=dag_id, run_id=run_id, send=lambda: tell(text, blocks))
