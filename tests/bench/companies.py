"""Times a month of 200 companies on the whole real stack, beside the bare RPC calls in a loop.

The companies are clones by SQL of the demo company, ten documents each. Every row starts on the same fresh databases,
storage and ledger, so that each form is made, each file delivered and each message told. Rows: the bare loop (one
login, then compute and read the three exports) before and after the others, because a busy machine makes it differ by
half; ``f29_monthly`` as it is; and as it was with three tasks a company (``dags/f29_task_each.py``), for 40 of them:
its seconds grow with their number. The last table says where one process's seconds go.
"""

import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import create_engine, text

from dev.stack.local_stack import LEDGER_DATABASE, ODOO_DATABASE, LocalStack
from dev.stack.machine import process, progress
from dev.stack.machine.paths import ROOT, Place
from dev.stack.services.odoo import BOT
from dev.stack.services.s3 import EXPORT_BUCKET

HERE = Path(__file__).parent
COMPANIES, BEFORE, DOCUMENTS = 200, 40, 10
CLONED = "f29_companies"
TABLES = ("f29_delivery", "notification", "run_target", "task_error")
LONGEST = 3600  # seconds a run may take


class Row(NamedTuple):
    """One way to do a month: companies, seconds for all, task instances."""

    what: str
    companies: int
    seconds: float
    tasks: int = 0

    @property
    def each(self) -> float:
        """Seconds a company."""
        return self.seconds / self.companies


def run() -> dict[str, float]:
    """Print the tables; return the figures that are promised."""
    stack = LocalStack(Place("bench"), extra_dags=HERE / "dags")
    try:
        make_companies(stack)
        rows = [
            bare_loop(stack),
            one_run(stack, "f29_monthly", "f29_monthly", COMPANIES),
            bare_loop(stack),
            one_run(stack, "f29_task_each", "as it was: three tasks a company", BEFORE),
        ]
        parts = parts_of(stack)
    finally:
        stack.down()
    print(table(rows))
    print(parts_table(parts))
    return summary(rows)


def make_companies(stack: LocalStack, companies: int = COMPANIES) -> None:
    """Keep a database with clones of the demo company, which has no RUT any more, to be copied for each row."""
    odoo = stack.odoo_parts
    stack.odoo  # noqa: B018 - makes the database of the demo company
    stack.processes.stop("odoo")
    given = {"COMPANIES": companies, "DOCUMENTS": DOCUMENTS, "PERIOD": stack.period}
    env = {f"BENCH_{name}": str(value) for name, value in given.items()}
    with progress.step(f"Odoo: {companies} companies with {DOCUMENTS} documents each"):
        script = (HERE / "companies_inside_odoo.py").read_text(encoding="utf-8")
        odoo.shell(ODOO_DATABASE, script, what="cloning companies", env=env)
    odoo.drop(CLONED)
    odoo.copy(ODOO_DATABASE, CLONED)


def start_anew(stack: LocalStack) -> None:
    """Odoo as it was before any form of the month; nothing delivered, nothing told."""
    odoo = stack.odoo_parts
    stack.processes.stop("odoo")
    odoo.drop(ODOO_DATABASE)
    odoo.copy(CLONED, ODOO_DATABASE)
    odoo.serve(ODOO_DATABASE)
    stack.odoo.rpc(BOT).execute("res.company", "search_read", [], ["name"])  # its registry is loaded
    client = stack.s3.client()
    for key in stack.s3.keys(EXPORT_BUCKET):
        client.delete_object(Bucket=EXPORT_BUCKET, Key=key)
    ledger = stack.postgres.dsn(LEDGER_DATABASE, "ofitec").replace("postgresql://", "postgresql+psycopg://")
    with create_engine(ledger).begin() as conn:
        for name in TABLES:
            if conn.execute(text("SELECT to_regclass(:name)"), {"name": f"ofitec.{name}"}).scalar():
                conn.execute(text(f"TRUNCATE ofitec.{name}"))
    stack.slack_sink.clear()


