"""What f29_bench.py runs inside ``odoo shell`` (``env`` is the shell's). Standard input, not an import."""
# ruff: noqa: F821

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, os.environ["BENCH_ROOT"])
from tests.bench.odoo_month import FIRST, PERIOD, UNTIL, Kind, clone, make_company, make_documents, taxes_of

env: Any
MONTH_BEFORE, FILED_ON = "2026-06", "2026-07-10"
BASE_DOCUMENTS = 200
# in the mix of a trading company
KINDS: list[Kind] = [
    *[("sale", "33", "1", False, [(120003, "ITAX_19"), (45007, "ITAX_19"), (9001, "ITAX_19"), (2003, "ITAX_19")])] * 6,
    *[("sale", "39", "3", False, [(15003, "ITAX_19"), (2001, "ITAX_19"), (990, "ITAX_19")])] * 5,
    ("sale", "34", "1", False, [(300000,), (1000,)]),
    ("sale", "61", "1", True, [(50000, "ITAX_19")]),
    *[("purchase", "33", "1", False, [(80001, "OTAX_19"), (7003, "OTAX_19"), (3001, "OTAX_19"), (1009, "OTAX_19")])]
    * 4,
    ("purchase", "33", "1", False, [(500000, "iva_activo_fijo"), (20000, "OTAX_19")]),
    ("purchase", "61", "1", True, [(30000, "OTAX_19")]),
    ("purchase", "71", "2", False, [(200000, "I_IR2C_2026")]),
]


