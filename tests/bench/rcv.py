"""Times the SII's register (RCV): as many register rows as documents, loaded and matched, inside a real Odoo.

The documents are 200 real ones, cloned by SQL; the registers are written from them. Rows: ours (``load`` of both files,
and the matching), the floor (csv module, COPY of the documents, one hash join) and the whole of ``reconcile``.
"""

import json
import os
from pathlib import Path

from dev.stack.local_stack import LocalStack
from dev.stack.machine import progress
from dev.stack.machine.paths import Place
from dev.stack.services.odoo import Odoo

ROOT = Path(__file__).parents[2]
INSIDE = Path(__file__).with_name("rcv_inside_odoo.py")
SMALL, LARGE = 100_000, 1_000_000
DATABASE = "rcv_bench"


def run() -> dict[str, float]:
    """Print the table; return the figures that are promised."""
    stack = LocalStack(Place("bench"))
    odoo = stack.odoo_parts
    sizes = [int(size) for size in os.environ.get("RCV_BENCH_SIZES", f"{SMALL},{LARGE}").split(",")]
    try:
        odoo.drop(DATABASE)
        odoo.copy(odoo.addon_template(), DATABASE)
        rows = measure(odoo, stack.place.dir / "rcv.json", sizes)
        odoo.drop(DATABASE)
    finally:
        stack.down()
    print(table(rows))
    return summary(rows)


def measure(odoo: Odoo, out: Path, sizes: list[int]) -> list[dict[str, float]]:
    """Run the measurements inside ``odoo shell``.

    :param out: file for the raw figures
    :return: one row a size: documents, file_mib, ours_ms, floor_ms, ours_mib, whole_ms, whole_mib
    """
    out.unlink(missing_ok=True)
    wanted = ",".join(map(str, sizes))
    settings = {"RCV_BENCH_SIZES": wanted, "RCV_BENCH_OUT": str(out), "BENCH_ROOT": str(ROOT)}
    with progress.step(f"Odoo: {' and '.join(f'{size:,}' for size in sizes)} documents and register rows") as step:
        step.follow(odoo.log, r"(?m)^\[ *[0-9.]+ s\] (.*)")
        script = INSIDE.read_text(encoding="utf-8")
        odoo.shell(DATABASE, script, what="the RCV benchmark", env=settings, timeout=7200)
    rows: list[dict[str, float]] = json.loads(out.read_text(encoding="utf-8"))
    return rows


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """The promised figures: against the floor, growth by ten times the data, and the peak memory over the start."""
    by_size = {int(row["documents"]): row for row in rows}
    small, large = by_size.get(SMALL), by_size.get(LARGE)
    found = {"rcv_memory_mib": round(max(row["ours_mib"] for row in rows), 1)}
    if small:
        found["rcv_ratio_to_floor_100000"] = round(small["ours_ms"] / small["floor_ms"], 2)
    if small and large:
        found["rcv_growth_1000000_over_100000"] = round(large["ours_ms"] / small["ours_ms"], 2)
    return found


def table(rows: list[dict[str, float]]) -> str:
    """The rows as text, times in milliseconds (median) and peak memory over the start in MiB, the files not counted."""
    lines = [
        f"{'documents':>10} {'files MiB':>10} {'ours ms':>9} {'floor ms':>9} {'ours/floor':>11} {'ours MiB':>9} "
        f"{'whole ms':>9} {'whole MiB':>10}"
    ]
    for row in rows:
        lines.append(
            f"{row['documents']:>10,.0f} {row['file_mib']:>10,.0f} {row['ours_ms']:>9,.0f} {row['floor_ms']:>9,.0f} "
            f"{row['ours_ms'] / row['floor_ms']:>10.2f}x {row['ours_mib']:>9,.0f} {row['whole_ms']:>9,.0f} "
            f"{row['whole_mib']:>10,.0f}"
        )
    return "\n".join(lines)
