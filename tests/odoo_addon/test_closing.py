"""The closing entry's lines, without Odoo."""

import random
from decimal import Decimal

from core import closing, formulas
from core.codes import codes

from .test_formulas import EXAMPLE_A

ACCOUNTS = {purpose: number for number, purpose in enumerate(closing.PURPOSES, start=1000)}
SALES, PURCHASES, ASSETS, FEES = 1, 2, 3, 4
BOOKED_A = [
    *(closing.Booked(502, SALES, -228000, False), closing.Booked(111, SALES, -19001, False)),
    *(closing.Booked(513, SALES, -1900, False), closing.Booked(510, SALES, 19000, False)),
    *(closing.Booked(520, PURCHASES, 76000, False), closing.Booked(525, ASSETS, 57000, False)),
    *(closing.Booked(528, PURCHASES, -9500, False), closing.Booked(535, PURCHASES, 152000, False)),
    closing.Booked(151, FEES, -29000, False),
]


def balances(lines: list[closing.Line]) -> dict[int, int]:
    """Account -> balance."""
    sums: dict[int, int] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, 0) + line.balance
    return {account: balance for account, balance in sums.items() if balance}


def entry(values: dict[int, int], booked: list[closing.Booked], **changes: int) -> list[closing.Line]:
    month = closing.Month(
        casillas=values,
        total=changes.get("total", values[91]),
        remanente=changes.get("remanente", values[77]),
        booked=booked,
        manual={},
        readjustment=changes.get("readjustment", 0),
    )
    return closing.lines(month, ACCOUNTS.__getitem__)


def test_worked_example_clears_its_accounts() -> None:
    values = formulas.compute(EXAMPLE_A, {}, {}, Decimal("0.25")).values
    lines = entry(values, BOOKED_A)
    assert balances(lines) == {
        SALES: 229901,
        PURCHASES: -218500,
        ASSETS: -57000,
        FEES: 29000,
        ACCOUNTS["remanente"]: 45599,
        ACCOUNTS["ppm"]: 3775,
        ACCOUNTS["payable"]: -32775,
    }
    assert {line.code for line in lines} == {502, 111, 513, 510, 520, 525, 528, 535, 77, 151, 62, 91}


def test_the_effects_are_those_of_the_formulas() -> None:
    chance = random.Random(547)
    ways = [code for code, known in codes().items() if known.source in ("ledger", "input") and known.kind == "amount"]
    for _ in range(2000):
        given = {code: chance.randrange(10**6) for code in chance.sample(ways, chance.randrange(1, 40))}
        given[558] = 0  # more given back than was advanced: the form cuts that off, and says so
        carried = {code: chance.randrange(10**6) for code in (504, 508, 557, 722)}
        form = formulas.compute(given, {}, carried, Decimal(chance.randrange(500)) / 100)
        assert sum(sign * form.values.get(code, 0) for code, sign in closing.EFFECTS.items()) == form.values[547]
        lines = entry(form.values, [])
        assert sum(line.balance for line in lines) == 0
        negative = -min(form.values[547], 0)
        assert balances([line for line in lines if line.code == 0]).get(ACCOUNTS["differences"], 0) == negative


def test_readjustment_has_its_own_account() -> None:
    values = formulas.compute({502: 300000}, {}, {504: 190935}, Decimal(0)).values
    lines = entry(values, [closing.Booked(502, SALES, -300000, False)], readjustment=935)
    assert balances(lines) == {
        SALES: 300000,
        ACCOUNTS["remanente"]: -190000,
        ACCOUNTS["readjustment"]: -935,
        ACCOUNTS["payable"]: -109065,
    }


def test_common_use_and_what_was_filed_otherwise_go_to_the_differences() -> None:
    values = formulas.compute({502: 300000, 520: 45600}, {}, {}, Decimal(0)).values
    booked = [closing.Booked(502, SALES, -300000, False), closing.Booked(520, ASSETS, 76000, True)]
    lines = entry(values, booked)
    assert balances(lines)[ASSETS] == -76000
    assert balances(lines)[ACCOUNTS["differences"]] == 30400
    assert any("uso común" in line.label and "520" in line.label for line in lines)
    lines = entry(values, booked, total=values[91] + 1, remanente=5)
    assert balances(lines)[ACCOUNTS["payable"]] == -254401
    assert balances(lines)[ACCOUNTS["differences"]] == 30400 + 1 - 5


def test_manual_amounts_go_to_the_account_of_their_kind() -> None:
    values = formulas.compute({48: 50000, 759: 1900, 721: 100, 593: 7}, {}, {}, Decimal(0)).values
    sums = balances(entry(values, []))
    assert sums[ACCOUNTS["payroll"]] == 50000
    assert sums[ACCOUNTS["debits"]] == 1900
    assert sums[ACCOUNTS["remanente"]] == 7
    assert sums[ACCOUNTS["payable"]] == -51907
    assert ACCOUNTS["training"] not in sums  # no PPM to take it from: it stays where it is


def test_a_rectification_books_the_difference_only() -> None:
    first = entry(
        formulas.compute({502: 300000}, {}, {}, Decimal(0)).values, [closing.Booked(502, SALES, -300000, False)]
    )
    before = [(line.code, line.account, line.balance) for line in first]
    assert closing.less(first, before) == []
    booked = [closing.Booked(502, SALES, -300000, False), closing.Booked(520, PURCHASES, 19000, False)]
    second = entry(formulas.compute({502: 300000, 520: 19000}, {}, {}, Decimal(0)).values, booked)
    rest = closing.less(second, before)
    assert [(line.code, line.account, line.balance) for line in rest] == [
        (520, PURCHASES, -19000),
        (91, ACCOUNTS["payable"], 19000),
    ]
    back = closing.less(first, [(line.code, line.account, line.balance) for line in second])
    assert balances(back) == {PURCHASES: 19000, ACCOUNTS["payable"]: -19000}
