"""Reading the add-on's answer, and RUTs."""

from typing import Any

import pytest

from ofitec.errors import InputError, PermanentError
from ofitec.f29.form import normal_rut, read_form
from tests.ofitec.f29.examples import example_a


@pytest.mark.parametrize("text", ["76.123.456-0", "76123456-0", "761234560", " 76.123.456-0 "])
def test_every_spelling_of_a_rut_becomes_one(text: str) -> None:
    assert normal_rut(text) == "76123456-0"


@pytest.mark.parametrize("text", ["76123456-1", "", "abc", "76123456"])
def test_a_wrong_rut_is_named(text: str) -> None:
    with pytest.raises(InputError, match="RUT"):
        normal_rut(text)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("casillas", {"538": 1}, "89"),
        ("casillas", None, "casillas"),
        ("casillas", {**example_a().casillas, "91": 32775.0}, "casillas.91"),
        ("casillas", {**example_a().casillas, "91": "32775"}, "casillas.91"),
        ("casillas", {**example_a().casillas, "115": 0.125}, "115"),
        ("casillas", {**example_a().casillas, "115": "x"}, "115"),
        ("period", "2026-13", "period"),
    ],
)
def test_an_answer_outside_the_contract_is_refused(field: str, value: Any, named: str) -> None:
    answer = example_a().model_dump(mode="json") | {field: value}
    with pytest.raises(PermanentError, match="upgrade the add-on") as refused:
        read_form(answer)
    assert named in str(refused.value)


def test_an_empty_answer_is_refused() -> None:
    with pytest.raises(PermanentError):
        read_form(None)
