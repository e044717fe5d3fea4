"""The form's identities on a really filed form and on the worked example."""

from decimal import Decimal

import pytest
from core import formulas
from core.codes import ALWAYS, SECTIONS, codes

# A form filed for 2017-07 (structure of a sample of fyntex/lib-cl-sii-python): what its taxpayer entered.
FILED_201707 = {
    **{502: 6588397, 520: 1481178, 528: 512805, 762: 12443, 511: 980816, 562: 17296416, 584: 10},
    **{48: 1409603, 151: 126666, 30: 723122062, 93: 224400, 795: 157080},
}
EXAMPLE_A = {
    **{503: 2, 502: 228000, 110: 1, 111: 19001, 512: 1, 513: 1900, 509: 1, 510: 19000, 586: 1, 142: 300000},
    **{519: 1, 520: 76000, 524: 1, 525: 57000, 527: 1, 528: 9500, 534: 1, 535: 152000},
    **{564: 1, 521: 20000, 584: 1, 562: 70000, 511: 123500, 514: 3800, 563: 1510003, 151: 29000},
}


def test_filed_form_recomputes() -> None:
    form = formulas.compute(FILED_201707, {}, {504: 17037344}, Decimal("0.25"))
    expected = {
        **{538: 6588397, 537: 18018160, 89: 0, 77: 11429763, 62: 0},
        **{595: 1536269, 547: 1536269, 91: 1536269, 94: 1603589},
    }
    assert {code: form.values[code] for code in expected} == expected


def test_worked_example() -> None:
    casillas = formulas.compute(EXAMPLE_A, {}, {}, Decimal("0.25")).casillas()
    totals = {
        115: Decimal("0.25"),
        538: 229901,
        537: 275500,
        89: 0,
        77: 45599,
        62: 3775,
        595: 32775,
        547: 32775,
        91: 32775,
    }
    assert casillas == {**EXAMPLE_A, **totals}
    assert list(casillas) == sorted(casillas)


def test_empty_form_still_has_its_totals() -> None:
    assert formulas.compute({}, {}, {}, Decimal(0)).casillas() == dict.fromkeys(sorted(ALWAYS), 0)


def test_broken_identities_are_found() -> None:
    casillas = formulas.compute(EXAMPLE_A, {}, {}, Decimal("0.25")).casillas()
    assert formulas.broken_identities(casillas, Decimal("0.25")) == {}
    casillas[537] += 3800  # IVA that gives no credit, taken as credit
    assert formulas.broken_identities(casillas, Decimal("0.25")) == {537: (279300, 275500)}


def test_totals_may_be_negative_and_keep_their_sign() -> None:
    form = formulas.compute({510: 1000, 528: 500}, {}, {}, Decimal(0))
    assert (form.values[538], form.values[537], form.values[89], form.values[77]) == (-1000, -500, 0, 500)


def test_other_codes_are_not_negative() -> None:
    form = formulas.compute({142: -5000, 563: -5000}, {}, {}, Decimal("0.25"))
    assert form.clamped == {142: -5000, 563: -5000}
    assert (form.values[142], form.values[62]) == (0, 0)


@pytest.mark.parametrize(
    ("base", "rate", "credit", "loss", "expected"),
    [
        (1510003, "0.25", 0, 0, 3775),
        (1000, "0.25", 0, 0, 3),  # 2,5: halves go up
        (999, "0.25", 0, 0, 2),
        (1000000, "0.125", 250, 0, 1000),
        (1000000, "0.125", 9999, 0, 0),
        (1000000, "0.125", 0, 1, 0),
    ],
)
def test_ppm(base: int, rate: str, credit: int, loss: int, expected: int) -> None:
    assert formulas.compute({563: base}, {68: credit, 30: loss}, {}, Decimal(rate)).values[62] == expected


def test_inputs_add_to_the_ledger_and_504_replaces_the_carried_credit() -> None:
    form = formulas.compute({502: 1000}, {502: -300, 504: 50}, {504: 999}, Decimal(0))
    assert (form.values[502], form.values[504], form.values[537]) == (700, 50, 50)


def test_advance_iva_is_used_up_to_the_iva_to_pay() -> None:
    form = formulas.compute({502: 1000}, {556: 1600, 558: 400}, {557: 300}, Decimal(0))
    assert (form.values[598], form.values[573], form.values[547]) == (1000, 500, 0)


def test_training_credit_is_used_up_to_the_ppm() -> None:
    form = formulas.compute({563: 100000}, {721: 200}, {722: 300}, Decimal("0.25"))
    assert (form.values[723], form.values[724], form.values[595]) == (250, 250, 0)
    form = formulas.compute({563: 100000}, {721: 500, 123: 60, 703: 40}, {}, Decimal("0.25"))
    assert (form.values[723], form.values[724], form.values[595]) == (350, 150, 0)


def test_withholding_of_subject_change_may_be_negative_but_what_is_paid_not() -> None:
    form = formulas.compute({736: 500}, {}, {}, Decimal(0))
    assert (form.values[596], form.values[547], form.values[91]) == (-500, -500, 0)


def test_additional_taxes() -> None:
    form = formulas.compute({577: 31500, 546: 6300}, {576: 10000}, {}, Decimal(0))
    assert (form.values[506], form.values[547]) == (15200, 15200)


def test_every_code_of_a_formula_is_known_and_used_once_as_given() -> None:
    tables = (
        formulas.DEBITS,
        formulas.CREDITS,
        formulas.ILA_DEBITS,
        formulas.ILA_CREDITS,
        formulas.FRONT,
        formulas.ADVANCE,
        formulas.WITHHOLDING,
        formulas.TOTAL,
        formulas.LATE,
    )
    used = [code for table in tables for code in table]
    assert len(used) == len(set(used))
    assert set(used) <= set(codes())


def test_every_remanente_is_carried_and_replaced_by_an_input() -> None:
    carried = {504: 1, 508: 20, 557: 300, 722: 4000}
    assert {code: formulas.compute({}, {}, carried, Decimal(0)).values[code] for code in carried} == carried
    assert formulas.compute({}, {508: 0, 722: 5}, carried, Decimal(0)).values[507] == 0


def test_codes_stand_in_the_order_of_the_form() -> None:
    known = list(codes().values())
    assert [row.sequence for row in known] == list(range(1, len(known) + 1))
    lines = [row.line for row in known if row.line]
    assert lines == sorted(lines)
    assert list(dict.fromkeys(row.section for row in known)) == list(SECTIONS)
