"""The Slack message of a delivered F29, in Spanish, for the accountant."""

from datetime import date
from urllib.parse import urlencode

from ofitec import words
from ofitec.f29.delivery import DUE, FIGURES, FILED_NOW, POINTS, UNFILED, Amount, Change, News, Receipt, folder_of
from ofitec.f29.form import COUNTS, PPM_RATE, F29Form, LateDocument
from ofitec.f29.rcv.delivery import Reconciliation, sentence
from ofitec.notify.blocks import Block, fields, header, message, section
from ofitec.notify.escape import Message, code, escape

_MOST_LINES = 12  # a Slack section holds 3000 characters
_HAPPENED = {
    "posted": "contabilizado después",
    "changed": "cambiado después",
    "cancelled": "anulado después",
    "reset": "vuelto a borrador",
}
_SIDES = {"sale": "venta", "purchase": "compra"}


def form_url(odoo_url: str, form_id: int) -> str:
    """Address of the form in Odoo; the same on 16.0 and 19.0."""
    where = {"action": "of_sii_cl.f29_action", "id": form_id, "model": "of.sii.f29", "view_type": "form"}
    return f"{odoo_url}/web#{urlencode(where)}"


def build(
    form: F29Form,
    receipt: Receipt,
    files: list[str],
    *,
    today: date,
    compared: Reconciliation | None = None,
    odoo_url: str = "",
    link_base: str = "",
) -> Message:
    """Plain text and Block Kit blocks.

    :param files: names of the delivered files
    :param today: the day in Santiago, to count the days left
    :param compared: how the month compared with the SII's register, None if it was not
    :param odoo_url: web address of Odoo, "" if unknown
    :param link_base: web address under which the delivered files open, "" if unknown
    """
    title, headline, due = _title(form, receipt.news), headline_of(form), when(form, today)
    known = [f"*RUT*\n{words.rut(form.rut)}", "*{}*\n{}".format(*due)]
    known += [
        f"*{label}* (código {number})\n{words.pesos(form.amount(number))}"
        for number, label in (("538", "Total débitos"), ("537", "Total créditos"), *_result(form))
    ]
    blocks = [header(title), section(f"*{headline}*"), fields(known)]
    if compared is not None:
        blocks.append(section(sentence(compared)))
    if receipt.news.changes:
        blocks.append(section("*Qué cambió desde el aviso anterior*\n" + _changes(receipt.news.changes)))
    blocks += waiting(form)
    blocks.append(section(_links(form, receipt, files, odoo_url, link_base)))
    return message(f"{title}: {headline}. {due[0]}: {due[1]}.", blocks)


def name_of(form: F29Form) -> str:
    """ "F29 de agosto de 2026 · Empresa", or "rectificatoria (versión 2) del F29 de ..."."""
    kind = f"rectificatoria (versión {form.version}) del " if form.version > 1 else ""
    return f"{kind}F29 de {words.month(form.period)} · {form.company}"


def _title(form: F29Form, news: News) -> str:
    name = name_of(form)
    article = "la" if form.version > 1 else "el"
    if UNFILED in news.reasons:
        return f"Ya no figura como declarado: {name}"
    if form.is_filed:
        before = "Declarado" if form.version == 1 else "Declarada"
        return f"{before}: {name}" if FILED_NOW in news.reasons else f"Novedad después de declarar: {name}"
    if FIGURES in news.reasons:
        return f"Cambió {article} {name}"
    if news.reasons == [DUE]:
        return f"Cambió el vencimiento: {name}"
    if form.status == "approved":
        return f"{'Aprobado' if form.version == 1 else 'Aprobada'}, falta declarar: {name}"
    points = news.reasons and set(news.reasons) <= {POINTS, DUE}
    return f"Algo nuevo que revisar: {name}" if points else name[0].upper() + name[1:]


def headline_of(form: F29Form) -> str:
    """What it comes to, in one line: the total, and for a rectification its difference."""
    if form.previous_total is not None:
        return _difference(form, form.previous_total)
    total = "Monto final" if form.is_filed else "Total a pagar"
    if form.total:
        result = f"{total}: {words.pesos(form.total)}"
    elif form.amount("77"):
        result = f"Sin pago; remanente para el mes siguiente: {words.pesos(form.amount('77'))}"
    else:
        result = "Sin pago"
    if not form.movement:
        result = f"Sin movimiento, pero se declara igual. {result}"
    return f"{result}{_folio(form)}"


def _difference(form: F29Form, before: int) -> str:
    change = form.total - before
    if not change:
        return f"El total a pagar no cambia: {words.pesos(before)}{_folio(form)}"
    sign = "+" if change > 0 else ""
    return (
        f"Diferencia con lo ya declarado: {sign}{words.pesos(change)} "
        f"(de {words.pesos(before)} a {words.pesos(form.total)}){_folio(form)}"
    )


