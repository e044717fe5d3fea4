"""Which columns look like people's data and have no rule: those of add-ons that nobody thought of.

A column is told if its name says so, or if what it holds is an e-mail address, a valid-looking RUT, or a value that
was masked elsewhere. Never with a value.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ofitec.staging.columns import Column, Tables
from ofitec.staging.masks import DOMAIN, REMOVED
from ofitec.staging.rules import Rules

# Odoo's own definitions and lists: authors, placeholders and examples are no people of the company
_TECHNICAL = re.compile(
    r"ir_(?!attachment|config_parameter|filters|default|property)|base_|bus_|html_editor|mail_template|sms_template|"
    r"mail_alias|mail_activity_type|mail_message_subtype|digest_|web_tour|onboarding|spreadsheet|report_|res_country|"
    r"res_lang|res_currency|res_groups|res_role|uom_|l10n_latam_|account_report|account_tax|account_incoterms|"
    r"payment_method|decimal_|theme_|iap_service|of_sii_f29_map|of_sii_holiday"
)
# columns whose names mislead: colours, layouts, choices
_INNOCENT = re.compile(r"(layout|color|type|status|state|policy|mode|method|xmlid|code|kind|partner_to|basis)$")
_NAMED = re.compile(
    r"(^|_)(e?mail|phone|mobile|fax|vat|rut|dni|passport|birth\w*|street\d?|iban|acc_number|account_number|"
    r"contact_name|partner_name|customer_name|first_?name|last_?name|surname|signed_by|ssn\w*|identification_id|"
    r"nombres?|apellidos?|correo|telefono|celular|direccion|domicilio|nacimiento)(_|$)"
)
_EMAIL = r"[[:alnum:]._%+-]+@[[:alnum:]-]+(\.[[:alnum:]-]+)+"
_RUT = r"(^|[^0-9.])[1-9][0-9]?\.?[0-9]{3}\.?[0-9]{3}-[0-9kK]($|[^0-9a-zA-Z-])"


@dataclass(frozen=True)
class Finding:
    """:param column: "table.column"
    :param why: what makes it look like people's data
    :param rows: in how many rows
    """

    column: str
    why: str
    rows: int

    def __str__(self) -> str:
        return f"{self.column} ({self.why}, {self.rows} rows)"


def unruled(conn: psycopg.Connection, tables: Tables, rules: Rules) -> list[Finding]:
    """The columns without a rule that look like people's data. To be asked in the transaction that masked."""
    found: list[Finding] = []
    for table, known in tables.items():
        left = [
            column
            for column in known.values()
            if (column.holds_text or column.holds_json) and column.name not in rules.get(table, {})
        ]
        if left:
            found += _of(conn, table, left)
    return found


def _of(conn: psycopg.Connection, table: str, left: list[Column]) -> Iterable[Finding]:
    technical = _TECHNICAL.match(table) is not None
    counts = sql.SQL(", ").join(part for column in left for part in _counts(column))
    row = conn.execute(sql.SQL("SELECT {} FROM {}").format(counts, sql.Identifier(table))).fetchone()
    assert row is not None
    for place, column in enumerate(left):
        held, mails, ruts, known = row[4 * place : 4 * place + 4]
        name = f"{table}.{column.name}"
        if known:
            yield Finding(name, "holds values that are masked elsewhere", known)
        elif mails and not technical:
            yield Finding(name, "holds e-mail addresses", mails)
        elif ruts and not technical:
            yield Finding(name, "holds what looks like a RUT", ruts)
        elif held and not technical and _NAMED.search(column.name) and not _INNOCENT.search(column.name):
            yield Finding(name, "is called so", held)


def _counts(column: Column) -> Iterable[sql.Composable]:
    """Rows that hold something; an address; a RUT; a value that was masked elsewhere."""
    text = sql.SQL("{}::text").format(sql.Identifier(column.name))
    yield sql.SQL("count(*) FILTER (WHERE {c} <> '' AND {c} <> {removed})").format(c=text, removed=sql.Literal(REMOVED))
    yield sql.SQL("count(*) FILTER (WHERE {c} LIKE '%@%' AND {c} ~ {form} AND {c} NOT LIKE {ours})").format(
        c=text, form=sql.Literal(_EMAIL), ours=sql.Literal(f"%@{DOMAIN}%")
    )
    yield sql.SQL("count(*) FILTER (WHERE {c} LIKE '%-%' AND {c} ~ {form})").format(c=text, form=sql.Literal(_RUT))

    yield sql.SQL(
        "count(*) FILTER (WHERE length({c}) > 4 AND md5({c}) IN (SELECT digest FROM ofitec_mask WHERE telling))"
    ).format(c=text)
