"""Read by `odoo shell`: puts people into the demo company wherever an Odoo keeps them, on 16.0 and 19.0 alike."""

import base64
import json
import os
from typing import Any

env: Any = globals()["env"]

CHILE = env.ref("base.cl").id
PEOPLE = json.loads(os.environ["OFITEC_PEOPLE"])
mobile = ["mobile"] if "mobile" in env["res.partner"]._fields else []

bank = env["res.bank"].create(
    {"name": "Banco del Valle", "email": "mesa@bancodelvalle.example", "phone": "+56 2 2999 1000"}
)
for number, person in enumerate(PEOPLE):
    company = env["res.partner"].create(
        {
            "name": person["company"],
            "is_company": True,
            "vat": person["company_rut"],
            "country_id": CHILE,
            "email": person["email"].replace("@", ".ventas@"),
        }
    )
    partner = env["res.partner"].create(
        {
            "name": person["name"],
            "parent_id": company.id,
            "email": person["email"],
            "phone": person["phone"],
            **dict.fromkeys(mobile, person["phone"]),
            "street": person["street"],
            "function": "Encargada de pagos",
            "website": f"https://{person['email'].partition('@')[2]}",
            "comment": f"<p>Llamar a {person['name']} al {person['phone']}</p>",
            "ref": person["rut"],
        }
    )
    person_alone = env["res.partner"].create(
        {"name": person["name"] + " (particular)", "vat": person["rut"], "country_id": CHILE}
    )
    env["res.partner.bank"].create(
        {
            "acc_number": person["account"],
            "partner_id": partner.id,
            "bank_id": bank.id,
            "acc_holder_name": person["name"],
        }
    )
    user = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": person["name"] + " usuaria",
                "login": person["email"].replace("@", ".odoo@"),
                "email": person["email"],
            }
        )
    )
    partner.message_post(
        body=f"Hablé con {person['name']}, RUT {person['rut']}, cuenta {person['account']}", subject=person["name"]
    )
    move = env["account.move"].search(
        [("move_type", "=", "out_invoice"), ("state", "=", "posted")], limit=1, offset=number
    )
    move.message_post(
        body="Adjunto",
        attachments=[(f"cedula_{person['rut']}.txt", f"{person['name']} {person['rut']} {person['account']}".encode())],
        email_from=f"{person['name']} <{person['email']}>",
    )
    move.write({"narration": f"<p>Entregar a {person['name']}</p>", "payment_reference": person["name"]})
    env["ir.attachment"].create(
        {
            "name": f"factura de {person['name']}.xml",
            "res_model": "account.move",
            "res_id": move.id,
            "datas": base64.b64encode(f"<DTE><RUTRecep>{person['rut']}</RUTRecep></DTE>".encode()),
        }
    )
    env["mail.mail"].create({"subject": person["name"], "email_to": person["email"], "body_html": "<p>Hola</p>"})

env["ir.mail_server"].create(
    {
        "name": "Correo",
        "smtp_host": "smtp.losaromos.example",
        "smtp_user": "robot@losaromos.example",
        "smtp_pass": "smtpclave99x",
    }
)
if "fetchmail.server" in env:
    env["fetchmail.server"].create(
        {
            "name": "Entrada",
            "server_type": "imap",
            "server": "imap.losaromos.example",
            "user": "robot",
            "password": "imapclave99x",
        }
    )
env["ir.config_parameter"].set_param("sii.api_token", "tokenclave99x")
env["ir.config_parameter"].set_param("mail.default.from", "avisos@losaromos.example")
company = env.ref("base.main_company")
company.write(
    {"phone": "+56 2 2777 4455", "report_footer": "<p>Comercial Los Aromos SpA, contabilidad@losaromos.example</p>"}
)

for name, content in json.loads(os.environ["OFITEC_REGISTER"]).items():
    env["of.sii.rcv"].load(company.id, os.environ["OFITEC_PERIOD"], name, content)
env["of.sii.f29"].compute_period(company.id, os.environ["OFITEC_PERIOD"])
env.cr.commit()
print("people are in")  # noqa: T201 - this line is the answer
