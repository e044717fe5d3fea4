"""The steps of `f29_monthly`: where the domain meets Airflow's connections. Each returns JSON for XCom, no secret."""

import logging
from datetime import datetime, time
from typing import Any

from ofitec import words
from ofitec.clients.odoo import OdooClient
from ofitec.clients.storage import Storage
from ofitec.f29 import close, delivery, earlier, message, period, reminder
from ofitec.f29.form import ClosedForm, Company, F29Form
from ofitec.ledger import Ledger, deliveries, open_ledger, targets
from ofitec.notify.once import tell_once
from ofitec.settings import settings

log = logging.getLogger(__name__)

DAG = "f29_monthly"


def plan(params: dict[str, Any], *, run_id: str, run_after: datetime) -> list[dict[str, Any]]:
    """One entry a company and month: {"company": {id, name, rut}, "period": "YYYY-MM", "compute": bool}.

    A run without a period also looks after earlier months that were filed, or filed anew, since their last delivery.

    :param params: the run's `period`, `companies`
    :param run_after: the run's own moment (aware)
    :raises InputError: on a wrong period or RUT, in one sentence, before anything is computed
    """
    month, ledger = period.resolve(params.get("period"), run_after), open_ledger()
    targets.aim(ledger, DAG, run_id, {str(month): words.month(str(month))})
    odoo = OdooClient.from_connection()
    found = close.companies(odoo, params.get("companies") or [])
    log.info("F29 %s for %s", month, ", ".join(f"{c.name} ({c.rut})" for c in found))
    jobs: list[dict[str, Any]] = [
        {"company": company.model_dump(), "period": str(month), "compute": True} for company in found
    ]
    if not params.get("period"):
        moved = earlier.filed_since(odoo, ledger, found, month)
        jobs += [{"company": company.model_dump(), "period": text, "compute": False} for company, text in moved]
    targets.aim(ledger, DAG, run_id, {_target(job["company"]["rut"], job["period"]): _label(job) for job in jobs})
    targets.reached(ledger, DAG, run_id, str(month))
    return jobs


def look(job: dict[str, Any]) -> list[dict[str, Any]]:
    """One company's month as it stands, computed if it is open; returns `ClosedForm`s as JSON."""
    odoo, company = OdooClient.from_connection(), Company.model_validate(job["company"])
    found = (close.look if job["compute"] else close.as_it_is)(odoo, company, job["period"])
    return [closed.model_dump(mode="json") for closed in found]


def standing(closed: list[dict[str, Any]]) -> str:
    """How a month stands, in a few words for the run's page: "ya declarado, folio 7123456, $2.482.412"."""
    if not closed:
        return "sin declarar"
    form = F29Form.model_validate(closed[-1]["form"])
    stands = {"approved": "aprobado, falta declarar", "filed": "ya declarado", "paid": "ya declarado y pagado"}
    folio = f", folio {form.folio}" if form.is_filed and form.folio else ""
    sentence = f"{stands.get(form.status, 'calculado')}{folio}, {words.pesos(form.total)}"
    log.info("F29 de %s, %s: %s", words.month(form.period), form.company, sentence)
    return sentence


def deliver(closed: list[dict[str, Any]], *, run_id: str, force: bool) -> list[dict[str, Any]]:
    """Put each form's files in place and into the ledger; returns a `Receipt` for each as JSON."""
    ledger, storage = open_ledger(), Storage.from_url(settings().export_url)
    delivery.require_one_folder(ledger, settings().export_url)
    receipts = [
        delivery.deliver(storage, ledger, ClosedForm.model_validate(each), run_id=run_id, force=force)
        for each in closed
    ]
    return [receipt.model_dump(mode="json") for receipt in receipts]


def announce(
    job: dict[str, Any],
    closed: list[dict[str, Any]],
    receipts: list[dict[str, Any]],
    *,
    run_id: str,
    run_after: datetime,
) -> bool:
    """Tell Slack what is new, once; else, when it is due and not filed, remind. True if a message was sent now."""
    ledger, sent = open_ledger(), False
    for each, receipt in zip(closed, receipts, strict=True):
        done = delivery.Receipt.model_validate(receipt)
        sent |= _tell(ledger, ClosedForm.model_validate(each), done, run_id=run_id, run_after=run_after)
    if closed:
        sent |= _remind(ledger, F29Form.model_validate(closed[-1]["form"]), run_id=run_id, run_after=run_after)
    targets.reached(ledger, DAG, run_id, _target(job["company"]["rut"], job["period"]))
    return sent


def _tell(ledger: Ledger, closed: ClosedForm, receipt: delivery.Receipt, *, run_id: str, run_after: datetime) -> bool:
    if not receipt.news.reasons:
        return False
    form, chosen = closed.form, settings()
    told = message.build(
        form,
        receipt,
        [*closed.files, delivery.MANIFEST],
        today=run_after.astimezone(chosen.zone).date(),
        odoo_url=chosen.odoo_url,
        link_base=chosen.export_link_base,
    )
    key = f"f29/{form.rut}/{form.period}/{receipt.delivery_id}"
    sent = tell_once(ledger, told, key=key, kind="f29", dag_id=DAG, run_id=run_id)
    deliveries.told(ledger, receipt.delivery_id, run_after)
    return sent


def _remind(ledger: Ledger, form: F29Form, *, run_id: str, run_after: datetime) -> bool:
    chosen = settings()
    today = run_after.astimezone(chosen.zone).date()
    morning = datetime.combine(today, time(), tzinfo=chosen.zone)
    if not reminder.is_due(form, today) or deliveries.told_since(ledger, form.rut, form.period, morning):
        return False
    told = reminder.build(form, today=today, odoo_url=chosen.odoo_url)
    key = f"f29/{form.rut}/{form.period}/due/{today}"
    return tell_once(ledger, told, key=key, kind="f29", dag_id=DAG, run_id=run_id)


def _target(rut: str, month: str) -> str:
    return f"{rut}/{month}"


def _label(job: dict[str, Any]) -> str:
    return f"{job['company']['name']}, {words.month(job['period'])}"
