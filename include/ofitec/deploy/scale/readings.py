"""What is measured of Odoo's load, by Prometheus: requests from the proxy's log (mtail), cores and memory (node)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

# what people call each reading, and where it comes from
NAMES = {
    "cores": "núcleos (node)",
    "memory": "memoria (node)",
    "free": "memoria libre (node)",
    "busy": "uso de los núcleos (node)",
    "at_once": "peticiones a la vez (proxy)",
    "at_once_day": "peticiones a la vez en el día (proxy)",
    "p95": "tiempo de respuesta (proxy)",
    "requests": "número de peticiones (proxy)",
    "age": "hora de las mediciones",
}
_WINDOW = 15  # minutes
_DURATION = "odoo_request_duration_seconds"
_AT_ONCE = "odoo_requests_in_flight"


@dataclass(frozen=True)
class Readings:
    """One moment; what is absent is None, never an old value. Memory in bytes, times in seconds.

    `busy` is the share of the cores at work (0 to 1), `at_once` the requests that 95 % of all found under way,
    themselves among them, in a quarter of an hour; `at_once_day` those that 99 % found in 24 hours; `p95` the time in
    which 95 % were answered; `free` the least in that time; `age` of the oldest of all this.
    """

    workers: int
    cron_threads: int
    cores: int | None
    memory: float | None
    free: float | None
    busy: float | None
    at_once: float | None
    at_once_day: float | None
    p95: float | None
    requests: float | None
    age: float | None

    def shown(self) -> dict[str, Any]:
        """As JSON, for the ledger."""
        return asdict(self)


Ask = Callable[..., float | None]  # PromQL, and `at` which moment, to the one value there is


def queries(instance: str = "") -> dict[str, str]:
    """Reading to PromQL.

    :param instance: which of several hosts is Odoo's, by the label `instance` of its node exporter; "" if there is one
    """
    chosen = f', instance="{instance}"' if instance else ""
    node = f'{{job="node"{chosen}}}'
    idle = f'node_cpu_seconds_total{{job="node", mode="idle"{chosen}}}'
    free = f"node_memory_MemAvailable_bytes{node}"
    return {
        "cores": f"count by (instance) ({idle})",
        "memory": f"node_memory_MemTotal_bytes{node}",
        "free": f"min_over_time({free}[{_WINDOW}m])",
        "busy": f"1 - avg by (instance) (rate({idle}[{_WINDOW}m]))",
        "at_once": _quantile(0.95, _AT_ONCE, f"{_WINDOW}m"),
        "at_once_day": _quantile(0.99, _AT_ONCE, "1d"),
        "p95": _quantile(0.95, _DURATION, f"{_WINDOW}m"),
        "requests": f"sum(increase({_DURATION}_count[{_WINDOW}m]))",
        "log_age": f"time() - max(timestamp({_DURATION}_count))",
        "node_age": f"time() - min(timestamp({free}))",
    }


def read(ask: Ask, *, workers: int, cron_threads: int, instance: str = "") -> Readings:
    """Ask for everything."""
    found = {name: ask(query) for name, query in queries(instance).items()}
    cores, log_age, node_age = (found.pop(name) for name in ("cores", "log_age", "node_age"))
    return Readings(
        workers=workers,
        cron_threads=cron_threads,
        cores=None if cores is None else round(cores),
        age=None if log_age is None or node_age is None else max(log_age, node_age),
        **found,
    )


@dataclass(frozen=True)
class Waiting:
    """How people waited for some minutes: 95 % of `requests` were answered within `p95` seconds; None: not measured."""

    p95: float | None
    requests: float | None


def over(ask: Ask, ended: datetime, minutes: int) -> Waiting:
    """The minutes that ended at a moment."""
    asked = (_quantile(0.95, _DURATION, f"{minutes}m"), f"sum(increase({_DURATION}_count[{minutes}m]))")
    return Waiting(*(ask(query, at=ended) for query in asked))


def _quantile(share: float, histogram: str, window: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket[{window}])))"
