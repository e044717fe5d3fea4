"""Figures and dates as a Chilean reads them."""

from datetime import date

from ofitec.notify import spanish


def test_pesos() -> None:
    assert [spanish.pesos(n) for n in (0, 999, 1234567, -5000)] == ["$0", "$999", "$1.234.567", "-$5.000"]


def test_dates_and_rut() -> None:
    assert spanish.long_date(date(2026, 9, 21)) == "lunes 21 de septiembre de 2026"
    assert spanish.month("2026-08") == "agosto de 2026"
    assert spanish.rut("76123456-0") == "76.123.456-0"
    assert spanish.rut("7654321-6") == "7.654.321-6"
