"""Tax months, ``YYYY-MM``, as Santiago's calendar has them."""

import re
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

SANTIAGO = ZoneInfo("America/Santiago")


def first_day(period: object) -> date:
    """First day of a period. Raises ValueError (Spanish) unless it is a ``YYYY-MM`` of this century."""
    text = str(period or "")
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text):
        raise ValueError(f"Período «{text}» no válido: use AAAA-MM, por ejemplo 2026-08.")
    return date(int(text[:4]), int(text[5:]), 1)


def first_moment(period: object) -> datetime:
    """Midnight of a period's first day: what a file says of when it was made, where it must not tell the clock.
    (xlsxwriter takes a date for no moment at all, and writes its own.)"""
    return datetime.combine(first_day(period), datetime.min.time())


def shift(period: str, months: int) -> str:
    """The period ``months`` later (negative: earlier)."""
    first = first_day(period)
    index = first.year * 12 + first.month - 1 + months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def month_bounds(period: str) -> tuple[date, date]:
    """First day of the period and first day of the next one (half-open)."""
    return first_day(period), first_day(shift(period, 1))


def last_day(period: str) -> date:
    """Last day of the period."""
    return month_bounds(period)[1] - timedelta(days=1)


def today_in_santiago(utc_now: datetime) -> date:
    """Calendar day in Santiago at a naive UTC moment (what Odoo keeps)."""
    return utc_now.replace(tzinfo=timezone.utc).astimezone(SANTIAGO).date()


def require_ended(period: object, today: date) -> None:
    """Raise ValueError (Spanish) when the month of the period has not ended on ``today``."""
    first = first_day(period)
    end = month_bounds(f"{first:%Y-%m}")[1]
    if today < end:
        raise ValueError(f"El período {period} aún no termina: se puede calcular desde el {end:%d-%m-%Y}.")


def utm_is_published(month: str, today: date) -> bool:
    """Whether the SII has published a month's UTM for certain: from the 25th of the month before.

    The UTM of a month follows the IPC of two months earlier (INE, in the first days of the month between), and the
    SII's circulars with the next month's UTM bear dates up to the 25th (N° 30 of 21-04-2020, N° 18 of 25-02-2010).
    """
    return today >= first_day(shift(month, -1)).replace(day=25)


def last_day_until(period: str, today: date) -> date:
    """Last day of the period, or ``today`` while the period is running."""
    return max(first_day(period), min(last_day(period), today))
