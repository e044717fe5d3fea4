"""How a Chilean reads figures and dates."""

from datetime import date, datetime, tzinfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from stdnum.cl import rut as stdnum_rut

_LOCALE = "es_CL"


def pesos(amount: int) -> str:
    """Whole pesos: 1234567 gives "$1.234.567", -5 gives "-$5"."""
    return ("-" if amount < 0 else "") + format_currency(abs(amount), "CLP", locale=_LOCALE)


def number(value: int) -> str:
    """A count: 1234 gives "1.234"."""
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


def moment(at: datetime, zone: tzinfo) -> str:
    """An aware moment as a clock there shows it: "martes 24 de noviembre, 22:10"."""
    return format_datetime(at, "EEEE d 'de' MMMM, HH:mm", tzinfo=zone, locale=_LOCALE)


def duration(seconds: float) -> str:
    """About how long: 8 gives "8 segundos", 250 gives "4 minutos", 8100 gives "2 horas y 15 minutos"."""
    if seconds < 90:
        return _counted(round(seconds), "segundo")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _counted(minutes, "minuto")
    hours, rest = divmod(minutes, 60)
    return _counted(hours, "hora") + (f" y {_counted(rest, 'minuto')}" if rest else "")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" + ("" if count == 1 else "s")
