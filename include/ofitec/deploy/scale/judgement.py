"""Whether a change of the number of processes did people good: p95 after it against p95 before it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ofitec import words
from ofitec.deploy.scale.decision import processes
from ofitec.deploy.scale.readings import Waiting

_WORSE = 1.2  # times as long as before,
_AT_LEAST = 0.1  # and so many seconds more: less is noise
_FEWEST_REQUESTS = 30.0
_OTHER_LOAD = 1.5  # times as many requests as before: no comparison


class Verdict(StrEnum):
    """How it turned out."""

    WORSE = "worse"
    FINE = "fine"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """A change from `before` to `to` processes that came into service at `at`; `minutes` before and after count."""

    at: datetime
    before: int
    to: int
    minutes: int

    @property
    def ends(self) -> datetime:
        """When the minutes after it have passed."""
        return self.at + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason, Spanish."""

    verdict: Verdict
    reason: str


def judge(change: Change, before: Waiting, after: Waiting) -> Judgement:
    """Compare the minutes before a change with those after it."""
    if before.p95 is None or before.requests is None or before.requests < _FEWEST_REQUESTS:
        return Judgement(Verdict.UNKNOWN, "Antes del cambio hubo muy pocas peticiones para comparar.")
    if after.p95 is None or after.requests is None or after.requests < _FEWEST_REQUESTS:
        return Judgement(Verdict.UNKNOWN, "Después del cambio hubo muy pocas peticiones para comparar.")
    was, now = words.seconds(before.p95), words.seconds(after.p95)
    if not (after.p95 > before.p95 * _WORSE and after.p95 - before.p95 > _AT_LEAST):
        return Judgement(Verdict.FINE, f"El 95 % respondía en menos de {was} y ahora en menos de {now}.")
    worse = f"Con {processes(change.to)} el 95 % responde en menos de {now}; con {change.before} era {was}."
    if after.requests > before.requests * _OTHER_LOAD:
        times = words.number(round(after.requests / before.requests, 1))
        return Judgement(
            Verdict.UNKNOWN, f"{worse} Pero hubo {times} veces las peticiones de antes: no se puede culpar al cambio."
        )
    return Judgement(Verdict.WORSE, worse)
