"""The Slack message of a month compared with the SII's register, in Spanish. It names no counterpart."""

from ofitec import words
from ofitec.f29.form import Company
from ofitec.f29.message import form_url
from ofitec.f29.rcv.outcome import Outcome, Register
from ofitec.notify.blocks import Block, fields, header, message, section
from ofitec.notify.escape import Message, code, escape

MOST_LINES = 12
_SECTIONS = {
    "sales": "ventas",
    "purchases": "compras, registro",
    "pending": "compras, pendientes",
    "not_included": "compras, no incluir",
    "claimed": "compras, reclamadas",
    "summary": "resumen de ventas",
    "honorarios": "honorarios recibidos",
}
_KINDS = {
    "amount": "Con otro monto",
    "only_sii": "Solo en el SII",
    "only_odoo": "Solo en Odoo",
    "other_period": "De otro mes",
}


def build(company: Company, period: str, outcome: Outcome, *, form_id: int | None, odoo_url: str = "") -> Message:
    """Plain text and Block Kit blocks.

    :param period: "YYYY-MM"
    :param form_id: the month's form in Odoo, None while there is none
    :param odoo_url: web address of Odoo, "" if unknown
    """
    title = f"{title_of(outcome)}: registro del SII de {words.month(period)} · {company.name}"
    first, _, points = outcome.certificate.partition("\n")  # Slack's bold ends with its line
    blocks = [header(title), section(f"*{escape(first)}*\n{escape(points)}".strip())]
    if outcome.counts:
        known = [f"*Iguales*\n{words.number(outcome.equal)}"]
        known += [f"*{label}*\n{words.number(outcome.counts[kind])}" for kind, label in _KINDS.items()
                  if kind in outcome.counts]  # fmt: skip
        blocks.append(fields(known))
    blocks += _files(outcome)
    if odoo_url and form_id:
        where = form_url(odoo_url, form_id)
        blocks.append(section(f"<{where}|Abrir el formulario en Odoo>: los documentos, en la pestaña Conciliación"))
    return message(f"{title}. {headline(outcome)}", blocks)


def astray(paths: list[str]) -> Message:
    """What lies below `rcv/` and is not read.

    :param paths: below the export root
    """
    title = "Hay archivos del registro del SII que no se leen"
    lines = "\n".join(f"• {code(path)}" for path in paths)
    what = (
        "*Qué hacer*: muévalos a la carpeta de su empresa y mes, `rcv/RUT/AAAA-MM/`, por ejemplo "
        "`rcv/76.123.456-0/2026-08/`. La ejecución siguiente los carga."
    )
    return message(f"{title}: {len(paths)} fuera de la carpeta de un RUT y un mes.", [
        header(title), section(f"Fuera de la carpeta de un RUT y un mes:\n{lines}"), section(what)
    ])  # fmt: skip


def headline(outcome: Outcome) -> str:
    """In one sentence, for the run's page and notifications."""
    if outcome.certified:
        return "Certificado: Odoo, el SII y el formulario dicen lo mismo."
    if outcome.differing:
        return f"{_documents(outcome.differing)} con diferencias, {words.number(outcome.equal)} iguales."
    return outcome.certificate.partition("\n")[2].partition("\n")[0].lstrip("• ") or outcome.certificate


def title_of(outcome: Outcome) -> str:
    if outcome.certified and not outcome.rejected:
        return "Certificado"
    return "Hay diferencias" if outcome.differing else "Por conciliar"


def _files(outcome: Outcome) -> list[Block]:
    blocks = []
    if outcome.registers:
        lines = [_register(register) for register in outcome.registers]
        blocks.append(section("*En Odoo*\n" + "\n".join(lines)))
    if outcome.rejected:
        lines = [f"• {escape(one.file)}: {escape(one.reason)}" for one in outcome.rejected[:MOST_LINES]]
        if len(outcome.rejected) > MOST_LINES:
            lines.append(f"… y {len(outcome.rejected) - MOST_LINES} más.")
        blocks.append(section(":warning: *No se cargaron: corrija el archivo o su carpeta*\n" + "\n".join(lines)))
    return blocks


def _register(register: Register) -> str:
    count = _documents(register.documents)
    if register.section == "summary":  # a line a type, not a document
        count = f"{register.documents} {'tipo' if register.documents == 1 else 'tipos'} de documento"
    kept = f"• {_SECTIONS.get(register.section, register.section)}: {count}"
    if not register.refused:
        return f"{kept} ({escape(register.file)})"
    shown = ", ".join(map(str, register.refused[:MOST_LINES]))
    more = f" y {len(register.refused) - MOST_LINES} más" if len(register.refused) > MOST_LINES else ""
    lines = "línea no leída" if len(register.refused) == 1 else "líneas no leídas"
    return f"{kept} ({escape(register.file)}), *{len(register.refused)} {lines}*: {shown}{more}"


def _documents(count: int) -> str:
    return words.counted(count, "documento")
