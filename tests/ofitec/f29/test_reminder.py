"""When people are reminded that a form is due, and of what."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from ofitec.f29.form import MissingInput
from ofitec.f29.reminder import build, is_due
from tests.ofitec.f29.examples import example_a

DUE = date(2026, 9, 21)


@pytest.mark.parametrize("left", [10, 7, 5, 4, 3, 2, 1, 0, -1, -7])
def test_days_of_reminding(left: int) -> None:
    assert is_due(example_a(), DUE - timedelta(days=left))


@pytest.mark.parametrize("left", [13, 11, 9, 8, 6])
def test_days_of_silence(left: int) -> None:
    assert not is_due(example_a(), DUE - timedelta(days=left))


@pytest.mark.parametrize(
    "changed", [{"status": "filed"}, {"status": "paid"}, {"due_date": None}, {"version": 2, "previous_total": 1}]
)
def test_what_is_filed_or_has_no_date_is_never_reminded_of(changed: dict[str, Any]) -> None:
    assert not is_due(example_a().model_copy(update=changed), DUE)


@pytest.mark.parametrize(
    ("status", "today", "expected"),
    [
        ("ready", date(2026, 9, 18), ["Falta declarar", "faltan 3 días", "falta aprobarlo"]),
        ("approved", DUE, ["Falta declarar", "(hoy)", "con su folio"]),
        ("approved", date(2026, 9, 23), ["Vencido sin declarar", "venció hace 2 días", "$32.775"]),
    ],
)
def test_it_says_what_is_left_to_do(status: str, today: date, expected: list[str]) -> None:
    form = example_a().model_copy(update={"status": status})
    form.missing_inputs = [MissingInput(code="48", glosa="Impuesto único", last=9)]
    text, blocks = build(form, today=today, odoo_url="https://odoo.example")
    shown = text + json.dumps(blocks, ensure_ascii=False)
    for words in (*expected, "Abrir el formulario en Odoo"):
        assert words in shown
    assert ("código 48" in shown) is (status == "ready")
