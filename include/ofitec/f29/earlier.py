"""Months before the one that is closed: delivered once, and filed or rectified at the SII since."""

from typing import Any, Protocol

from ofitec.f29.form import FILED, Company
from ofitec.f29.period import Period
from ofitec.ledger import Ledger, deliveries
from ofitec.ledger.tables import F29Delivery

_MONTHS = 36  # the SII's ordinary term to revise a declaration (art. 200 Código Tributario)
_FIELDS = ["company_id", "period", "version", "status", "folio", "filed_total"]


class Odoo(Protocol):
    """What this module needs of the Odoo client."""

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]: ...


def filed_since(odoo: Odoo, ledger: Ledger, companies: list[Company], month: Period) -> list[tuple[Company, str]]:
    """Company and month ("2026-05") of each filed version that differs from what was last delivered, oldest first.

    A month that was never delivered is none of them: a new installation does not deliver years.
    """
    delivered = {
        (row.rut, row.period): row
        for row in deliveries.newest_by_period(ledger, str(month.before(_MONTHS)), str(month))
    }
    periods = sorted({period for _, period in delivered})
    if not periods:
        return []
    forms = odoo.search_read("of.sii.f29", [["period", "in", periods], ["status", "in", list(FILED)]], _FIELDS)
    by_id = {company.id: company for company in companies}
    moved = set()
    for form in forms:
        company = by_id.get(form["company_id"][0])
        row = delivered.get((company.rut, form["period"])) if company else None
        if company is not None and row is not None and _differs(form, row):
            moved.add((form["period"], company.id))
    return [(by_id[number], period) for period, number in sorted(moved)]


def _differs(form: dict[str, Any], row: F29Delivery) -> bool:
    if form["version"] != row.version:
        return bool(form["version"] > row.version)
    filed_as = (form["folio"] or None, int(form["filed_total"] or 0))
    return row.status not in FILED or filed_as != (row.folio, row.filed_total or 0)
