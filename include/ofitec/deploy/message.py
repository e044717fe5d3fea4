"""What people read of deploys, in Spanish: the question that waits for a yes, and how a run ended.

Failures of a run are told by the failure callback of every DAG as well.
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from ofitec.notify import approval, spanish
from ofitec.notify.escape import Message, code, escape, literal
from ofitec.notify.redact import redact

_MOST = 8

_STEPS = {
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


def asked(plan: dict[str, Any], page: str, *, until: datetime, zone: tzinfo) -> Message:
    """A plan that waits for approval.

    :param plan: as `tasks.plan_deploy` returns it
    :param page: address of the page with the buttons
    :param until: when silence becomes a no
    """
    facts = [
        ("Imagen", code(short(plan["image"]))),
        ("En servicio", code(short(plan["current"]["image"]))),
        ("Lo pide", escape(plan["who"])),
    ]
    paragraphs = [" ".join(effects(plan)), timing(plan), *_changes(plan, code, bold="*")]
    return approval.asked(_title(plan), facts, paragraphs, page=page, until=until, zone=zone)


def question(plan: dict[str, Any]) -> dict[str, str]:
    """The same for the page with the buttons, in Markdown: {"subject", "body"}."""
    image, now = literal(short(plan["image"])), literal(short(plan["current"]["image"]))
    verb = "Volver a" if is_rollback(plan) else "Instalar"
    lines = [*effects(plan), timing(plan), *_changes(plan, literal, bold="**")]
    lines.append(f"Imagen: {image}. En servicio ahora: {now}. Lo pide {literal(plan['who'])}.")
    return {"subject": f"¿{verb} {short(plan['image'])}?", "body": "\n\n".join(lines)}


def effects(plan: dict[str, Any]) -> list[str]:
    """What happens to whom, and for how long: sentences."""
    most = spanish.duration(plan["window_seconds"])
    if plan["mode"] == "CODE":
        first = "Cambia solo código: sin interrupción. La versión nueva arranca al lado, se prueba y toma el servicio."
    elif plan["mode"] == "MIGRATE":
        expected = plan.get("expected_seconds")
        about = f"unos {spanish.duration(expected)} (lo que tardó la última vez)" if expected else "algunos minutos"
        first = (
            f"Odoo no estará disponible {about}, a lo más {most}; quien esté trabajando verá la página de mantención. "
            f"Antes se respalda y se ensaya en una copia: si el ensayo dice que serán más de {most}, no se hace."
        )
    else:
        first = (
            f"Odoo vuelve a la base de antes de la actualización y no estará disponible cerca de un minuto, a lo más "
            f"{most}. Lo que se escribió desde entonces queda fuera de la vista, en una base guardada."
        )
    return [first, "Si algo falla, vuelve sola la versión que está en servicio."]


def timing(plan: dict[str, Any]) -> str:
    """When it begins: a sentence."""
    after = "" if plan["mode"] != "MIGRATE" else "terminados el respaldo, su prueba y el ensayo"
    if not plan.get("hours"):
        return f"Empieza {after}, a la hora que sea." if after else "Empieza en cuanto alguien apruebe."
    first, last = plan["hours"].split("-")
    begin = f"Empieza {after}," if after else "Empieza al aprobar,"
    return f"{begin} pero solo entre las {first} y las {last} (hora de Santiago): fuera de ese horario, espera."


def rehearsed(plan: dict[str, Any], seconds: float, begins: datetime | None, link: str, zone: tzinfo) -> Message:
    """The rehearsal went well: how long people will be without Odoo, and from when.

    :param seconds: predicted time without service
    :param begins: None: now
    """
    when = f"el {spanish.moment(begins, zone)}" if begins else "ahora"
    title = f"Odoo se actualiza {when}: unos {spanish.duration(seconds)} sin servicio"
    said = "El ensayo en una copia salió bien. Quien esté trabajando verá la página de mantención."
    blocks = [_header(f"🟡 {title}"), _section(said), *map(_section, _changes(plan, code, bold="*"))]
    blocks.append(_section(f"<{link}|Ver en Airflow>"))
    return f"{title}.", blocks


def ended(plan: dict[str, Any], journal: dict[str, Any] | None, status: str, link: str) -> Message:
    """How a run ended; `status` as the ledger has it, not `rejected`."""
    title = _TITLES[status]
    image = short(plan["image"] if status == "done" else plan["current"]["image"])
    facts = [f"*En servicio*\n{code(image)}", f"*Tipo*\n{_kind(plan)}", f"*Lo pidió*\n{escape(plan['who'])}"]
    if plan.get("answered_by"):
        facts.append(f"*Lo aprobó*\n{escape(plan['answered_by'])}")
    if journal and (seconds := journal["facts"].get("maintenance_seconds")) is not None:
        facts.append(f"*Sin servicio*\n{spanish.duration(seconds)}")
    blocks = [_header(title), {"type": "section", "fields": [{"type": "mrkdwn", "text": fact} for fact in facts]}]
    if journal and journal["steps"]:
        blocks.append(_section(_steps(journal["steps"])))
    if status in ("undone", "stuck") and journal and journal.get("error"):
        blocks.append(_section(_why(journal)))
    if link:
        blocks.append(_section(f"<{link}|Ver en Airflow>"))
    return f"{title}: {image}", blocks


def is_rollback(plan: dict[str, Any]) -> bool:
    """Whether the plan returns to the release before."""
    return bool(plan["requested"] == "rollback")


def short(image: str) -> str:
    """registry/name@sha256:0123... gives name@0123456789ab."""
    name, _, digest = image.partition("@sha256:")
    return f"{name.rpartition('/')[2]}@{digest[:12]}"


def _title(plan: dict[str, Any]) -> str:
    return "Vuelta atrás de Odoo por aprobar" if is_rollback(plan) else "Despliegue de Odoo por aprobar"


def _kind(plan: dict[str, Any]) -> str:
    return {
        "CODE": "solo código, sin interrupción",
        "MIGRATE": "con actualización de la base",
        "RETURN": "vuelta a la base de antes",
    }[plan["mode"]]


def _changes(plan: dict[str, Any], quote: Callable[[str], str], *, bold: str) -> list[str]:
    """The modules, each version as code: others wrote it."""
    shown = []
    if modules := plan["modules"]:
        lines = [f"• {quote(m['name'])} {quote(m['before'])} → {quote(m['after'])}" for m in modules[:_MOST]]
        lines += [f"… y {len(modules) - _MOST} más"] if len(modules) > _MOST else []
        # two spaces: a line's end in Markdown, nothing in Slack
        shown.append(f"{bold}Módulos que se actualizan{bold}  \n" + "  \n".join(lines))
    if plan["silent_changes"]:
        names = ", ".join(quote(name) for name in plan["silent_changes"][:_MOST])
        shown.append(f"⚠️ Cambiaron sin subir su versión: {names}. Su Python correrá; sus vistas y campos no se cargan.")
    return shown


def _why(journal: dict[str, Any]) -> str:
    """The step in words, then what the host's program said, in its own language."""
    reached = journal["steps"][-1]["name"] if journal["steps"] else ""
    where = f"Falló en el paso «{_STEPS.get(reached, reached)}»." if reached else "Falló antes del primer paso."
    return f"*Motivo*\n{where}\n*Detalle técnico*\n{escape(redact(journal['error'])[:1500])}"


def _steps(steps: list[dict[str, Any]]) -> str:
    shown = [
        f"{_STEPS.get(step['name'], step['name'])}"
        + (f" {step['seconds']:.1f} s" if step["seconds"] is not None else " ✗")
        for step in steps
    ]
    return " · ".join(shown)


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text[:150]}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}
