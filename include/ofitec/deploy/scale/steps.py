"""The steps of `odoo_scale`: look and decide, change, settle. Each run also judges the change before it."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ofitec import words
from ofitec.clients import prometheus
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.remote import Remote
from ofitec.deploy.scale import message, readings
from ofitec.deploy.scale.decision import Act, Decision, Limits, decide, resting, room, unusable
from ofitec.deploy.scale.judgement import Change, Verdict, judge
from ofitec.deploy.scale.readings import Readings
from ofitec.deploy.steps import remote
from ofitec.errors import OfitecError
from ofitec.ledger import Ledger, open_ledger, scalings
from ofitec.ledger.exclusive import ODOO, Busy, held
from ofitec.ledger.scale_table import Scaling
from ofitec.ledger.store import LedgerDown
from ofitec.notify.escape import Message
from ofitec.notify.once import tell_once
from ofitec.notify.redact import redact
from ofitec.settings import Settings, settings

log = logging.getLogger(__name__)

_WATCH_SECONDS = 60.0  # the new colour is watched for errors before the old one stops; people's waiting is judged later
_REMEMBERED = timedelta(days=1)  # a number that came out worse is not tried again so long


class NotNow(Exception):
    """Somebody else works on Odoo's data: no failure, for the next run looks again."""


def enabled() -> bool:
    """Whether anything is to be looked at."""
    return settings().scale != "off"


def consider(*, run: str, who: str, now: bool, url: str, dag_id: str, run_id: str) -> dict[str, Any] | None:
    """Look, judge the last change, decide, write it down; tell of a proposal.

    A Prometheus or host that does not answer is a reason to stay, not a failure: others tell of that. A run that was
    cleared does not decide twice.

    :raises LedgerDown: if the ledger does not answer

    :param run: this run's name on the host
    :param now: a person wants it done, also where the setting only proposes
    :return: the decision to carry out, None if nothing is to be done
    """
    ledger, chosen = open_ledger(), settings()
    moment = datetime.now(UTC)
    row = scalings.get(ledger, run)
    if row is not None and row.status not in scalings.OF_THE_MOMENT:
        return plain(_decision(row)) if row.status == scalings.PLANNED else None
    try:
        decision, seen = _look(ledger, chosen, moment, run)
    except LedgerDown:
        raise
    except OfitecError as error:
        log.warning("%s", error)
        decision, seen = Decision(Act.STAY, 0, 0, f"No se pudo medir: {redact(str(error))} No se cambia nada."), None
    log.info("%s", decision.reason)
    carry_out = decision.changes and (now or chosen.scale == "apply" or decision.act is Act.RETURN)
    status = scalings.PLANNED if carry_out else scalings.PROPOSED if decision.changes else scalings.STAY
    scalings.write(
        ledger, run=run, env=chosen.env, act=decision.act.value, workers=decision.workers, target=decision.to,
        reason=decision.reason, readings=seen.shown() if seen else {}, status=status, who=who, dag_id=dag_id,
        run_id=run_id, decided_at=moment,
    )  # fmt: skip
    if status == scalings.PROPOSED:
        # once for each number, until something was changed or a month has gone by
        before = scalings.last_change(ledger, chosen.env)
        key = f"scale/{chosen.env}/{before.id if before else 0}/{moment:%Y-%m}/{decision.workers}-{decision.to}"
        _tell(key, message.proposed(decision, url), dag_id, run_id)
    return plain(decision) if carry_out else None


def plain(decision: Decision) -> dict[str, Any]:
    """A decision as JSON."""
    return {"act": decision.act.value, "workers": decision.workers, "to": decision.to, "reason": decision.reason}


def read(data: Mapping[str, Any]) -> Decision:
    """The decision of `plain`."""
    return Decision(Act(data["act"]), data["workers"], data["to"], data["reason"])


def _decision(row: Scaling) -> Decision:
    return Decision(Act(row.act), row.workers, row.target, row.reason)


def _look(ledger: Ledger, chosen: Settings, moment: datetime, run: str) -> tuple[Decision, Readings | None]:
    host = remote()
    if why := _occupied(host.verb("status"), run):
        return Decision(Act.STAY, 0, 0, why), None
    ask = partial(prometheus.value, chosen.prometheus_url)
    seen = readings.read(ask, **host.verb("workers"), instance=chosen.scale_instance)
    limits = Limits(
        fewest=chosen.scale_min_workers,
        most=chosen.scale_max_workers,
        slow=chosen.scale_slow_seconds,
        worker_bytes=chosen.scale_worker_mb * 1024**2,
    )
    tried = scalings.last_attempt(ledger, chosen.env, but=run)
    changed_at = (tried.switched_at or tried.decided_at) if tried else None
    judged = _judged(ledger, chosen, ask, moment, seen, limits, changed_at)
    if judged is not None:
        return judged, seen
    failed = scalings.failed(ledger, chosen.env, moment - _REMEMBERED)
    return decide(seen, limits, now=moment, changed_at=changed_at, failed=failed), seen


