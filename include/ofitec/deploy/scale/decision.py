"""How many processes of Odoo should answer requests: from what was measured to a decision with its reason. Pure.

The ceiling is Odoo's own rule (odoo/documentation, content/administration/on_premise/deploy.rst, "Worker number
calculation" and "memory size calculation"): at most cores x 2 + 1 processes, those of scheduled jobs among them, and
for each as much memory as a mix of 20 % heavy requests (1 GB) and 80 % light ones (150 MB) needs: 325 MB.

A process answers one request at a time. What is under way beyond their number waits in Odoo's own backlog, for HAProxy
holds nothing back: so the queue is the requests under way less the processes.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ofitec import words
from ofitec.deploy.scale.readings import NAMES, Readings

SPARE = 1.25  # processes for each request under way: the next one finds a free one
_CROWDED = 0.8  # of the processes at work: more than this is a reason for slow answers
_BUSY = 0.9  # of the cores at work: more processes would only wait for them
_FRESH = 120.0  # seconds; Prometheus asks each 30
_FEWEST_REQUESTS = 30.0  # in the window; fewer say nothing about a percentile
_RESERVE = 0.1  # of the memory is left to the system and the database
_REST = timedelta(hours=1)  # between two changes
_IDLE = 2  # processes too many before it is worth a change


class Act(StrEnum):
    """What to do."""

    STAY = "stay"
    GROW = "grow"
    SHRINK = "shrink"
    RETURN = "return"


@dataclass(frozen=True)
class Limits:
    """What the settings allow; `slow` in seconds, `worker_bytes` the memory of one process."""

    fewest: int
    most: int
    slow: float
    worker_bytes: int


@dataclass(frozen=True)
class Decision:
    """From `workers` to `to` (the same if nothing changes), and why: Spanish, one or two sentences."""

    act: Act
    workers: int
    to: int
    reason: str

    @property
    def changes(self) -> bool:
        return self.to != self.workers


def decide(
    seen: Readings, limits: Limits, *, now: datetime, changed_at: datetime | None = None, failed: Collection[int] = ()
) -> Decision:
    """What to do. Nothing, whenever a reading is absent, old or says too little.

    :param changed_at: the last change or attempt at one
    :param failed: numbers of processes that came out worse, or did not come into service, of late
    """

    if why := unusable(seen) or resting(now, changed_at):
        return _stay(seen, why)
    top = _Top.of(seen, limits, failed)
    if seen.workers < limits.fewest or _crowded(seen, limits):
        return _grow(seen, limits, top)
    return _shrink(seen, limits, top, failed)


def unusable(seen: Readings) -> str:
    """Why nothing can be decided by these readings; "" if something can."""
    if seen.workers < 1:
        return "Odoo corre sin procesos separados (ODOO_WORKERS=0): no hay qué ajustar."
    missing = [name for field, name in NAMES.items() if getattr(seen, field) is None]
    if seen.age is not None and seen.age > _FRESH:
        return f"Las mediciones son de hace {words.duration(seen.age)}: no se cambia nada con cifras viejas."
    # while nobody asks there is no percentile: that is no fault
    if seen.age is not None and seen.requests is not None and seen.requests < _FEWEST_REQUESTS:
        return f"Casi nadie usa Odoo: menos de {_FEWEST_REQUESTS:.0f} peticiones en el último cuarto de hora."
    if missing:
        return f"Faltan mediciones: {', '.join(missing)}. Sin ellas no se cambia nada."
    return ""


def resting(now: datetime, changed_at: datetime | None) -> str:
    """Why it is too early for another change; "" if it is not."""
    if changed_at is None or now - changed_at >= _REST:
        return ""
    ago = words.duration((now - changed_at).total_seconds())
    return f"El último cambio fue hace {ago}: hasta que pase una hora no hay otro."


def processes(count: int) -> str:
    """1 gives "1 proceso", 6 gives "6 procesos"."""
    return words.counted(count, "proceso")


def room(seen: Readings, limits: Limits) -> int:
    """For how many processes there is memory: the new colour starts beside the old one, which still holds its own."""
    assert seen.memory is not None
    assert seen.free is not None
    return max(int((seen.free - seen.memory * _RESERVE) // limits.worker_bytes), 0)


@dataclass(frozen=True)
class _Top:
    """How many there may be: by Odoo's rule, by the setting, by the memory, and by what was seen to fail."""

    cores: int
    jobs: int
    fewest: int
    most: int
    memory: int
    failed: int | None

    @classmethod
    def of(cls, seen: Readings, limits: Limits, failed: Collection[int]) -> "_Top":
        assert seen.cores is not None
        worse = min((number for number in failed if number > seen.workers), default=None)
        return cls(
            cores=seen.cores,
            jobs=seen.cron_threads,
            fewest=limits.fewest,
            most=limits.most,
            memory=room(seen, limits),
            failed=worse,
        )

    @property
    def rule(self) -> int:
        """Odoo's; whoever sets a minimum above it is obeyed."""
        return max(self.cores * 2 + 1 - self.jobs, self.fewest)

    @property
    def all(self) -> int:
        return min(self.rule, self.most, self.memory, *([] if self.failed is None else [self.failed - 1]))

    def why(self, number: int) -> str:
        """What holds the number there."""
        if number >= self.memory:
            return f"hay memoria libre para {self.memory}, que arrancan junto a los actuales"
        if self.failed is not None and number >= self.failed - 1:
            return f"con {self.failed} resultó peor en las últimas 24 horas"
        if number >= self.most:
            return f"el máximo configurado es {self.most}"
        return (
            f"{words.counted(self.cores, 'núcleo')} × 2 + 1 = {self.cores * 2 + 1}, menos {self.jobs} para las tareas "
            f"programadas"
        )


