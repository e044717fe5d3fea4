"""The failure callback of every DAG: tells Slack, in Spanish, what failed. Once a run, and it never raises."""

import logging
from typing import Any

log = logging.getLogger(__name__)

_WHAT = {
    "f29_monthly": (
        "El F29 no quedó listo",
        "La declaración mensual de IVA no se entregó completa; el plazo sigue corriendo.",
    ),
}
_DEFAULT = ("Falló un proceso de OFITEC", "El proceso no terminó; revísalo antes de la próxima ejecución.")


def on_failure(context: dict[str, Any]) -> None:
    """DAG-level `on_failure_callback`.

    Airflow may call it twice, or without task and exception (a killed worker): the ledger makes it one message.

    :param context: Airflow's callback context; only `dag`, `run_id`, `reason` are sure to be there
    """
    try:
        _notify(context)
    except Exception as error:
        # a callback that raises hides the failure it should report
        log.exception("The failure of %s could not be told: %s", context.get("run_id"), type(error).__name__)


def _notify(context: dict[str, Any]) -> None:
    from ofitec.clients import slack
    from ofitec.ledger import open_ledger
    from ofitec.notify.once import send_once
    from ofitec.notify.redact import redact

    dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
    title, meaning = _WHAT.get(dag_id, _DEFAULT)
    reason = redact(str(context.get("reason") or ""))
    text, blocks = build(dag_id, run_id, title, meaning, reason=reason, **_task(context))
    send_once(
        open_ledger(),
        key=f"failure/{dag_id}/{run_id}",
        kind="failure",
        dag_id=dag_id,
        run_id=run_id,
        send=lambda: slack.post(text, blocks),
    )


def build(
    dag_id: str, run_id: str, title: str, meaning: str, *, reason: str = "", task_id: str = "", log_url: str = ""
) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and Block Kit blocks of the message."""
    from ofitec.settings import settings

    facts = [f"*Proceso*\n`{dag_id}`", f"*Ejecución*\n`{run_id}`"]
    if task_id:
        facts.append(f"*Tarea*\n`{task_id}`")
    if reason:
        facts.append(f"*Motivo según Airflow*\n`{reason[:200]}`")
    links = [f"<{settings().runbook_url}/{dag_id}.md|Qué hacer>"]
    if log_url:
        links.insert(0, f"<{log_url}|Ver el registro>")
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"🔴 {title}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": meaning}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": fact} for fact in facts]},
        {"type": "section", "text": {"type": "mrkdwn", "text": " · ".join(links)}},
    ]
    return f"{title}: {dag_id}, ejecución {run_id}. {meaning}", blocks


def _task(context: dict[str, Any]) -> dict[str, str]:
    instance = context.get("ti")
    if instance is None:
        return {}
    return {"task_id": str(instance.task_id), "log_url": str(getattr(instance, "log_url", "") or "")}
