"""The tax period: one calendar month, written YYYY-MM."""

import re
from datetime import date, datetime
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from ofitec.errors import InputError

SANTIAGO = ZoneInfo("America/Santiago")


class Period(NamedTuple):
    """A month of the calendar, e.g. `Period(2026, 8)`; `str()` gives "2026-08"."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "YYYY-MM".

        :raises InputError: if the text is no month
        """
        match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text.strip())
        if not match:
            raise InputError(f"Period {text!r} is no month. Write it as YYYY-MM, for example 2026-08.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The period that holds a day."""
        return cls(day.year, day.month)

    def previous(self) -> "Period":
        """The month before."""
        return Period(self.year - 1, 12) if self.month == 1 else Period(self.year, self.month - 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def resolve(text: str | None, now: datetime) -> Period:
    """The period to close: the one asked for, or the month before `now` in Santiago.

    :param text: "YYYY-MM", or None or "" for the default
    :param now: an aware moment: the run's own date, never the wall clock, so that a late retry closes the same month
    :raises InputError: if the text is no month, or the month has not ended yet in Santiago
    """
    current = Period.of(now.astimezone(SANTIAGO).date())
    if not text:
        return current.previous()
    period = Period.parse(text)
    if period >= current:
        state = "is still running" if period == current else "is in the future"
        raise InputError(
            f"Period {period} {state}: in Santiago it is {now.astimezone(SANTIAGO):%Y-%m-%d}. "
            f"The last month that can be closed is {current.previous()}."
        )
    return period
