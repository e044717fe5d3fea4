"""Reads from Odoo where each company's F29 stands, into the ledger: people approve and file there, not in Airflow."""

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import text
from stdnum.cl import rut as stdnum_rut
from stdnum.exceptions import ValidationError as RutError

from ofitec.ledger import Ledger, f29_states, open_ledger
from ofitec.settings import settings

log = logging.getLogger(__name__)

MISSING = "missing"
# how far a form has come; a rectification in draft does not make a filed month unfiled
PROGRESS = (MISSING, "draft", "ready", "approved", "filed", "paid")
_MONTHS = 3
_EVERY = timedelta(minutes=5)
_LOCK = 0x0F1729  # advisory lock: one process reads, the others leave it to that one
# The earliest legal due day (docs/f29.md), for a month whose form, and so whose own due date, is not there yet
_EARLIEST_DAY = 12


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]: ...


def months(today: date, count: int = _MONTHS) -> list[str]:
    """The last complete months, oldest first: on 2026-11-24 ["2026-08", "2026-09", "2026-10"]."""
    last = today.year * 12 + today.month - 2
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(last - count + 1, last + 1)]


def earliest_due(period: str) -> date:
    """The earliest legal due date of a period: the 12th of the month after it."""
    year, month = map(int, period.split("-"))
    return date(year + month // 12, month % 12 + 1, _EARLIEST_DAY)


def read(odoo: Odoo, now: datetime) -> list[dict[str, Any]]:
    """One row (F29State's columns) for each company with a Chilean RUT and each of the last three months.

    A month without a form is "missing" if it is the last one, or if the company has a form of an earlier month.
    """
    periods = months(now.astimezone(settings().zone).date())
    companies = odoo.search_read("res.company", [], ["name", "vat"])
    fields = ["company_id", "period", "status", "due_date"]
    forms = odoo.search_read("of.sii.f29", [["period", ">=", periods[0]], ["period", "<=", periods[-1]]], fields)
    rows = []
    for company in companies:
        rut = _rut(str(company["vat"] or ""))
        own = [form for form in forms if form["company_id"][0] == company["id"]]
        first = min((form["period"] for form in own), default=periods[-1])
        for period in periods:
            if rut is None or period < first:
                continue
            best = max(
                (form for form in own if form["period"] == period),
                key=lambda form: PROGRESS.index(form["status"]),
                default={"status": MISSING, "due_date": None},
            )
            due = date.fromisoformat(best["due_date"]) if best["due_date"] else earliest_due(period)
            row = {"rut": rut, "company": str(company["name"]), "period": period, "status": best["status"]}
            rows.append({**row, "due_date": due, "read_at": now})
    return rows


def _rut(vat: str) -> str | None:
    try:
        compact = stdnum_rut.validate(vat.upper())
    except RutError:
        return None
    return f"{compact[:-1]}-{compact[-1]}"


def refresh() -> None:
    """Read Odoo if the last reading is older than five minutes and nobody else reads now. Never raises.

    A reading that fails leaves the last one in place; its age is a metric, and rule F29StatusStale tells people.
    """
    from ofitec.clients.odoo import OdooClient

    try:
        ledger, now = open_ledger(), datetime.now(UTC)
        last = f29_states.last_read(ledger)
        if last is not None and now - last < _EVERY:
            return
        with ledger.engine.connect() as link:
            if link.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar():
                save(ledger, read(OdooClient.from_connection(), now))
    except Exception as error:  # noqa: BLE001  # a page or a scrape must not fail because Odoo does
        log.warning("Where the F29s stand could not be read from Odoo: %s", error)


def save(ledger: Ledger, rows: list[dict[str, Any]]) -> None:
    """Keep a reading."""
    f29_states.save(ledger, rows)
    log.info("Read from Odoo where %d F29s stand", len(rows))
