"""The callback of a DAG's deadline: tells people that a run takes too long while it still runs. It never raises.

Beside, not instead of, the metric rules: Airflow calls deadlines experimental, and a dead scheduler calls nobody.
"""

import logging
from typing import Any

log = logging.getLogger(__name__)


def on_deadline(context: dict[str, Any], minutes: int) -> None:
    """`SyncCallback` of a `DeadlineAlert`; runs in the executor while the run goes on.

    :param context: the deadline's context: `dag_run` as in Airflow's REST API
    :param minutes: the deadline, for the message
    """
    try:
        _notify(context["dag_run"], minutes)
    except Exception as error:
        log.exception("A missed deadline could not be told: %s", type(error).__name__)


def _notify(run: dict[str, Any], minutes: int) -> None:
    from ofitec.ledger import open_ledger
    from ofitec.notify.channels import tell
    from ofitec.notify.once import send_once
    from ofitec.settings import settings

    dag_id, run_id = str(run["dag_id"]), str(run["dag_run_id"])
    text, blocks = build(dag_id, run_id, minutes, settings().runbook_url)
    send_once(
        open_ledger(),
        key=f"late/{dag_id}/{run_id}",
        kind="late",
        dag_id=dag_id,
        run_id=run_id,
        send=lambda: tell(text, blocks),
    )


def build(dag_id: str, run_id: str, minutes: int, runbook_url: str) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and Block Kit blocks."""
    from ofitec.notify.escape import escape

    title = f"{dag_id} está tardando demasiado"
    said = (
        f"La ejecución `{escape(run_id)}` lleva más de {minutes} minutos y sigue en curso. "
        "Todavía no ha fallado: si falla, llegará otro aviso."
    )
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"🟡 {title}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": said}},
        {"type": "section", "text": {"type": "mrkdwn", "text": f"<{runbook_url}/{dag_id}.md|Qué hacer ahora>"}},
    ]
    return f"{title}: más de {minutes} minutos, ejecución {run_id}.", blocks