def _folio(form: F29Form) -> str:
    return f" · folio {escape(form.folio)}" if form.is_filed and form.folio else ""


def when(form: F29Form, today: date) -> tuple[str, str]:
    """A label and a day, when it was filed or is due: ("Vence", "lunes 21 de septiembre de 2026 (mañana)")."""
    if not form.is_filed or form.filed_on is None:
        return "Vence", due_text(form.due_date, today)
    day = words.long_date(form.filed_on)
    late = (form.filed_on - form.due_date).days if form.due_date else 0
    if late > 0 and form.version == 1:
        day += f" (fuera de plazo: {words.days(late)} después del vencimiento)"
    return "Declarado el", day


def _result(form: F29Form) -> list[tuple[str, str]]:
    """The results worth a glance: IVA or remanente, what was withheld or prepaid, and the whole of a rectification."""
    named = {
        "89": "IVA determinado",
        "77": "Remanente",
        "62": "PPM",
        "151": "Retención honorarios",
        "48": "Impuesto único",
        "596": "Cambio de sujeto",
    }
    if form.total != form.amount("91") or form.previous_total is not None:
        named["91"] = "Total calculado"
    return [(code, label) for code, label in named.items() if form.amount(code)]


def due_text(due: date | None, today: date) -> str:
    """ "lunes 21 de septiembre de 2026 (faltan 11 días)"."""
    if due is None:
        return "sin fecha"
    left = (due - today).days
    ahead = {0: "hoy", 1: "mañana"}.get(left, f"faltan {words.days(left)}")
    when = f"venció hace {words.days(-left)}" if left < 0 else ahead
    return f"{words.long_date(due)} ({when})"


def amount(code: str, value: Amount | None) -> str:
    """What a código says, as people write it: pesos, a count, or the rate of 115."""
    if value is None:
        return "vacío"
    if code == PPM_RATE:
        return f"{words.number(value)} %"
    return words.number(value) if code in COUNTS else words.pesos(int(value))


def _changes(changes: list[Change]) -> str:
    lines = [f"• código {c.code}: {amount(c.code, c.before)} → {amount(c.code, c.after)}" for c in changes]
    return _listed(lines, "códigos más, en el formulario")


def waiting(form: F29Form) -> list[Block]:
    """A block for each kind of thing that waits for a person; after filing only what happened since."""
    blocks = []
    if form.missing_inputs and form.is_open:
        lines = [
            f"• código {entry.code} {escape(entry.glosa)}: el mes pasado {words.pesos(entry.last)}"
            for entry in form.missing_inputs
        ]
        blocks.append(section("*Falta ingresar: el mes pasado se declaró y este mes no*\n" + _listed(lines, "más")))
    if form.questions and form.is_open:
        lines = [f"• código {question.code}: {escape(question.message)}" for question in form.questions]
        blocks.append(section("*Falta responder (0 también es respuesta)*\n" + _listed(lines, "más")))
    if form.afterwards:
        lines = [f"• {_late(entry)}" for entry in form.afterwards]
        head = f"*Después de declarar ({len(lines)})*"
        if any(entry.claimed_in is None for entry in form.afterwards):
            head += ": elija en el formulario «Declarar ahora» o «Rectificar»"
        blocks.append(section(f"{head}\n" + _listed(lines, "más, en el formulario")))
    if form.unacknowledged and not form.is_filed:
        lines = [
            f"• {escape(warning.message)}" + (" *Impide aprobar.*" if warning.blocks else "")
            for warning in form.unacknowledged
        ]
        head = f":warning: *Revisar antes de declarar ({len(lines)})*"
        blocks.append(section(f"{head}\n" + _listed(lines, "más, en el formulario")))
    return blocks


def _late(late: LateDocument) -> str:
    side, happened = _SIDES.get(late.direction, late.direction), _HAPPENED.get(late.kind, late.kind)
    where = f"; se declara en {words.month(late.claimed_in)}" if late.claimed_in else ""
    return (
        f"{side}, tipo {escape(late.type)} folio {escape(late.folio)} de {words.month(late.period)}: "
        f"IVA {words.pesos(late.iva)}, {happened}{where}"
    )


def _listed(lines: list[str], more: str) -> str:
    shown = lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        shown.append(f"… y {len(lines) - _MOST_LINES} {more}.")
    return "\n".join(shown)


def _links(form: F29Form, receipt: Receipt, files: list[str], odoo_url: str, link_base: str) -> str:
    parts = [f"<{form_url(odoo_url, form.id)}|Abrir el formulario en Odoo>"] if odoo_url else []
    if link_base:
        parts += [f"<{link_base}/{folder_of(form)}/{name}|{name}>" for name in files]
    else:
        parts.append(f"Archivos: {code(receipt.url)}")
    return " · ".join(parts)
