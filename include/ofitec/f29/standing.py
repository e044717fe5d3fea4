"""Reads from Odoo where each company's F29 stands, into the ledger: people approve and file there, not in Airflow."""

import logging
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import text

from ofitec.errors import OfitecError, PermanentError
from ofitec.f29 import close
from ofitec.f29.form import FILED
from ofitec.f29.period import Period, complete
from ofitec.ledger import Ledger, f29_states, open_ledger
from ofitec.ledger.tables import SourceReading
from ofitec.settings import settings

log = logging.getLogger(__name__)

MISSING = "missing"
MONTHS = 3
# Odoo is asked so often while somebody looks or scrapes, and sooner when it did not answer
_EVERY = timedelta(minutes=5)
_AGAIN = timedelta(minutes=1)
_PATIENCE = 20  # seconds for one answer of Odoo: a page and a scrape wait for none of it
_LOCK = 0x0F1729  # advisory lock: one process reads, the others leave it to that one
_here = threading.Lock()  # and in a process one thread
# The legal due days (docs/f29.md), for a month without a form in an Odoo whose add-on does not say more
_EARLIEST_DAY = 12
_LATEST_DAY = 28  # for who has nothing to pay
_FIELDS = [
    *("company_id", "period", "version", "status", "due_date", "total_to_pay"),
    *("filed_total", "folio", "filed_on"),
]


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> object: ...

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]: ...


def earliest_due(period: Period) -> date:
    """The earliest legal due date of a period: the 12th of the month after it."""
    return date(*period.before(-1), _EARLIEST_DAY)


def latest_due(period: Period) -> date:
    """The latest legal due date of a period, when there is nothing to pay: the 28th of the month after it."""
    return date(*period.before(-1), _LATEST_DAY)


def read(odoo: Odoo, now: datetime) -> list[dict[str, Any]]:
    """One row (F29State's columns) for each company with a Chilean RUT and each of the last three months.

    A month without a form is "missing" if it is the last one, or if the company has a form of an earlier month. Of a
    month's versions the newest that was filed counts: a rectification changes nothing before it is filed itself.
    """
    periods = complete(now.astimezone(settings().zone).date(), MONTHS)
    companies = close.every(odoo)
    forms = odoo.search_read(
        "of.sii.f29", [["period", ">=", str(periods[0])], ["period", "<=", str(periods[-1])]], _FIELDS
    )
    rows = []
    for company in companies.values():
        own = [form for form in forms if form["company_id"][0] == company.id]
        first = min((form["period"] for form in own), default=str(periods[-1]))
        for period in periods:
            if str(period) < first:
                continue
            versions = [form for form in own if form["period"] == str(period)]
            where = {"rut": company.rut, "company": company.name, "period": str(period), "read_at": now}
            rows.append({**where, **(_stand(period, versions) or _missing(odoo, company.id, period))})
    return rows


def _missing(odoo: Odoo, company: int, period: Period) -> dict[str, Any]:
    """A month without a form, due when Odoo says, as if there is something to pay: nobody knows yet, so the other date
    is kept too. On the legal days if an older add-on does not say."""
    try:
        said: Any = odoo.call("of.sii.f29", "read_due_dates", company, str(period))
    except PermanentError:
        said = {}
    due = _date(said.get("with_payment")) or earliest_due(period)
    last = max(due, _date(said.get("without_payment")) or latest_due(period))
    nothing = dict.fromkeys(("version", "payable", "folio", "filed_on", "rectifying"))
    return {**nothing, "status": MISSING, "due_date": due, "last_due_date": last}


def _stand(period: Period, versions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """How a month stands by its versions, None if it has none."""
    filed = [form for form in versions if form["status"] in FILED]
    best = max(filed or versions, key=lambda form: form["version"], default=None)
    if best is None:
        return None
    is_filed = best["status"] in FILED
    newest = max(versions, key=lambda form: form["version"])
    return {
        "status": best["status"],
        "version": best["version"],
        # Odoo answers whole pesos of a monetary field as a float
        "payable": int(best["filed_total"] if is_filed and best["folio"] else best["total_to_pay"]),
        "folio": best["folio"] or None,
        "filed_on": _date(best["filed_on"]),
        "rectifying": newest["status"] if is_filed and newest["version"] > best["version"] else None,
        "due_date": _date(best["due_date"]) or earliest_due(period),
        "last_due_date": None,
    }


def _date(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else None


def refresh() -> None:
    """Read Odoo if the last reading is older than five minutes and nobody else reads now. Never raises.

    A reading that fails leaves the last one in place; its age is a metric, the board says it, and rule F29StatusStale
    tells people.
    """
    if not _here.acquire(blocking=False):
        return
    try:
        _refresh(open_ledger(), datetime.now(UTC))
    except Exception as error:  # noqa: BLE001  # a page or a scrape must not fail because Odoo does
        log.warning("Where the F29s stand could not be read from Odoo: %s", error)
    finally:
        _here.release()


def refresh_within(seconds: float) -> None:
    """As `refresh`, waiting so long at most; what takes longer goes on behind the page."""
    worker = threading.Thread(target=refresh, name="f29-standing", daemon=True)
    worker.start()
    worker.join(seconds)


def _refresh(ledger: Ledger, now: datetime) -> None:
    from ofitec.clients.odoo import OdooClient

    if not _due(f29_states.reading(ledger), now):
        return
    with ledger.engine.connect() as conn:
        if not conn.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar():
            return
        try:
            rows = read(OdooClient.from_connection(timeout=_PATIENCE), now)
        except OfitecError as error:
            f29_states.failed(ledger, str(error), now)
            raise
    save(ledger, rows, now)


def _due(last: SourceReading | None, now: datetime) -> bool:
    return last is None or now - last.tried_at >= (_AGAIN if last.error else _EVERY)


def save(ledger: Ledger, rows: list[dict[str, Any]], now: datetime) -> None:
    """Keep a reading."""
    since = complete(now.astimezone(settings().zone).date(), MONTHS)[0]
    f29_states.save(ledger, rows, str(since), now)
    log.info("Read from Odoo where %d F29s stand", len(rows))
