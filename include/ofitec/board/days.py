"""How much work a lost server would have cost, and how long the restore: day by day, from the proofs."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ofitec.ledger.backup_history import Proof


@dataclass(frozen=True)
class Day:
    """`rpo`: the oldest that the newest proven data got on that day, seconds; `rto`: its last proof's, seconds."""

    day: date
    rpo: float | None
    rto: float | None


def daily(history: Sequence[Proof], now: datetime, zone: ZoneInfo, count: int = 90) -> list[Day]:
    """The last `count` days in `zone`, today included.

    :param history: passed proofs, oldest first; those before the first day tell its RPO
    """
    waiting = deque(sorted((p for p in history if p.snapshot_at is not None), key=lambda proof: proof.finished_at))
    today = now.astimezone(zone).date()
    newest: datetime | None = None  # moment of the newest data proven so far
    days = []
    for age in range(count - 1, -1, -1):
        day = today - timedelta(days=age)
        begin = datetime(day.year, day.month, day.day, tzinfo=zone)
        end = min(begin + timedelta(days=1), now)
        oldest, rto = None, None
        while waiting and waiting[0].finished_at < end:
            proof = waiting.popleft()
            if proof.finished_at >= begin:
                oldest = _older(oldest, newest, proof.finished_at)
                rto = proof.rto if proof.rto is not None else rto
            newest = max(filter(None, (newest, proof.snapshot_at)))
        days.append(Day(day, _older(oldest, newest, end), rto))
    return days


def _older(oldest: float | None, data: datetime | None, moment: datetime) -> float | None:
    """The larger of an age so far and the age of `data` at `moment`, in seconds."""
    if data is None:
        return oldest
    age = (moment - data).total_seconds()
    return age if oldest is None else max(oldest, age)
