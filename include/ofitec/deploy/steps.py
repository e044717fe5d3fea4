"""The steps of a deploy and a rollback, for the DAGs' tasks and for the terminal."""

import hashlib
import logging
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from ofitec import words
from ofitec.clients.ssh import Host
from ofitec.deploy import message, typed
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.hours import Hours
from ofitec.deploy.remote import Remote
from ofitec.errors import InputError
from ofitec.ledger import Ledger, backups, deployments, open_ledger
from ofitec.ledger.exclusive import ODOO, held
from ofitec.notify import approval
from ofitec.notify.escape import Message
from ofitec.notify.four_eyes import Rules
from ofitec.notify.once import tell_once
from ofitec.notify.redact import redact
from ofitec.settings import settings

log = logging.getLogger(__name__)

_MARGIN = 3600.0  # seconds a run may take beside what its terms allow


def host_run(run_id: str, moment: datetime) -> str:
    """The run's name on the host: the same for every try of one DAG run, and part of database names there."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}{hashlib.sha256(run_id.encode()).hexdigest()[:6]}"


def plan_deploy(image: str, modules: list[str], terms: Terms, *, run: str, who: str, dag_id: str, run_id: str) -> Plan:
    """Lock the host, check, pull, classify; returns the plan.

    :raises InputError: on a wrong image, module or hours; the lock is given back
    :raises OfitecError: whatever the host refuses
    """
    typed.deploy(image, modules, terms.hours)
    arguments = ["plan", f"--run={run}", f"--who={who}", f"--image={image}", f"--modules={','.join(modules)}"]
    # hours of the form hold for any deploy; those of the settings for one that interrupts people, and no way back
    hours = f"--upgrade-hours={settings().deploy_hours}"
    plan = Plan.read(remote().verb(*arguments, hours, *terms.options(), timeout=1800))
    if plan.mode is Mode.CODE:
        log.info("CODE: %s beside %s, no interruption", plan.image, plan.current.image)
    else:
        log.info("MIGRATE: %s", ", ".join(f"{m.name} {m.before} -> {m.after}" for m in plan.modules))
    return _planned(plan, "deploy", dag_id, run_id)


def plan_rollback(discard_since: str, terms: Terms, *, run: str, who: str, dag_id: str, run_id: str) -> Plan:
    """Lock the host and plan the way back to the release before; returns the plan.

    :param discard_since: "" or the moment from which written rows may go out of sight
    :raises OfitecError: if there is none, or rows written since an upgrade would go out of sight without a yes to that
    """
    typed.rollback(discard_since)
    arguments = ["plan-rollback", f"--run={run}", f"--who={who}", f"--discard-writes-since={discard_since}"]
    plan = Plan.read(remote().verb(*arguments, *terms.options(), timeout=1800))
    return _planned(plan, "rollback", dag_id, run_id)


def _planned(plan: Plan, kind: str, dag_id: str, run_id: str) -> Plan:
    opening(plan, datetime.now(UTC))
    deployments.plan(
        open_ledger(), run=plan.run, env=settings().env, kind=kind, requested=plan.requested, image=plan.image,
        before=plan.current.image, mode=plan.mode.value, modules=[asdict(change) for change in plan.modules],
        who=plan.who, dag_id=dag_id, run_id=run_id,
    )  # fmt: skip
    return plan


def proposal(plan: Plan) -> dict[str, Any]:
    """The plan as JSON, with what whoever approves it reads beside it: `expected_seconds` and `question`."""
    migrates = plan.mode is Mode.MIGRATE
    expected = deployments.last_interruption(open_ledger(), settings().env) if migrates else None
    question = message.question(plan, expected_seconds=expected)
    return {**plan.shown(), "expected_seconds": expected, "question": question}


def read(proposal: dict[str, Any]) -> Plan:
    """The plan of a proposal. One from before plans had terms has two of them beside it; the host begins none such."""
    return Plan.read(proposal, Terms.of(proposal))


def ask(plan: Plan, *, expected_seconds: float | None, page: str, until: datetime, dag_id: str, run_id: str) -> bool:
    """Tell Slack that a plan waits for approval. True if a message was sent now.

    :param expected_seconds: without service, as `proposal` has it
    :param page: address of the page with the buttons
    :param until: when silence becomes a no
    """
    may, zone = Rules.set().may(plan.who), settings().zone
    asked = message.asked(plan, page, expected_seconds=expected_seconds, until=until, zone=zone, may=may)
    return _tell(f"deploy/{plan.run}/asked", asked, dag_id, run_id)


def opening(plan: Plan, moment: datetime) -> datetime | None:
    """When the plan may begin, if not at this aware moment; None: now.

    :raises InputError: if its hours are too short for the interruption it may make
    """
    if not plan.terms.hours:
        return None
    need = timedelta(seconds=0 if plan.mode is Mode.CODE else plan.terms.window_seconds)
    begins = Hours.parse(plan.terms.hours, settings().zone).opening(moment, need)
    return begins if begins > moment else None


def may_begin(plan: Plan) -> bool:
    """Whether the plan's hours have come."""
    begins = opening(plan, datetime.now(UTC))
    if begins is not None:
        log.info("Fuera del horario %s: espera hasta el %s", plan.terms.hours, words.moment(begins, settings().zone))
    return begins is None


