"""The tax period: one calendar month, written YYYY-MM."""

import re
from datetime import date, datetime
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from ofitec.errors import InputError
from ofitec.words import long_date

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
            raise InputError(f"El periodo {text!r} no es un mes: escríbalo como AAAA-MM, por ejemplo 2026-08.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The period that holds a day."""
        return cls(day.year, day.month)

    def before(self, months: int = 1) -> "Period":
        """The month so many months before; after, for a negative number."""
        year, month = divmod(self.year * 12 + self.month - 1 - months, 12)
        return Period(year, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def complete(today: date, count: int) -> list[Period]:
    """The last complete months, oldest first: on 2026-11-24, three of them are 2026-08, 2026-09 and 2026-10."""
    return [Period.of(today).before(age) for age in range(count, 0, -1)]


def resolve(text: str | None, now: datetime) -> Period:
    """The period to close: the one asked for, or the month before `now` in Santiago.

    :param text: "YYYY-MM", or None or "" for the default
    :param now: an aware moment: the run's own date, never the wall clock, so that a late retry closes the same month
    :raises InputError: if the text is no month, or the month has not ended yet in Santiago
    """
    current = Period.of(now.astimezone(SANTIAGO).date())
    if not text:
        return current.before()
    period = Period.parse(text)
    if period >= current:
        state = "todavía no termina" if period == current else "está en el futuro"
        raise InputError(
            f"El periodo {period} {state}: en Santiago es {long_date(now.astimezone(SANTIAGO))} y el último mes que se "
            f"puede declarar es {current.before()}."
        )
    return period
