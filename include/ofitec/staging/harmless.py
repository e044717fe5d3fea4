"""Takes out of a copy whatever could reach the outside, and gives its users logins of its own.

Odoo's own `neutralize` has run before: it knows its modules. This is what it leaves: servers with their passwords,
providers in test mode, the cleaning job, keys and tokens, attachments, queues.
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from ofitec.staging.columns import Tables
from ofitec.staging.masks import DOMAIN
from ofitec.staging.rules import KEPT_ATTACHMENTS, SECRET_PARAMETER

# Odoo's paid services, and where nobody listens
_SERVICES = ("iap", "enrich", "sms", "snailmail", "iap.partner_autocomplete")
_NOBODY = "http://127.0.0.1:9"
_ROUNDS = 600_000  # of the password's hash: Odoo's own number since 18.0; 16.0 reads it as well
# users that nobody logs in as
_TECHNICAL = ("user_root", "public_user", "template_portal_user_id", "default_user")


@dataclass(frozen=True)
class Logins:
    """How people get into the copy.

    :param password: the one of all its users
    :param url: the copy's web address, for the links that Odoo writes; "" if it has none
    """

    password: str = field(repr=False)
    url: str = ""


# (table, columns it needs, statement)
_SHUT: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # the one that neutralize makes stays: without any, Odoo takes the server of its command line. Mail is caught by
    # whoever listens there, a mailpit; by nobody, and it stays in Odoo's outbox. A name would be asked of a DNS server.
    ("ir_mail_server", ("smtp_host",), "DELETE FROM ir_mail_server WHERE smtp_host IS DISTINCT FROM 'invalid'"),
    (
        "ir_mail_server",
        ("smtp_host", "smtp_port"),
        "UPDATE ir_mail_server SET smtp_host = '127.0.0.1', smtp_port = 1025, name = 'Copia de pruebas: nada sale'",
    ),
    ("ir_cron", ("active",), "UPDATE ir_cron SET active = FALSE WHERE active"),
    # what tells Odoo S.A. how the database is used, should somebody run that job by hand
    ("ir_act_server", ("code",), "UPDATE ir_act_server SET code = 'pass' WHERE code LIKE '%update_notification%'"),
    ("payment_provider", ("state",), "UPDATE payment_provider SET state = 'disabled' WHERE state <> 'disabled'"),
    ("base_automation", ("active",), "UPDATE base_automation SET active = FALSE WHERE active"),
    # names that an import gave: they hold whatever the spreadsheet's column held
    (
        "ir_model_data",
        ("module", "name"),
        "UPDATE ir_model_data SET name = 'importado_' || id WHERE module IN ('__export__', '__import__', '')",
    ),
    # the bank and its account's number are often the name
    (
        "account_journal",
        ("name", "type"),
        "UPDATE account_journal SET name = jsonb_build_object('en_US', 'Banco ' || id) "
        "WHERE type IN ('bank', 'cash', 'credit')",
    ),
    (
        "account_account",
        ("name", "account_type"),
        "UPDATE account_account SET name = jsonb_build_object('en_US', 'Disponible ' || id) "
        "WHERE account_type IN ('asset_cash', 'liability_credit_card')",
    ),
)


def transient(conn: psycopg.Connection, tables: Tables) -> list[str]:
    """The tables of wizards: what somebody typed into a form and never kept."""
    if "transient" not in tables.get("ir_model", {}):
        return []
    found = (row[0].replace(".", "_") for row in conn.execute("SELECT model FROM ir_model WHERE transient"))
    return sorted(table for table in found if table in tables)


def empty(conn: psycopg.Connection, tables: Iterable[str]) -> dict[str, int]:
    """Remove all rows of these tables; one that another still needs comes after it.

    :return: rows by table
    """
    left, rows = list(tables), dict[str, int]()
    while left:
        refused: list[str] = []
        last: psycopg.Error | None = None
        for table in left:
            try:
                with conn.transaction():
                    statement = sql.SQL("DELETE FROM {}").format(sql.Identifier(table))
                    rows[table] = conn.execute(statement).rowcount
            except psycopg.errors.ForeignKeyViolation as error:
                refused.append(table)
                last = error
        if last is not None and len(refused) == len(left):
            raise last
        left = refused
    return rows


def attachments(conn: psycopg.Connection, tables: Tables) -> dict[str, int]:
    """Remove all attachments but the interface's own; the files follow when the copy is committed (`filestore`)."""
    if "res_model" not in tables.get("ir_attachment", {}):
        return {}
    url = "url" in tables["ir_attachment"]
    assets = "AND coalesce(url, '') NOT LIKE '/web/assets/%%' " if url else ""
    statement = f"DELETE FROM ir_attachment WHERE res_model IS NULL {assets} OR res_model <> ALL(%s) {assets}"  # noqa: S608
    return {"ir_attachment": conn.execute(statement, [list(KEPT_ATTACHMENTS)]).rowcount}


