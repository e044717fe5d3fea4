"""The steps of `rcv_reconcile`: where the domain meets Airflow's connections. What goes to XCom is JSON, no secret."""

import hashlib
import logging
from datetime import datetime
from typing import Any

from ofitec import words
from ofitec.clients.odoo import OdooClient
from ofitec.clients.storage import Storage
from ofitec.errors import InputError
from ofitec.f29 import branches, close, period
from ofitec.f29.digest import is_for_several
from ofitec.f29.form import Company
from ofitec.f29.rcv import digest, files, message, outcome
from ofitec.f29.rcv.outcome import Outcome
from ofitec.ledger import Ledger, open_ledger, rcv, targets
from ofitec.ledger.rcv_tables import RcvReconciliation
from ofitec.notify import once
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
    places = files.folders(Storage.from_url(settings().export_url)).by_rut
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
    """Each company of a branch: new files taken in, months compared; a line for each says how it stands.

    Of a run for one company people are told as well; for several, `tell_all` does that, once for all of them.

    :raises Several: after all were done, with those that failed
    """
    ledger = open_ledger()
    odoo, storage = OdooClient.from_connection(), Storage.from_url(settings().export_url)
    run: dict[str, Any] = {"run_id": run_id, "run_after": run_after, "force": force}
    several = is_for_several(targets.of_run(ledger, DAG, run_id))

    def company(job: dict[str, Any]) -> str:
        stands = reconcile(odoo, ledger, storage, job, **run, tell=not several)
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
    tell: bool,
) -> str:
    """Take in a company's new files, compare its months, keep what is new; says how the run's month stands.

    :param tell: tell people too

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
            number = _keep(ledger, company, month, found, run_id=run_id, force=force)
            if number is not None and tell:
                _tell(odoo, ledger, company, month, found, number=number, run_id=run_id, run_after=run_after)
        stands = message.headline(found)
        log.info("%s, %s: %s", company.name, words.month(month), stands)
    return stands


def tell_all(*, run_id: str, run_after: datetime) -> None:
    """Tell Slack in one digest what is new of a run for several companies, and what lies astray; each once."""
    ledger, chosen = open_ledger(), settings()
    found = targets.of_run(ledger, DAG, run_id)
    made = digest.of_run(ledger, found, odoo_url=chosen.odoo_url)
    for number, part in enumerate(made.messages, start=1):
        key = f"rcv/digest/{hashlib.sha256(f'{run_id}/{made.key}'.encode()).hexdigest()[:16]}/{number}"
        tell_once(ledger, part, key=key, kind="rcv", dag_id=DAG, run_id=run_id)
    for number in made.told:
        rcv.told(ledger, number, run_after)
    _tell_astray(ledger, Storage.from_url(chosen.export_url), run_id=run_id)


def _tell_astray(ledger: Ledger, storage: Storage, *, run_id: str) -> None:
    prefix = "rcv/astray/"
    known = {mark for key in once.keys(ledger, prefix) for mark in key.removeprefix(prefix).split("+")}
    marks = {path: hashlib.sha256(path.encode()).hexdigest()[:12] for path in files.folders(storage).astray}
    fresh = [path for path, mark in marks.items() if mark not in known][: message.MOST_LINES]
    if fresh:
        key = prefix + "+".join(marks[path] for path in fresh)
        tell_once(ledger, message.astray(fresh), key=key, kind="rcv", dag_id=DAG, run_id=run_id)


def _keep(ledger: Ledger, company: Company, month: str, found: Outcome, *, run_id: str, force: bool) -> int | None:
    """Write down how a month compares; its number while people do not know that, None where they do."""
    last, figures = rcv.latest(ledger, company.rut, month), found.model_dump()
    if last is not None and last.outcome == figures and (not force or last.run_id == run_id):
        return last.id if last.told_at is None else None
    row = RcvReconciliation(rut=company.rut, company=company.name, period=month, certified=found.certified,
                            outcome=figures, run_id=run_id)  # fmt: skip
    return rcv.record(ledger, row)


def _tell(
    odoo: OdooClient,
    ledger: Ledger,
    company: Company,
    month: str,
    found: Outcome,
    *,
    number: int,
    run_id: str,
    run_after: datetime,
) -> None:
    """Tell Slack how a month compares, once."""
    told = message.build(company, month, found, form_id=_form(odoo, company, month), odoo_url=settings().odoo_url)
    tell_once(ledger, told, key=f"rcv/{company.rut}/{month}/{number}", kind="rcv", dag_id=DAG, run_id=run_id)
    rcv.told(ledger, number, run_after)


def _form(odoo: OdooClient, company: Company, month: str) -> int | None:
    """Id of the month's newest form in Odoo, a draft too; None while there is none."""
    forms = odoo.search_read("of.sii.f29", [["company_id", "=", company.id], ["period", "=", month]], ["version"])
    return int(max(forms, key=lambda form: int(form["version"]))["id"]) if forms else None
