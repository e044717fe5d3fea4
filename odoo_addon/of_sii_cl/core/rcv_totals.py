"""The register's summary by type of document, and its fee receipts."""

import re

from . import rcv_fields as fields
from .rcv_document import Document, Reader, beyond_header
from .rcv_fields import Refusal
from .rcv_layout import Layout

_IN_PARENTHESES = re.compile(r"\((\d{1,3})\)\s*$", re.ASCII)
_FEES = "71"  # electronic fee receipt


def _empty(line: int, direction: str, kind: str) -> Document:
    return Document(
        line=line, further_lines=(), direction=direction, type=kind, rut="", folio="", name="", date=None,
        received=None, accepted=None, claimed=None, nature="", exempt=0, net=0, vat=0, lost_vat=0, fixed_net=0,
        fixed_vat=0, common_vat=0, withheld=0, other_taxes=(), total=0, documents=1, cancelled=False,
        reference_type="", reference_folio="",
    )  # fmt: skip


class SummaryReader(Reader):
    """The month's sales by type: boletas (39, 41) and vouchers (48) are nowhere else."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.seen: dict[str, int] = {}

    def take(self, number: int, row: list[str]) -> Document | None:
        if beyond_header(row, self.layout):
            raise Refusal("La línea tiene más campos que el encabezado.")
        given = {name: row[place] for name, place in self.places.items()}
        label = given["type"].strip()
        if label.casefold().startswith("total") and not _IN_PARENTHESES.search(label):
            for name in ("exempt", "net", "vat", "total"):
                fields.amount(given[name])
            return None  # the sum of the others
        match = _IN_PARENTHESES.search(label)
        kind = fields.document_type(match[1] if match else label)
        if kind in self.seen:
            raise Refusal(f"El tipo {kind} ya está en la línea {self.seen[kind]}.")
        summary = _empty(number, "sale", kind)._replace(
            name=label,
            documents=fields.amount(given["documents"]),
            exempt=fields.amount(given["exempt"]),
            net=fields.amount(given["net"]),
            vat=fields.amount(given["vat"]),
            total=fields.amount(given["total"]),
        )
        self.seen[kind] = number
        return summary


class FeesReader(Reader):
    """Fee receipts received: gross (as net), withheld, paid (as total)."""

    def take(self, number: int, row: list[str]) -> Document | None:
        if beyond_header(row, self.layout):
            raise Refusal("La línea tiene más campos que el encabezado.")
        given = {name: row[place] for name, place in self.places.items()}
        if given["folio"].strip().casefold().startswith("total"):
            return None
        return _empty(number, "purchase", _FEES)._replace(
            rut=fields.rut(given["rut"]),
            folio=fields.number(given["folio"], "folio"),
            name=given["name"].strip(),
            date=fields.document_day(given["date"]),
            net=fields.amount(given["gross"]),
            withheld=fields.amount(given["withheld"]),
            total=fields.amount(given["total"]),
            cancelled=given["state"].strip().casefold().startswith(("anul", "nula")),
        )