def proven_backup(plan: Plan, *, since: datetime) -> str | None:
    """The key of a backup whose data are not older than `since` and which passed its proof; None if there is none."""
    found = backups.newest_proven(open_ledger(), settings().env)
    if found is None or found.snapshot_at is None or found.snapshot_at < since:
        return None
    log.info("Backup %s of %s is proven; run %s may go on", found.key, found.snapshot_at, plan.run)
    return found.key


def require_proven_backup(plan: Plan, *, hours: float) -> str:
    """As `proven_backup`, for the terminal.

    :raises InputError: if the newest is older than `hours`
    """
    key = proven_backup(plan, since=datetime.now(UTC) - timedelta(hours=hours))
    if key is None:
        raise InputError(
            f"No backup of the last {hours:.0f} hours has passed its proof, and an upgrade needs one. Run "
            "backup_nightly and backup_verify first."
        )
    return key


def rehearse(plan: Plan) -> dict[str, Any]:
    """Upgrade a neutralised copy on the host, timed; returns part to seconds.

    :raises OfitecError: if it fails or would take longer than the window; the live version was not touched
    """
    ledger = open_ledger()
    with _exclusive(ledger, plan):
        times = remote().verb("rehearse", f"--run={plan.run}", timeout=6 * 3600)
    deployments.change(ledger, plan.run, rehearsal=times)
    log.info("Rehearsed: %s; about %.0f s without service", times, times["predicted"])
    return times


def tell_rehearsed(plan: Plan, times: dict[str, Any], *, url: str, dag_id: str, run_id: str) -> bool:
    """Tell Slack from when and how long people will be without Odoo. True if a message was sent now."""
    begins = opening(plan, datetime.now(UTC))
    told = message.rehearsed(plan, times["predicted"], begins, url, settings().zone)
    return _tell(f"deploy/{plan.run}/rehearsed", told, dag_id, run_id)


def answered(plan: Plan, *, who: str, at: datetime | None) -> None:
    """Write down who approved or rejected a plan, and when."""
    deployments.change(open_ledger(), plan.run, answered_by=who or None, answered_at=at)


def apply(plan: Plan) -> dict[str, Any]:
    """Carry the plan out at the host, detached, and follow it to its end; returns the journal.

    Called again for a run that goes on already, it only follows.

    :raises Undone: if it failed and the old version serves
    :raises Stuck: if a person must decide
    """
    ledger, host, run = open_ledger(), remote(), plan.run
    with _exclusive(ledger, plan):
        journal = host.verb("status")["journal"]
        if journal is None or journal["run"] != run:
            deployments.change(ledger, run, status=deployments.RUNNING)
            host.verb("apply", f"--run={run}")
        limit = plan.terms.longest + _MARGIN
        return host.follow(run, lambda steps: deployments.change(ledger, run, steps=steps), timeout=limit)


def settle(
    plan: Plan | None,
    *,
    run: str,
    url: str,
    dag_id: str,
    run_id: str,
    answered_by: str = "",
    rejected: bool = False,
) -> str:
    """After everything, and after any failure: nothing stays half-done or locked; ledger and Slack know the end.

    :param plan: None if planning failed
    :param rejected: a person, or silence, said no; who tells of that tells it (`reject`)
    :return: the status in the ledger, "" if there was no plan
    """
    status = remote().settle(run)
    if plan is None:
        return ""
    journal = status["journal"] if status["journal"] and status["journal"]["run"] == run else None
    outcome = journal["status"] if journal else deployments.REJECTED if rejected else deployments.DROPPED
    values: dict[str, Any] = {"status": outcome}
    if journal:
        values |= {"steps": journal["steps"], "error": redact(journal["error"]) or None}
        values["maintenance_seconds"] = journal["facts"].get("maintenance_seconds")
    deployments.change(open_ledger(), run, **values)
    if outcome != deployments.REJECTED:
        _tell(
            f"deploy/{run}/{outcome}",
            message.ended(plan, journal, outcome, url, answered_by=answered_by),
            dag_id,
            run_id,
        )
    return outcome


def reject(plan: Plan, *, who: str, at: datetime | None, hours: int, url: str, dag_id: str, run_id: str) -> None:
    """Write down and tell that the answer was no.

    :param who: "" if nobody answered within `hours`
    """
    answered(plan, who=who, at=at)
    title = "La vuelta atrás de Odoo no se hace" if plan.is_rollback else "El despliegue de Odoo no se hace"
    approval.rejected(
        open_ledger(), title, who=who, at=at, hours=hours, dag_id=dag_id, run_id=run_id, url=url,
        zone=settings().zone,
    )  # fmt: skip


def remote() -> Remote:
    """The host program of connection `odoo_host` and setting `OFITEC_HOST_HOME`."""
    return Remote(Host.from_connection(), settings().host_home)


def _exclusive(ledger: Ledger, plan: Plan) -> Any:
    """No backup, proof or other deploy works on Odoo's data meanwhile."""
    return held(ledger, ODOO, why=f"deploy {plan.run}", wait=settings().backup_exclusive_wait)


def _tell(key: str, told: Message, dag_id: str, run_id: str) -> bool:
    return tell_once(open_ledger(), told, key=key, kind="deploy", dag_id=dag_id, run_id=run_id)