def _crowded(seen: Readings, limits: Limits) -> bool:
    assert seen.at_once is not None
    assert seen.p95 is not None
    return seen.at_once > seen.workers or (seen.p95 > limits.slow and seen.at_once > _CROWDED * seen.workers)


def _stay(seen: Readings, reason: str) -> Decision:
    return Decision(Act.STAY, seen.workers, seen.workers, reason)


def _grow(seen: Readings, limits: Limits, top: _Top) -> Decision:
    assert seen.at_once is not None
    assert seen.busy is not None
    need = max(math.ceil(seen.at_once * SPARE), limits.fewest)
    crowded, busy = _crowded(seen, limits), seen.busy > _BUSY
    if busy or not crowded:
        need = limits.fewest
    says = _load(seen) if crowded else f"El mínimo configurado es de {processes(limits.fewest)}."
    to = min(need, top.all)
    if busy and need <= seen.workers:
        return _stay(seen, f"{says} Pero los núcleos trabajan al {seen.busy * 100:.0f} %: más procesos no ayudarían.")
    if to <= seen.workers:
        return _stay(seen, f"{says} Harían falta {processes(need)}, pero {top.why(top.all)}.")
    held = f" (harían falta {need}, pero {top.why(to)})" if to < need else f" ({top.why(top.all)})"
    return Decision(Act.GROW, seen.workers, to, f"{says} Convienen {processes(to)}{held}.")


def _shrink(seen: Readings, limits: Limits, top: _Top, failed: Collection[int]) -> Decision:
    assert seen.at_once is not None
    assert seen.at_once_day is not None
    day = max(seen.at_once, seen.at_once_day)
    shown = words.number(round(day, 1))
    to = max(limits.fewest, math.ceil(day * SPARE))
    why = f"En las últimas 24 horas no hubo más de {shown} peticiones a la vez: alcanza con {processes(to)}."
    if seen.workers > limits.most:
        # a person's limit, but never below what was under way at once
        to = max(min(to, limits.most), math.ceil(day))
        kept = "" if to <= limits.most else f"; en las últimas 24 horas hubo {shown} peticiones a la vez"
        why = f"El máximo configurado es de {processes(limits.most)}{kept}: alcanza con {processes(to)}."
    elif to > seen.workers - _IDLE:
        return _stay(seen, f"{_load(seen)} Bastan los que hay.")
    if to in failed:
        why += f" Pero con {processes(to)} resultó peor en las últimas 24 horas."
    elif to > top.memory:
        why += f" Pero {top.why(to)}."
    elif to < seen.workers:
        return Decision(Act.SHRINK, seen.workers, to, why)
    return _stay(seen, why)


def _load(seen: Readings) -> str:
    """What is going on: a sentence."""
    assert seen.at_once is not None
    assert seen.p95 is not None
    waiting = max(seen.at_once - seen.workers, 0)
    queue = f", {words.number(round(waiting, 1))} en espera" if waiting >= 0.1 else ""
    return (
        f"Hay {words.number(round(seen.at_once, 1))} peticiones a la vez para {processes(seen.workers)}{queue}; el "
        f"95 % responde en menos de {words.seconds(seen.p95)}."
    )
