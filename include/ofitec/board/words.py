"""Figures and times as the reader's language writes them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal
from stdnum.cl import rut as stdnum_rut


@dataclass(frozen=True)
class Words:
    """Formats for one language ("es" or "en") and one time zone."""

    lang: str
    zone: ZoneInfo

    @property
    def locale(self) -> Locale:
        return Locale("es", "CL") if self.lang == "es" else Locale("en", "US")

    def moment(self, at: datetime) -> str:
        """24 nov, 02:30."""
        return format_datetime(at, "d MMM, HH:mm", tzinfo=self.zone, locale=self.locale)

    def day(self, day: date) -> str:
        """vie 20 nov."""
        return format_date(day, "EEE d MMM", locale=self.locale)

    def month(self, period: str) -> str:
        """octubre 2026."""
        return format_date(date.fromisoformat(f"{period}-01"), "MMMM y", locale=self.locale)

    def span(self, seconds: float) -> str:
        """9 horas, 12 minutos: one unit; minutes with seconds when short."""
        return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=self.locale)

    def days(self, count: int) -> str:
        """en 2 días; hace 3 días; the page has its own words for today and tomorrow."""
        return format_timedelta(
            timedelta(days=count), granularity="day", threshold=1000, add_direction=True, locale=self.locale
        )

    def day_count(self, count: int) -> str:
        """3 días."""
        return format_timedelta(timedelta(days=count), granularity="day", threshold=1000, locale=self.locale)

    def clock(self, seconds: float) -> str:
        """12 min 30 s; 1 h 05 min."""
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            return f"{minutes // 60} h {minutes % 60:02d} min"
        return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

    def hours(self, seconds: float) -> str:
        """24,5 h."""
        return f"{format_decimal(round(seconds / 3600, 1), locale=self.locale)} h"

    def count(self, value: int) -> str:
        """1.834.210."""
        return format_decimal(value, locale=self.locale)

    def pesos(self, amount: int) -> str:
        """$4.318.250."""
        return format_currency(amount, "CLP", "¤#,##0", locale=Locale("es", "CL"), currency_digits=False)

    def size(self, count: int) -> str:
        """2,8 GB (decimal units, as restic and disks count)."""
        value, unit = float(count), "B"
        for unit in ("B", "kB", "MB", "GB", "TB"):
            if value < 1000 or unit == "TB":
                break
            value /= 1000
        return f"{format_decimal(round(value, 1 if unit in ('GB', 'TB') else 0), locale=self.locale)} {unit}"

    def rut(self, text: str) -> str:
        """76.123.456-0."""
        return str(stdnum_rut.format(text))
