"""How a Chilean reads figures and dates."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from stdnum.cl import rut as stdnum_rut

_LOCALE = "es_CL"


def pesos(amount: int) -> str:
    """Whole pesos: 1234567 gives "$1.234.567", -5 gives "-$5"."""
    return ("-" if amount < 0 else "") + format_currency(abs(amount), "CLP", locale=_LOCALE)


def number(value: float) -> str:
    """A count or a rate: 1234 gives "1.234", 0.25 gives "0,25"."""
    return format_decimal(value, locale=_LOCALE)


def long_date(day: date) -> str:
    """2026-09-21 gives "lunes 21 de septiembre de 2026"."""
    return format_date(day, "EEEE d 'de' MMMM 'de' y", locale=_LOCALE)


def month(period: str) -> str:
    """ "2026-08" gives "agosto de 2026"."""
    return format_date(date.fromisoformat(f"{period}-01"), "MMMM 'de' y", locale=_LOCALE)


def rut(text: str) -> str:
    """ "76123456-0" gives "76.123.456-0"."""
    return str(stdnum_rut.format(text))
