"""Remanente in UTM, RUT, pesos, fee rates and códigos."""

from decimal import Decimal

import pytest
from core import codes, messages
from core.honorarios import is_withholding, rate_of
from core.pesos import half_up, pesos
from core.remanente import carry
from core.rut import normalize_rut


def test_carry_is_sii_s_own_example() -> None:
    assert carry(2500000, 43000, 43198) == 2511532  # FAQ 1926; without the two decimals it would be 2511512


@pytest.mark.parametrize(("remanente", "then", "now", "expected"), [(0, 70000, 70100, 0), (350, 70000, 70000, 700)])
def test_carry_rounds_twice_and_up(remanente: int, then: int, now: int, expected: int) -> None:
    assert carry(remanente, then, now) == expected


@pytest.mark.parametrize(("then", "now"), [(0, 70000), (70000, 0), (-1, 70000)])
def test_carry_needs_both_utm(then: int, now: int) -> None:
    with pytest.raises(ValueError, match="UTM"):
        carry(1, then, now)


@pytest.mark.parametrize("text", ["76123456-0", "76.123.456-0", "CL761234560", "cl 76.123.456-0", "076123456-0"])
def test_rut_in_any_spelling(text: str) -> None:
    assert normalize_rut(text) == "76123456-0"


def test_rut_with_k() -> None:
    assert normalize_rut("76.432.109-k") == "76432109-K"


@pytest.mark.parametrize("text", ["76123456-1", "", None, "K", "0-0", "123456789012", "B76123456", "76123456"])
def test_what_is_no_rut(text: str | None) -> None:
    with pytest.raises(ValueError, match="RUT"):
        normalize_rut(text)


@pytest.mark.parametrize(("value", "expected"), [("2.5", 3), ("2.49", 2), ("-2.5", -3), ("0", 0)])
def test_half_up(value: str, expected: int) -> None:
    assert half_up(Decimal(value)) == expected


@pytest.mark.parametrize(("amount", "text"), [(1234567, "$1.234.567"), (-950, "-$950"), (0, "$0")])
def test_pesos(amount: int, text: str) -> None:
    assert pesos(amount) == text


@pytest.mark.parametrize(("percent", "expected"), [("-15.25", True), ("-17", True), ("-19", False), ("15.25", False)])
def test_fee_withholding(percent: str, expected: bool) -> None:
    assert is_withholding(Decimal(percent)) is expected


def test_codes_are_whole() -> None:
    known = codes.codes()
    assert len(known) > 180
    assert set(codes.ALWAYS) <= set(known)
    for code in known.values():
        assert code.kind in ("count", "amount", "rate")
        assert code.source in ("ledger", "carry", "input", "form", "computed")
        assert code.glosa
    assert [code.code for code in known.values() if "rate" in (code.kind, code.source)] == [115]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        *[(538, "se calcula solo"), (543, "se calcula solo"), (9999, "no existe"), (115, "tasa del formulario")],
        *[(48, None), (504, None), (520, None), (508, None), (557, None), (722, None), (779, None)],
    ],
)
def test_what_a_person_may_enter(code: int, word: str | None) -> None:
    error = codes.input_error(code)
    assert (error is None) if word is None else word in (error or "")


@pytest.mark.parametrize(
    ("code", "amount", "text"),
    [(115, 0.25, "0,25 %"), (115, Decimal("3.000"), "3 %"), (503, 12.0, "12"), (502, -1234567.0, "-$1.234.567")],
)
def test_amount_as_a_person_reads_it(code: int, amount: float | Decimal, text: str) -> None:
    assert codes.amount_text(code, amount) == text


def test_fee_rate_of_each_year() -> None:
    assert [rate_of(year) for year in (2018, 2025, 2028, 2040)] == [
        Decimal(10),
        Decimal("14.5"),
        Decimal(17),
        Decimal(17),
    ]


def test_document_is_named_as_its_register_names_it() -> None:
    assert messages.document_label("33", "FAC 000123", "Aceros", None) == "33 N° 123 de Aceros"
    assert messages.document_label("", "BILL/2026/07/0001", "", None) == "BILL/2026/07/0001"


def test_long_lists_are_cut_and_their_figure_is_not() -> None:
    labels = [f"33 N° {number}" for number in range(1, 9)]
    one, other = messages.old_purchase(labels), messages.old_purchase([*labels[:-1], "33 N° 99"])
    assert "33 N° 5; y 3 más" in one["message"]
    assert (one["key"], one["message"]) == (other["key"], other["message"])
    assert one["figure"] != other["figure"]
    assert messages.old_purchase(list(reversed(labels)))["figure"] == one["figure"]
