"""Read by `odoo shell`: every month's form, computed anew where it is still open, as one line of JSON."""

import json
from typing import Any

env: Any = globals()["env"]

found = {}
for form in env["of.sii.f29"].search([], order="company_id, period, version"):
    company = form.company_id.id
    if form.status in ("draft", "ready"):
        env["of.sii.f29"].compute_period(company, form.period)
    data = form._as_data()
    found[f"{company}/{form.period}/v{form.version}"] = told = {
        "casillas": data["casillas"],
        "status": form.status,
        "due": data["due_date"],
        "documents": len(env["of.sii.f29"].documents(company, form.period)),
    }
    if env["of.sii.rcv"].search_count([("company_id", "=", company), ("period", "=", form.period)]):
        register = env["of.sii.f29"].reconcile(company, form.period)
        differences = [(each["kind"], each["type"] or "", each["folio"] or "") for each in register["differences"]]
        told["register"] = {"equal": register["equal"], "differences": sorted(differences)}
print("OFITEC-FORMS " + json.dumps(found, sort_keys=True))  # noqa: T201 - this line is the answer
