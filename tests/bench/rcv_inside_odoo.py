"""What rcv.py runs inside ``odoo shell`` (``env`` is the shell's). Standard input, not an import."""
# ruff: noqa: F821

import base64
import csv
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, os.environ["BENCH_ROOT"])
from tests.bench.odoo_month import PERIOD, Kind, clone, make_company, make_documents

env: Any
BASE_DOCUMENTS, PARTNERS = 200, 2000
SAMPLES = Path(os.environ["BENCH_ROOT"]) / "odoo_addon/of_sii_cl/tests/rcv"
HEADERS = {
    "sales": "RCV_VENTA_76123456-0_202607.csv",
    "purchases": "RCV_COMPRA_REGISTRO_76123456-0_202607.csv",
}
KINDS: list[Kind] = [
    *[("sale", "33", "1", False, [(120003, "ITAX_19")])] * 8,
    ("sale", "34", "1", False, [(300000,)]),
    ("sale", "61", "1", True, [(50000, "ITAX_19")]),
    *[("purchase", "33", "1", False, [(80001, "OTAX_19")])] * 8,
    ("purchase", "33", "1", False, [(500000, "iva_activo_fijo")]),
    ("purchase", "61", "1", True, [(30000, "OTAX_19")]),
]
# What the SII has of each document, from the entries.
REGISTER = """
    SELECT t.code, p.vat, p.name, substring(m.name FROM '[0-9]+$'), to_char(m.invoice_date, 'DD/MM/YYYY'),
           abs(m.amount_untaxed_signed)::bigint, abs(m.amount_tax_signed)::bigint, abs(m.amount_total_signed)::bigint,
           EXISTS (SELECT FROM account_move_line l WHERE l.move_id = m.id AND l.tax_line_id = %(fixed)s)
      FROM account_move m
      JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
      JOIN res_partner p ON p.id = m.commercial_partner_id
     WHERE m.company_id = %(company)s AND m.state = 'posted' AND starts_with(m.move_type, %(side)s)
     ORDER BY m.id
"""
# A register is kept: an ordinary table, with the fields of a document that the files fill.
FLOOR_TABLE = """
    CREATE TABLE floor_rcv (direction text, number text, type text, nature text, rut text, name text, folio text,
                            date text, received text, exempt numeric, net numeric, vat numeric, total numeric)
"""
FLOOR_JOIN = """
    SELECT count(*), count(*) FILTER (WHERE r.total <> abs(m.amount_total_signed))
      FROM account_move m
      JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
      JOIN res_partner p ON p.id = m.commercial_partner_id
      JOIN floor_rcv r
        ON r.direction = CASE WHEN starts_with(m.move_type, 'out') THEN 'sale' ELSE 'purchase' END
       AND r.type = t.code AND r.rut = p.vat AND r.folio = substring(m.name FROM '[0-9]+$')
     WHERE m.company_id = %s AND m.state = 'posted' AND m.of_sii_period = %s
"""


