"""Whether a change of the number of processes did people good: p95 after it against p95 before it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ofitec import words
from ofitec.deploy.scale.decision import processes

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
    """A change that came into service at `at`, with what was measured in the `minutes` before it."""

    at: datetime
    before: int
    to: int
    p95: float
    requests: float
    minutes: int

    @property
    def ends(self) -> datetime:
        """When as long a time after it has passed."""
        return self.at + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason, Spanish."""

    verdict: Verdict
    reason: str


def judge(change: Change, p95: float | None, requests: float | None) -> Judgement:
    """Compare.

    :param p95: of the minutes after the change, seconds; None if it was not measured
    :param requests: in those minutes
    """
    if p95 is None or requests is None or requests < _FEWEST_REQUESTS:
        return Judgement(Verdict.UNKNOWN, "Después del cambio hubo muy pocas peticiones para compararlo.")
    was, now = words.seconds(change.p95), words.seconds(p95)
    if not (p95 > change.p95 * _WORSE and p95 - change.p95 > _AT_LEAST):
        return Judgement(Verdict.FINE, f"El 95 % respondía en menos de {was} y ahora en menos de {now}.")
    worse = f"Con {processes(change.to)} el 95 % responde en menos de {now}; con {change.before} era {was}."
    if requests > change.requests * _OTHER_LOAD:
        return Judgement(
            Verdict.UNKNOWN,
            f"{worse} Pero hubo {words.number(round(requests / change.requests, 1))} veces las peticiones de antes: no "
            "se puede culpar al cambio.",
        )
    return Judgement(Verdict.WORSE, worse)
