"""Read by `odoo shell`: every month's form, computed anew where it is still open, as one line of JSON."""

import json
from typing import Any

env: Any = globals()["env"]

found = {}
for form in env["of.sii.f29"].search([], order="company_id, period, version"):
    if form.status in ("draft", "ready"):
        env["of.sii.f29"].compute_period(form.company_id.id, form.period)
    data = form._as_data()
    key = f"{form.company_id.id}/{form.period}/v{form.version}"
    found[key] = {"casillas": data["casillas"], "status": form.status, "due": data["due_date"]}
    for code, account in (("reconciled", env["of.sii.f29"].reconcile(form.company_id.id, form.period)),):
        found[key][code] = {
            "equal": account["equal"],
            "differences": sorted((d["kind"], d["type"] or "", d["folio"] or "") for d in account["differences"]),
        }
print("OFITEC-FORMS " + json.dumps(found, sort_keys=True))  # noqa: T201 - this line is the answer