def say(text: str) -> None:
    print(f"[{time.perf_counter() - STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


def check_digit(body: int) -> str:
    total = sum(int(figure) * (2 + place % 6) for place, figure in enumerate(reversed(str(body))))
    return "0123456789K0"[11 - total % 11]


def make_partners() -> str:
    """SQL that gives each copy of a document one of many partners."""
    chile, it_rut = env.ref("base.cl").id, env.ref("l10n_cl.it_RUT").id
    ruts = [f"{body}-{check_digit(body)}" for body in range(70_000_000, 70_000_000 + PARTNERS)]
    partners = env["res.partner"].create(
        [
            {"name": f"Contraparte {rut}", "vat": rut, "country_id": chile, "l10n_latam_identification_type_id": it_rut}
            for rut in ruts
        ]
    )
    env.flush_all()
    return f"(ARRAY{partners.ids})[1 + b.new % {PARTNERS}]"


def register_file(company: Any, section: str) -> str:
    """A register of every document of one side, as base64, written by the header of the sample file."""
    header = (SAMPLES / HEADERS[section]).read_bytes().split(b"\n", 1)[0].decode("latin-1").strip()
    columns = header.split(";")
    sale = section == "sales"
    fixed = env["ir.model.data"].search([("model", "=", "account.tax"), ("name", "=", f"{company.id}_iva_activo_fijo")])
    side = "out" if sale else "in"
    env.cr.execute(REGISTER, {"company": company.id, "side": side, "fixed": fixed[:1].res_id})
    out = io.StringIO()
    out.write(header + "\r\n")
    for number, (kind, rut, name, folio, date, net, vat, total, is_fixed) in enumerate(env.cr.fetchall(), start=1):
        cells = {
            **{"Nro": number, "Tipo Doc": kind, "Razon Social": name, "Folio": folio, "Fecha Docto": date},
            **{"Rut cliente": rut, "RUT Proveedor": rut, "Tipo Venta": "Del Giro", "Tipo Compra": "Del Giro"},
            **{
                "Fecha Recepcion": f"{date} 10:11:12",
                "Monto Exento": 0 if vat else net,
                "Monto Neto": net if vat else 0,
            },
            **{"Monto IVA": vat, "Monto IVA Recuperable": vat, "Monto total": total, "Monto Total": total},
            **({"Monto Neto Activo Fijo": net, "IVA Activo Fijo": vat} if is_fixed else {}),
            **({"IVA Retenido Total": 0, "IVA Retenido Parcial": 0, "IVA fuera de plazo": 0} if sale else {}),
        }
        out.write(";".join(str(cells.get(column, "")) for column in columns) + ";\r\n")
    return base64.b64encode(out.getvalue().encode()).decode()


def load(company: Any, files: dict[str, str]) -> None:
    for section, content in files.items():
        result = env["of.sii.rcv"].load(company.id, PERIOD, HEADERS[section], content)
        assert not result["refused"]


def ours(company: Any, files: dict[str, str]) -> None:
    """Load both registers and match every document."""
    load(company, files)
    registers = env["of.sii.f29"]._registers(company, PERIOD)
    equal, differing = registers._form()._match(registers, by_class=False)
    assert not differing
    assert equal == documents_of(company)


def whole(company: Any, files: dict[str, str]) -> None:
    """The same and the códigos of both sides: what a person's click does."""
    load(company, files)
    result = env["of.sii.f29"].reconcile(company.id, PERIOD)
    assert not [pair for pair in result["codes"].values() if pair["difference"]]


class Text:
    """Rows as the file that COPY reads."""

    def __init__(self, rows: Iterator[str]) -> None:
        self.rows = rows

    def read(self, size: int) -> str:
        return next(self.rows, "")


def floor(company: Any, files: dict[str, str]) -> None:
    """The least that any answer must do: Python's csv module, COPY of a document's fields, one hash join."""
    env.cr.execute(FLOOR_TABLE)
    for section, content in files.items():
        text = io.TextIOWrapper(io.BytesIO(base64.b64decode(content)), encoding="utf-8", newline="")
        reader = csv.reader(text, delimiter=";")
        names = next(reader)
        direction, nature, rut, vat, total = (
            ("sale", "Tipo Venta", "Rut cliente", "Monto IVA", "Monto total")
            if section == "sales"
            else ("purchase", "Tipo Compra", "RUT Proveedor", "Monto IVA Recuperable", "Monto Total")
        )
        kept = [names.index(name) for name in ("Nro", "Tipo Doc", nature, rut, "Razon Social", "Folio", "Fecha Docto")]
        kept += [names.index(name) for name in ("Fecha Recepcion", "Monto Exento", "Monto Neto", vat, total)]
        rows = (direction + "\t" + "\t".join([row[place] for place in kept]) + "\n" for row in reader)
        env.cr.copy_expert("COPY floor_rcv FROM STDIN", Text(rows), 1 << 16)
    env.cr.execute("SET LOCAL jit = off")
    env.cr.execute(FLOOR_JOIN, [company.id, PERIOD])
    met, wrong = env.cr.fetchone()
    assert (met, wrong) == (documents_of(company), 0)


def documents_of(company: Any) -> int:
    env.cr.execute("SELECT count(*) FROM account_move WHERE company_id = %s AND state = 'posted'", [company.id])
    return int(env.cr.fetchone()[0])


def status_kib(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status has no {name}")


def timed(run: Callable[[Any, dict[str, str]], None], files: dict[str, str], times: int) -> tuple[float, float]:
    """(median ms, peak MiB over the start) of a run that is undone each time; the files are there at the start."""
    took, peak = [], 0.0
    for _number in range(times):
        env.invalidate_all()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # starts the peak anew
        start_kib, start = status_kib("VmRSS"), time.perf_counter()
        run(bench_company, files)
        took.append((time.perf_counter() - start) * 1000)
        peak = max(peak, (status_kib("VmHWM") - start_kib) / 1024)
        env.cr.rollback()
        env.invalidate_all()
        env.cr.execute("TRUNCATE of_sii_rcv_line, of_sii_rcv_difference")  # what was undone leaves no dead rows behind
        env.cr.commit()
    return statistics.median(took), peak


STARTED = time.perf_counter()
say("making the company and its first documents")
bench_company = make_company(env, "Bench RCV")
base_ids = make_documents(env, bench_company, KINDS, BASE_DOCUMENTS)
partner = make_partners()
have, rows = len(base_ids), []
for size in map(int, os.environ["RCV_BENCH_SIZES"].split(",")):
    say(f"cloning to {size:,} documents")
    moves = {"partner_id": partner, "commercial_partner_id": partner}
    clone(env, base_ids, have // len(base_ids), size // len(base_ids) - 1, moves)
    have = size
    say("writing the registers")
    files = {section: register_file(bench_company, section) for section in HEADERS}
    times = 5 if size <= 100_000 else 1
    say("timing the floor, ours, and the whole reconciliation")
    timed(floor, files, 1)
    floor_ms, _unused = timed(floor, files, times)
    ours_ms, ours_mib = timed(ours, files, times)
    whole_ms, whole_mib = timed(whole, files, 1)
    rows.append(
        {
            **{"documents": size, "file_mib": sum(map(len, files.values())) * 3 / 4 / 2**20, "ours_ms": ours_ms},
            **{"floor_ms": floor_ms, "ours_mib": ours_mib, "whole_ms": whole_ms, "whole_mib": whole_mib},
        }
    )
Path(os.environ["RCV_BENCH_OUT"]).write_text(json.dumps(rows), encoding="utf-8")
say("done")
