"""The message of a failed run, in Spanish: what failed, what it means for the company, what to do next."""

from typing import NamedTuple

from ofitec.notify.blocks import Block, cut, facts, header, message, section
from ofitec.notify.escape import Message, code, escape


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
    "rcv_reconcile": Meaning(
        "El registro del SII no se concilió",
        "El F29 se calcula y entrega igual, pero sin comprobar contra el SII. No se cambió ningún documento.",
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
    "backup_copy": Meaning(
        "La segunda copia de los respaldos no está al día",
        "El detalle dice si falló la copia, el retiro de lo antiguo o la prueba de una copia. Los respaldos del primer "
        "repositorio no se tocaron.",
    ),
    "backup_restore": Meaning(
        "La restauración falló",
        "El detalle dice en qué quedó. Lo que había antes en ese lugar nunca se borra: sigue ahí, o con el nombre "
        "`…_before_` y la fecha.",
    ),
    "backup_extract": Meaning(
        "No se pudo recuperar lo pedido de un respaldo",
        "El detalle dice por qué. No se entregó nada, y ni Odoo ni el respaldo se tocaron.",
    ),
    "secrets_rotate": Meaning(
        "El cambio de clave de los respaldos falló",
        "El detalle dice en qué paso quedó. No borre ninguna clave, ni archivo de claves, antes de revisarlo.",
    ),
    "backup_continuous": Meaning(
        "Falló el respaldo continuo de Odoo",
        "El detalle dice qué no se pudo guardar o leer. Lo de los respaldos nocturnos no cambia. Si sigue, se avisa "
        "otra vez en seis horas.",
    ),
    "odoo_staging": Meaning(
        "La copia de pruebas de Odoo no se renovó",
        "El detalle dice por qué. Si había una en pie, sigue habiendo una, completa. A producción no se la tocó.",
    ),
    "odoo_deploy": Meaning(
        "El despliegue de Odoo falló",
        "Sigue en servicio la versión que indica el registro del despliegue.",
    ),
    "odoo_rollback": Meaning(
        "La vuelta atrás de Odoo falló",
        "Revise de inmediato qué versión está en servicio.",
    ),
    "odoo_scale": Meaning(
        "El cambio de procesos de Odoo falló",
        "Si el detalle no dice otra cosa, Odoo sigue sirviendo con los procesos de antes y no se interrumpió.",
    ),
}
_UNKNOWN = Meaning("Falló un proceso de OFITEC", "El proceso no terminó; revíselo antes de la próxima ejecución.")
_MOST_ERRORS = 5
_MOST_NAMES = 400  # characters of the names of the others


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
) -> Message:
    """Plain text and Block Kit blocks.

    :param errors: (branch or task, what it said), already redacted
    :param task_id: the task that Airflow blames, "" if unknown
    :param reason: Airflow's own reason, e.g. "timed_out"
    """
    title, what = meaning(dag_id)
    known = [("Proceso", code(dag_id)), ("Ejecución", code(run_id))]
    if task_id:
        known.append(("Tarea", code(task_id)))
    if reason and not errors:
        known.append(("Motivo según Airflow", code(cut(reason, 200))))
    blocks: list[Block] = [header(f"🔴 {title}"), section(what), facts(known)]
    if errors:
        lines = [f"• *{escape(where)}*: {escape(cut(error, 500))}" for where, error in errors[:_MOST_ERRORS]]
        if len(errors) > _MOST_ERRORS:
            others = ", ".join(where for where, _ in errors[_MOST_ERRORS:])
            lines.append(f"… y {len(errors) - _MOST_ERRORS} más: {escape(cut(others, _MOST_NAMES))}")
        blocks.append(section("*Detalle técnico*\n" + "\n".join(lines)))
    links = [f"<{log_url}|Ver el registro>"] if log_url else []
    links.append(f"<{runbook_url}/{dag_id}.md|Qué hacer ahora>")
    blocks.append(section(" · ".join(links)))
    return message(f"{title}: {dag_id}, ejecución {run_id}. {what}", blocks)
