"""The códigos of the F29 that the SII's register gives, from its documents added up by section, type and nature.

It follows the add-on's map (``data/of.sii.f29.map.csv``), so that the same documents give the same códigos from either
side. Only REGISTRO of the purchases counts (SII FAQ 6972, 7009).
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from .pesos import half_up

CREDIT_NOTES = frozenset({"60", "61", "106", "112"})
DEBIT_NOTES = frozenset({"55", "56", "104", "111"})
EXEMPT = frozenset({"32", "34", "38", "41"})
EXPORTS = frozenset({"101", "104", "106", "110", "111", "112"})
RECEIVED_PURCHASE_INVOICES = frozenset({"29", "45", "46"})
# Types whose documents are in no detail of the register, only in its summary.
SUMMARISED = frozenset({"35", "38", "39", "41", "48"})
ELECTRONIC = frozenset({"33", "46", "56", "61"})
# código of the count and of the IVA, by type of document
SALES = {
    **dict.fromkeys(("30", "33"), (503, 502)),
    **dict.fromkeys(("35", "39"), (110, 111)),
    "48": (758, 759),
    **dict.fromkeys(("55", "56"), (512, 513)),
    **dict.fromkeys(("60", "61"), (509, 510)),
    **dict.fromkeys(("40", "43", "103"), (500, 501)),
}
OUT_OF_BUSINESS = {  # by nature and type
    **{("fixed", kind): (716, 717) for kind in ("30", "33", "35", "39", "55", "56")},
    **{("fixed", kind): (733, 734) for kind in ("60", "61")},
    **{("estate", kind): (763, 764) for kind in ("30", "33")},
}
PURCHASES = {
    **dict.fromkeys(("30", "33", "45", "46"), (519, 520)),
    **dict.fromkeys(("60", "61"), (527, 528)),
    **dict.fromkeys(("55", "56"), (531, 532)),
    "914": (534, 535),
}
FIXED_ASSETS = {"30": (524, 525), "33": (524, 525), "914": (536, 553)}
MARKET = {"30": (761, 762), "33": (761, 762)}
ILA = {"24": 577, "25": 32, "26": 150, "27": 146, "271": 752}  # CodImp -> código of the sale's own tax
WITHHELD, WITHHELD_BACK, FEES = 39, 736, 151
GIVEN_BY = {
    "sales": frozenset(
        {
            *(503, 502, 512, 513, 509, 510, 500, 501, 716, 717, 733, 734, 763, 764),
            *(515, 587, 586, 142, 585, 20, 563, 577, 32, 150, 146, 752, 545, 546),
        }
    ),
    "summary": frozenset({110, 111, 758, 759, 586, 142, 563}),
    "purchases": frozenset(
        {
            *(519, 520, 527, 528, 531, 532, 534, 535, 524, 525, 536, 553, 761, 762),
            *(564, 521, 566, 560, 584, 562, 511, 514, WITHHELD, WITHHELD_BACK),
        }
    ),
    "honorarios": frozenset({FEES}),
}
# Códigos of purchases by the kind of their IVA.
KINDS_OF_IVA = frozenset(
    {519, 520, 524, 525, 534, 535, 536, 553, 564, 521, 566, 560, 761, 762, 527, 528, 531, 532, 514}
)
# What the summary alone makes whole where there are boletas.
WITH_SUMMARY = frozenset({586, 142, 563})


class Total(NamedTuple):
    """Documents of one section, type and nature. Whole pesos, and counts of documents: ``taxed`` with IVA that is not
    of a fixed asset, ``fixed`` with such, ``lost`` with IVA without credit, ``credited`` with any that gives credit,
    ``untaxed`` with amounts and no IVA, ``zero`` without any amount."""

    section: str
    type: str
    nature: str
    documents: int
    taxed: int
    fixed: int
    lost: int
    credited: int
    untaxed: int
    zero: int
    exempt: int
    net: int
    vat: int
    fixed_vat: int
    common_vat: int
    lost_vat: int
    lost_net: int
    withheld: int


class OtherTotal(NamedTuple):
    """An other tax of one section and type, in whole pesos."""

    section: str
    type: str
    tax: str
    amount: int


def casillas(totals: Iterable[Total], others: Iterable[OtherTotal], factor: Decimal) -> dict[int, int]:
    """Código -> whole pesos or documents, without those that are zero. ``factor``: common use, from 0 to 1."""
    amounts: defaultdict[int, Decimal] = defaultdict(Decimal)
    for total in totals:
        if total.section in ("sales", "summary"):
            _add_sales(amounts, total)
        elif total.section == "purchases":
            _add_purchases(amounts, total, factor)
        elif total.section == "honorarios":
            amounts[FEES] += total.withheld
    for other in others:
        if other.section == "sales" and (code := _ila_code(other)):
            amounts[code] += other.amount
    return {code: value for code, amount in sorted(amounts.items()) if (value := half_up(amount))}


def _sign(kind: str) -> int:
    return -1 if kind in CREDIT_NOTES else 1


def _ila_code(other: OtherTotal) -> int | None:
    code = ILA.get(other.tax)
    if code and other.type in ("55", "56"):
        return 545
    return 546 if code and other.type in ("60", "61") else code


def _add_sales(amounts: defaultdict[int, Decimal], total: Total) -> None:
    kind, sign = total.type, _sign(total.type)
    amounts[563] += sign * (total.net + total.exempt)
    if kind in RECEIVED_PURCHASE_INVOICES:
        amounts[515] += total.documents
        amounts[587] += total.net + total.exempt
    elif kind in EXPORTS:
        amounts[585] += total.documents
        amounts[20] += sign * (total.net + total.exempt)
    elif kind in EXEMPT:
        amounts[586] += total.documents
        amounts[142] += total.net + total.exempt
    elif kind in SALES:
        count, amount = OUT_OF_BUSINESS.get((total.nature, kind), SALES[kind])
        amounts[count] += total.taxed + total.zero
        amounts[amount] += total.vat
        if kind != "48":
            amounts[142] += sign * total.exempt
        if kind in CREDIT_NOTES | DEBIT_NOTES:
            amounts[586] += total.untaxed


def _add_purchases(amounts: defaultdict[int, Decimal], total: Total, factor: Decimal) -> None:
    kind, sign = total.type, _sign(total.type)
    ordinary = total.vat - total.fixed_vat + total.common_vat * factor
    if kind in EXEMPT:
        amounts[584] += total.documents
        amounts[562] += total.net + total.exempt
    elif kind in PURCHASES:
        count, amount = MARKET[kind] if total.nature == "market" and kind in MARKET else PURCHASES[kind]
        if kind in FIXED_ASSETS:
            fixed_count, fixed_amount = FIXED_ASSETS[kind]
            amounts[count] += total.taxed + total.zero
            amounts[amount] += ordinary
            amounts[fixed_count] += total.fixed
            amounts[fixed_amount] += total.fixed_vat
        else:
            amounts[count] += total.credited + total.zero
            amounts[amount] += ordinary + total.fixed_vat
        lost_count, lost_net = (566, 560) if kind == "914" else (564, 521)
        amounts[lost_count] += total.lost
        amounts[lost_net] += sign * total.lost_net
        if kind in ("30", "33", *CREDIT_NOTES, *DEBIT_NOTES):
            amounts[562] += sign * total.exempt
        if kind in CREDIT_NOTES | DEBIT_NOTES:
            amounts[584] += total.untaxed
    if kind in ELECTRONIC:
        amounts[511] += sign * (ordinary + total.fixed_vat)
        amounts[514] += sign * (total.lost_vat + total.common_vat * (1 - factor))
    if kind in ("45", "46"):
        amounts[WITHHELD] += total.withheld
    elif kind in ("60", "61"):
        amounts[WITHHELD_BACK] += total.withheld
