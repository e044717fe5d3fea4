"""A table of UTM values, as people have it."""

from datetime import date

import pytest
from core import utm
from core.period import shift, utm_is_published
from hypothesis import given
from hypothesis import strategies as st

NEWEST = "2027-01"


@pytest.mark.parametrize(
    "line",
    [
        *("2026-08,69542", "2026-08;69.542", "2026/08\t$69.542", "2026-8,69542.00", '2026-08,"69.542,00"'),
        *("08-2026;69.542,00", "8/2026;$ 69.542", "01-08-2026;69542", "2026-08-01,69542", "2026-08-01 00:00:00;69542"),
        *("Agosto\t69.542\t834.504\t110,02\t0,2", "agosto;69542", "AGOSTO 69.542 834.504 110,02 0,2 1,1 4,8"),
        *("ago-26;69.542", "ago.;69542", "Agosto de 2026;69.542", "agosto 2026 69.542", "Agosto | 69.542 |"),
        *("| Agosto | $69.542 |", '"Agosto","69.542"', "  Agosto\xa0 69.542  "),
    ],
)
def test_ways_to_write_a_month(line: str) -> None:
    table = utm.read(line, 2026, NEWEST)
    assert (table.values, table.refused) == ({"2026-08": 69542}, [])


def test_the_page_of_the_sii_pasted() -> None:
    page = "2026 UTM (1) UTA (2) Valor en puntos\n\nEnero 69.265 831.180 109,5 0,4\n\nFebrero 69.400 832.800\nMarzo\n"
    table = utm.read(page, 2026, NEWEST)
    assert (table.values, table.pending) == ({"2026-01": 69265, "2026-02": 69400}, ["2026-03"])
    assert table.refused == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("2026-13,69542", "siglo"),
        ("1999-08,69542", "siglo"),
        ("8/2/2026,69542", "no es un mes"),  # a month first, as in the United States, is not guessed
        ("agostino,69542", "no es un mes"),
        ("total,69542", "no es un mes"),
        ("2026-08,69,542", "no puede ser una UTM"),
        ("2026-08;69,542", "no es un monto"),
        ("2026-08;69.54", "no es un monto"),
        ("2026-08;834.504.000", "no puede ser una UTM"),
        ("2026-08;0", "no puede ser una UTM"),
        ("2026-08;-69.542", "no es un monto"),
        ("2027-02;69.542", "todavía"),
        ("(1) UTM = Unidad tributaria mensual", "no es un mes"),
    ],
)
def test_what_is_refused_is_named_with_its_line(line: str, word: str) -> None:
    table = utm.read(f"mes;valor\n\n2026-07;69.400\n{line}\n", 2026, NEWEST)
    assert [number for number, reason in table.refused] == [4]
    assert word in table.refused[0][1]


def test_a_month_twice() -> None:
    assert utm.read("2026-08,69542\nagosto;69.542", 2026, NEWEST).refused == []
    [(number, reason)] = utm.read("2026-08,69542\nagosto;69.543", 2026, NEWEST).refused
    assert (number, "otra línea" in reason) == (2, True)


@given(st.text(alphabet="0123456789.,;-/$ |\t\n\"'ñenroagst()", max_size=200))
def test_every_line_is_read_or_refused(text: str) -> None:
    table = utm.read(text, 2026, NEWEST)
    for month, value in table.values.items():
        assert month <= NEWEST
        assert utm.LEAST <= value <= utm.MOST
    numbers = [number for number, _ in table.refused]
    assert numbers == sorted(set(numbers))


def test_published_from_the_25th_of_the_month_before() -> None:
    assert not utm_is_published("2027-01", date(2026, 12, 24))
    assert utm_is_published("2027-01", date(2026, 12, 25))
    assert utm_is_published(shift("2027-01", -1), date(2026, 12, 1))
