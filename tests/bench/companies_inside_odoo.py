"""What companies.py runs inside ``odoo shell`` (``env`` is the shell's): clones of a company by SQL. Not an import.

A chart of accounts takes seconds a company, and the F29 reads none: a clone is a company with a RUT of its own, the
taxes of the Chilean chart under names of its own, and some of the month's documents.
"""

import os
from typing import Any

env: Any = globals()["env"]
COMPANIES, DOCUMENTS = int(os.environ["BENCH_COMPANIES"]), int(os.environ["BENCH_DOCUMENTS"])
PERIOD = os.environ["BENCH_PERIOD"]
cr = env.cr


def check_digit(number: int) -> str:
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(str(number))))
    return "0123456789K0"[11 - total % 11]


def clone(table: str, numbers: str, replaced: dict[str, str]) -> None:
    """Copy rows of ``table``.

    ``numbers``: a relation of ``old`` (a row's id), ``new`` and ``k`` (the company's number); ``replaced``: column to
    its new value, where ``s`` is the old row and ``n`` that of ``numbers``.
    """
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    names = [row[0] for row in cr.fetchall()]
    into = ", ".join(f'"{name}"' for name in names)
    values = ", ".join({"id": "n.new", **replaced}.get(name, f's."{name}"') for name in names)
    cr.execute(f"INSERT INTO {table} ({into}) SELECT {values} FROM {table} s JOIN {numbers} n ON n.old = s.id")


def number(table: str, name: str, ids: list[int]) -> None:
    """Make the temporary table ``name``: one new id of ``table`` for each of ``ids`` and each company."""
    cr.execute(
        f"CREATE TEMP TABLE {name} AS SELECT o AS old, k, nextval('{table}_id_seq')::int AS new"
        " FROM unnest(%s) o, generate_series(1, %s) k",
        [ids, COMPANIES],
    )
    cr.execute(f"CREATE INDEX ON {name} (old, k)")


first = env["res.company"].search([], order="id", limit=1)
taxes = env["account.tax"].with_context(active_test=False).search([("company_id", "=", first.id)])
posted = [
    ("company_id", "=", first.id),
    ("state", "=", "posted"),
    ("l10n_latam_document_type_id.code", "in", ["33", "39"]),
]
moves = env["account.move"].search(
    [*posted, ("date", ">=", f"{PERIOD}-01"), ("amount_tax", ">", 0)], order="id", limit=DOCUMENTS
)
data = env["ir.model.data"].search(
    [("model", "=", "account.tax"), ("module", "in", ("account", "l10n_cl")), ("res_id", "in", taxes.ids)]
)
number("res_partner", "n_partner", first.partner_id.ids)
number("res_company", "n_company", first.ids)
number("account_tax", "n_tax", taxes.ids)
number("ir_model_data", "n_data", data.ids)
number("account_move", "n_move", moves.ids)
number("account_move_line", "n_line", moves.line_ids.ids)
cr.execute("CREATE TEMP TABLE rut (k int, vat text)")
for k in range(1, COMPANIES + 1):
    cr.execute("INSERT INTO rut VALUES (%s, %s)", [k, f"{78_000_000 + k}-{check_digit(78_000_000 + k)}"])
company = "(SELECT c.new FROM n_company c WHERE c.k = n.k)"
name = "'Empresa ' || lpad(n.k::text, 3, '0') || ' SpA'"
tax = "(SELECT t.new FROM n_tax t WHERE t.k = n.k AND t.old = s.{})"
move = "(SELECT m.new FROM n_move m WHERE m.k = n.k AND m.old = s.move_id)"
clone(
    "res_partner",
    "n_partner",
    {
        **{"name": name, "complete_name": name, "vat": "(SELECT vat FROM rut WHERE rut.k = n.k)"},
        **{"commercial_partner_id": "n.new", "commercial_company_name": name},
    },
)
partner = "(SELECT p.new FROM n_partner p WHERE p.k = n.k)"
clone("res_company", "n_company", {"name": name, "partner_id": partner, "parent_path": "n.new || '/'"})
clone("account_tax", "n_tax", {"company_id": company})
tax_name = f"{company} || substr(s.name, strpos(s.name, '_'))"
clone("ir_model_data", "n_data", {"name": tax_name, "res_id": tax.format("res_id")})
clone(
    "account_move",
    "n_move",
    {
        **{"company_id": company, "name": "s.name || '-' || n.k", "payment_reference": "NULL"},
        "sequence_number": "s.sequence_number + 100000 * n.k",
    },
)
clone(
    "account_move_line",
    "n_line",
    {"company_id": company, "move_id": move, "tax_line_id": tax.format("tax_line_id")},
)
cr.execute(
    """INSERT INTO account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
       SELECT l.new, t.new FROM account_move_line_account_tax_rel r
         JOIN n_line l ON l.old = r.account_move_line_id JOIN n_tax t ON t.old = r.account_tax_id AND t.k = l.k"""
)
cr.execute(
    """INSERT INTO res_company_users_rel (cid, user_id)
       SELECT c.new, r.user_id FROM n_company c JOIN res_company_users_rel r ON r.cid = c.old"""
)
for table in ("res_company", "res_partner", "account_tax", "ir_model_data", "account_move", "account_move_line"):
    cr.execute(f"ANALYZE {table}")
cr.execute("UPDATE res_partner SET vat = NULL WHERE id = %s", [first.partner_id.id])  # so that all are alike
cr.commit()
print(f"cloned {COMPANIES} companies with {len(moves)} documents each")
