"""How figures, dates and times are written, one rule each: in Spanish in every message and sentence, and in the
reader's language on the board (`Words`). Plurals, names of months and signs of numbers are Babel's (Unicode CLDR).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit
from stdnum.cl import rut as stdnum_rut

SPANISH, ENGLISH = Locale("es", "CL"), Locale("en", "US")


def pesos(amount: int) -> str:
    """Whole pesos, as Chile writes them in any language: 1234567 gives "$1.234.567", -5 gives "-$5"."""
    return format_currency(amount, "CLP", "¤#,##0", locale=SPANISH, currency_digits=False)


def rut(text: str) -> str:
    """ "76123456-0" gives "76.123.456-0"."""
    return str(stdnum_rut.format(text))


def number(value: float, locale: Locale = SPANISH) -> str:
    """A count or a rate: 1234 gives "1.234", 0.25 gives "0,25"."""
    return format_decimal(value, locale=locale)


def counted(count: int, noun: str) -> str:
    """How many: 1 gives "1 respaldo", 1200 gives "1.200 respaldos".

    :param noun: Spanish, one whose plural takes an s
    """
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def month(period: str, locale: Locale = SPANISH) -> str:
    """ "2026-08" gives "agosto de 2026"."""
    return format_skeleton("yMMMM", date.fromisoformat(f"{period}-01"), locale=locale)


def long_date(day: date) -> str:
    """2026-09-21 gives "lunes 21 de septiembre de 2026"."""
    return format_date(day, "EEEE d 'de' MMMM 'de' y", locale=SPANISH)


def moment(at: datetime, zone: tzinfo, *, year: bool = False) -> str:
    """An aware moment as a clock there shows it: "martes 24 de noviembre, 22:10".

    :param year: "martes 24 de noviembre de 2026, 22:10", where it may be long past
    """
    day = "EEEE d 'de' MMMM" + (" 'de' y" if year else "")
    return format_datetime(at, f"{day}, HH:mm", tzinfo=zone, locale=SPANISH)


def days(count: int, locale: Locale = SPANISH) -> str:
    """1 gives "1 día", 3 gives "3 días"."""
    return format_unit(count, "duration-day", locale=locale)


def duration(seconds: float) -> str:
    """About how long: 8 gives "8 segundos", 250 gives "4 minutos", 8100 gives "2 horas y 15 minutos"."""
    if seconds < 90:
        return format_unit(round(seconds), "duration-second", locale=SPANISH)
    minutes = round(seconds / 60)
    if minutes < 90:
        return format_unit(minutes, "duration-minute", locale=SPANISH)
    hours, rest = divmod(minutes, 60)
    whole = format_unit(hours, "duration-hour", locale=SPANISH)
    return whole + (f" y {format_unit(rest, 'duration-minute', locale=SPANISH)}" if rest else "")


def seconds(value: float) -> str:
    """A measured step, to a tenth: 12.34 gives "12,3 s"."""
    return f"{number(round(value, 1))} s"


def size(count: int, locale: Locale = SPANISH) -> str:
    """Bytes: 2834000000 gives "2,8 GB" (decimal units, as restic and disks count)."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{number(round(value, 1 if unit in ('GB', 'TB') else 0), locale)} {unit}"


@dataclass(frozen=True)
class Words:
    """The board's words, short, in one language ("es" or "en") and one time zone."""

    lang: str
    zone: ZoneInfo

    pesos = staticmethod(pesos)
    rut = staticmethod(rut)

    @property
    def locale(self) -> Locale:
        return SPANISH if self.lang == "es" else ENGLISH

    def count(self, value: int) -> str:
        """1.834.210."""
        return number(value, self.locale)

    def size(self, count: int) -> str:
        """2,8 GB."""
        return size(count, self.locale)

    def month(self, period: str) -> str:
        """octubre de 2026."""
        return month(period, self.locale)

    def day(self, day: date) -> str:
        """vie 20 nov."""
        return format_date(day, "EEE d MMM", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """24 nov, 02:30."""
        return format_datetime(at, "d MMM, HH:mm", tzinfo=self.zone, locale=self.locale)

    def days(self, count: int) -> str:
        """3 días."""
        return days(count, self.locale)

    def in_days(self, count: int) -> str:
        """dentro de 2 días; hace 3 días; the page has its own words for today and tomorrow."""
        return format_timedelta(
            timedelta(days=count), granularity="day", threshold=1000, add_direction=True, locale=self.locale
        )

    def span(self, seconds: float) -> str:
        """9 horas, 12 minutos: one unit; minutes with seconds when short."""
        return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=self.locale)

    def clock(self, seconds: float) -> str:
        """12 min 30 s; 1 h 05 min."""
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            return f"{minutes // 60} h {minutes % 60:02d} min"
        return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

    def hours(self, seconds: float) -> str:
        """24,5 h."""
        return f"{number(round(seconds / 3600, 1), self.locale)} h"