def bare_loop(stack: LocalStack) -> Row:
    """The least that any program must ask of Odoo: one login, each company computed and exported."""
    start_anew(stack)
    begun = time.perf_counter()
    rpc = stack.odoo.rpc(BOT)
    companies = rpc.execute("res.company", "search", [("vat", "!=", False)])
    for company in companies:
        form = rpc.execute("of.sii.f29", "compute_period", company, stack.period)
        for fmt in ("csv", "json", "xml"):
            rpc.execute("of.sii.f29", f"to_{fmt}", [form["id"]])
    return Row("bare RPC calls in a loop", len(companies), time.perf_counter() - begun)


def one_run(stack: LocalStack, dag_id: str, what: str, companies: int) -> Row:
    """A run from its trigger to its end, for so many companies."""
    api = stack.airflow.api
    start_anew(stack)
    found = stack.odoo.rpc(BOT).execute("res.company", "search_read", [("vat", "!=", False)], ["vat"], 0, companies)
    ruts = [company["vat"] for company in found]
    finished = api.run(dag_id, {"period": stack.period, "companies": ruts}, timeout=LONGEST)
    ledger = stack.postgres.dsn(LEDGER_DATABASE, "ofitec").replace("postgresql://", "postgresql+psycopg://")
    with create_engine(ledger).connect() as conn:
        told = conn.execute(text("SELECT count(*) FROM ofitec.f29_delivery WHERE told_at IS NOT NULL")).scalar()
    if told != companies or not stack.slack_sink.messages():
        raise RuntimeError(f"{dag_id} told of {told} companies, not {companies}.")
    return Row(what, companies, finished.seconds, len(api.tasks(dag_id, finished.run_id)))


def parts_of(stack: LocalStack) -> dict[str, float]:
    """Part to seconds, of one process that does all companies one after another."""
    start_anew(stack)
    command = [sys.executable, "-m", "tests.bench.companies_parts", stack.period]
    env = {**stack.airflow.env, "PYTHONPATH": f"{ROOT / 'include'}:{ROOT}"}
    with progress.step("One process, part by part"):
        out = process.run(command, log=stack.place.logs / "companies.log", env=env, what="the parts of a month")
    found: dict[str, float] = json.loads(out.strip().splitlines()[-1])
    return found


def summary(rows: list[Row]) -> dict[str, float]:
    """The figures that are promised: seconds a company, and over the bare loop's; `_before` as it was."""
    bare, (_, ours, _, before) = _bare(rows), rows
    return {
        "f29_seconds_per_company_200": round(ours.each, 3),
        "f29_seconds_per_company_200_before": round(before.each, 3),
        "f29_ratio_to_bare_rpc_200": round(ours.each / bare, 2),
        "f29_ratio_to_bare_rpc_200_before": round(before.each / bare, 2),
    }


def _bare(rows: list[Row]) -> float:
    """Seconds a company of the bare loop, the mean of before and after."""
    return (rows[0].each + rows[2].each) / 2


def table(rows: list[Row]) -> str:
    """Each way with its seconds a company and their ratio to the bare loop."""
    bare = _bare(rows)
    lines = [f"{'':<34}{'companies':>10}{'tasks':>7}{'seconds':>9}{'s a company':>13}{'over bare':>11}"]
    lines += [
        f"{row.what:<34}{row.companies:>10}{row.tasks or '':>7}{row.seconds:>9.1f}{row.each:>13.3f}"
        f"{row.each / bare:>10.2f}x"
        for row in rows
    ]
    return "\n".join(lines)


def parts_table(parts: dict[str, float]) -> str:
    """The parts by size, with what no part explains."""
    whole, companies = parts["whole"], int(parts["companies"])
    once = {"imports", "plan"}
    inner = {name: value for name, value in parts.items() if name not in {*once, "whole", "companies"}}
    inner["the rest"] = whole - sum(inner.values())
    lines = [f"\n{'one process':<28}{'seconds':>9}{'ms a company':>14}"]
    for name, value in sorted(inner.items(), key=lambda item: -item[1]):
        lines.append(f"{name:<28}{value:>9.1f}{1000 * value / companies:>14.1f}")
    lines.append(f"{'all companies':<28}{whole:>9.1f}{1000 * whole / companies:>14.1f}")
    lines += [f"{name + ' (once)':<28}{parts[name]:>9.1f}" for name in sorted(once)]
    return "\n".join(lines)
