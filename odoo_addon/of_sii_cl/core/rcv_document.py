"""What one line of the SII's register (RCV) becomes, and what every reader of lines has in common."""

from abc import ABC, abstractmethod
from typing import NamedTuple

from .rcv_fields import Refusal
from .rcv_layout import Layout


class OtherTax(NamedTuple):
    """``code``: SII's CodImp; ``amount``: whole pesos."""

    code: str
    amount: int


class Document(NamedTuple):
    """One document of the register, or the total of a type where the file is the summary. Amounts in whole pesos, those
    of credit notes positive as the SII writes them.

    ``further_lines``: the other lines of the same document; ``direction``: sale or purchase; ``nature``: "" (of the
    business), market, fixed, estate, common, lost or out; ``vat``: recoverable IVA, that of fixed assets within it,
    that of common use (``common_vat``) not; ``lost_vat``: IVA without credit; ``withheld``: IVA or fee withheld;
    ``documents``: 1, in the summary how many; ``cancelled``: an annulled fee receipt. Dates: ``yyyy-mm-dd`` or None.
    """

    line: int
    further_lines: tuple[int, ...]
    direction: str
    type: str
    rut: str
    folio: str
    name: str
    date: str | None
    received: str | None
    accepted: str | None
    claimed: str | None
    nature: str
    exempt: int
    net: int
    vat: int
    lost_vat: int
    fixed_net: int
    fixed_vat: int
    common_vat: int
    withheld: int
    other_taxes: tuple[OtherTax, ...]
    total: int
    documents: int
    cancelled: bool
    reference_type: str
    reference_folio: str


def beyond_header(row: list[str], layout: Layout) -> list[str]:
    """The row's fields beyond the header's, without the empty ones at its end. Raises Refusal for too few fields."""
    if len(row) < layout.width:
        raise Refusal(f"La línea tiene {len(row)} campos y el encabezado {layout.width}: está cortada.")
    rest = row[layout.width :]
    while rest and not rest[-1].strip():
        rest.pop()
    return rest


class Reader(ABC):
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.places = layout.places

    @abstractmethod
    def take(self, number: int, row: list[str]) -> Document | None:
        """Take a line; a document that is whole by now, or None. Raises Refusal."""

    def last(self) -> Document | None:
        """The document that no line followed."""
        return None

    def after_refusal(self) -> None:  # noqa: B027 (a reader that keeps no line needs nothing)
        """A line was refused."""
