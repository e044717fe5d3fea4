"""The step of `odoo_staging`: where the domain meets Airflow's connections. Takes and returns JSON, no secret."""

import hashlib
import logging
from typing import Any

from ofitec.backup.job import Job, from_settings
from ofitec.connections import connection
from ofitec.errors import InputError, saying_first
from ofitec.ledger import staging
from ofitec.notify.escape import Message
from ofitec.notify.once import tell_once
from ofitec.settings import settings
from ofitec.staging import keeping, message, morning, rules
from ofitec.staging.harmless import Logins

log = logging.getLogger(__name__)

_DAG = "odoo_staging"
_SHORTEST = 8  # characters of the password


def make(*, key: str, run_id: str) -> dict[str, Any]:
    """Make today's copy. Tells Slack of the first that ever stood, and once of each set of columns without a rule.

    :param key: the backup; empty: the newest that is proven
    :return: {"backup", "database", "findings", "steps"}
    """
    with saying_first(message.sentence):
        job, chosen = from_settings(), choices()
        place = {"env": job.env, "server": job.scratch.server, "database": keeping.name(job)}
        number = staging.start(job.ledger, run_id=run_id, **place)
        try:
            done = morning.make(job, chosen, number=number, run_id=run_id, key=key)
        except BaseException as error:
            # Airflow's timeout and its end by TERM are no Exceptions
            said = message.sentence(error)
            staging.failed(job.ledger, number, error=f"{type(error).__name__}: {error}", said=said)
            raise
    if done.first:
        told = message.first(done.database, done.snapshot_at, settings().staging_url)
        _tell(job, f"staging-first/{job.env}/{done.database}", run_id, told)
    if done.findings:
        columns = sorted(finding.partition(" ")[0] for finding in done.findings)
        digest = hashlib.sha256("\n".join(columns).encode()).hexdigest()[:16]
        _tell(job, f"staging-unruled/{job.env}/{digest}", run_id, message.unruled(done.findings))
    return {"backup": done.backup, "database": done.database, "findings": done.findings, "steps": done.steps}


def remove() -> bool:
    """Drop the copy that stands. False if none does."""
    with saying_first(message.sentence):
        job = from_settings()
        gone = keeping.remove(job)
        morning.settle(job)
    log.info("Database %s %s", keeping.name(job), "is dropped" if gone else "was not there")
    return gone


def choices() -> morning.Choices:
    """What the settings and the connection choose.

    :raises InputError: if the connection holds no password, or a rule is none
    """
    chosen = settings()
    password = connection(_DAG).password or ""
    if len(password) < _SHORTEST:
        raise InputError(
            f"Connection {_DAG} holds no password of {_SHORTEST} characters or more: it is the one of all users of the "
            "staging copy."
        )
    return morning.Choices(
        rules=rules.chosen(chosen.staging_rules),
        logins=Logins(password, chosen.staging_url),
        refuse=chosen.staging_unknown == "refuse",
    )


def _tell(job: Job, key: str, run_id: str, told: Message) -> bool:
    return tell_once(job.ledger, told, key=key, kind="staging", dag_id=_DAG, run_id=run_id)
