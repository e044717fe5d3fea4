"""What Slack says of deploys, in Spanish. Failures of a run are told by the failure callback of every DAG as well."""

from typing import Any

from ofitec.notify.escape import escape
from ofitec.notify.redact import redact

Message = tuple[str, list[dict[str, Any]]]
_MOST = 8

_STEPS = {
    "maintenance": "página de mantención", "stop_old": "detener la versión anterior", "fence": "cerrar la base",
    "clone_database": "copiar la base", "clone_filestore": "copiar los archivos", "upgrade": "actualizar la copia",
    "take_kept": "tomar la base guardada", "exchange": "intercambiar las bases", "start_new": "arrancar la nueva",
    "smoke": "probar ingreso y lectura", "canary": "prueba con una parte de las sesiones", "switch": "cambiar",
    "watch": "observar", "record": "anotar", "cron": "tareas programadas", "drain": "detener la anterior",
    "prune": "limpiar lo antiguo",
}  # fmt: skip


def asked(plan: dict[str, Any], link: str) -> Message:
    """A plan that waits for approval."""
    title = "Vuelta atrás de Odoo por aprobar" if plan["requested"] == "rollback" else "Despliegue de Odoo por aprobar"
    facts = [f"*Imagen*\n`{_short(plan['image'])}`", f"*En servicio*\n`{_short(plan['current']['image'])}`"]
    facts += [f"*Lo pide*\n{escape(plan['who'])}", f"*Tipo*\n{_mode(plan)}"]
    blocks = [_header(f"🟡 {title}"), _fields(facts)]
    if plan["modules"]:
        blocks.append(_section("*Módulos que se actualizan*\n" + _modules(plan["modules"])))
    if plan["silent_changes"]:
        names = ", ".join(f"`{name}`" for name in plan["silent_changes"][:_MOST])
        blocks.append(
            _section(f"⚠️ Cambiaron sin subir su versión: {names}. Su Python correrá; sus vistas y campos no se cargan.")
        )
    blocks.append(_section(f"<{link}|Revisar y aprobar en Airflow>"))
    return f"{title}: {_short(plan['image'])}, {_mode(plan)}", blocks


def ended(plan: dict[str, Any], journal: dict[str, Any] | None, status: str, link: str) -> Message:
    """How a run ended; `status` as the ledger has it."""
    title = {
        "done": "✅ Odoo quedó en la versión nueva",
        "undone": "↩️ Odoo volvió a la versión anterior",
        "stuck": "🔴 El despliegue de Odoo espera una decisión",
        "dropped": "⚪ El despliegue de Odoo no se hizo",
    }[status]
    image = plan["image"] if status == "done" else plan["current"]["image"]
    facts = [f"*En servicio*\n`{_short(image)}`", f"*Tipo*\n{_mode(plan)}", f"*Lo pidió*\n{escape(plan['who'])}"]
    if journal and (seconds := journal["facts"].get("maintenance_seconds")) is not None:
        facts.append(f"*Sin servicio*\n{seconds:.0f} s")
    blocks = [_header(title), _fields(facts)]
    if journal and journal["steps"]:
        blocks.append(_section(_steps(journal["steps"])))
    if status in ("undone", "stuck") and journal and journal.get("error"):
        blocks.append(_section(f"*Motivo*\n{escape(redact(journal['error'])[:1500])}"))
    if link:
        blocks.append(_section(f"<{link}|Ver en Airflow>"))
    return f"{title}: {_short(image)}", blocks


def _mode(plan: dict[str, Any]) -> str:
    return {
        "CODE": "solo código, sin interrupción",
        "MIGRATE": "con actualización de la base: habrá una página de mantención",
        "RETURN": "vuelve a la base de antes: habrá una página de mantención",
    }[plan["mode"]]


def _modules(modules: list[dict[str, str]]) -> str:
    lines = [f"• `{m['name']}` {m['before']} → {m['after']}" for m in modules[:_MOST]]
    if len(modules) > _MOST:
        lines.append(f"… y {len(modules) - _MOST} más")
    return "\n".join(lines)


def _steps(steps: list[dict[str, Any]]) -> str:
    shown = [
        f"{_STEPS.get(step['name'], step['name'])}"
        + (f" {step['seconds']:.1f} s" if step["seconds"] is not None else " ✗")
        for step in steps
    ]
    return " · ".join(shown)


def _short(image: str) -> str:
    """registry/name@sha256:0123... gives name@0123456789ab."""
    name, _, digest = image.partition("@sha256:")
    return f"{name.rpartition('/')[2]}@{digest[:12]}"


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}


def _fields(facts: list[str]) -> dict[str, Any]:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": fact} for fact in facts]}
