"""The callback of a DAG's deadline: tells people that a run takes too long while it still runs. It never raises.

It runs in the triggerer, which every installation has, whatever its executor: a callback for the executor is refused by
Kubernetes' (apache/airflow#70475). Beside, not instead of, the metric rules: Airflow calls deadlines experimental, and
a dead triggerer calls nobody.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ofitec.notify.escape import Message

log = logging.getLogger(__name__)

_PATIENCE = 180.0  # seconds for ledger, Slack and e-mail together


async def on_deadline(context: dict[str, Any], minutes: int) -> None:
    """`AsyncCallback` of a `DeadlineAlert`.

    :param context: the deadline's context: `dag_run` as in Airflow's REST API
    :param minutes: the deadline, for the message
    """
    try:
        # in a thread: the triggerer's loop must not wait for PostgreSQL and Slack
        await asyncio.wait_for(asyncio.to_thread(_notify, context["dag_run"], minutes), _PATIENCE)
    except Exception as error:
        log.exception("A missed deadline could not be told: %s", type(error).__name__)


def _notify(run: dict[str, Any], minutes: int) -> None:
    from ofitec.notify.once import tell_surely
    from ofitec.settings import settings

    dag_id, run_id = str(run["dag_id"]), str(run["dag_run_id"])
    # a cleared run is queued anew, and may be late again
    key = f"late/{dag_id}/{run_id}/{run.get('queued_at') or ''}"
    message = build(dag_id, run_id, minutes, settings().runbook_url)
    tell_surely(message, key=key, kind="late", dag_id=dag_id, run_id=run_id)


def build(dag_id: str, run_id: str, minutes: int, runbook_url: str) -> "Message":
    """Plain text and Block Kit blocks."""
    from ofitec.notify.blocks import header, message, section
    from ofitec.notify.escape import code

    title = f"{dag_id} está tardando demasiado"
    sentence = (
        f"La ejecución {code(run_id)} lleva más de {minutes} minutos y sigue en curso. "
        "Todavía no ha fallado: si falla, llegará otro aviso."
    )
    blocks = [header(f"🟡 {title}"), section(sentence), section(f"<{runbook_url}/{dag_id}.md|Qué hacer ahora>")]
    return message(f"{title}: más de {minutes} minutos, ejecución {run_id}.", blocks)
