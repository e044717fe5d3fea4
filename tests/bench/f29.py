"""Times the F29 on 20,000 and 200,000 posted documents of one month, in one process of a real Odoo.

The documents are 200 real ones, cloned by SQL in a copy of the add-on's database. Rows: the seed's algorithm (its ORM
loops), ours (``compute_period``, all of it), and the floor (two plain filtered sums over the same items).
"""

import json
from pathlib import Path
from typing import Any

from dev.stack.local_stack import LocalStack
from dev.stack.machine import progress
from dev.stack.machine.paths import Place
from dev.stack.services.odoo import Odoo

ROOT = Path(__file__).parents[2]
INSIDE = Path(__file__).with_name("f29_inside_odoo.py")
SMALL, LARGE = 20_000, 200_000
Row = dict[str, Any]
DATABASE = "f29_bench"


def run() -> dict[str, float]:
    """Print the table; return the figures that are promised."""
    stack = LocalStack(Place("bench"))
    odoo = stack.odoo_parts
    try:
        odoo.drop(DATABASE)
        odoo.copy(odoo.addon_template(), DATABASE)
        rows = measure(odoo, stack.place.dir / "f29.json")
        odoo.drop(DATABASE)
    finally:
        stack.down()
    print(table(rows))
    return summary(rows)


def measure(odoo: Odoo, out: Path) -> list[Row]:
    """Run the measurements inside ``odoo shell``.

    :param out: file for the raw figures
    :return: one row a size: documents, what, items, seed_ms, ours_ms, floor_ms, seed_mib, ours_mib
    """
    out.unlink(missing_ok=True)
    settings = {"F29_BENCH_SIZES": f"{SMALL},{LARGE}", "F29_BENCH_OUT": str(out), "BENCH_ROOT": str(ROOT)}
    with progress.step(f"Odoo: {SMALL:,} and {LARGE:,} documents") as step:
        step.follow(odoo.log, r"(?m)^\[ *[0-9.]+ s\] (.*)")
        odoo.shell(DATABASE, INSIDE.read_text(encoding="utf-8"), what="the F29 benchmark", env=settings, timeout=7200)
    rows: list[Row] = json.loads(out.read_text(encoding="utf-8"))
    return rows


def summary(rows: list[Row]) -> dict[str, float]:
    """The figures that are promised: speed against the seed, against the floor (also when the month before is filed
    and its seal is looked at), growth by ten times the data."""
    small, small_filed, large = rows
    return {
        "f29_speedup_vs_seed_20000": round(small["seed_ms"] / small["ours_ms"], 2),
        "f29_ratio_to_floor_20000": round(small["ours_ms"] / small["floor_ms"], 2),
        "f29_ratio_to_floor_20000_filed_before": round(small_filed["ours_ms"] / small_filed["floor_ms"], 2),
        "f29_growth_200000_over_20000": round(large["ours_ms"] / small["ours_ms"], 2),
    }


def table(rows: list[Row]) -> str:
    """The rows as text, times in milliseconds (median) and peak memory over the start in MiB."""
    lines = [
        f"{'documents':>10} {'items':>10} {'seed ms':>10} {'ours ms':>9} {'floor ms':>9} {'seed/ours':>10} "
        f"{'ours/floor':>11} {'seed MiB':>9} {'ours MiB':>9}  the month before"
    ]
    for row in rows:
        lines.append(
            f"{row['documents']:>10,.0f} {row['items']:>10,.0f} {row['seed_ms']:>10,.0f} {row['ours_ms']:>9,.0f} "
            f"{row['floor_ms']:>9,.0f} {row['seed_ms'] / row['ours_ms']:>9.1f}x "
            f"{row['ours_ms'] / row['floor_ms']:>10.2f}x {row['seed_mib']:>9,.0f} {row['ours_mib']:>9,.0f}"
            f"  {row['what']}"
        )
    return "\n".join(lines)
