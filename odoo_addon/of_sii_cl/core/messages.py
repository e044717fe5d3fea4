"""What the form tells the accountant, in Spanish: warnings with figures and what to do.

Spanish at the source and not through translations, because the same text goes to Slack from a bot of any language.
"""

import re
import zlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypedDict

from .codes import amount_text, decimal_text, glosa
from .pesos import pesos

STATUSES = {
    "draft": "Borrador",
    "ready": "Calculado",
    "approved": "Aprobado",
    "filed": "Declarado",
    "paid": "Pagado",
}
_MOST_LISTED = 5


class Warning(TypedDict):
    """One finding. ``code``: its kind, for machines; ``message``: for the accountant; ``key``: what it is about, the
    same as long as it is the same finding of a form; ``figure``: changes when the finding changes; ``blocks``: the form
    cannot be approved while it stands."""

    code: str
    message: str
    key: str
    figure: str
    blocks: bool


class Question(TypedDict):
    """A código that only a person can tell, asked until it is entered (0 is an answer)."""

    code: str
    message: str


class MissingInput(TypedDict):
    """A código that a person entered in the month before and not in this one. ``last``: whole pesos."""

    code: str
    glosa: str
    last: int


def _warning(code: str, message: str, *, about: str | int = "", figure: str = "", blocks: bool = False) -> Warning:
    key = f"{code}/{about}" if about else code
    return Warning(code=code, message=message, key=key, figure=figure, blocks=blocks)


def _documents(count: int) -> str:
    return "1 documento" if count == 1 else f"{count} documentos"


def _sum(amount: int, count: int) -> str:
    """Figure of a sum over documents."""
    return f"{pesos(amount)} ({count})"


def document_label(document_type: str, number: str, partner: str, day: date | None) -> str:
    """``33 N° 123 de Proveedor (15-07-2026)``; a number without digits at its end stands as it is."""
    folio = re.search(r"[0-9]+$", number or "")
    named = f"{document_type} N° {folio.group().lstrip('0')}" if document_type and folio else number or "sin número"
    return named + (f" de {partner}" if partner else "") + (f" ({day:%d-%m-%Y})" if day else "")


def _listed(labels: Sequence[str]) -> str:
    rest = len(labels) - _MOST_LISTED
    return "; ".join(labels[:_MOST_LISTED]) + (f"; y {rest} más" if rest > 0 else "")


def _mark(labels: Sequence[str]) -> str:
    """Figure of a list of documents: another one when any of them is another."""
    return f"{len(labels)}-{zlib.crc32('|'.join(sorted(labels)).encode()):08x}"


def unmapped_tax(tax: str, amount: int, count: int) -> Warning:
    return _warning(
        "unmapped_tax",
        f"El impuesto «{tax}» suma {pesos(amount)} en {_documents(count)} y no alimenta ningún código: "
        "agréguelo en el mapa de impuestos y recalcule.",
        about=tax,
        figure=_sum(amount, count),
        blocks=True,
    )


def manual_tax(tax: str, amount: int, count: int) -> Warning:
    return _warning(
        "manual_tax",
        f"El impuesto «{tax}» suma {pesos(amount)} en {_documents(count)} y se declara a mano: "
        "si da débito o crédito, ingrese su código.",
        about=tax,
        figure=_sum(amount, count),
    )


def unmapped_document(document_type: str, tax: str, amount: int, count: int) -> Warning:
    return _warning(
        "unmapped_document",
        f"{_documents(count)} de tipo {document_type} con «{tax}» por {pesos(amount)} no alimenta "
        "ningún código: corrija el tipo de documento o el impuesto, o agréguelo en el mapa.",
        about=f"{document_type}/{tax}",
        figure=_sum(amount, count),
    )


def missing_doc_type(labels: Sequence[str], amount: int) -> Warning:
    return _warning(
        "missing_doc_type",
        f"{_documents(len(labels))} sin tipo de documento por {pesos(amount)} fuera del formulario: "
        f"asigne el tipo (33, 34, 61, ...) y recalcule. {_listed(labels)}.",
        figure=_mark(labels),
        blocks=True,
    )


