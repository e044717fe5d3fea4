"""Runs inside `odoo shell` on a restored copy: reads through the ORM what a user would, and prints one JSON line."""

import hashlib
import json
from typing import Any

env: Any = globals()["env"]

_SAMPLE = 200

attachments = env["ir.attachment"].sudo().search([("store_fname", "!=", False)], limit=_SAMPLE, order="id desc")
bad = []
for attachment in attachments:
    # 0 bytes come as False
    content = attachment.raw or b""
    if hashlib.sha1(content, usedforsecurity=False).hexdigest() != attachment.checksum:  # Odoo's own checksum
        bad.append(attachment.store_fname)

answer = {
    "modules": env["ir.module.module"].search_count([("state", "=", "installed")]),
    "companies": env["res.company"].sudo().search([]).mapped("name"),
    "users": env["res.users"].sudo().search_count([]),
    "attachments": len(attachments),
    "bad": bad,
    "neutralized": bool(env["ir.config_parameter"].sudo().get_param("database.is_neutralized")),
}
print("OFITEC-READ-BACK " + json.dumps(answer))  # noqa: T201 - this line is the answer
