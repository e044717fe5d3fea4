"""The callback of every DAG's success: closes the loop of a failure that people were told of. It never raises."""

import logging
from typing import Any

log = logging.getLogger(__name__)


def on_success(context: dict[str, Any]) -> None:
    """DAG-level `on_success_callback`: says once that a process which failed ends well again; else says nothing.

    :param context: Airflow's callback context; only `dag` and `run_id` are sure to be there
    """
    try:
        _notify(context)
    except Exception as error:
        log.exception("The recovery of %s could not be told: %s", context.get("run_id"), type(error).__name__)


def _notify(context: dict[str, Any]) -> None:
    from ofitec.ledger import open_ledger
    from ofitec.notify.approval import was_rejected
    from ofitec.notify.once import newest, tell_again, tell_once

    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    ledger = open_ledger()
    tell_again(ledger)
    run = context.get("dag_run")
    if was_rejected(ledger, dag_id, run_id, since=run.start_date if run else None):
        return  # a no to a question is no recovery
    failed = newest(ledger, dag_id, kind="failure")
    if failed is None or failed.run_id == run_id:
        return
    tell_once(
        ledger,
        build(dag_id, run_id, failed.run_id),
        key=f"recovered/{dag_id}/{failed.run_id}",
        kind="recovered",
        dag_id=dag_id,
        run_id=run_id,
    )


def build(dag_id: str, run_id: str, failed_run: str) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and Block Kit blocks."""
    from ofitec.notify.escape import escape
    from ofitec.notify.failure_message import meaning

    title = f"Resuelto: {meaning(dag_id).title[0].lower()}{meaning(dag_id).title[1:]}"
    said = (
        f"`{dag_id}` volvió a terminar bien (ejecución `{escape(run_id)}`) "
        f"después de la falla avisada (ejecución `{escape(failed_run)}`)."
    )
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"✅ {title}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": said}},
    ]
    return f"{title}: {dag_id}, ejecución {run_id}.", blocks
