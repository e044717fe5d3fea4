"""The callback of every DAG's success: closes the loop of a failure that people were told of. It never raises.

A failure belongs to what failed: a company's month, an installation's backup, a database that was to be restored
(`ofitec.notify.target`, `ofitec.ledger.targets`). It is closed when all of that was reached since, and by nothing else:
not by another month, and not by a run that a person said no to.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ofitec.ledger import Ledger
    from ofitec.ledger.tables import Notification, RunTarget
    from ofitec.notify.escape import Message

log = logging.getLogger(__name__)

_REMEMBERED = timedelta(days=90)  # a failure that nothing closed for so long is history
_MOST = 5  # runs and targets that a message names


def on_success(context: dict[str, Any]) -> None:
    """DAG-level `on_success_callback`: says once that what failed is well again; else says nothing.

    :param context: Airflow's callback context; only `dag` and `run_id` are sure to be there
    """
    try:
        _notify(context)
    except Exception as error:
        log.exception("The recovery of %s could not be told: %s", context.get("run_id"), type(error).__name__)


def _notify(context: dict[str, Any]) -> None:
    from ofitec.ledger import open_ledger
    from ofitec.notify import target
    from ofitec.notify.approval import was_rejected
    from ofitec.notify.once import tell_again, tell_once

    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    ledger = open_ledger()
    tell_again(ledger)
    run = context.get("dag_run")
    if was_rejected(ledger, dag_id, run_id, since=run.start_date if run else None):
        return  # a no to a question is no recovery
    target.note(ledger, context, well=True)
    closed = recovered(ledger, dag_id, run_id)
    if not closed:
        return
    tell_once(
        ledger,
        build(dag_id, run_id, closed),
        key=f"recovered/{closed[-1].failure.key}",
        kind="recovered",
        dag_id=dag_id,
        run_id=run_id,
    )


class Closed(NamedTuple):
    """A failure that people were told of, and what had failed, as people read it."""

    failure: "Notification"
    labels: list[str]


def recovered(ledger: "Ledger", dag_id: str, run_id: str) -> list[Closed]:
    """The failures of a DAG that this run closed, oldest first."""
    from ofitec.ledger import targets
    from ofitec.notify.once import sent_since

    failures = sent_since(ledger, dag_id, kind="failure", since=datetime.now(UTC) - _REMEMBERED)
    closed = []
    for failure in failures:
        done = targets.reached_since(ledger, dag_id, failure.claimed_at)
        failed = [t for t in targets.of_run(ledger, dag_id, failure.run_id) if not _before(t, failure.claimed_at)]
        if _closes(run_id, done, {target.target for target in failed}):
            closed.append(Closed(failure, [target.label for target in failed]))
    return closed


def _before(target: "RunTarget", moment: datetime) -> bool:
    """Whether a target had been reached when its run's failure was told."""
    return target.reached_at is not None and target.reached_at <= moment


def _closes(run_id: str, done: "list[RunTarget]", failed: set[str]) -> bool:
    """Whether the run brought the last of what failed. A run that failed before it could say what it was about is
    closed by the first that reached anything."""
    others = {target.target for target in done if target.run_id != run_id}
    own = {target.target for target in done if target.run_id == run_id}
    if not failed:
        return bool(own) and not others
    return failed <= own | others and not failed <= others


def build(dag_id: str, run_id: str, closed: list[Closed]) -> "Message":
    """Plain text and Block Kit blocks."""
    from ofitec.notify.blocks import header, message, section
    from ofitec.notify.escape import code, escape
    from ofitec.notify.failure_message import meaning

    what = meaning(dag_id).title
    title = f"Resuelto: {what[0].lower()}{what[1:]}"
    failed = ", ".join(code(each.failure.run_id) for each in closed[-_MOST:])
    sentence = (
        f"{code(dag_id)} volvió a terminar bien (ejecución {code(run_id)}) después de la falla avisada ({failed})."
    )
    labels = list(dict.fromkeys(label for each in closed for label in each.labels))[:_MOST]
    if labels:
        sentence = f"*{escape('; '.join(labels))}*\n{sentence}"
    text = f"{title}: {'; '.join(labels) or dag_id}, ejecución {run_id}."
    return message(text, [header(f"✅ {title}"), section(sentence)])
