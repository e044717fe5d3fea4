"""The hours of the day in which a deploy may begin, in the company's time."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self

from ofitec.errors import InputError

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Hours:
    """From `first` to `last`, which is on the next day if it is not later."""

    first: time
    last: time
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, zone: tzinfo) -> Self:
        """Read "22:00-06:00".

        :raises InputError: if the text is no such span
        """
        found = _FORM.fullmatch(text.strip())
        if found is None or found.group(1, 2) == found.group(3, 4):
            raise InputError(
                f"El horario {text!r} no es válido. Escríbalo como 22:00-06:00 (hora de Santiago), o déjelo vacío."
            )
        hour, minute, last_hour, last_minute = map(int, found.groups())
        return cls(time(hour, minute), time(last_hour, last_minute), zone)

    def opening(self, moment: datetime, need: timedelta) -> datetime:
        """The first moment from an aware one on at which something that takes `need` may begin and ends in time.

        :raises InputError: if the hours are too short for it
        """
        day = moment.astimezone(self.zone).date()
        # yesterday's night may go on today; a night that a change of clocks makes too short is passed over
        for days in range(-1, 3):
            begin, end = self._span(day + timedelta(days=days))
            if begin <= end - need and moment <= end - need:
                return max(begin, moment.astimezone(UTC))
        raise InputError(
            f"El horario {self} es más corto que los {need.total_seconds() / 60:.0f} minutos que puede durar la "
            "interrupción. Elija un horario más largo o una ventana más corta."
        )

    def _span(self, day: date) -> tuple[datetime, datetime]:
        over = timedelta(days=0 if self.last > self.first else 1)
        ends = (datetime.combine(day, self.first, self.zone), datetime.combine(day + over, self.last, self.zone))
        return ends[0].astimezone(UTC), ends[1].astimezone(UTC)

    def __str__(self) -> str:
        return f"{self.first:%H:%M}-{self.last:%H:%M}"
