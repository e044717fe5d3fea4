"""What the form tells the accountant, in Spanish: warnings with figures and what to do.

Spanish at the source and not through translations, because the same text goes to Slack from a bot of any language.
"""

from decimal import Decimal
from typing import TypedDict

from .codes import glosa
from .pesos import pesos

STATUSES = {
    "draft": "Borrador",
    "ready": "Calculado",
    "approved": "Aprobado",
    "filed": "Declarado",
    "paid": "Pagado",
}


class Warning(TypedDict):
    """One warning: a stable ``code`` for machines, a ``message`` for the accountant."""

    code: str
    message: str


def _documents(count: int) -> str:
    return "1 documento" if count == 1 else f"{count} documentos"


def unmapped_tax(tax: str, amount: int, count: int) -> Warning:
    return Warning(
        code="unmapped_tax",
        message=f"El impuesto «{tax}» suma {pesos(amount)} en {_documents(count)} y no alimenta ningún código: "
        "agréguelo en el mapa de impuestos y recalcule.",
    )


def manual_tax(tax: str, amount: int, count: int) -> Warning:
    return Warning(
        code="manual_tax",
        message=f"El impuesto «{tax}» suma {pesos(amount)} en {_documents(count)} y se declara a mano: "
        "si da débito o crédito, ingrese su código.",
    )


def unmapped_document(document_type: str, tax: str, amount: int, count: int) -> Warning:
    return Warning(
        code="unmapped_document",
        message=f"{_documents(count)} de tipo {document_type} con «{tax}» por {pesos(amount)} no alimenta "
        "ningún código: corrija el tipo de documento o el impuesto, o agréguelo en el mapa.",
    )


def missing_doc_type(amount: int, count: int) -> Warning:
    return Warning(
        code="missing_doc_type",
        message=f"{_documents(count)} sin tipo de documento por {pesos(amount)} fuera del formulario: "
        "asigne el tipo (33, 34, 61, ...) y recalcule.",
    )


def export_with_iva(document_type: str, amount: int, count: int) -> Warning:
    return Warning(
        code="export_with_iva",
        message=f"{_documents(count)} de exportación (tipo {document_type}) con IVA por {pesos(amount)}: "
        "una exportación no lleva IVA, quite el impuesto y recalcule.",
    )


def vat_outside_documents(tax: str, amount: int, count: int) -> Warning:
    return Warning(
        code="vat_outside_documents",
        message=f"El impuesto «{tax}» suma {pesos(amount)} en asientos que no son documentos ({count}): "
        "no entra al formulario; si corresponde, ingréselo como código manual.",
    )


def draft_documents(count: int) -> Warning:
    return Warning(
        code="draft_documents",
        message=f"{_documents(count)} del período en borrador: publique o elimine antes de declarar.",
    )


def missing_utm(months: list[str], remanente: int) -> Warning:
    return Warning(
        code="missing_utm",
        message=f"Falta la UTM de {' y '.join(months)}: el remanente anterior de {pesos(remanente)} quedó sin reajuste "
        "en el código 504; ingrese la UTM y recalcule.",
    )


def missing_previous_form(period: str) -> Warning:
    return Warning(
        code="missing_previous_form",
        message=f"No hay F29 calculado de {period}: el código 504 quedó en $0; calcule ese período "
        "o ingrese 504 a mano.",
    )


def missing_ppm_rate(base: int) -> Warning:
    return Warning(
        code="missing_ppm_rate",
        message=f"La empresa no tiene tasa de PPM: con base {pesos(base)} el código 62 quedó en $0; "
        "ingrese la tasa (código 115) en la empresa y recalcule.",
    )


def missing_common_use_factor() -> Warning:
    return Warning(
        code="missing_common_use_factor",
        message="Hay IVA de uso común y la empresa no tiene factor de proporcionalidad: no se tomó ese crédito; "
        "ingrese el factor en la empresa y recalcule.",
    )


def negative_amount(code: int, amount: int) -> Warning:
    return Warning(
        code="negative_amount",
        message=f"El código {code} ({glosa(code)}) dio {pesos(amount)} y el formulario no admite negativos: "
        "quedó en 0; revise las notas de crédito.",
    )


def missing_holidays(year: int) -> Warning:
    return Warning(
        code="missing_holidays",
        message=f"No hay feriados cargados para {year}: revise la fecha de vencimiento a mano.",
    )


def postponed_iva(amount: int) -> Warning:
    return Warning(
        code="postponed_iva",
        message=f"Se ingresó postergación de IVA (755/756, {pesos(amount)}): no cambia el 595; "
        "ajuste el pago y el vencimiento según el SII.",
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


def rate_text(rate: Decimal) -> str:
    """PPM rate in percent, always three decimals (SII's own data use 0,125 and 0,25)."""
    return f"{rate:.3f}"
