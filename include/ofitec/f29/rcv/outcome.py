"""How a month compares with the SII's register, as Odoo answers it: counts and sentences, no personal data."""

from collections import Counter
from typing import Any, Protocol

from pydantic import BaseModel

from ofitec.f29.form import Company
from ofitec.f29.rcv.files import Rejected

# sections that Odoo compares; the others only say why a document is not among them
_COMPARED = {"sales", "purchases", "summary", "honorarios"}
_NOTHING = "Todavía no hay registro de ventas ni de compras del SII en Odoo: no se puede conciliar."


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> Any: ...

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]: ...


class Register(BaseModel):
    """A section of the register as Odoo has it."""

    section: str
    file: str
    documents: int
    refused: list[int]  # numbers of the lines that were not read; their reasons name counterparts and stay in Odoo


class Outcome(BaseModel):
    """What people are told. The same month gives the same outcome, whenever it is compared."""

    registers: list[Register]
    rejected: list[Rejected]
    equal: int = 0
    counts: dict[str, int] = {}  # amount, only_sii, only_odoo, other_period: documents
    certified: bool = False
    certificate: str = _NOTHING

    @property
    def differing(self) -> int:
        """Documents that differ."""
        return sum(self.counts.values())


def compare(odoo: Odoo, company: Company, period: str, rejected: list[Rejected]) -> Outcome:
    """Have Odoo compare a month with what is loaded of the register.

    :param rejected: files that Odoo did not take in
    """
    found = odoo.search_read(
        "of.sii.rcv",
        [["company_id", "=", company.id], ["period", "=", period]],
        ["section", "filename", "documents", "refused"],
    )
    registers = [
        Register(
            section=row["section"],
            file=row["filename"],
            documents=row["documents"],
            refused=[line["line"] for line in row["refused"] or []],
        )
        for row in sorted(found, key=lambda row: str(row["section"]))
    ]
    if not _COMPARED & {register.section for register in registers}:
        return Outcome(registers=registers, rejected=rejected)
    answer = odoo.call("of.sii.f29", "reconcile", company.id, period)
    return Outcome(
        registers=registers,
        rejected=rejected,
        equal=answer["equal"],
        counts=dict(sorted(Counter(row["kind"] for row in answer["differences"]).items())),
        certified=answer["certified"],
        certificate=answer["certificate"],
    )
