"""Which columns of an Odoo hold people's data, and what becomes of each: `rules.csv`, a rule a line.

What is not masked is removed: the words of messages, notes and references, and every attachment but the interface's
own (`KEPT_ATTACHMENTS`): invoices as PDF and XML, register files, logos, scans. Amounts, dates, accounts, taxes,
document types and folios stay: by them the F29 adds up. Columns that an Odoo lacks are passed over.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ofitec.errors import InputError
from ofitec.staging.masks import Kind

Rules = Mapping[str, Mapping[str, Kind]]

_SHIPPED = Path(__file__).with_name("rules.csv")
_HEAD = ["table", "column", "kind"]

# Nothing in them is of use in a copy: queues of what would be sent, traces of who did what, keys of devices
EMPTIED = (
    *("mail_mail", "mail_tracking_value", "mail_scheduled_message", "mail_message_schedule", "mail_link_preview"),
    *("mail_message_translation", "mail_message_link_preview", "mail_push", "mail_push_device", "mail_partner_device"),
    *("mail_web_push", "mail_notification_web_push", "mail_blacklist", "phone_blacklist", "mail_ice_server"),
    *("sms_sms", "sms_tracker", "snailmail_letter", "snailmail_letter_missing_required_fields", "whatsapp_message"),
    *("bus_bus", "bus_presence", "ir_logging", "ir_profile", "res_device_log", "res_users_log", "privacy_log"),
    *("res_users_apikeys", "auth_totp_device", "auth_passkey_key", "auth_totp_rate_limit_log", "fetchmail_server"),
    *("of_sii_f29_warning", "website_track", "website_visitor", "link_tracker_click", "ir_exports_line", "ir_exports"),
    *("base_import_import", "base_import_mapping", "google_calendar_credentials", "res_users_deletion"),
)

# Attachments of these records are the interface's own; all others go, with their files
KEPT_ATTACHMENTS = (
    *("ir.ui.view", "ir.ui.menu", "ir.module.module", "ir.asset", "payment.method", "payment.provider", "res.lang"),
    *("res.country", "res.currency", "report.paperformat", "website.menu", "theme.ir.attachment"),
)

# A column of such a name holds what opens a door elsewhere; whatever the add-on, it is emptied
SECRET_COLUMN = re.compile(
    r"password|passwd|pass_?phrase|_pass$|^pass$|secret|token|private_key|api_?key|credential|pkcs12|^webhook_url$"
)
# and so does a row of ir_config_parameter of such a key
SECRET_PARAMETER = re.compile(
    r"secret|token|passw|api[._]?key|private|credential|vapid|client_id|sfu_server|webhook|dsn|account_sid", re.I
)


@cache
def shipped() -> Rules:
    """The rules of this package."""
    return _read(_SHIPPED, _SHIPPED.name)


def chosen(own: Path | None) -> Rules:
    """The rules of this package and, over them, those of one's own file.

    :raises InputError: names the line of the file that is no rule
    """
    rules = {table: dict(columns) for table, columns in shipped().items()}
    for table, columns in (_read(own, f"OFITEC_STAGING_RULES: {own}") if own else {}).items():
        rules[table] = {**rules.get(table, {}), **columns}
    return rules


def _read(file: Path, what: str) -> Rules:
    found: dict[str, dict[str, Kind]] = {}
    try:
        lines = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{what} cannot be read ({type(error).__name__}). Mend it, or empty the setting.") from None
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line]
        if not any(cells) or cells[0].startswith("#") or cells == _HEAD:
            continue
        if len(cells) != len(_HEAD) or not all(cells) or cells[2] not in set(Kind):
            raise InputError(f"{what}: line {number} is no rule. Write table,column,kind; kinds: {', '.join(Kind)}.")
        found.setdefault(cells[0], {})[cells[1]] = Kind(cells[2])
    return found
