"""Figures, dates and times as their reader writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ofitec import words
from ofitec.words import Words

ZONE = ZoneInfo("America/Santiago")
AT = datetime(2026, 11, 25, 1, 10, tzinfo=UTC)


def test_pesos() -> None:
    assert [words.pesos(n) for n in (0, 999, 1234567, -5000)] == ["$0", "$999", "$1.234.567", "-$5.000"]


def test_dates_and_rut() -> None:
    assert words.long_date(date(2026, 9, 21)) == "lunes 21 de septiembre de 2026"
    assert words.month("2026-08") == "agosto de 2026"
    assert words.moment(AT, ZONE) == "martes 24 de noviembre, 22:10"
    assert words.moment(AT, ZONE, year=True) == "martes 24 de noviembre de 2026, 22:10"
    assert words.rut("76123456-0") == "76.123.456-0"
    assert words.rut("7654321-6") == "7.654.321-6"


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [(1, "1 segundo"), (89, "89 segundos"), (250, "4 minutos"), (7200, "2 horas"), (8100, "2 horas y 15 minutos")],
)
def test_about_how_long(seconds: float, spelled: str) -> None:
    assert words.duration(seconds) == spelled


def test_counts_and_measures_have_a_decimal_comma_and_a_plural() -> None:
    assert [words.counted(n, "respaldo") for n in (0, 1, 1200)] == ["0 respaldos", "1 respaldo", "1.200 respaldos"]
    assert [words.days(n) for n in (1, 2)] == ["1 día", "2 días"]
    assert [words.seconds(n) for n in (0.04, 12.34, 1234)] == ["0 s", "12,3 s", "1.234 s"]
    assert [words.size(n) for n in (0, 850_000, 2_834_000_000)] == ["0 B", "850 kB", "2,8 GB"]


def test_the_board_writes_short_and_in_either_language() -> None:
    es, en = Words("es", ZONE), Words("en", ZONE)
    assert [w.moment(AT) for w in (es, en)] == ["24 nov, 22:10", "24 Nov, 22:10"]
    assert [w.month("2026-10") for w in (es, en)] == ["octubre de 2026", "October 2026"]
    assert [w.day(date(2026, 11, 20)) for w in (es, en)] == ["vie 20 nov", "Fri 20 Nov"]
    assert [w.days(1) for w in (es, en)] == ["1 día", "1 day"]
    assert [w.in_days(-3) for w in (es, en)] == ["hace 3 días", "3 days ago"]
    assert [w.span(34 * 60) for w in (es, en)] == ["34 minutos", "34 minutes"]
    assert [w.hours(88_200) for w in (es, en)] == ["24,5 h", "24.5 h"]
    assert [w.size(2_834_000_000) for w in (es, en)] == ["2,8 GB", "2.8 GB"]
    assert [w.count(1_834_210) for w in (es, en)] == ["1.834.210", "1,834,210"]
    assert [w.pesos(-5000) for w in (es, en)] == ["-$5.000", "-$5.000"], "pesos are Chile's in any language"
    assert [es.clock(n) for n in (12, 750, 3900)] == ["12 s", "12 min 30 s", "1 h 05 min"]