def _occupied(status: Mapping[str, Any], run: str) -> str:
    """Why the host is not to be touched; "" if it is free."""
    lock, journal = status["lock"], status["journal"]
    if status["current"] is None:
        return "En el servidor todavía no hay ninguna versión en servicio."
    if lock and lock["run"] != run:
        return f"Hay un despliegue en curso o por aprobar ({lock['who']}): no se cambia nada mientras tanto."
    if journal and journal["run"] != run and journal["status"] in ("running", "stuck"):
        return "La última ejecución en el servidor no terminó: primero hay que resolverla (odoo_deploy)."
    return ""


def _judged(
    ledger: Ledger,
    chosen: Settings,
    ask: readings.Ask,
    moment: datetime,
    seen: Readings,
    limits: Limits,
    changed_at: datetime | None,
) -> Decision | None:
    """What the last change asks for: to wait for its verdict, or to go back; None if nothing."""
    made = scalings.last_change(ledger, chosen.env)
    if made is None or made.switched_at is None or made.act == Act.RETURN or made.target != seen.workers:
        return None
    change = Change(made.switched_at, made.workers, made.target, chosen.scale_watch_minutes)
    if made.verdict is None:
        if moment < change.ends:
            at = change.ends.astimezone(chosen.zone)
            reason = f"El cambio de {made.workers} a {made.target} procesos se compara desde las {at:%H:%M}."
            return Decision(Act.STAY, seen.workers, seen.workers, reason)
        made = _verdict(ledger, made, change, ask)
    if made.verdict != Verdict.WORSE:
        return None
    why = resting(moment, changed_at) if changed_at and changed_at > change.at else ""
    if not why and (seen.free is None or seen.memory is None):
        why = unusable(seen)
    if not why and room(seen, limits) < change.before:
        why = f"Para volver a {change.before} falta memoria libre mientras arrancan junto a los actuales."
    reason = f"{made.judgement} {why}".strip()
    if why:
        return Decision(Act.STAY, seen.workers, seen.workers, reason)
    return Decision(Act.RETURN, seen.workers, change.before, reason)


def _verdict(ledger: Ledger, made: Scaling, change: Change, ask: readings.Ask) -> Scaling:
    before = readings.over(ask, made.decided_at, change.minutes)
    after = readings.over(ask, change.ends, change.minutes)
    found = judge(change, before, after)
    scalings.change(
        ledger, made.run, verdict=found.verdict.value, judgement=found.reason, judged_at=datetime.now(UTC),
        p95_before=before.p95, p95_after=after.p95,
    )  # fmt: skip
    judged = scalings.get(ledger, made.run)
    assert judged is not None
    return judged


def change(decision: Decision, *, run: str, who: str) -> dict[str, Any]:
    """Have the host run what serves with the decided number, and follow it to its end; returns the journal.

    Called again for a run that goes on already, it only follows.

    :raises NotNow: if a backup, proof or deploy works on Odoo's data; nothing was changed
    :raises Undone: if it failed and the old number serves
    :raises Stuck: if a person must decide
    """
    ledger, host = open_ledger(), remote()
    terms = Terms(watch_seconds=_WATCH_SECONDS)
    try:
        with held(ledger, ODOO, why=f"odoo_scale {run}", wait=0):
            journal = host.verb("status")["journal"]
            if journal is None or journal["run"] != run:
                planning = ["plan-workers", f"--run={run}", f"--who={who}", f"--workers={decision.to}"]
                host.verb(*planning, *terms.options())
                scalings.change(ledger, run, status=scalings.RUNNING)
                host.verb("apply", f"--run={run}")
            return host.follow(run, _log, timeout=terms.longest + 3600)
    except Busy as error:
        raise NotNow(str(error)) from None


def settle(*, run: str, url: str, dag_id: str, run_id: str) -> str:
    """After everything, and after any failure: nothing half-done, no lock left; ledger and Slack know the end.

    :return: the status in the ledger; "" if nothing was to be done
    """
    ledger = open_ledger()
    row = scalings.get(ledger, run)
    if row is None or row.status in scalings.OF_THE_MOMENT:
        return ""
    return _settled(ledger, row, remote(), url=url, dag_id=dag_id, run_id=run_id)


def _settled(ledger: Ledger, row: Scaling, host: Remote, *, url: str, dag_id: str, run_id: str) -> str:
    journal = host.settle(row.run)["journal"]
    mine = journal if journal and journal["run"] == row.run else None
    outcome = mine["status"] if mine else scalings.DROPPED
    switched = [step["at"] for step in mine["steps"] if step["name"] == "switch"] if mine else []
    scalings.change(
        ledger, row.run, status=outcome, error=(redact(mine["error"]) or None) if mine else None,
        switched_at=datetime.fromisoformat(switched[-1]) if switched and outcome == scalings.DONE else None,
    )  # fmt: skip
    if outcome == scalings.DONE:
        told = message.changed(_decision(row), settings().scale_watch_minutes, url)
        _tell(f"scale/{row.run}/done", told, dag_id, run_id)
    return str(outcome)


def _log(steps: list[dict[str, Any]]) -> None:
    for step in steps[-1:]:
        log.info("%s %s", step["name"], words.seconds(step["seconds"]) if step["seconds"] is not None else "...")


def _tell(key: str, told: Message, dag_id: str, run_id: str) -> bool:
    return tell_once(open_ledger(), told, key=key, kind="scale", dag_id=dag_id, run_id=run_id)
