"""Fills the demo company in a real Odoo: its books, partners and a month of posted documents, through RPC.

Works on 16.0 and 19.0 alike; the same period always gives the same figures.
"""

import calendar
from collections.abc import Iterable
from typing import Any

import odoorpc

from dev.stack.company.documents import PARTNERS, Document, documents, opening

COMPANY = "Comercial Los Aromos SpA"
RUT = "77123456-9"
USD_IN_PESOS = 942
FOLIO = "8123456789"  # of the form that the demo company filed before its month
_BATCH = 40


def fill(odoo: odoorpc.ODOO, period: str) -> dict[str, Any]:
    """Set the company up and post a month of documents.

    :param odoo: a session of an administrator, on a template's database (stack.odoo) with of_sii_cl
    :param period: "YYYY-MM"
    :return: {"company_id", "rut", "period", "posted", "drafts"}
    """
    company_id = _company(odoo, period)
    partners = _partners(odoo)
    before = opening(period)
    _post(odoo, company_id, partners, before)
    previous = f"{before[0].day:%Y-%m}"
    _file(odoo, company_id, previous, f"{period}-12")
    month = documents(period)
    posted = _post(odoo, company_id, partners, month)
    return {"company_id": company_id, "rut": RUT, "period": period, "posted": posted, "drafts": len(month) - posted}


def _file(odoo: odoorpc.ODOO, company_id: int, period: str, day: str) -> None:
    """The first form of a company, as its accountant files it: nothing carried from before, every warning reviewed."""
    form = odoo.execute("of.sii.f29", "compute_period", company_id, period)
    answers = [
        {"f29_id": form["id"], "code": int(question["code"]), "amount": 0, "note": "Primer mes de la empresa"}
        for question in form["questions"]
    ]
    odoo.execute("of.sii.f29.input", "create", answers)
    odoo.execute("of.sii.f29", "compute_period", company_id, period)
    warnings = odoo.execute("of.sii.f29.warning", "search", [("f29_id", "=", form["id"])])
    odoo.execute("of.sii.f29.warning", "action_acknowledge", warnings, "Revisado con la empresa")
    odoo.execute("of.sii.f29", "action_approve", [form["id"]])
    odoo.execute("of.sii.f29", "action_file", [form["id"]], FOLIO, day)


def _company(odoo: odoorpc.ODOO, period: str) -> int:
    """The database's first company, which has the Chilean chart, becomes the demo company."""
    company_id = odoo.execute("res.company", "search", [], 0, 1, "id")[0]
    company = {"name": COMPANY, "vat": RUT, "email": "contabilidad@losaromos.example"}
    odoo.execute("res.company", "write", [company_id], company)
    partner_id = odoo.execute("res.company", "read", [company_id], ["partner_id"])[0]["partner_id"][0]
    odoo.execute(
        "res.partner",
        "write",
        [partner_id],
        {"l10n_cl_sii_taxpayer_type": "1", "street": "Av. Matta 1234", "city": "Santiago"},
    )
    odoo.execute("res.company", "write", [company_id], {"of_sii_ppm_rate": 0.25, "of_sii_common_use_factor": 0.6})
    usd = odoo.execute_kw("res.currency", "search", [[("name", "=", "USD")]], {"context": {"active_test": False}})
    odoo.execute("res.currency", "write", usd, {"active": True})
    rate = {
        "currency_id": usd[0],
        "company_id": company_id,
        "name": f"{period}-01",
        "inverse_company_rate": USD_IN_PESOS,
    }
    odoo.execute("res.currency.rate", "create", rate)
    _utm(odoo, period)
    return int(company_id)


def _utm(odoo: odoorpc.ODOO, period: str) -> None:
    """UTM of the months around the period; the values only need to be plausible: they grow 0.3 % a month."""
    year, month = map(int, period.split("-"))
    values = []
    for offset in range(-1, 3):
        index = year * 12 + month - 1 + offset
        values.append({"month": f"{index // 12}-{index % 12 + 1:02d}", "value": round(69542 * 1.003 ** (offset + 1))})
    odoo.execute("of.sii.utm", "create", values)


