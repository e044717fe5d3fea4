"""The steps of `f29_monthly`: where the domain meets Airflow's connections. What goes to XCom is JSON, no secret."""

import hashlib
import logging
from datetime import datetime, time
from typing import Any

from ofitec import words
from ofitec.clients.odoo import OdooClient
from ofitec.clients.storage import Storage
from ofitec.f29 import branches, close, delivery, digest, earlier, message, period, reminder, summary, utm
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
    targets.aim(ledger, DAG, run_id, {branches.target(job): branches.label(job) for job in jobs})
    targets.reached(ledger, DAG, run_id, str(month))
    return jobs


def share(jobs: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The jobs of a run, branch by branch."""
    return branches.share(jobs, settings().f29_branches)


def months(jobs: list[dict[str, Any]], *, run_id: str, run_after: datetime, force: bool) -> list[str]:
    """Each company's month of a branch, looked at and delivered; a line for each that says what came of it.

    Of a run for one company it is told as well; for several, `tell_all` does that, once for all of them.

    :raises Several: after all were done, with those that failed
    """
    ledger = open_ledger()
    url = settings().export_url
    delivery.require_one_folder(ledger, url)
    odoo, storage = OdooClient.from_connection(), Storage.from_url(url)
    several = digest.is_for_several(targets.of_run(ledger, DAG, run_id))

    def month(job: dict[str, Any]) -> str:
        forms = look(odoo, job)
        receipts = deliver(storage, forms, run_id=run_id, force=force)
        if not several:
            announce(job, forms, receipts, run_id=run_id, run_after=run_after)
        targets.reached(ledger, DAG, run_id, branches.target(job))
        return stands([closed.form for closed in forms])

    return branches.each(branches.missing(ledger, DAG, run_id, jobs), month)


def look(odoo: OdooClient, job: dict[str, Any]) -> list[ClosedForm]:
    """One company's month as it stands, computed if it is open."""
    company = Company.model_validate(job["company"])
    return (close.look if job["compute"] else close.as_it_is)(odoo, company, job["period"])


def stands(forms: list[F29Form]) -> str:
    """How a month stands, in a few words for the run's page: "ya declarado, folio 7123456, $2.482.412"."""
    if not forms:
        return summary.NOTHING
    form = forms[-1]
    return summary.stands(form.status, form.folio if form.is_filed else None, form.total)


def deliver(storage: Storage, closed: list[ClosedForm], *, run_id: str, force: bool) -> list[delivery.Receipt]:
    """Put each form's files in place and into the ledger."""
    ledger = open_ledger()
    return [delivery.deliver(storage, ledger, each, run_id=run_id, force=force) for each in closed]


def announce(
    job: dict[str, Any],
    closed: list[ClosedForm],
    receipts: list[delivery.Receipt],
    *,
    run_id: str,
    run_after: datetime,
) -> bool:
    """Tell Slack what is new, once; else, when it is due and not filed, remind. True if a message was sent now."""
    ledger, sent = open_ledger(), False
    for each, receipt in zip(closed, receipts, strict=True):
        sent |= _tell(ledger, each, receipt, run_id=run_id, run_after=run_after)
    if closed:
        sent |= _remind(ledger, closed[-1].form, run_id=run_id, run_after=run_after)
    return sent


def tell_all(*, run_id: str, run_after: datetime) -> bool:
    """Tell Slack in one digest what is new of a run for several companies, once. True if something was sent now."""
    ledger, chosen = open_ledger(), settings()
    today = run_after.astimezone(chosen.zone).date()
    morning = datetime.combine(today, time(), tzinfo=chosen.zone)
    found = targets.of_run(ledger, DAG, run_id)
    made = digest.of_run(ledger, found, today=today, morning=morning, odoo_url=chosen.odoo_url)
    sent = False
    for number, part in enumerate(made.messages, start=1):
        key = f"f29/digest/{hashlib.sha256(made.key.encode()).hexdigest()[:16]}/{number}"
        sent |= tell_once(ledger, part, key=key, kind="f29", dag_id=DAG, run_id=run_id)
    for delivery_id in made.told:
        deliveries.told(ledger, delivery_id, run_after)
    return sent


def ask_for_utm(params: dict[str, Any], *, run_id: str, run_after: datetime) -> bool:
    """Tell Slack, once, which UTM is missing for the run's month or the one after it. True if it was told now.

    A run that was typed wrong, and so planned nothing, asks for none.
    """
    planned = [target for target in targets.of_run(open_ledger(), DAG, run_id) if target.reached_at]
    if not any("/" not in target.target for target in planned):
        return False
    month, odoo = period.resolve(params.get("period"), run_after), OdooClient.from_connection()
    lacking = utm.missing(odoo, close.companies(odoo, params.get("companies") or []), month)
    if not lacking:
        return False
    told = utm.build(lacking, odoo_url=settings().odoo_url)
    # of several months the last one: one that is loaded later makes the others no news
    return tell_once(open_ledger(), told, key=f"utm/{max(lacking)}", kind="f29", dag_id=DAG, run_id=run_id)


def sum_up(*, run_id: str) -> list[str]:
    """A line for each company and month of a run, by what the ledger knows.

    :raises SeveralFailed: with all of them, if some were not reached; each was told by its own branch
    """
    return summary.of_run(open_ledger(), DAG, run_id)


def _tell(ledger: Ledger, closed: ClosedForm, receipt: delivery.Receipt, *, run_id: str, run_after: datetime) -> bool:
    if not receipt.news.reasons:
        return False
    form, chosen = closed.form, settings()
    told = message.build(
        form,
        receipt,
        [*closed.contents(), delivery.MANIFEST],
        compared=closed.reconciliation,
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
