"""One task's work for all companies, timed part by part; companies.py runs it in the environment of Airflow's tasks."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

seconds: dict[str, float] = defaultdict(float)
inside: list[str] = []


@contextmanager
def part(name: str) -> Iterator[None]:
    """Add what the block takes to a part; what is called in there belongs to it."""
    if inside:
        yield
        return
    inside.append(name)
    begun = time.perf_counter()
    try:
        yield
    finally:
        seconds[inside.pop()] += time.perf_counter() - begun


def timed(owner: Any, method: str, name: Callable[..., str]) -> None:
    """Have each call of ``owner.method`` add its seconds to the part ``name(*arguments)``."""
    plain = getattr(owner, method)

    def measured(*args: Any, **kwargs: Any) -> Any:
        with part(name(*args)):
            return plain(*args, **kwargs)

    setattr(owner, method, measured)


with part("imports"):
    from ofitec.clients.odoo import OdooClient
    from ofitec.clients.storage import Storage
    from ofitec.f29 import exports, identities, steps
    from ofitec.ledger import Ledger
    from ofitec.notify import channels


RPC = {"read_period": "Odoo: read_period", "compute_period": "Odoo: compute_period"}


def main(period: str) -> None:
    """Print {part: seconds} as JSON, `whole` and `companies` among them."""
    timed(OdooClient, "call", lambda _self, _model, method, *_: RPC.get(method, "Odoo: three exports"))
    timed(Storage, "replace", lambda *_: "storage: files")
    timed(Storage, "read", lambda *_: "storage: files")
    timed(channels, "tell", lambda *_: "Slack")
    timed(exports, "check", lambda *_: "checks")
    timed(identities, "check", lambda *_: "checks")
    timed(OdooClient, "from_connection", lambda *_: "Odoo: login")
    timed(Storage, "from_url", lambda *_: "storage: opening")
    plain = Ledger.transaction

    @contextmanager
    def transaction(self: Ledger) -> Iterator[Any]:
        with part("ledger"), plain(self) as session:
            yield session

    Ledger.transaction = transaction  # type: ignore[method-assign]
    now = datetime.now(UTC)
    with part("plan"):
        jobs = steps.plan({"period": period}, run_id="parts", run_after=now)
    begun = time.perf_counter()
    steps.months(jobs, run_id="parts", run_after=now, force=False)
    seconds["whole"] = time.perf_counter() - begun
    print(json.dumps({**seconds, "companies": len(jobs)}))


if __name__ == "__main__":
    main(sys.argv[1])
