"""Closes a month's F29 in Odoo: which companies, one compute call each, and the checks before anything leaves."""

import logging
from typing import Protocol

from ofitec.errors import InputError
from ofitec.f29 import exports, identities
from ofitec.f29.form import ClosedForm, Company, normal_rut, read_form

log = logging.getLogger(__name__)

_MODEL = "of.sii.f29"


class Odoo(Protocol):
    """What this domain needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> object: ...

    def search_read(self, model: str, domain: list[object], fields: list[str]) -> list[dict[str, object]]: ...


def companies(odoo: Odoo, wanted: list[str]) -> list[Company]:
    """The companies that file an F29, by name.

    :param wanted: RUTs to restrict them to, in any spelling; empty for all with a Chilean RUT
    :raises InputError: if a wanted RUT belongs to no company, or no company has a Chilean RUT
    """
    found: dict[str, Company] = {}
    without: list[str] = []
    for record in odoo.search_read("res.company", [], ["name", "vat"]):
        name = str(record["name"])
        try:
            rut = normal_rut(str(record["vat"] or "").upper().removeprefix("CL"))
        except InputError:
            without.append(name)
            continue
        found[rut] = Company(id=int(str(record["id"])), name=name, rut=rut)
    if without:
        log.info("Companies without a Chilean RUT file no F29: %s", ", ".join(sorted(without)))
    if wanted:
        asked = [normal_rut(text) for text in wanted]
        strangers = [rut for rut in asked if rut not in found]
        if strangers:
            known = ", ".join(sorted(found)) or "none"
            raise InputError(
                f"No company of Odoo has RUT {', '.join(strangers)} (RUTs found: {known}). "
                "Check the RUT, and that the company's contact in Odoo carries it."
            )
        found = {rut: found[rut] for rut in asked}
    if not found:
        raise InputError("No company of Odoo has a Chilean RUT. Enter it in the company's contact, field RUT.")
    return sorted(found.values(), key=lambda company: company.name)


def close(odoo: Odoo, company: Company, period: str) -> ClosedForm:
    """Compute a company's F29 and check it, its arithmetic and its three files.

    :param period: "YYYY-MM", a month that has ended
    :raises OdooRefused: in Odoo's words, e.g. if the form is approved or filed
    :raises PermanentError: if the form does not add up or a file differs from it
    """
    form = read_form(odoo.call(_MODEL, "compute_period", company.id, period))
    payable, warnings = form.amount("91"), len(form.warnings)
    log.info("F29 %s of %s (%s): código 91 is %d, %d warnings", period, company.name, form.rut, payable, warnings)
    if (form.rut, form.period) != (company.rut, period):
        raise InputError(
            f"Odoo answered the form of {form.rut} for {form.period}, not of {company.rut} for {period}. "
            "Check the company's RUT in Odoo, then run again."
        )
    identities.check(form)
    files = {fmt: str(odoo.call(_MODEL, f"to_{fmt}", [form.id])) for fmt in exports.file_names(period)}
    exports.check(form, files)
    return ClosedForm(form=form, files={name: files[fmt] for fmt, name in exports.file_names(period).items()})
