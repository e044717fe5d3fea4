"""The Slack message of a delivered F29, in Spanish, for the accountant."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from ofitec.f29.delivery import Change, Receipt
from ofitec.f29.form import F29Form
from ofitec.notify import spanish
from ofitec.notify.escape import escape

# códigos that count documents
_COUNTS = frozenset(
    str(code)
    for code in (
        *(503, 763, 716, 110, 758, 512, 509, 708, 733, 516, 500, 585, 586, 515),
        *(564, 566, 584, 519, 761, 765, 524, 527, 531, 534, 536),
    )
)
_MOST_LINES = 12  # a Slack section holds 3000 characters


def form_link(odoo_url: str, form_id: int) -> str:
    """Address of the form in Odoo; the same on 16.0 and 19.0."""
    where = {"action": "of_sii_cl.f29_action", "id": form_id, "model": "of.sii.f29", "view_type": "form"}
    return f"{odoo_url}/web#{urlencode(where)}"


def build(
    form: F29Form, receipt: Receipt, files: list[str], *, today: date, odoo_url: str = "", link_base: str = ""
) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and Block Kit blocks.

    :param files: names of the delivered files
    :param today: the day in Santiago, to count the days left
    :param odoo_url: web address of Odoo, "" if unknown
    :param link_base: web address under which the delivered files open, "" if unknown
    """
    title = f"F29 de {spanish.month(form.period)} · {form.company}"
    if receipt.outcome == "changed":
        title = f"Cambió el {title}"
    headline = _headline(form)
    fields = [f"*RUT*\n{spanish.rut(form.rut)}", f"*Vencimiento*\n{_due(form.due_date, today)}"]
    fields += [
        f"*{label}* (código {code})\n{spanish.pesos(form.amount(code))}"
        for code, label in (("538", "Total débitos"), ("537", "Total créditos"), *_result(form))
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, 150)}},
        _section(f"*{headline}*"),
        {"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in fields[:10]]},
    ]
    if receipt.changes:
        blocks.append(_section("*Qué cambió desde la entrega anterior*\n" + _changes(receipt.changes)))
    if form.warnings:
        lines = [f"• {escape(w.message)}" for w in form.warnings[:_MOST_LINES]]
        if len(form.warnings) > _MOST_LINES:
            lines.append(f"… y {len(form.warnings) - _MOST_LINES} más, en el formulario.")
        blocks.append(_section(f":warning: *Revisar antes de declarar ({len(form.warnings)})*\n" + "\n".join(lines)))
    blocks.append(_section(_links(form, receipt, files, odoo_url, link_base)))
    return f"{title}: {headline}. Vence {_due(form.due_date, today)}.", blocks


def _headline(form: F29Form) -> str:
    if form.amount("91"):
        return f"Total a pagar: {spanish.pesos(form.amount('91'))}"
    if form.amount("77"):
        return f"Sin pago; remanente para el mes siguiente: {spanish.pesos(form.amount('77'))}"
    return "Sin pago"


def _result(form: F29Form) -> list[tuple[str, str]]:
    """The results worth a glance: IVA or remanente, and what was withheld or prepaid."""
    named = {
        "89": "IVA determinado",
        "77": "Remanente",
        "62": "PPM",
        "151": "Retención honorarios",
        "48": "Impuesto único",
        "596": "Cambio de sujeto",
    }
    return [(code, label) for code, label in named.items() if form.amount(code)]


def _due(due: date | None, today: date) -> str:
    if due is None:
        return "sin fecha"
    left = (due - today).days
    if left < 0:
        when = f"venció hace {-left} día{'s' * (left < -1)}"
    else:
        when = {0: "hoy", 1: "mañana"}.get(left, f"faltan {left} días")
    return f"{spanish.long_date(due)} ({when})"


def _changes(changes: list[Change]) -> str:
    def shown(code: str, value: int | None) -> str:
        if value is None:
            return "vacío"
        return spanish.number(value) if code in _COUNTS else spanish.pesos(value)

    lines = [f"• código {c.code}: {shown(c.code, c.before)} → {shown(c.code, c.after)}" for c in changes[:_MOST_LINES]]
    if len(changes) > _MOST_LINES:
        lines.append(f"… y {len(changes) - _MOST_LINES} códigos más, en el formulario.")
    return "\n".join(lines)


def _links(form: F29Form, receipt: Receipt, files: list[str], odoo_url: str, link_base: str) -> str:
    parts = []
    if odoo_url:
        parts.append(f"<{form_link(odoo_url, form.id)}|Abrir el formulario en Odoo>")
    if link_base:
        folder = f"{link_base}/f29/{form.rut}/{form.period}"
        parts += [f"<{folder}/{name}|{name}>" for name in files]
    else:
        parts.append(f"Archivos: `{receipt.url}`")
    return " · ".join(parts)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, 3000)}}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
