"""Purchases and sales of the register (RCV): a line a document, and its further rows."""

from collections.abc import Mapping
from operator import itemgetter

from . import rcv_fields as fields
from .rcv_document import Document, OtherTax, Reader, beyond_header
from .rcv_fields import Refusal
from .rcv_layout import Layout

WITHHELD = "15"  # CodImp: IVA withheld in whole
PICKED = (
    *("type", "rut", "folio", "name", "date", "received", "accepted", "claimed", "nature", "exempt", "net", "vat"),
    *("total", "other_code", "withheld", "withheld_part", "reference_type", "reference_folio", "lost_vat"),
    *("fixed_net", "fixed_vat", "common_vat"),
)
_NATURES: Mapping[str, str] = {
    "supermercado": "market",
    "activo fijo": "fixed",
    "raices": "estate",
    "raíces": "estate",
    "uso comun": "common",
    "uso común": "common",
    "no recup": "lost",
    "incluir": "out",
}
_BY_NUMBER = {"2": "market", "3": "estate", "4": "fixed", "5": "common", "6": "lost", "7": "out"}  # FAQ 6988


def _nature(text: str) -> str:
    text = text.strip().casefold()
    if text in ("", "del giro"):
        return ""
    return _BY_NUMBER.get(text) or next((nature for words, nature in _NATURES.items() if words in text), "")


def _key(document: Document) -> tuple[str, str, str]:
    return document.type, document.rut, document.folio


class DetailReader(Reader):
    """Purchases and sales, a line a document and its further rows."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.sales = layout.section == "sales"
        self.held: Document | None = None
        self.held_row: list[str] = []
        self.numbered = False
        self.broken = False
        # where a file has no such column, the empty field behind the header's last
        self._pick = itemgetter(*(self.places.get(name, -1) for name in PICKED))

    def take(self, number: int, row: list[str]) -> Document | None:
        # as a rule a row ends with one empty field beyond the header's
        rest = [] if len(row) == self.layout.width + 1 and not row[-1] else beyond_header(row, self.layout)
        further = self.places["number"] >= 0 and not row[self.places["number"]].strip()
        if further and self._is_of_held(row):
            self._fold(number, row, rest)
            return None
        if further and self.numbered:
            raise Refusal("Es una fila adicional, sin número, y su documento no está en la línea anterior.")
        document = self._document(number, row, rest)
        held = self.held
        if held is not None and document.folio == held.folio and _key(document) == _key(held):
            self._fold_repeated(document)
            return None
        self.held, self.held_row, self.broken = document, row, False
        self.numbered = self.numbered or not further
        return held

    def last(self) -> Document | None:
        return self.held

    def after_refusal(self) -> None:
        self.broken = True

    def _is_of_held(self, row: list[str]) -> bool:
        """Whether a row without number belongs to the document above: it names the same one, or none."""
        if self.held is None:
            return False
        named = [row[self.places[name]].strip() for name in ("type", "rut", "folio")]
        if not any(named):
            return not self.broken
        of_row = fields.document_type(named[0]), fields.rut(named[1]), fields.number(named[2], "folio")
        return of_row == (self.held.type, self.held.rut, self.held.folio)

    def _fold(self, number: int, row: list[str], rest: list[str]) -> None:
        held = self.held
        assert held is not None
        for name, what in (("net", "neto"), ("vat", "IVA")):
            repeated = fields.amount(row[self.places[name]])
            if repeated and repeated != fields.amount(self.held_row[self.places[name]]):
                raise Refusal(f"La fila adicional dice otro {what} que su documento, el {held.type} N° {held.folio}.")
        others = self._other_taxes(row, rest)
        if not others:
            raise Refusal(f"La fila adicional del {held.type} N° {held.folio} no trae otro impuesto.")
        self._add_others(number, others)

    def _fold_repeated(self, again: Document) -> None:
        """A further row that has a number of its own: another tax of the same document with the same amounts."""
        held = self.held
        assert held is not None
        known = {tax.code for tax in held.other_taxes}
        new = bool(again.other_taxes) and not {tax.code for tax in again.other_taxes} & known
        if not new or (again.net, again.vat, again.total) != (held.net, held.vat, held.total):
            raise Refusal(f"El documento {held.type} N° {held.folio} de {held.rut} ya está en la línea {held.line}.")
        self._add_others(again.line, again.other_taxes)

    def _add_others(self, number: int, others: tuple[OtherTax, ...]) -> None:
        held = self.held
        assert held is not None
        withheld = 0 if self.sales else sum(tax.amount for tax in others if tax.code == WITHHELD)
        self.held = held._replace(
            further_lines=(*held.further_lines, number),
            other_taxes=held.other_taxes + others,
            withheld=held.withheld + withheld,
        )

    def _other_taxes(self, row: list[str], rest: list[str]) -> tuple[OtherTax, ...]:
        """Those of the header's columns, and of further code, amount and rate triples beyond them."""
        at = self.places["other_code"]
        if at < 0:
            if rest:
                raise Refusal("La línea tiene más campos que el encabezado.")
            return ()
        code = row[at].strip()
        found = [(code, row[self.places["other_amount"]])] if code and code != "0" else []
        found += [(rest[place].strip(), (rest[place + 1 : place + 2] or [""])[0]) for place in range(0, len(rest), 3)]
        return tuple(
            OtherTax(fields.number(code, "código de otro impuesto"), fields.amount(value)) for code, value in found
        )

    def _document(self, number: int, row: list[str], rest: list[str]) -> Document:
        """A row as a document. A register may have a million: only what is there is looked at."""
        amount, day = fields.amount, fields.day
        (
            kind,
            rut,
            folio,
            name,
            date,
            received,
            accepted,
            claimed,
            nature,
            exempt,
            net,
            vat_text,
            total,
            other_code,
            withheld_total,
            withheld_part,
            reference_type,
            reference_folio,
            lost,
            fixed_net,
            fixed_vat_text,
            common,
        ) = self._pick(row if not row[-1] else (*row[: self.layout.width], ""))
        others = self._other_taxes(row, rest) if rest or other_code else ()
        nature = _nature(nature) if nature != "Del Giro" else ""
        vat = amount(vat_text)
        fixed_vat = amount(fixed_vat_text) if fixed_vat_text else 0
        if nature == "fixed" and not fixed_vat and not self.sales:
            fixed_vat = vat
        if self.sales:
            withheld = amount(withheld_total) + amount(withheld_part)
        else:
            withheld = sum(tax.amount for tax in others if tax.code == WITHHELD) if others else 0
        return Document(
            number,
            (),
            "sale" if self.sales else "purchase",
            fields.document_type(kind),
            fields.rut(rut),
            fields.number(folio, "folio"),
            name.strip(),
            fields.document_day(date),
            day(received) if received else None,
            day(accepted) if accepted else None,
            day(claimed) if claimed else None,
            nature,
            amount(exempt) if exempt else 0,
            amount(net) if net else 0,
            # IVA of fixed assets is a part of the recoverable one; some files give it beside an empty one
            max(vat, fixed_vat) if fixed_vat else vat,
            amount(lost) if lost else 0,
            amount(fixed_net) if fixed_net else 0,
            fixed_vat,
            amount(common) if common else 0,
            withheld,
            others,
            amount(total),
            1,
            False,
            reference_type.strip().lstrip("0")[:3] if reference_type else "",
            reference_folio.strip().lstrip("0")[:18] if reference_folio else "",
        )
