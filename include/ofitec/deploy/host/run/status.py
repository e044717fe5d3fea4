"""What serves, who holds the lock, how the last run stands."""

from typing import Any

from ofitec.deploy.host.machine.proxy import Proxy, ProxyDown
from ofitec.deploy.host.record import lock, releases, worker
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import Journal


def status(home: Home) -> dict[str, Any]:
    """{current, previous, lock, journal, proxy}; the journal with "alive": whether its process runs."""
    record, journal = releases.load(home), Journal.load(home)
    shown = [{k: v for k, v in vars(entry).items() if k != "sources"} for entry in record.releases[-2:]]
    return {
        "current": shown[-1] if shown else None,
        "previous": shown[0] if len(shown) > 1 else None,
        "lock": lock.holder(home),
        "journal": {**journal.shown(), "alive": worker.alive(home, journal.run)} if journal else None,
        "proxy": _proxy(home),
    }


def _proxy(home: Home) -> dict[str, str]:
    try:
        return Proxy(home).entries()
    except ProxyDown as error:
        return {"error": str(error)}
