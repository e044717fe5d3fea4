"""A month compared with the SII's register, as it is handed on: rows, CSV. Without a clock: the same comparison gives
the same bytes."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .codes import glosa
from .reconcile import Difference
from .rut import is_person

KINDS = {
    "amount": "Otro monto",
    "only_sii": "Solo en el SII",
    "only_odoo": "Solo en Odoo",
    "other_period": "De otro mes",
}
SIDES = {"sale": "venta", "purchase": "compra"}
COLUMNS = ("parte", "codigo", "tipo", "folio", "rut", "odoo", "sii", "diferencia", "detalle")
# what core.reconcile says of a purchase's days to claim is another sentence each morning
_DAYS_LEFT = re.compile(r" \(quedan? \d+ días? para reclamar\)|, con el plazo de reclamo vencido")


class Code(NamedTuple):
    """A código from both sides: whole pesos or documents."""

    code: int
    odoo: int
    sii: int


class Row(NamedTuple):
    """A document that differs. ``odoo``, ``sii``: its total in whole pesos, None where it is not; ``name``, ``rut``: of
    the counterpart, "" for whom they are not meant."""

    kind: str
    direction: str
    type: str
    folio: str
    rut: str
    name: str
    odoo: int | None
    sii: int | None
    cause: str


@dataclass(frozen=True)
class Comparison:
    """A month's last comparison, its rows in an order of their own."""

    period: str
    company: str
    rut: str
    certified: bool
    certificate: str
    equal: int
    codes: Sequence[Code]
    rows: Sequence[Row]


def shown(row: Row, *, to_accountants: bool) -> Row:
    """The row as a reader may see it: who is no accountant gets no name, and no RUT of a natural person. Type, folio
    and side tell the document well enough (Ley 19.628, as Ley 21.719 changed it: no more than the purpose needs)."""
    row = row._replace(cause=_DAYS_LEFT.sub("", row.cause))
    if to_accountants:
        return row
    return row._replace(name="", rut="" if is_person(row.rut) else row.rut)


def without_names(difference: Difference) -> Difference:
    """The same of an answer of ``reconcile``, for who is no accountant."""
    return {**difference, "name": "", "rut": "" if is_person(difference["rut"]) else difference["rut"]}


def to_csv(comparison: Comparison) -> str:
    """``parte,codigo,tipo,folio,rut,odoo,sii,diferencia,detalle``: the certificate, each código, each document."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    said = "certificado" if comparison.certified else "no certificado"
    writer.writerow((said, "", "", "", "", "", "", "", " ".join(comparison.certificate.split())))
    for one in comparison.codes:
        writer.writerow(("código", one.code, "", "", "", one.odoo, one.sii, one.odoo - one.sii, glosa(one.code)))
    for row in comparison.rows:
        writer.writerow(
            (
                SIDES.get(row.direction, row.direction),
                *("", row.type, row.folio, row.rut),
                *("" if amount is None else amount for amount in (row.odoo, row.sii)),
                (row.odoo or 0) - (row.sii or 0),
                f"{KINDS[row.kind]}. {row.cause}",
            )
        )
    return out.getvalue()
