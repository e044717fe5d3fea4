"""Last day to declare and pay (SII FAQ 1060, 4485, 4567, 1597, 0182, 1931, 5038)."""

from collections.abc import Collection
from datetime import date, timedelta

from .period import first_day, shift

DAY_WITHOUT_PAYMENT = 28


def due_date(
    period: str, payment_day: int, has_payment: bool, holidays: Collection[date], extended: date | None = None
) -> date:
    """Due date of a period's form.

    ``payment_day``: 12 (general) or 20 (electronic invoicer, by Internet). Nothing to pay: the 28th, not rolled (SII
    states the roll only for declarations with payment). Saturday, Sunday, holiday or 31 December: next business day.
    ``extended``: the date of the SII's own extension for such forms, which never brings the date forward.
    """
    legal = _legal(period, payment_day, has_payment, holidays)
    return max(legal, extended) if extended else legal


def _legal(period: str, payment_day: int, has_payment: bool, holidays: Collection[date]) -> date:
    first = first_day(shift(period, 1))
    if not has_payment:
        return first.replace(day=DAY_WITHOUT_PAYMENT)
    day = first.replace(day=payment_day)
    while day.weekday() >= 5 or day in holidays or (day.month, day.day) == (12, 31):
        day += timedelta(days=1)
    return day
