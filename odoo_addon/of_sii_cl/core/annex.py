"""The annexes of a form: its books of sales, purchases and fees, and its códigos with what adds up to each.

The rows are the form's own documents; nothing is computed from a rate. Amounts are in the sense of each register:
positive for credit notes too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .codes import codes
from .formulas import CREDITS
from .pesos import half_up

FEES = 151
FEE_TYPES = ("70", "71")
NOT_OFFICIAL = "Anexo de trabajo: no es un formulario oficial del SII."


@dataclass(frozen=True)
class Document:
    """One document of the month. ``date``: YYYY-MM-DD; whole pesos; ``amounts``: código -> what the document gave to
    it, 1 for a count, with decimals where a share of common use is not rounded yet."""

    direction: str
    type: str
    folio: str
    date: str
    rut: str
    name: str
    exempt: int
    net: int
    iva: int
    total: int
    amounts: Mapping[int, float]

    @property
    def is_fee(self) -> bool:
        return self.direction == "purchase" and self.type in FEE_TYPES

    def amount_of(self, wanted: Iterable[int]) -> int:
        """Whole pesos that the document gave to these códigos together."""
        return half_up(sum((Decimal(str(self.amounts[code])) for code in wanted if code in self.amounts), Decimal(0)))

    @property
    def credit(self) -> int:
        """The part of the IVA that is crédito fiscal, of a credit note the part that takes it back."""
        return self.amount_of(CREDITS)

    @property
    def withheld(self) -> int:
        """The withholding of a fee receipt (151)."""
        return self.amount_of((FEES,))

    @property
    def fed(self) -> str:
        """The códigos that the document feeds: ``502, 503, 563``."""
        return ", ".join(str(code) for code in sorted(self.amounts))


class TypeTotal(NamedTuple):
    """The documents of one type in a book, in whole pesos."""

    type: str
    documents: int
    exempt: int
    net: int
    iva: int
    credit: int
    withheld: int
    total: int


@dataclass(frozen=True)
class Book:
    """One register of the month. ``key``: sales, purchases or fees."""

    key: str
    title: str
    documents: Sequence[Document]

    def types(self) -> list[TypeTotal]:
        """One row a document type."""
        found = defaultdict(list)
        for document in self.documents:
            found[document.type].append(document)
        return [
            TypeTotal(
                type_,
                len(rows),
                *(
                    sum(getattr(row, name) for row in rows)
                    for name in ("exempt", "net", "iva", "credit", "withheld", "total")
                ),
            )
            for type_, rows in sorted(found.items())
        ]


class Part(NamedTuple):
    """What adds up to a código: the documents of a type, or something else with its label. ``documents``: how many."""

    code: int
    type: str
    label: str
    documents: int
    amount: int


def books(documents: Iterable[Document]) -> list[Book]:
    """The three books, each by document type and folio."""
    rows = sorted(documents, key=lambda row: (row.type.zfill(4), row.folio.zfill(12), row.rut))
    fees = [row for row in rows if row.is_fee]
    return [
        Book("sales", "Libro de ventas", [row for row in rows if row.direction == "sale"]),
        Book("purchases", "Libro de compras", [row for row in rows if row.direction == "purchase" and not row.is_fee]),
        Book("fees", "Honorarios", fees),
    ]


def parts(
    documents: Iterable[Document], others: Iterable[tuple[int, str, int]], casillas: Mapping[int, int]
) -> list[Part]:
    """What adds up to each código that documents or people feed, in the form's order; each código's parts give the
    form's amount. ``others``: (código, label, whole pesos) of what is no document."""
    amounts: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    counted: dict[tuple[int, str], int] = defaultdict(int)
    for document in documents:
        for code, amount in document.amounts.items():
            amounts[code, document.type] += Decimal(str(amount))
            counted[code, document.type] += 1
    found = [
        Part(code, type_, "", counted[code, type_], half_up(amount))
        for (code, type_), amount in sorted(amounts.items())
    ]
    found += [Part(code, "", label, 0, amount) for code, label, amount in others]
    known = codes()
    for code in {part.code for part in found} & set(casillas):
        rest = casillas[code] - sum(part.amount for part in found if part.code == code)
        if rest:
            found.append(Part(code, "", "Redondeo", 0, rest))
    return sorted(found, key=lambda part: known[part.code].sequence)
