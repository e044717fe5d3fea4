"""A month's F29 in Odoo: which companies declare, what is to be computed and what read, and the checks on both."""

import logging
from collections import defaultdict
from typing import Protocol

from ofitec.clients.odoo import OdooRefused
from ofitec.errors import InputError
from ofitec.f29 import exports, identities
from ofitec.f29.form import ClosedForm, Company, F29Form, normal_rut, read_form
from ofitec.f29.rcv import delivery as rcv_delivery
from ofitec.f29.rcv.delivery import Reconciliation

log = logging.getLogger(__name__)

_MODEL = "of.sii.f29"


class Odoo(Protocol):
    """What this domain needs of the Odoo client."""

    def call(self, model: str, method: str, *args: object) -> object: ...

    def search_read(self, model: str, domain: list[object], fields: list[str]) -> list[dict[str, object]]: ...


def companies(odoo: Odoo, wanted: list[str]) -> list[Company]:
    """The companies that file an F29, by name. A branch (Odoo 17+) declares with its company and is none of its own.

    :param wanted: RUTs to restrict them to, in any spelling; empty for all with a Chilean RUT
    :raises InputError: if a wanted RUT belongs to no company, or no company has a Chilean RUT
    """
    found = every(odoo)
    if wanted:
        asked = [normal_rut(text) for text in wanted]
        strangers = [rut for rut in asked if rut not in found]
        if strangers:
            known = ", ".join(sorted(found)) or "ninguno"
            raise InputError(
                f"Ninguna empresa de Odoo tiene el RUT {', '.join(strangers)} (RUT encontrados: {known}): revise el "
                "RUT escrito y el del contacto de la empresa en Odoo."
            )
        found = {rut: found[rut] for rut in asked}
    if not found:
        raise InputError("Ninguna empresa de Odoo tiene un RUT chileno: ingréselo en el contacto de la empresa.")
    return sorted(found.values(), key=lambda company: company.name)


def every(odoo: Odoo) -> dict[str, Company]:
    """RUT to the company that declares for it; one that two unrelated companies carry gets a refusal."""
    records = odoo.search_read("res.company", [], ["name", "vat", "parent_id"])
    parents = {_id(record["id"]): _id(record.get("parent_id")) for record in records}
    by_rut: dict[str, list[Company]] = defaultdict(list)
    without: list[str] = []
    for record in records:
        name, number = str(record["name"]), _id(record["id"])
        try:
            rut = normal_rut(str(record["vat"] or "").upper().removeprefix("CL"))
        except InputError:
            without.append(name)
            continue
        by_rut[rut].append(Company(id=number, name=name, rut=rut))
    if without:
        log.info("Without a Chilean RUT of their own, and so without an F29 of their own: %s", ", ".join(without))
    return {rut: _declares(rut, group, parents) for rut, group in by_rut.items()}


def _id(value: object) -> int:
    """The id of a record, or of a many2one as Odoo answers it ([id, name], or False)."""
    if isinstance(value, list | tuple):
        return _id(value[0]) if value else 0
    return int(str(value)) if value else 0


def _declares(rut: str, group: list[Company], parents: dict[int, int]) -> Company:
    """The one of a RUT's companies that the others are branches of; a refusal if they are none of each other's."""
    ids = {company.id for company in group}
    tops = [company for company in group if not ids & set(_ancestors(company.id, parents))]
    if len(tops) > 1:
        names = sorted(company.name for company in tops)
        quoted = " y ".join(f"«{name}»" for name in names)
        refusal = (
            f"Las empresas {quoted} tienen el mismo RUT {rut} y ninguna es sucursal de la otra: el F29 es uno por RUT. "
            "Corrija el RUT de una, o hágala sucursal, y ejecute de nuevo."
        )
        return tops[0].model_copy(update={"name": " y ".join(names), "refusal": refusal})
    return tops[0]


def _ancestors(company: int, parents: dict[int, int]) -> list[int]:
    found: list[int] = []
    while (company := parents.get(company, 0)) and company not in found:
        found.append(company)
    return found


def look(odoo: Odoo, company: Company, period: str) -> list[ClosedForm]:
    """The month as it stands: an open form computed now, an approved or filed one exactly as it is.

    While a filed month is being rectified there are two: the filed version, then the new one.

    :param period: "YYYY-MM", a month that has ended
    :raises InputError: if another company carries the same RUT
    :raises OdooRefused: in Odoo's words
    :raises PermanentError: if a form does not add up or a file differs from it
    """
    newest, filed = read(odoo, company, period)
    if newest is None or newest.is_open:
        try:
            newest = _form(odoo.call(_MODEL, "compute_period", company.id, period), company, period)
        except OdooRefused:
            # Between the two calls somebody may have approved it; then it is delivered as it is.
            newest, filed = read(odoo, company, period)
            if newest is None or newest.is_open:
                raise
    forms = [newest] if filed is None or filed.id == newest.id else [filed, newest]
    compared = rcv_delivery.read(odoo, company.id, period)
    return [_closed(odoo, form, compared) for form in forms]


def as_it_is(odoo: Odoo, company: Company, period: str) -> list[ClosedForm]:
    """The filed version of a month and, if that is not the newest, an approved one: nothing is computed.

    :raises PermanentError: if a form does not add up or a file differs from it
    """
    newest, filed = read(odoo, company, period)
    forms = [form for form in (filed, newest) if form is not None and not form.is_open]
    compared = rcv_delivery.read(odoo, company.id, period) if forms else None
    return [_closed(odoo, form, compared) for form in {form.id: form for form in forms}.values()]


def read(odoo: Odoo, company: Company, period: str) -> tuple[F29Form | None, F29Form | None]:
    """The newest version of a month and the newest that was filed; None where there is none.

    :raises InputError: if another company carries the same RUT, or Odoo answers another form
    """
    if company.refusal:
        raise InputError(company.refusal)
    answer = odoo.call(_MODEL, "read_period", company.id, period)
    found = answer if isinstance(answer, dict) else {}
    newest, filed = (_form(found[name], company, period) if found.get(name) else None for name in ("newest", "filed"))
    return newest, filed


def _form(answer: object, company: Company, period: str) -> F29Form:
    form = read_form(answer)
    if (form.rut, form.period) != (company.rut, period):
        raise InputError(
            f"Odoo respondió el F29 de {form.rut} de {form.period}, no el de {company.rut} de {period}: revise el RUT "
            "de la empresa en Odoo y ejecute de nuevo."
        )
    return form


def _closed(odoo: Odoo, form: F29Form, compared: Reconciliation | None) -> ClosedForm:
    log.info(
        "F29 %s v%d of %s (%s): %s, código 91 is %d, %d warnings",
        form.period, form.version, form.company, form.rut, form.status, form.amount("91"), len(form.warnings),
    )  # fmt: skip
    identities.check(form)
    files = {fmt: str(odoo.call(_MODEL, f"to_{fmt}", [form.id])) for fmt in exports.file_names(form.period)}
    exports.check(form, files)
    named = {name: files[fmt] for fmt, name in exports.file_names(form.period).items()}
    return ClosedForm(form=form, files=named, reconciliation=compared)
