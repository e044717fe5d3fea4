"""The códigos of the F29: their glosa, their kind, where their value comes from and where the form prints them.

The form is keyed by código, never by line: the line of a código moves between versions of the form, the código stays.
"""

import csv
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .pesos import pesos

# Always given, even when zero: the totals a reader looks for first.
ALWAYS = (538, 537, 89, 77, 595, 547, 91)
# "Todos los códigos son positivos excepto ..." (form instructions, rule 4; SII FAQ 1914 and 1184).
MAY_BE_NEGATIVE = frozenset({538, 537, 596, 743, 745, 547})
PPM_RATE = 115
# The parts of the form, from its top to its end, as it prints them.
SECTIONS = {
    "income": "Débitos y ventas: información de ingresos",
    "debits": "Débitos y ventas: generan débito",
    "without_credit": "Créditos y compras: sin derecho a crédito",
    "credits": "Créditos y compras: con derecho a crédito",
    "determined": "Impuesto determinado",
    "withheld": "Impuesto a la renta: retenciones",
    "ppm": "Impuesto a la renta: pagos provisionales mensuales",
    "simplified": "Tributación simplificada del IVA, art. 29",
    "art_37": "Impuesto adicional, art. 37",
    "art_42": "Impuesto adicional, art. 42",
    "advance": "Anticipo de cambio de sujeto",
    "subject_change": "Cambio de sujeto: agente retenedor",
    "special_subject": "Cambio especial de sujeto",
    "special_credits": "Créditos especiales",
    "total": "Total a pagar",
}


class Code(NamedTuple):
    """One código.

    ``kind``: ``count`` (documents), ``amount`` (whole pesos) or ``rate`` (percent with three decimals: 115 alone).
    ``source``: ``ledger`` (posted entries, an input adds to it), ``carry`` (the form before, an input replaces it),
    ``input`` (only a person knows it), ``form`` (a field of the form) or ``computed`` (a formula; an input is refused).
    ``section``: a key of SECTIONS. ``line``: its line in SII's instructions of 12-11-2024, None where they give none.
    ``sequence``: its place on the form, counted from 1.
    """

    code: int
    kind: str
    source: str
    glosa: str
    section: str
    line: int | None
    sequence: int


@lru_cache(maxsize=1)
def codes() -> dict[int, Code]:
    """Every known código, from ``codes.csv``, in the form's own order."""
    with (Path(__file__).parent / "codes.csv").open(encoding="utf-8", newline="") as table:
        return {
            int(row["code"]): Code(
                code=int(row["code"]),
                kind=row["kind"],
                source=row["source"],
                glosa=row["glosa"],
                section=row["section"],
                line=int(row["line"]) if row["line"] else None,
                sequence=sequence,
            )
            for sequence, row in enumerate(csv.DictReader(table), start=1)
        }


def glosa(code: int) -> str:
    """Official label of a código, in Spanish. Raises KeyError for a código that the form does not have."""
    return codes()[code].glosa


def exact(code: int, amount: float | Decimal) -> int | Decimal:
    """What a database or a client gives for this código, as the form has it: a whole number, a rate with decimals."""
    return Decimal(f"{amount:.3f}") if codes()[code].kind == "rate" else round(amount)


def decimal_text(value: Decimal) -> str:
    """``0.250`` -> ``0.25``, ``3.000`` -> ``3``: no zeros at the end, no exponent."""
    return f"{value.normalize():f}"


def amount_text(code: int, amount: float | Decimal) -> str:
    """An amount of this código as a person reads it: pesos, a count of documents, or a percent."""
    value = exact(code, amount)
    if isinstance(value, Decimal):
        return decimal_text(value).replace(".", ",") + " %"
    return str(value) if codes()[code].kind == "count" else pesos(value)


def input_error(code: int) -> str | None:
    """Why a person may not enter this código (one line in Spanish), or None when they may."""
    known = codes().get(code)
    if known is None:
        return f"El código {code} no existe en el F29: revise el número."
    if known.source == "form":
        return f"El código {code} ({known.glosa}) es la tasa del formulario: edítela en su campo."
    if known.source == "computed":
        return f"El código {code} ({known.glosa}) se calcula solo: ingrese los códigos que lo componen."
    return None