def say(text: str) -> None:
    print(f"[{time.perf_counter() - STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


def seed(company: Any) -> dict[str, float]:
    """The seed's action_compute: its map by tax, its loops over documents, lines and taxes, its arithmetic."""
    taxes = taxes_of(env, company)
    midx = {taxes["ITAX_19"]: ("29", "debito"), taxes["OTAX_19"]: ("49", "credito")}
    month = [("company_id", "=", company.id), ("state", "=", "posted")]
    month += [("invoice_date", ">=", FIRST), ("invoice_date", "<", UNTIL)]
    ventas = env["account.move"].search([*month, ("move_type", "in", ("out_invoice", "out_refund"))])
    credito = env["account.move"].search([*month, ("move_type", "in", ("in_invoice", "in_refund"))])
    acum: dict[str, float] = {}
    for mv in ventas:
        for l in mv.invoice_line_ids:  # noqa: E741
            for tax in l.tax_ids:
                k = midx.get(tax.id)
                if not k:
                    continue
                cas, tipo = k
                base = l.price_subtotal or 0.0
                monto = base * (tax.amount / 100.0)
                acum[cas] = acum.get(cas, 0.0) + (monto if tipo == "debito" else 0.0)
    for mv in credito:
        for l in mv.invoice_line_ids:  # noqa: E741
            for tax in l.tax_ids:
                k = midx.get(tax.id)
                if not k:
                    continue
                cas, tipo = k
                base = l.price_subtotal or 0.0
                monto = base * (tax.amount / 100.0)
                if tipo == "credito":
                    acum[cas] = acum.get(cas, 0.0) + monto
    return acum


def ours(company: Any) -> Any:
    return env["of.sii.f29"].compute_period(company.id, PERIOD)


def floor(company: Any) -> None:
    """The least that any answer must read: two plain sums over the documents, of their tax and of their net items."""
    documents = """m.company_id = %(company)s AND m.state = 'posted' AND (
        m.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
        AND m.invoice_date >= %(first)s AND m.invoice_date < %(until)s
        OR m.move_type IN ('in_invoice', 'in_refund', 'in_receipt') AND m.date >= %(first)s AND m.date < %(until)s)"""
    params = {"company": company.id, "first": FIRST, "until": UNTIL}
    env.cr.execute(
        f"""SELECT sum(l.balance) FROM account_move_line l JOIN account_move m ON m.id = l.move_id
            WHERE {documents} AND l.tax_line_id IS NOT NULL""",
        params,
    )
    env.cr.execute(
        f"""SELECT sum(l.balance) FROM account_move_line l JOIN account_move m ON m.id = l.move_id
             JOIN account_move_line_account_tax_rel rel ON rel.account_move_line_id = l.id
            WHERE {documents} AND l.display_type = 'product'""",
        params,
    )


def status_kib(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status has no {name}")


def timed(run: Callable[[Any], object], company: Any, times: int) -> tuple[float, float]:
    """(median ms, peak MiB over the start) of a run, the ORM's cache empty each time."""
    took, peak = [], 0.0
    for _number in range(times):
        env.invalidate_all()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # starts the peak anew
        start_kib, start = status_kib("VmRSS"), time.perf_counter()
        run(company)
        env.flush_all()
        took.append((time.perf_counter() - start) * 1000)
        peak = max(peak, (status_kib("VmHWM") - start_kib) / 1024)
        env.cr.commit()
    return statistics.median(took), peak


def file_month_before(company: Any, base_ids: list[int], documents: int) -> None:
    """Give the company as many documents in the month before, and file that month's form: its seal is looked at too."""
    before = {"date": "s.date - interval '1 month'", "invoice_date": "s.invoice_date - interval '1 month'"}
    copies = documents // len(base_ids)
    clone(env, base_ids, 2_000, 2_000 + copies - 1, {**before, "of_sii_period": f"'{MONTH_BEFORE}'"})
    env.invalidate_all()
    forms = env["of.sii.f29"]
    form = forms.browse(forms.compute_period(company.id, MONTH_BEFORE)["id"])
    form.input_ids = [(0, 0, {"code": question["code"], "amount": 0}) for question in form.questions]
    form.action_compute()
    form.warning_ids.action_acknowledge("benchmark")
    form.action_approve()
    form.action_file("1234567890", FILED_ON)
    for table in ("account_move", "account_move_line", "of_sii_f29_document", "of_sii_f29_touched"):
        env.cr.execute(f"ANALYZE {table}")
    env.cr.commit()


def measured(company: Any, documents: int, what: str) -> dict[str, Any]:
    """One row of the table."""
    for warm in (ours, floor):
        timed(warm, company, 1)
    say("timing ours and the floor")
    ours_ms, ours_mib = timed(ours, company, 9)
    floor_ms, _unused = timed(floor, company, 9)
    say("timing the seed's loops")
    seed_ms, seed_mib = timed(seed, company, 3 if documents <= 20_000 else 1)
    return {
        **{"documents": documents, "what": what, "items": items_of(company), "seed_ms": seed_ms, "ours_ms": ours_ms},
        **{"floor_ms": floor_ms, "seed_mib": seed_mib, "ours_mib": ours_mib},
    }


def items_of(company: Any) -> int:
    env.cr.execute("SELECT count(*) FROM account_move_line WHERE company_id = %s", [company.id])
    return int(env.cr.fetchone()[0])


STARTED = time.perf_counter()
say("making the company and its first documents")
bench_company = make_company(env, "Bench F29")
base_ids = make_documents(env, bench_company, KINDS, BASE_DOCUMENTS)
have, rows = len(base_ids), []
small, large = map(int, os.environ["F29_BENCH_SIZES"].split(","))
for size in (small, large):
    say(f"cloning to {size:,} documents")
    clone(env, base_ids, have // len(base_ids), size // len(base_ids) - 1)
    have = size
    rows.append(measured(bench_company, size, "" if size == small else "filed before"))
    if size == small:
        say(f"filing the month before with {small:,} documents")
        file_month_before(bench_company, base_ids, small)
        rows.append(measured(bench_company, size, "filed before"))
Path(os.environ["F29_BENCH_OUT"]).write_text(json.dumps(rows), encoding="utf-8")
say("done")
