"""Watches a colour that gets real requests, and says when it is not good enough."""

import time
from dataclasses import dataclass

from ofitec.deploy.host.machine import smoke
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy, Traffic
from ofitec.errors import PermanentError

_PAUSE = 1.0  # seconds between two looks
_SMOKE_EVERY = 15.0  # seconds between two logins
# Answers 5xx that end a watch: at least so many, and at least this share of all.
_FEWEST_ERRORS = 5
_ERROR_SHARE = 0.02


class NotGoodEnough(PermanentError):
    """The new version fails real requests."""


@dataclass(frozen=True)
class Verdict:
    """What was seen."""

    requests: int
    errors: int

    def bad(self, other: "Verdict | None" = None) -> bool:
        """Whether there are too many errors; `other` is the old colour at the same time, which may fail as much."""
        limit = _ERROR_SHARE
        if other is not None and other.requests:
            limit = max(limit, 2 * other.errors / other.requests)
        return self.errors >= _FEWEST_ERRORS and self.errors / max(self.requests, 1) > limit


def watch(engine: Engine, proxy: Proxy, colour: str, seconds: float, *, beside: str = "") -> Verdict:
    """Watch a colour for a time.

    :param beside: the old colour, if it serves beside the new one (canary)
    :raises NotGoodEnough: as soon as it ends, fails a login, or answers too much with 5xx
    """
    start, other_start = proxy.traffic(colour), proxy.traffic(beside) if beside else None
    deadline = time.monotonic() + seconds
    logged_in = time.monotonic()
    while True:
        seen = _verdict(proxy, colour, start)
        other = _verdict(proxy, beside, other_start) if other_start else None
        if seen.bad(other):
            raise NotGoodEnough(
                f"{seen.errors} of {seen.requests} requests to the new version failed (5xx)"
                + (f"; {other.errors} of {other.requests} to the old one" if other else "")
                + "."
            )
        if why := engine.crashed(f"odoo-{colour}"):
            raise NotGoodEnough(f"The new version ended while it served: {why}")
        moment = time.monotonic()
        if moment - logged_in > _SMOKE_EVERY:
            smoke.check(engine.home, colour, engine.home.database)
            logged_in = moment
        if moment >= deadline:
            return seen
        time.sleep(min(_PAUSE, max(deadline - moment, 0.05)))


def _verdict(proxy: Proxy, colour: str, start: Traffic) -> Verdict:
    seen = proxy.traffic(colour).since(start)
    return Verdict(seen.requests, seen.errors)
