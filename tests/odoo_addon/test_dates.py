"""Periods, due dates and holidays."""

import csv
from datetime import date, datetime

import holidays
import pytest
from core import period as periods
from core.due_date import due_date

from .conftest import ADDON

SHIPPED_YEARS = range(2025, 2036)


def shipped_holidays() -> dict[date, str]:
    with (ADDON / "of_sii_cl/data/of.sii.holiday.csv").open(encoding="utf-8", newline="") as table:
        return {date.fromisoformat(row["date"]): row["name"] for row in csv.DictReader(table)}


def test_shipped_holidays_are_those_of_the_library() -> None:
    assert shipped_holidays() == dict(holidays.country_holidays("CL", years=SHIPPED_YEARS, language="es"))


@pytest.mark.parametrize(
    ("period", "day", "has_payment", "expected"),
    [
        ("2026-06", 20, True, date(2026, 7, 20)),
        ("2026-08", 20, True, date(2026, 9, 21)),  # the 20th is a Sunday
        ("2026-08", 12, True, date(2026, 9, 14)),  # Saturday
        ("2026-09", 12, True, date(2026, 10, 13)),  # Monday, Meeting of Two Worlds
        ("2026-12", 20, True, date(2027, 1, 20)),
        ("2027-02", 28, True, date(2027, 3, 29)),
        ("2026-07", 20, False, date(2026, 8, 28)),
        ("2027-01", 20, False, date(2027, 2, 28)),  # a Sunday: without payment it does not roll
    ],
)
def test_due_date(period: str, day: int, has_payment: bool, expected: date) -> None:
    assert due_date(period, day, has_payment, shipped_holidays()) == expected


def test_31_december_is_no_business_day() -> None:
    assert due_date("2026-11", 31, True, {date(2027, 1, 1)}) == date(2027, 1, 4)


@pytest.mark.parametrize("period", ["2026-13", "2026-00", "2026-7", "26-07", "2026-07 ", "", None, "1999-12"])
def test_what_is_no_period(period: str | None) -> None:
    with pytest.raises(ValueError, match="AAAA-MM"):
        periods.first_day(period)


@pytest.mark.parametrize(("period", "months", "expected"), [("2026-01", -1, "2025-12"), ("2026-12", 1, "2027-01")])
def test_shift(period: str, months: int, expected: str) -> None:
    assert periods.shift(period, months) == expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        (datetime(2026, 9, 1, 3, 59), date(2026, 8, 31)),  # noqa: DTZ001 (Odoo keeps naive UTC)
        (datetime(2026, 9, 1, 4, 0), date(2026, 9, 1)),  # noqa: DTZ001
        (datetime(2026, 12, 1, 2, 59), date(2026, 11, 30)),  # noqa: DTZ001 (summer: UTC-3)
        (datetime(2026, 12, 1, 3, 0), date(2026, 12, 1)),  # noqa: DTZ001
    ],
)
def test_day_in_santiago(utc: datetime, expected: date) -> None:
    assert periods.today_in_santiago(utc) == expected


def test_running_month_is_refused() -> None:
    with pytest.raises(ValueError, match="01-09-2026"):
        periods.require_ended("2026-08", date(2026, 8, 31))
    periods.require_ended("2026-08", date(2026, 9, 1))
