"""How much work a lost server would have cost, and how long the restore: day by day, from the proofs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ofitec.board.backups import Proof


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
    proofs = [(proof.finished_at, proof.snapshot_at, proof.rto) for proof in history if proof.snapshot_at is not None]
    today = now.astimezone(zone).date()
    days = []
    for age in range(count - 1, -1, -1):
        day = today - timedelta(days=age)
        begin = datetime(day.year, day.month, day.day, tzinfo=zone)
        end = min(begin + timedelta(days=1), now)
        inside = [(at, rto) for at, _, rto in proofs if begin <= at < end]
        ages = []
        for moment in [*(at for at, _ in inside), end]:
            newest = max((snapshot for at, snapshot, _ in proofs if at < moment), default=None)
            if newest is not None:
                ages.append((moment - newest).total_seconds())
        measured = [rto for _, rto in inside if rto is not None]
        days.append(Day(day, max(ages, default=None), measured[-1] if measured else None))
    return days
