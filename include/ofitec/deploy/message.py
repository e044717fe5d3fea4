"""What people read of deploys, in Spanish: the question that waits for a yes, and how a run ended.

Failures of a run are told by the failure callback of every DAG as well.
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from ofitec import words
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.notify import approval
from ofitec.notify.blocks import cut, facts, header, message, section
from ofitec.notify.escape import Message, code, escape, literal
from ofitec.notify.redact import redact

_MOST = 8

# of a run, as people call them; the board says them too
STEPS = {
    "maintenance": "página de mantención", "stop_old": "detener la versión anterior", "fence": "cerrar la base",
    "clone_database": "copiar la base", "clone_filestore": "copiar los archivos", "upgrade": "actualizar la copia",
    "take_kept": "tomar la base guardada", "exchange": "intercambiar las bases", "start_new": "arrancar la nueva",
    "smoke": "probar ingreso y lectura", "canary": "prueba con una parte de las sesiones", "switch": "cambiar",
    "watch": "observar", "record": "anotar", "cron": "tareas programadas", "drain": "detener la anterior",
    "prune": "limpiar lo antiguo",
}  # fmt: skip

_TITLES = {
    "done": "✅ Odoo quedó en la versión nueva",
    "undone": "↩️ Odoo volvió a la versión anterior",
    "stuck": "🔴 El despliegue de Odoo espera una decisión",
    "dropped": "⚪ El despliegue de Odoo no se hizo",
}


def asked(
    plan: Plan, page: str, *, expected_seconds: float | None, until: datetime, zone: tzinfo, may: str = ""
) -> Message:
    """A plan that waits for approval.

    :param page: address of the page with the buttons
    :param expected_seconds: without service, as the last upgrade took; None if there was none
    :param until: when silence becomes a no
    :param may: who may approve, a sentence
    """
    known = [
        ("Imagen", code(short(plan.image))),
        ("En servicio", code(short(plan.current.image))),
        ("Lo pide", escape(plan.who)),
    ]
    paragraphs = [" ".join(effects(plan, expected_seconds)), timing(plan), *_changes(plan, code, bold="*")]
    return approval.asked(_title(plan), known, paragraphs, page=page, until=until, zone=zone, may=may)


def question(plan: Plan, *, expected_seconds: float | None) -> dict[str, str]:
    """The same for the page with the buttons, in Markdown: {"subject", "body"}."""
    image, now = literal(short(plan.image)), literal(short(plan.current.image))
    verb = "Volver a" if plan.is_rollback else "Instalar"
    lines = [*effects(plan, expected_seconds), timing(plan), *_changes(plan, literal, bold="**")]
    lines.append(f"Imagen: {image}. En servicio ahora: {now}. Lo pide {literal(plan.who)}.")
    return {"subject": f"¿{verb} {short(plan.image)}?", "body": "\n\n".join(lines)}


def effects(plan: Plan, expected_seconds: float | None) -> list[str]:
    """What happens to whom, and for how long: sentences."""
    most = words.duration(plan.terms.window_seconds)
    if plan.mode is Mode.CODE:
        first = "Cambia solo código: sin interrupción. La versión nueva arranca al lado, se prueba y toma el servicio."
    elif plan.mode is Mode.MIGRATE:
        about = "algunos minutos"
        if expected_seconds:
            about = f"unos {words.duration(expected_seconds)} (lo que tardó la última vez)"
        first = (
            f"Odoo no estará disponible {about}, a lo más {most}. {_meanwhile(plan)} "
            f"Antes se respalda y se ensaya en una copia: si el ensayo dice que serán más de {most}, no se hace."
        )
    else:
        first = (
            f"Odoo vuelve a la base de antes de la actualización y no estará disponible cerca de un minuto, a lo más "
            f"{most}. {_meanwhile(plan)} Lo que se escribió desde entonces queda fuera de la vista, en una base "
            "guardada."
        )
    return [first, "Si algo falla, vuelve sola la versión que está en servicio."]


def _meanwhile(plan: Plan) -> str:
    """What whoever works in Odoo sees in the window: a sentence."""
    if not plan.hold_seconds:
        return "Quien esté trabajando verá la página de mantención."
    most = words.duration(plan.hold_seconds)
    return f"Quien esté trabajando esperará hasta {most} su respuesta; si no alcanza, verá la página de mantención."


def timing(plan: Plan) -> str:
    """When it begins: a sentence."""
    after = "" if plan.mode is not Mode.MIGRATE else "terminados el respaldo, su prueba y el ensayo"
    if not plan.terms.hours:
        return f"Empieza {after}, a la hora que sea." if after else "Empieza en cuanto alguien apruebe."
    first, last = plan.terms.hours.split("-")
    begin = f"Empieza {after}," if after else "Empieza al aprobar,"
    return f"{begin} pero solo entre las {first} y las {last} (hora de Santiago): fuera de ese horario, espera."


def rehearsed(plan: Plan, seconds: float, begins: datetime | None, url: str, zone: tzinfo) -> Message:
    """The rehearsal went well: how long people will be without Odoo, and from when.

    :param seconds: predicted time without service
    :param begins: None: now
    """
    when = f"el {words.moment(begins, zone)}" if begins else "ahora"
    title = f"Odoo se actualiza {when}: unos {words.duration(seconds)} sin servicio"
    sentence = f"El ensayo en una copia salió bien. {_meanwhile(plan)}"
    blocks = [header(f"🟡 {title}"), section(sentence), *map(section, _changes(plan, code, bold="*"))]
    blocks.append(section(f"<{url}|Ver en Airflow>"))
    return message(f"{title}.", blocks)


def ended(plan: Plan, journal: dict[str, Any] | None, status: str, url: str, *, answered_by: str = "") -> Message:
    """How a run ended; `status` as the ledger has it, not `rejected`."""
    title = _TITLES[status]
    image = short(plan.image if status == "done" else plan.current.image)
    known = [("En servicio", code(image)), ("Tipo", _kind(plan)), ("Lo pidió", escape(plan.who))]
    if answered_by:
        known.append(("Lo aprobó", escape(answered_by)))
    if journal and (seconds := journal["facts"].get("maintenance_seconds")) is not None:
        known.append(("Sin servicio", words.duration(seconds)))
    blocks = [header(title), facts(known)]
    if journal and journal["steps"]:
        blocks.append(section(_steps(journal["steps"])))
    if status in ("undone", "stuck") and journal and journal.get("error"):
        blocks.append(section(_why(journal)))
    if url:
        blocks.append(section(f"<{url}|Ver en Airflow>"))
    return message(f"{title}: {image}", blocks)


def short(image: str) -> str:
    """registry/name@sha256:0123... gives name@0123456789ab."""
    name, _, digest = image.partition("@sha256:")
    return f"{name.rpartition('/')[2]}@{digest[:12]}"


def _title(plan: Plan) -> str:
    return "Vuelta atrás de Odoo por aprobar" if plan.is_rollback else "Despliegue de Odoo por aprobar"


def _kind(plan: Plan) -> str:
    return {
        Mode.CODE: "solo código, sin interrupción",
        Mode.MIGRATE: "con actualización de la base",
        Mode.RETURN: "vuelta a la base de antes",
    }[plan.mode]


def _changes(plan: Plan, quote: Callable[[str], str], *, bold: str) -> list[str]:
    """The modules, each version as code: others wrote it."""
    shown = []
    if modules := plan.modules:
        lines = [f"• {quote(m.name)} {quote(m.before)} → {quote(m.after)}" for m in modules[:_MOST]]
        lines += [f"… y {len(modules) - _MOST} más"] if len(modules) > _MOST else []
        # two spaces: a line's end in Markdown, nothing in Slack
        shown.append(f"{bold}Módulos que se actualizan{bold}  \n" + "  \n".join(lines))
    if plan.silent_changes:
        names = ", ".join(quote(name) for name in plan.silent_changes[:_MOST])
        shown.append(f"⚠️ Cambiaron sin subir su versión: {names}. Su Python correrá; sus vistas y campos no se cargan.")
    return shown


def _why(journal: dict[str, Any]) -> str:
    """The step in words, then what the host's program said, in its own language."""
    reached = journal["steps"][-1]["name"] if journal["steps"] else ""
    where = f"Falló en el paso «{STEPS.get(reached, reached)}»." if reached else "Falló antes del primer paso."
    return f"*Motivo*\n{where}\n*Detalle técnico*\n{escape(cut(redact(journal['error']), 1500))}"


def _steps(steps: list[dict[str, Any]]) -> str:
    shown = [
        f"{STEPS.get(step['name'], step['name'])}"
        + (f" {words.seconds(step['seconds'])}" if step["seconds"] is not None else " ✗")
        for step in steps
    ]
    return " · ".join(shown)