def foreign_documents(labels: Sequence[str], amount: int) -> Warning:
    return _warning(
        "foreign_documents",
        f"{_documents(len(labels))} de proveedores extranjeros por {pesos(amount)}, sin tipo de documento chileno, "
        f"fuera del formulario como corresponde a una factura del exterior: {_listed(labels)}. "
        "Si el servicio paga IVA en Chile, emita su factura de compra (46).",
        figure=_mark(labels),
    )


def export_with_iva(document_type: str, amount: int, count: int) -> Warning:
    return _warning(
        "export_with_iva",
        f"{_documents(count)} de exportación (tipo {document_type}) con IVA por {pesos(amount)}: "
        "una exportación no lleva IVA, quite el impuesto y recalcule.",
        about=document_type,
        figure=_sum(amount, count),
    )


def vat_outside_documents(tax: str, amount: int, count: int) -> Warning:
    return _warning(
        "vat_outside_documents",
        f"El impuesto «{tax}» suma {pesos(amount)} en asientos que no son documentos ({count}): "
        "no entra al formulario; si corresponde, ingréselo como código manual.",
        about=tax,
        figure=_sum(amount, count),
    )


def lost_feed(code: int, amount: int) -> Warning:
    return _warning(
        "lost_feed",
        f"Las filas propias de la empresa en el mapa dejan al código {code} ({glosa(code)}) sin "
        f"{amount_text(code, amount)} que la fila compartida le daba: si no es lo querido, agregue otra fila propia "
        "para ese código y recalcule.",
        about=code,
        figure=amount_text(code, amount),
    )


def late_credit_note(labels: Sequence[str]) -> Warning:
    notes = "1 nota de crédito emitida" if len(labels) == 1 else f"{len(labels)} notas de crédito emitidas"
    return _warning(
        "late_credit_note",
        f"{notes} más de tres meses después de su factura: {_listed(labels)}. Si es por devolución de bienes no rebaja "
        "el débito (art. 70 D.L. 825, SII FAQ 1923): réstela con un código 510 manual negativo.",
        figure=_mark(labels),
    )


def old_purchase(labels: Sequence[str]) -> Warning:
    return _warning(
        "old_purchase",
        f"{_documents(len(labels))} de compra con crédito fiscal y fecha anterior a los dos meses previos: "
        f"{_listed(labels)}. El crédito se usa en el mes del documento o en los dos siguientes (art. 24 D.L. 825): "
        "si no se recibió con atraso, va sin derecho a crédito.",
        figure=_mark(labels),
    )


def fee_rate(labels: Sequence[str], year: int, rate: Decimal) -> Warning:
    return _warning(
        "fee_rate",
        f"{_documents(len(labels))} de honorarios de {year} con una retención que no es la de ese año "
        f"({decimal_text(rate).replace('.', ',')} %): {_listed(labels)}. Corrija el impuesto y recalcule.",
        about=year,
        figure=_mark(labels),
    )


def fee_twice(labels: Sequence[str], period: str, amount: int) -> Warning:
    return _warning(
        "fee_twice",
        f"{_documents(len(labels))} de honorarios del mes, por fecha de pago, ya se declararon en {period} por fecha "
        f"de emisión, antes de que la empresa cambiara de criterio: {_listed(labels)}. El código 151 las suma otra "
        f"vez: réstelas con un 151 manual de {pesos(-amount)}.",
        about=period,
        figure=f"{_mark(labels)} {amount}",
    )


def broken_identity(code: int, given: int, expected: int) -> Warning:
    return _warning(
        "broken_identity",
        f"El código {code} ({glosa(code)}) dice {pesos(given)} y los códigos que lo componen dan {pesos(expected)}: "
        "recalcule; si sigue, no declare y avise a soporte con esta pantalla.",
        about=code,
        figure=f"{given} {expected}",
        blocks=True,
    )


def draft_documents(count: int) -> Warning:
    return _warning(
        "draft_documents",
        f"{_documents(count)} del período en borrador: publique o elimine antes de declarar.",
        figure=str(count),
    )


def missing_utm(months: list[str], remanente: int) -> Warning:
    return _warning(
        "missing_utm",
        f"Falta la UTM de {' y '.join(months)}: el remanente anterior de {pesos(remanente)} quedó sin reajuste "
        "en el código 504; ingrese la UTM y recalcule.",
        figure=f"{' '.join(months)} {remanente}",
    )