def shut(conn: psycopg.Connection, tables: Tables) -> dict[str, int]:
    """Mail servers, jobs, payments, automation, keys among the system parameters; rows by table."""
    rows: dict[str, int] = {}
    for table, needed, statement in _SHUT:
        if set(needed) <= tables.get(table, {}).keys():
            rows[table] = rows.get(table, 0) + conn.execute(statement).rowcount
    if "ir_config_parameter" in tables:
        rows["ir_config_parameter"] = _parameters(conn)
    return rows


def _parameters(conn: psycopg.Connection) -> int:
    doomed = "key <> 'database.secret' AND (key ~* %s OR key = ANY(%s))"
    named = ["auth_totp.policy", "report.url", "mail.default.from", "mail.default.from_filter", "mail.bounce.alias"]
    removed = conn.execute(f"DELETE FROM ir_config_parameter WHERE {doomed}", [SECRET_PARAMETER.pattern, named])  # noqa: S608
    own = ["database.uuid", "database.secret"]
    conn.execute("UPDATE ir_config_parameter SET value = gen_random_uuid()::text WHERE key = ANY(%s)", [own])
    conn.execute("UPDATE ir_config_parameter SET value = %s WHERE key = 'mail.catchall.domain'", [DOMAIN])
    for service in _SERVICES:
        _set(conn, f"{service}.endpoint", _NOBODY)
    return removed.rowcount


def _set(conn: psycopg.Connection, key: str, value: str) -> None:
    conn.execute("DELETE FROM ir_config_parameter WHERE key = %s", [key])
    conn.execute("INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)", [key, value])


def log_in(conn: psycopg.Connection, tables: Tables, logins: Logins) -> None:
    """Give the users logins that say nothing of production, and one password: `admin`, and `usuario<id>` for others."""
    if not {"login", "password"} <= tables.get("res_users", {}).keys() or "ir_model_data" not in tables:
        return
    xmlids = "SELECT res_id FROM ir_model_data WHERE module = 'base' AND model = 'res.users' AND name = ANY(%s)"
    conn.execute(
        f"UPDATE res_users SET login = 'usuario' || id, password = %s WHERE id NOT IN ({xmlids})",  # noqa: S608
        [hashed(logins.password), list(_TECHNICAL)],
    )
    conn.execute(f"UPDATE res_users SET password = NULL WHERE id IN ({xmlids})", [list(_TECHNICAL)])  # noqa: S608
    conn.execute(f"UPDATE res_users SET login = 'admin' WHERE id IN ({xmlids})", [["user_admin"]])  # noqa: S608
    if logins.url:
        _set(conn, "web.base.url", logins.url)
        _set(conn, "web.base.url.freeze", "True")


def hashed(password: str, salt: bytes | None = None) -> str:
    """A password as Odoo keeps it: passlib's pbkdf2_sha512."""
    salt = salt or os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$pbkdf2-sha512${_ROUNDS}${_ab64(salt)}${_ab64(digest)}"


def _ab64(content: bytes) -> str:
    """passlib's form of base64: dots for plus signs, no padding."""
    return b64encode(content).decode().rstrip("=").replace("+", ".")
