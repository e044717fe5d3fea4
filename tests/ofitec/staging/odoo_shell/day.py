"""Read by `odoo shell`: one more day's work in production. A customer whom nobody knew, an invoice, a word about it."""

import json
import os
from datetime import date
from typing import Any

env: Any = globals()["env"]

given = json.loads(os.environ["OFITEC_DAY"])
number, (year, month) = given["number"], map(int, given["period"].split("-"))
body = str(21_400_000 + 37 * number)
total = sum(int(figure) * (2 + place % 6) for place, figure in enumerate(reversed(body)))
rut = f"{body}-{'0123456789K0'[11 - total % 11]}"
name = f"Clotilde Huenchumilla Vidal {'abcdefghijklmnopqrstuvwxyzñáéíóú'[number % 32] * 3} {number}"
partner = env["res.partner"].create(
    {
        "name": name,
        "vat": rut,
        "country_id": env.ref("base.cl").id,
        "email": f"clotilde{number}@huenchumilla.example",
        "phone": f"+56 9 7{number:03d} 4{number:03d}",
        "l10n_cl_sii_taxpayer_type": "1",
        "street": f"Camino a Trovolhue {3000 + number}",
    }
)
env["res.partner.bank"].create({"acc_number": f"5520{number:03d}-77-{number:04d}", "partner_id": partner.id})
posted = [("move_type", "=", "out_invoice"), ("state", "=", "posted"), ("l10n_latam_document_type_id.code", "=", "33")]
like = env["account.move"].search(posted, limit=1)
move = like.copy(
    {"partner_id": partner.id, "invoice_date": date(year, month, 1 + number % 28), "narration": f"<p>{name}</p>"}
)
move.action_post()
move.message_post(body=f"Coordinar con {name}, {rut}", email_from=f"{name} <clotilde{number}@huenchumilla.example>")
env.cr.commit()
print("day done")  # noqa: T201 - this line is the answer
