"""The form's arithmetic, on forms known to the peso."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofitec.errors import PermanentError
from ofitec.f29.identities import broken, check
from tests.ofitec.f29.examples import EXAMPLE_A, FILED_201707, example_a


def test_known_forms_hold() -> None:
    assert broken(EXAMPLE_A, Decimal("0.25")) == []
    assert broken(FILED_201707, Decimal(0)) == []


@pytest.mark.parametrize(
    "code", ["538", "537", "77", "89", "62", "595", "547", "91", "502", "510", "528", "535", "151"]
)
def test_a_peso_too_much_anywhere_is_found(code: str) -> None:
    assert broken(EXAMPLE_A | {code: EXAMPLE_A[code] + 1}, Decimal("0.25"))


@pytest.mark.parametrize("code", ["514", "511", "521", "562", "503"])
def test_informative_codes_are_in_no_total(code: str) -> None:
    assert broken(EXAMPLE_A | {code: EXAMPLE_A[code] + 1}, Decimal("0.25")) == []


def test_the_refusal_names_both_figures() -> None:
    with pytest.raises(PermanentError, match=r"código 91 dice 32776 y sus líneas dan 32775"):
        check(example_a(c91=32776))


def test_a_suspended_ppm_is_zero_and_half_a_peso_rounds_up() -> None:
    zero = dict.fromkeys(("538", "537", "89", "77", "595", "547", "91"), 0)
    assert broken(zero | {"563": 1000, "30": 1}, Decimal("0.25")) == []
    assert broken(zero | {"563": 1000, "62": 3, "595": 3, "547": 3, "91": 3}, Decimal("0.25")) == []


amounts = st.integers(0, 10**10)


@given(debit=amounts, note=amounts, credit=amounts, withheld=amounts)
def test_any_form_built_from_its_lines_holds(debit: int, note: int, credit: int, withheld: int) -> None:
    determined = debit - note - credit
    payable = max(determined, 0) + withheld
    form = {
        **{"502": debit, "510": note, "538": debit - note, "520": credit, "537": credit, "151": withheld},
        **{"89": max(determined, 0), "77": max(-determined, 0), "595": payable, "547": payable, "91": payable},
    }
    assert broken(form, Decimal(0)) == []
