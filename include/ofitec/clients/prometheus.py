"""The client of Prometheus: the one value of a query."""

import math
from datetime import datetime

import httpx

from ofitec.errors import InputError, TransientError

_TIMEOUT = 10.0  # seconds


class PrometheusDown(TransientError):
    """Prometheus does not answer."""


def value(url: str, promql: str, at: datetime | None = None) -> float | None:
    """What a query gives, now or at an aware moment; None if there is no such series, or it has no value there.

    :param url: Prometheus' address
    :raises PrometheusDown: if it does not answer within ten seconds, or refuses the query
    :raises InputError: if there are several values: the query does not say which is meant
    """
    asked = {"query": promql} if at is None else {"query": promql, "time": f"{at.timestamp():.3f}"}
    try:
        answer = httpx.get(f"{url}/api/v1/query", params=asked, timeout=_TIMEOUT)
        answer.raise_for_status()
        found = answer.json()["data"]["result"]
        values = [float(sample["value"][1]) for sample in found]
    except (httpx.HTTPError, ValueError, KeyError, TypeError, IndexError) as error:
        raise PrometheusDown(f"Prometheus at {url} does not answer ({type(error).__name__}).") from None
    if len(values) > 1:
        raise InputError(f"{promql} has {len(values)} values in Prometheus and one was expected.")
    # NaN: a percentile of nothing
    return values[0] if values and math.isfinite(values[0]) else None
