"""The steps of `rcv_reconcile`: where the domain meets Airflow's connections. What goes to XCom is JSON, no secret."""

import logging
from datetime import datetime
from typing import Any

from ofitec import words
from ofitec.clients.odoo import OdooClient
from ofitec.clients.storage import Storage
from ofitec.errors import InputError
from ofitec.f29 import branches, close, period
from ofitec.f29.form import Company
from ofitec.f29.rcv import files, message, outcome
from ofitec.f29.rcv.outcome import Outcome
from ofitec.ledger import Ledger, open_ledger, rcv, targets
from ofitec.ledger.rcv_tables import RcvReconciliation
from ofitec.notify.once import tell_once
from ofitec.settings import settings

log = logging.getLogger(__name__)

DAG = "rcv_reconcile"
MONTHS = 3  # a run without a period also takes in what is new of the two months before: the SII's register still moves


def plan(params: dict[str, Any], *, run_id: str, run_after: datetime) -> list[dict[str, Any]]:
    """One entry a company with files, or with a register in Odoo: {"company", "period", "months", "places"}.

    :param params: the run's `period`, `companies`
    :param run_after: the run's own moment (aware)
    :raises InputError: on a wrong period or RUT, in one sentence, before anything is loaded
    """
    month, ledger = period.resolve(params.get("period"), run_after), open_ledger()
    targets.aim(ledger, DAG, run_id, {str(month): words.month(str(month))})
    odoo = OdooClient.from_connection()
    found = close.companies(odoo, params.get("companies") or [])
    places = files.folders(Storage.from_url(settings().export_url))
    loaded = {
        row["company_id"][0] for row in odoo.search_read("of.sii.rcv", [["period", "=", str(month)]], ["company_id"])
    }
    months = [month] if params.get("period") else [month.before(age) for age in range(MONTHS - 1, -1, -1)]
    jobs: list[dict[str, Any]] = [
        {
            "company": company.model_dump(),
            "period": str(month),
            "months": [str(each) for each in months],
            "places": places.get(company.rut, []),
        }
        for company in found
        if company.rut in places or company.id in loaded
    ]
    log.info("Register of %s: %d of %d companies have one or files for one", month, len(jobs), len(found))
    targets.aim(ledger, DAG, run_id, {branches.target(job): branches.label(job) for job in jobs})
    targets.reached(ledger, DAG, run_id, str(month))
    return jobs


def share(jobs: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The jobs of a run, branch by branch."""
    return branches.share(jobs, settings().f29_branches)


def companies(jobs: list[dict[str, Any]], *, run_id: str, run_after: datetime, force: bool) -> list[str]:
    """Each company of a branch: new files taken in, months compared, people told; a line for each says how it stands.

    :raises Several: after all were done, with those that failed
    """
    ledger = open_ledger()
    odoo, storage = OdooClient.from_connection(), Storage.from_url(settings().export_url)

    def company(job: dict[str, Any]) -> str:
        stands = reconcile(odoo, ledger, storage, job, run_id=run_id, run_after=run_after, force=force)
        targets.reached(ledger, DAG, run_id, branches.target(job))
        return stands

    return branches.each(branches.missing(ledger, DAG, run_id, jobs), company)


def reconcile(
    odoo: OdooClient,
    ledger: Ledger,
    storage: Storage,
    job: dict[str, Any],
    *,
    run_id: str,
    run_after: datetime,
    force: bool,
) -> str:
    """Take in a company's new files, compare its months, tell what is new; says how the run's month stands.

    :raises InputError: if another company carries the same RUT
    """
    company = Company.model_validate(job["company"])
    if company.refusal:
        raise InputError(company.refusal)
    stands = ""
    for month in job["months"]:
        done = files.take_in(odoo, ledger, storage, company, month, job["places"], run_id=run_id, force=force)
        # a run before may have been cut short between the two
        moved = done.rejected or rcv.is_behind(ledger, company.rut, month)
        if month != job["period"] and not moved:
            continue
        found = outcome.compare(odoo, company, month, done.rejected)
        if found.registers or found.rejected:
            _tell(odoo, ledger, company, month, found, run_id=run_id, run_after=run_after, force=force)
        stands = message.headline(found)
        log.info("%s, %s: %s", company.name, words.month(month), stands)
    return stands


def _tell(
    odoo: OdooClient,
    ledger: Ledger,
    company: Company,
    month: str,
    found: Outcome,
    *,
    run_id: str,
    run_after: datetime,
    force: bool,
) -> None:
    """Tell Slack how a month compares, once; nothing where people know that already."""
    last, figures = rcv.latest(ledger, company.rut, month), found.model_dump()
    if last is not None and last.outcome == figures and (not force or last.run_id == run_id):
        if last.told_at is not None:
            return
        number = last.id
    else:
        row = RcvReconciliation(rut=company.rut, company=company.name, period=month, certified=found.certified,
                                outcome=figures, run_id=run_id)  # fmt: skip
        number = rcv.record(ledger, row)
    told = message.build(company, month, found, form_id=_form(odoo, company, month), odoo_url=settings().odoo_url)
    tell_once(ledger, told, key=f"rcv/{company.rut}/{month}/{number}", kind="rcv", dag_id=DAG, run_id=run_id)
    rcv.told(ledger, number, run_after)


def _form(odoo: OdooClient, company: Company, month: str) -> int | None:
    """Id of the month's newest form in Odoo, a draft too; None while there is none."""
    forms = odoo.search_read("of.sii.f29", [["company_id", "=", company.id], ["period", "=", month]], ["version"])
    return int(max(forms, key=lambda form: int(form["version"]))["id"]) if forms else None
