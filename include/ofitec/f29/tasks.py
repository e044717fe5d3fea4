"""The tasks of `f29_monthly`: where the domain meets Airflow's connections. Each returns JSON for XCom, no secret."""

import logging
from datetime import datetime
from typing import Any

from ofitec.clients import slack
from ofitec.clients.odoo import OdooClient
from ofitec.clients.storage import Storage
from ofitec.f29 import close, delivery, message, period
from ofitec.f29.form import ClosedForm, Company
from ofitec.ledger import open_ledger
from ofitec.notify.once import send_once
from ofitec.settings import settings

log = logging.getLogger(__name__)


def plan(params: dict[str, Any], run_after: datetime) -> list[dict[str, Any]]:
    """One entry a company to close: {"company": {id, name, rut}, "period": "YYYY-MM"}.

    :param params: the run's `period`, `companies`
    :param run_after: the run's own moment (aware)
    :raises InputError: on a wrong period or RUT, before anything is computed
    """
    month = period.resolve(params.get("period"), run_after)
    found = close.companies(OdooClient.from_connection(), params.get("companies") or [])
    log.info("Closing %s for %s", month, ", ".join(f"{c.name} ({c.rut})" for c in found))
    return [{"company": company.model_dump(), "period": str(month)} for company in found]


def compute(company: dict[str, Any], period: str) -> dict[str, Any]:
    """Compute and check one company's form; returns a `ClosedForm` as JSON."""
    closed = close.close(OdooClient.from_connection(), Company.model_validate(company), period)
    return closed.model_dump(mode="json")


def deliver(closed: dict[str, Any], *, run_id: str, force: bool) -> dict[str, Any]:
    """Put the form's files in place and into the ledger; returns a `Receipt` as JSON."""
    ledger, storage = open_ledger(), Storage.from_url(settings().export_url)
    receipt = delivery.deliver(storage, ledger, ClosedForm.model_validate(closed), run_id=run_id, force=force)
    return receipt.model_dump(mode="json")


def announce(closed: dict[str, Any], receipt: dict[str, Any], *, run_id: str, run_after: datetime, force: bool) -> bool:
    """Tell Slack what to pay and by when, once a delivery. True if a message was sent now."""
    form, done = ClosedForm.model_validate(closed), delivery.Receipt.model_validate(receipt)
    chosen = settings()
    text, blocks = message.build(
        form.form,
        done,
        [*form.files, delivery.MANIFEST],
        today=run_after.astimezone(chosen.zone).date(),
        odoo_url=chosen.odoo_url,
        link_base=chosen.export_link_base,
    )
    key = f"f29/{form.form.rut}/{form.form.period}/{done.delivery_id}" + (f"/{run_id}" if force else "")
    return send_once(
        open_ledger(), key=key, kind="f29", dag_id="f29_monthly", run_id=run_id, send=lambda: slack.post(text, blocks)
    )