def missing_ppm_rate(base: int) -> Warning:
    return _warning(
        "missing_ppm_rate",
        f"El formulario no tiene tasa de PPM: con base {pesos(base)} el código 62 quedó en $0; "
        "ingrese la tasa (código 115) en el formulario y recalcule.",
        figure=pesos(base),
    )


def missing_common_use_factor() -> Warning:
    return _warning(
        "missing_common_use_factor",
        "Hay IVA de uso común y el formulario no tiene factor de proporcionalidad: no se tomó ese crédito; "
        "ingrese el factor en el formulario y recalcule.",
    )


def negative_amount(code: int, amount: int, manual: int) -> Warning:
    what = f"revise lo ingresado a mano ({pesos(manual)})" if manual < 0 else "revise las notas de crédito"
    return _warning(
        "negative_amount",
        f"El código {code} ({glosa(code)}) dio {amount_text(code, amount)} y el formulario no admite negativos: "
        f"quedó en 0; {what}.",
        about=code,
        figure=str(amount),
    )


def missing_holidays(year: int) -> Warning:
    return _warning(
        "missing_holidays",
        f"No hay feriados cargados para {year}: revise la fecha de vencimiento a mano.",
        about=year,
    )


def postponed_iva(amount: int) -> Warning:
    return _warning(
        "postponed_iva",
        f"Se ingresó postergación de IVA (755/756, {pesos(amount)}): no cambia el 595; "
        "ajuste el pago y el vencimiento según el SII.",
        figure=pesos(amount),
    )


def ask_carried(code: int, source: int, period: str, computed: bool) -> Question:
    """Asks for a remanente that the form of the month before does not give: there is none, or (``computed``) it asks
    the same. ``source``: the código of that form it comes from."""
    why = f"El F29 de {period} aún pregunta por su código {code}" if computed else f"No hay F29 calculado de {period}"
    what = "responda allá y recalcule" if computed else "calcule ese período"
    return Question(
        code=str(code),
        message=f"{why}: ¿cuánto fue su código {source}, ya reajustado? Ingrese el código {code} ({glosa(code)}), 0 si "
        f"no hubo, o {what}.",
    )


def missing_input(code: int, last: int) -> MissingInput:
    return MissingInput(code=str(code), glosa=glosa(code), last=last)


def missing_input_text(missing: MissingInput) -> str:
    return (
        f"El código {missing['code']} ({missing['glosa']}) se ingresó el mes pasado por {pesos(missing['last'])} y "
        "este mes no: ingréselo, 0 si no corresponde."
    )


def closed_form(period: str, version: int, status: str) -> str:
    """Why a form may not be recomputed or changed: its period, its status and what to do."""
    if status == "approved":
        what = "un administrador contable puede devolverlo a «Calculado»"
    else:
        what = "use «Rectificar» para crear una versión nueva"
    return f"El F29 de {period} (versión {version}) ya está {STATUSES[status].lower()} y no cambia: {what}."


def no_transition(period: str, status: str, wanted: str) -> str:
    """Why a form may not go from a status to another."""
    return f"El F29 de {period} está «{STATUSES[status]}» y no puede pasar a «{STATUSES[wanted]}»."


def shared_rut(rut: str, names: Sequence[str]) -> str:
    """Why a RUT that unrelated companies have gets no form."""
    return (
        f"El RUT {rut} está en empresas que no son matriz y sucursal: {', '.join(f'«{name}»' for name in names)}. El "
        "F29 es uno por RUT: corrija el RUT de una, o hágala sucursal de la otra."
    )


def foreign_currency(company: str, currency: str) -> str:
    """Why a company whose books are in another currency gets no form."""
    return (
        f"La empresa «{company}» lleva su contabilidad en {currency} y el F29 se declara en pesos chilenos: aquí no se "
        "convierte; calcúlelo desde una contabilidad en CLP."
    )


def rate_text(rate: Decimal) -> str:
    """PPM rate in percent, always three decimals (SII's own data use 0,125 and 0,25)."""
    return f"{rate:.3f}"
