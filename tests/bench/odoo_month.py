"""A month of posted documents in the database of a benchmark: a few made by Odoo, the others cloned by SQL."""

from typing import Any

PERIOD, FIRST, UNTIL = "2026-07", "2026-07-01", "2026-08-01"
RUTS = {"1": "76086428-5", "2": "12345678-5", "3": "66666666-6"}
# (direction, document type, taxpayer type, refund, lines of (net, *tax codes))
Kind = tuple[str, str, str, bool, list[tuple[Any, ...]]]


def make_company(env: Any, name: str) -> Any:
    """A Chilean company with its chart of accounts."""
    company = env["res.company"].create(
        {"name": name, "country_id": env.ref("base.cl").id, "currency_id": env.ref("base.CLP").id}
    )
    company.partner_id.write({"vat": "76123456-0", "l10n_cl_sii_taxpayer_type": "1"})
    env.user.company_ids |= company
    template = env.ref("l10n_cl.cl_chart_template", raise_if_not_found=False)
    if template:
        template.try_loading(company=company, install_demo=False)
    else:
        env["account.chart.template"].try_loading("cl", company=company, install_demo=False)
    company.of_sii_ppm_rate = 0.25
    return company


def taxes_of(env: Any, company: Any) -> dict[str, int]:
    """Tax code of the chart -> id."""
    data = env["ir.model.data"].search(
        [
            ("model", "=", "account.tax"),
            ("module", "in", ("account", "l10n_cl")),
            ("name", "=like", f"{company.id}\\_%"),
        ]
    )
    return {row.name.split("_", 1)[1]: row.res_id for row in data}


def make_documents(env: Any, company: Any, kinds: list[Kind], count: int) -> list[int]:
    """Post that many documents of July 2026 through the ORM, in turn of each kind; their ids."""
    taxes = taxes_of(env, company)
    partners = {
        kind: env["res.partner"].create(
            {
                "name": f"Bench {kind}",
                "vat": rut,
                "country_id": env.ref("base.cl").id,
                "l10n_latam_identification_type_id": env.ref("l10n_cl.it_RUT").id,
                "l10n_cl_sii_taxpayer_type": kind,
            }
        )
        for kind, rut in RUTS.items()
    }
    types = {kind.code: kind.id for kind in env["l10n_latam.document.type"].search([("country_id.code", "=", "CL")])}
    journals = {
        kind: env["account.journal"].search([("company_id", "=", company.id), ("type", "=", kind)], limit=1).id
        for kind in ("sale", "purchase")
    }
    values = []
    for number in range(count):
        direction, code, payer, refund, lines = kinds[number % len(kinds)]
        values.append(
            {
                "move_type": ("out" if direction == "sale" else "in") + ("_refund" if refund else "_invoice"),
                "journal_id": journals[direction],
                "partner_id": partners[payer].id,
                "invoice_date": f"{PERIOD}-{number % 28 + 1:02d}",
                "date": f"{PERIOD}-{number % 28 + 1:02d}",
                "l10n_latam_document_type_id": types[code],
                **({} if direction == "sale" else {"l10n_latam_document_number": str(number + 1)}),
                "invoice_line_ids": [
                    (
                        0,
                        0,
                        {"name": "x", "quantity": 1, "price_unit": net, "tax_ids": [(6, 0, [taxes[t] for t in codes])]},
                    )
                    for net, *codes in lines
                ],
            }
        )
    moves = env["account.move"].with_company(company).create(values)
    moves.action_post()
    env.flush_all()
    env.cr.commit()
    return list(moves.ids)


def _columns(env: Any, table: str, replaced: dict[str, str]) -> tuple[str, str]:
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    names = [row[0] for row in env.cr.fetchall()]
    return ", ".join(f'"{name}"' for name in names), ", ".join(replaced.get(name, f's."{name}"') for name in names)


def clone(env: Any, move_ids: list[int], first: int, last: int, moves: dict[str, str] | None = None) -> None:
    """Copy posted documents by SQL, with new ids, names and folios, and their taxes: copies number first to last.

    :param moves: other columns of account_move -> SQL of their values (``b.new`` is the copy's id)
    """
    cr = env.cr
    cr.execute("DROP TABLE IF EXISTS bench_move, bench_line")
    cr.execute(
        """CREATE TEMP TABLE bench_move AS
           SELECT m AS old, k, nextval('account_move_id_seq')::int AS new
             FROM unnest(%s) m, generate_series(%s, %s) k""",
        [move_ids, first, last],
    )
    into, values = _columns(
        env,
        "account_move",
        {
            "id": "b.new",
            "name": "regexp_replace(s.name, '[0-9]+$', '') || s.sequence_number + 1000 * b.k",
            "payment_reference": "NULL",
            "sequence_number": "s.sequence_number + 1000 * b.k",
            **(moves or {}),
        },
    )
    cr.execute(
        f"INSERT INTO account_move ({into}) SELECT {values} FROM account_move s JOIN bench_move b ON b.old = s.id"
    )
    cr.execute(
        """CREATE TEMP TABLE bench_line AS
           SELECT l.id AS old, b.new AS move_id, nextval('account_move_line_id_seq')::int AS new
             FROM account_move_line l JOIN bench_move b ON b.old = l.move_id"""
    )
    into, values = _columns(env, "account_move_line", {"id": "b.new", "move_id": "b.move_id"})
    cr.execute(
        f"INSERT INTO account_move_line ({into}) SELECT {values} FROM account_move_line s "
        "JOIN bench_line b ON b.old = s.id"
    )
    for table in ("account_move_line_account_tax_rel", "account_account_tag_account_move_line_rel"):
        into, values = _columns(env, table, {"account_move_line_id": "b.new"})
        cr.execute(
            f"INSERT INTO {table} ({into}) SELECT {values} FROM {table} s "
            "JOIN bench_line b ON b.old = s.account_move_line_id"
        )
        cr.execute(f"ANALYZE {table}")
    cr.execute("ANALYZE account_move")
    cr.execute("ANALYZE account_move_line")
    cr.commit()
