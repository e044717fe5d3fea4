"""The closing entry of a form: from its códigos and the accounts of its documents to balanced lines, without Odoo.

What the month's documents left on the accounts of their taxes is taken off them, código by código, and goes to the
Treasury's payable (91), to the remanente (77) and to the PPM paid in advance (62).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .codes import codes, glosa
from .formulas import CREDITS, DEBITS, FRONT, ILA_CREDITS, ILA_DEBITS, TOTAL, WITHHOLDING

TOTAL_TO_PAY, REMANENTE, CARRIED = 91, 77, 504
# Purposes of the accounts that no document names -> their code in Odoo's Chilean chart, the same on 16.0 and 19.0.
PURPOSES = {
    "payable": "210760",
    "debits": "210710",
    "credits": "110710",
    "remanente": "110720",
    "payroll": "210730",
    "withheld": "210740",
    "subject_change": "210715",
    "ppm": "110740",
    "training": "110750",
    "readjustment": "410200",
    "differences": "420220",
}
# What each código that is no total adds to 547 (formulas.py with its totals worked out): 89 = DEBITS - CREDITS + 77,
# 506 = ILA_DEBITS - ILA_CREDITS + 507, 598 = 556 + 557 - 558 - 573, 723 = 721 + 722 - 724.
EFFECTS: Mapping[int, int] = {
    **DEBITS,
    **{code: -sign for code, sign in CREDITS.items()},
    REMANENTE: 1,
    **{code: sign for code, sign in FRONT.items() if code not in (89, 723)},
    **{721: -1, 722: -1, 724: 1},
    **ILA_DEBITS,
    **{code: -sign for code, sign in ILA_CREDITS.items()},
    507: 1,
    **{556: -1, 557: -1, 558: 1, 573: 1},
    **WITHHOLDING,
    **{code: sign for code, sign in TOTAL.items() if code not in (595, 506, 598, 596)},
}
# A refund asked for is part of the remanente until it is paid.
_PURPOSE_OF_CODE = {
    **dict.fromkeys((CARRIED, REMANENTE, 507, 508, 556, 557, 558, 573, 593, 594, 592, 539, 718, 790, 164), "remanente"),
    **{48: "payroll", 721: "training", 722: "training", 724: "training"},
}
_PURPOSE_OF_SECTION = {
    section: section for section in ("debits", "credits", "withheld", "ppm", "subject_change")
}  # the same words


class Booked(NamedTuple):
    """What the month's documents left on one account for one código. ``balance``: whole pesos, debit positive;
    ``shared``: of IVA of common use, of which the form takes a part."""

    code: int
    account: int
    balance: int
    shared: bool


class Line(NamedTuple):
    """One line of the entry. ``code``: its código, 0 for a difference of the whole; ``balance``: debit positive."""

    code: int
    account: int
    balance: int
    label: str


@dataclass(frozen=True)
class Month:
    """What a form closes with. ``casillas``: código -> whole pesos; ``total`` and ``remanente``: 91 and 77, as filed
    once they are; ``manual``: what a person added to códigos of the ledger; ``readjustment``: the part of 504 that is
    above the 77 it comes from."""

    casillas: Mapping[int, int]
    total: int
    remanente: int
    booked: Sequence[Booked]
    manual: Mapping[int, int]
    readjustment: int


def purpose_of(code: int) -> str:
    """The purpose of the account of a código's amount that no document holds."""
    section = codes()[code].section
    return _PURPOSE_OF_CODE.get(code) or _PURPOSE_OF_SECTION.get(section, "differences")


def lines(month: Month, account_of: Callable[[str], int]) -> list[Line]:
    """The lines of the entry, balanced to the peso, in the form's order. ``account_of``: purpose -> account id."""
    found: list[Line] = []
    booked = defaultdict(list)
    for one in month.booked:
        booked[one.code].append(one)
    for code in sorted(EFFECTS, key=lambda code: codes()[code].sequence):
        found += _lines_of_code(month, code, booked[code], account_of)
    if month.total:
        found.append(Line(TOTAL_TO_PAY, account_of("payable"), -month.total, _label(TOTAL_TO_PAY)))
    rest = -sum(line.balance for line in found)
    if rest:
        found.append(Line(0, account_of("differences"), rest, "Diferencia entre lo declarado y los códigos"))
    return found


def _lines_of_code(month: Month, code: int, booked: Sequence[Booked], account_of: Callable[[str], int]) -> list[Line]:
    figure = month.remanente if code == REMANENTE else month.casillas.get(code, 0)
    found = [Line(code, one.account, -one.balance, _label(code)) for one in booked if one.balance]
    rest = EFFECTS[code] * figure - sum(line.balance for line in found)
    if code == CARRIED and month.readjustment and rest:
        found.append(
            Line(code, account_of("readjustment"), -month.readjustment, f"{code} Reajuste del remanente por UTM")
        )
        rest += month.readjustment
    by_hand = rest
    if codes()[code].source == "ledger":
        by_hand = EFFECTS[code] * month.manual.get(code, 0)
        if rest != by_hand:
            shared = any(one.shared for one in booked)
            why = "IVA de uso común sin derecho a crédito" if shared else "diferencia con los asientos"
            found.append(Line(code, account_of("differences"), rest - by_hand, f"{code} {why}"))
    if by_hand:
        found.append(Line(code, account_of(purpose_of(code)), by_hand, _label(code)))
    return found


def _label(code: int) -> str:
    return f"{code} {glosa(code)}"


def less(target: Iterable[Line], before: Iterable[tuple[int, int, int]]) -> list[Line]:
    """What is left of ``target`` when (código, account, balance) of ``before`` is booked already."""
    labels: dict[tuple[int, int], str] = {}
    rest: dict[tuple[int, int], int] = {}
    for line in target:
        labels.setdefault((line.code, line.account), line.label)
        rest[line.code, line.account] = rest.get((line.code, line.account), 0) + line.balance
    for code, account, balance in before:
        labels.setdefault((code, account), _label(code) if code in codes() else "Diferencia")
        rest[code, account] = rest.get((code, account), 0) - balance
    return [Line(code, account, balance, labels[code, account]) for (code, account), balance in rest.items() if balance]
