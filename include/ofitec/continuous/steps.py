"""The steps of `backup_continuous`, and those of `backup_restore` to a moment: where the domain meets Airflow's
connections. Each takes and returns JSON, no secret."""

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ofitec.backup import shared
from ofitec.backup.job import FIRST_CONNECTION, from_settings
from ofitec.backup.message import restore_question
from ofitec.backup.restore import Plan
from ofitec.clients.pgbackrest import Cluster
from ofitec.clients.pgbackrest_connection import pgbackrest
from ofitec.clients.postgres import Database
from ofitec.continuous import message, minutes, recovery
from ofitec.errors import InputError, OfitecError, saying_first
from ofitec.ledger import continuous, open_ledger
from ofitec.notify.once import tell_once
from ofitec.settings import settings

log = logging.getLogger(__name__)

_TOLD_EACH = timedelta(hours=6)  # a failure that stays is told again after so long


def enabled() -> bool:
    """Whether it is switched on."""
    return settings().continuous


def off(*, run_id: str) -> None:
    """Write down that it is off, if it ever was on: then nobody is told that it is late."""
    continuous.switched_off(open_ledger(), env=settings().env, run_id=run_id)


class AlreadyTold(Exception):
    """It fails as it did, and people know."""


def look(*, run_id: str, create_repository: bool) -> dict[str, Any]:
    """See `minutes.run`.

    :return: {"look": id of its row}
    :raises AlreadyTold: if it failed and people were told of the same lately
    :raises OfitecError: what failed
    """
    try:
        with saying_first(message.sentence):
            number = minutes.run(from_settings(), pgbackrest(), rules(), run_id=run_id, create=create_repository)
    except OfitecError as error:
        _judge(error, run_id)
        raise
    return {"look": number}


def _judge(error: OfitecError, run_id: str) -> None:
    """Let a failure that people know end in silence, and note the others as told."""
    ledger, env, kind = open_ledger(), settings().env, type(error).__name__
    since, said = datetime.now(UTC) - _TOLD_EACH, message.sentence(error)
    known = continuous.told_lately(ledger, env=env, kind=kind, since=since)
    continuous.note_failure(ledger, env=env, run_id=run_id, kind=kind, said=said, error=str(error), told=not known)
    if known:
        raise AlreadyTold(str(error)) from None


def rules() -> minutes.Rules:
    """When base backups are due, and whether they are made here.

    :raises InputError: if the folder that the settings name is no data directory
    """
    chosen = settings()
    data = chosen.pgbackrest_data
    if data is not None and not os.access(data / "PG_VERSION", os.R_OK):
        raise InputError(
            f"OFITEC_PGBACKREST_DATA names {data}, which is no data directory of PostgreSQL that we may read here."
        )
    port = Database.from_connection("odoo_db").port
    return minutes.Rules(
        base=timedelta(hours=chosen.continuous_base_hours),
        full=timedelta(days=chosen.continuous_full_days),
        keep=timedelta(days=chosen.continuous_days),
        cluster=Cluster(data, port) if data is not None else None,
    )


def plan_restore(params: dict[str, Any]) -> dict[str, Any]:
    """Check the restore's parameters; returns `Plan` as JSON, with the question that a person is asked."""
    with saying_first(message.sentence):
        _require_no_other(params)
        job = from_settings()
        place = {name: params.get(name) or "" for name in ("database", "filestore")}
        wanted = recovery.plan(job, pgbackrest(), params["moment"], **place, neutralise=params["neutralise"])
        shared.require_place(job.ledger, Path(wanted.filestore))
    log.info("Odoo as of %s (from base backup %s) becomes database %s with files in %s",
             wanted.moment, wanted.backup, wanted.database, wanted.filestore)  # fmt: skip
    for name in wanted.replaces:
        log.info("There already, and renamed if a person approves: %s", name)
    plan = wanted.model_dump(mode="json")
    return {**plan, "question": restore_question(plan)}


def run_restore(plan: dict[str, Any], *, run_id: str, approved: bool) -> dict[str, Any]:
    """Carry out the plan. Tells Slack if attachments have no file.

    :param approved: whether a person agreed to what it replaces
    """
    with saying_first(message.sentence):
        wanted, job = Plan.model_validate(plan), from_settings()
        shared.require_place(job.ledger, Path(wanted.filestore))
        done = recovery.carry_out(job, pgbackrest(), wanted, run_id=run_id, approved=approved)
    if done["missing"]:
        told = message.without_files(wanted.database, wanted.moment, done["missing"])
        key = f"restore-without-files/{run_id}"
        tell_once(job.ledger, told, key=key, kind="backup", dag_id="backup_restore", run_id=run_id)
    return {**done, "missing": len(done["missing"])}


def _require_no_other(params: dict[str, Any]) -> None:
    if params.get("backup"):
        raise InputError("A backup and a moment are two different things: leave one of them empty.")
    if (params.get("repository") or FIRST_CONNECTION) != FIRST_CONNECTION:
        raise InputError("A moment is restored from the first repository: the second holds the nights' backups only.")
