"""The message of a failed run, in Spanish: what failed, what it means for the company, what to do next."""

from typing import Any, NamedTuple

from ofitec.notify.escape import code, escape


class Meaning(NamedTuple):
    """What a DAG's failure is called and what it means."""

    title: str
    meaning: str


MEANINGS = {
    "f29_monthly": Meaning(
        "El F29 no quedó listo",
        "La declaración mensual de IVA no se entregó completa y el plazo sigue corriendo. "
        "No se declaró ni se pagó nada.",
    ),
    "backup_nightly": Meaning(
        "El respaldo de Odoo no terminó bien",
        "El detalle dice qué pasó y qué hacer. Qué respaldos hay, de cuándo y si están probados lo dice el tablero "
        "OFITEC.",
    ),
    "backup_verify": Meaning(
        "La prueba de un respaldo falló",
        "El detalle dice si el respaldo resultó malo (entonces ya no cuenta) o si la prueba no se pudo hacer (entonces "
        "nada se supo de él, y sigue sin probar).",
    ),
    "backup_restore": Meaning(
        "La restauración falló",
        "El detalle dice en qué quedó. Lo que había antes en ese lugar nunca se borra: sigue ahí, o con el nombre "
        "`…_before_` y la fecha.",
    ),
    "secrets_rotate": Meaning(
        "El cambio de clave de los respaldos falló",
        "El detalle dice en qué paso quedó. No borre ninguna clave, ni archivo de claves, antes de revisarlo.",
    ),
    "odoo_deploy": Meaning(
        "El despliegue de Odoo falló",
        "Sigue en servicio la versión que indica el registro del despliegue.",
    ),
    "odoo_rollback": Meaning(
        "La vuelta atrás de Odoo falló",
        "Revise de inmediato qué versión está en servicio.",
    ),
}
_UNKNOWN = Meaning("Falló un proceso de OFITEC", "El proceso no terminó; revíselo antes de la próxima ejecución.")
_MOST_ERRORS = 5


def meaning(dag_id: str) -> Meaning:
    """What a DAG's failure is called and what it means."""
    return MEANINGS.get(dag_id, _UNKNOWN)


def build(
    dag_id: str,
    run_id: str,
    *,
    errors: list[tuple[str, str]],
    task_id: str,
    log_url: str,
    reason: str,
    runbook_url: str,
) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and Block Kit blocks.

    :param errors: (branch or task, what it said), already redacted
    :param task_id: the task that Airflow blames, "" if unknown
    :param reason: Airflow's own reason, e.g. "timed_out"
    """
    title, what = meaning(dag_id)
    facts = [f"*Proceso*\n{code(dag_id)}", f"*Ejecución*\n{code(run_id)}"]
    if task_id:
        facts.append(f"*Tarea*\n{code(task_id)}")
    if reason and not errors:
        facts.append(f"*Motivo según Airflow*\n{code(reason[:200])}")
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"🔴 {title}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": what}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": fact} for fact in facts]},
    ]
    if errors:
        lines = [f"• *{escape(where)}*: {escape(said[:500])}" for where, said in errors[:_MOST_ERRORS]]
        if len(errors) > _MOST_ERRORS:
            lines.append(f"… y {len(errors) - _MOST_ERRORS} más.")
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": "*Detalle técnico*\n" + "\n".join(lines)}})
    links = [f"<{log_url}|Ver el registro>"] if log_url else []
    links.append(f"<{runbook_url}/{dag_id}.md|Qué hacer ahora>")
    blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": " · ".join(links)}})
    return f"{title}: {dag_id}, ejecución {run_id}. {what}", blocks
