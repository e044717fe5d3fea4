"""Reminds in Slack that a form is due and not filed yet: rarely at first, each day near the end, never twice a day."""

from datetime import date

from ofitec.f29.form import F29Form
from ofitec.f29.message import due_text, form_url, headline_of, name_of, waiting
from ofitec.notify.blocks import header, message, section
from ofitec.notify.escape import Message

_FAR = (10, 7)  # days before the due date on which there is one reminder
_NEAR = 5  # from so many days before it on, each day
_STANDS = {
    "draft": "Está en borrador: falta calcularlo, aprobarlo y declararlo.",
    "ready": "Está calculado: falta aprobarlo en Odoo y declararlo en sii.cl.",
    "approved": "Está aprobado: falta declararlo en sii.cl y marcarlo como declarado en Odoo, con su folio.",
}


def is_due(form: F29Form, today: date) -> bool:
    """Whether today is a day to remind of it. A rectification has no due date of its own."""
    if form.due_date is None or not form.has_due_date_to_tell:
        return False
    left = (form.due_date - today).days
    return left in _FAR or left <= _NEAR


def build(form: F29Form, *, today: date, odoo_url: str = "") -> Message:
    """Plain text and Block Kit blocks.

    :param today: the day in Santiago, to count the days left
    :param odoo_url: web address of Odoo, "" if unknown
    """
    overdue = form.due_date is not None and form.due_date < today
    title = f"{'Vencido sin declarar' if overdue else 'Falta declarar'}: {name_of(form)}"
    due = due_text(form.due_date, today)
    blocks = [
        header(f"{'🔴' if overdue else '🟡'} {title}"),
        section(f"*Vence*: {due}\n*{headline_of(form)}*\n{_STANDS.get(form.status, '')}"),
        *waiting(form),
    ]
    if odoo_url:
        blocks.append(section(f"<{form_url(odoo_url, form.id)}|Abrir el formulario en Odoo>"))
    return message(f"{title}. Vence {due}. {headline_of(form)}.", blocks)