def _partners(odoo: odoorpc.ODOO) -> dict[str, int]:
    """Partner key to id."""
    rut_type = _ref(odoo, "l10n_cl.it_RUT")
    found = {}
    for key, partner in PARTNERS.items():
        values = {
            "name": partner.name,
            "country_id": _ref(odoo, f"base.{partner.country.lower()}"),
            "l10n_cl_sii_taxpayer_type": partner.payer,
        }
        if partner.rut:
            values |= {"vat": partner.rut, "l10n_latam_identification_type_id": rut_type}
        known = odoo.execute("res.partner", "search", [("vat", "=", partner.rut or False), ("name", "=", partner.name)])
        found[key] = known[0] if known else odoo.execute("res.partner", "create", values)
    return found


def _post(odoo: odoorpc.ODOO, company_id: int, partners: dict[str, int], listed: list[Document]) -> int:
    """Create all documents, post those that are no drafts; the number posted."""
    types = {
        t["code"]: t["id"]
        for t in odoo.execute("l10n_latam.document.type", "search_read", [("country_id.code", "=", "CL")], ["code"])
    }
    taxes = _taxes(odoo, company_id, {tax for document in listed for line in document.lines for tax in line.taxes})
    currencies = {
        c["name"]: c["id"] for c in odoo.execute("res.currency", "search_read", [("active", "=", True)], ["name"])
    }
    posted = 0
    for start in range(0, len(listed), _BATCH):
        batch = listed[start : start + _BATCH]
        values = [_values(document, company_id, partners, types, taxes, currencies) for document in batch]
        ids = odoo.execute("account.move", "create", values)
        ready = [move_id for move_id, document in zip(ids, batch, strict=True) if not document.draft]
        odoo.execute("account.move", "action_post", ready)
        posted += len(ready)
    return posted


def _values(
    document: Document,
    company_id: int,
    partners: dict[str, int],
    types: dict[str, int],
    taxes: dict[str, int],
    currencies: dict[str, int],
) -> dict[str, Any]:
    return {
        "move_type": document.move_type,
        "company_id": company_id,
        "partner_id": partners[document.partner],
        "l10n_latam_document_type_id": types[document.kind],
        "l10n_latam_document_number": f"{document.folio:06d}",
        "invoice_date": str(document.day),
        "date": str(document.day),
        "invoice_date_due": str(
            document.day.replace(day=calendar.monthrange(document.day.year, document.day.month)[1])
        ),
        "currency_id": currencies[document.currency],
        "invoice_line_ids": [
            (
                0,
                0,
                {
                    "name": line.glosa,
                    "quantity": line.quantity,
                    "price_unit": line.price,
                    "tax_ids": [(6, 0, [taxes[tax] for tax in line.taxes])],
                },
            )
            for line in document.lines
        ],
    }


def _taxes(odoo: odoorpc.ODOO, company_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Tax code (the xmlid's suffix in the Chilean chart) to id."""
    names = {f"{company_id}_{code}": code for code in codes}
    domain = [("model", "=", "account.tax"), ("module", "in", ["account", "l10n_cl"]), ("name", "in", list(names))]
    found = {
        names[row["name"]]: row["res_id"]
        for row in odoo.execute("ir.model.data", "search_read", domain, ["name", "res_id"])
    }
    missing = set(names.values()) - found.keys()
    if missing:
        raise RuntimeError(f"Odoo's Chilean chart lacks the taxes {', '.join(sorted(missing))}: is l10n_cl complete?")
    return found


def _ref(odoo: odoorpc.ODOO, xmlid: str) -> int:
    module, name = xmlid.split(".")
    found = odoo.execute("ir.model.data", "search_read", [("module", "=", module), ("name", "=", name)], ["res_id"])
    return int(found[0]["res_id"])
