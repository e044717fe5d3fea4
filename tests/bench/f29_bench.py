"""Times the F29 on 20,000 and 200,000 posted documents of one month, in one process of a real Odoo.

    python tests/bench/f29_bench.py --odoo "<odoo command with its options>" --db <database> --out <file.json>

The database holds l10n_cl and of_sii_cl; it is filled with a company of its own, so give a copy. Rows: the seed's
algorithm (its ORM loops), ours (``compute_period``, all of it), and the floor (two plain filtered sums over the same
items). Writes f29_speedup_vs_seed_20000, f29_ratio_to_floor_20000 and f29_growth_200000_over_20000.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

INSIDE = Path(__file__).with_name("f29_inside_odoo.py")
SMALL, LARGE = 20_000, 200_000


def measure(odoo: str, database: str, out: Path, sizes: list[int]) -> list[dict[str, float]]:
    """Run the measurements inside ``odoo shell``; its progress goes to standard error.

    :param odoo: command that starts Odoo, options included
    :return: one row a size: documents, items, seed_ms (absent where not run), ours_ms, floor_ms, *_mib
    :raises subprocess.CalledProcessError: if Odoo fails
    """
    program, *options = shlex.split(odoo)
    # the interpreter may come first: python /path/to/odoo ...
    words = [program]
    while options and not options[0].startswith("-"):
        words.append(options.pop(0))
    command = [*words, "shell", *options, "-d", database, "--no-http", "--log-level", "warn"]
    raw = out.with_suffix(".raw.json")
    environment = {**os.environ, "F29_BENCH_SIZES": ",".join(map(str, sizes)), "F29_BENCH_OUT": str(raw)}
    raw.unlink(missing_ok=True)
    with INSIDE.open(encoding="utf-8") as script:
        subprocess.run(command, stdin=script, stdout=sys.stderr, env=environment, check=True)
    if not raw.exists():
        raise RuntimeError("Odoo ended without figures: see its messages above.")
    rows: list[dict[str, float]] = json.loads(raw.read_text(encoding="utf-8"))
    raw.unlink()
    return rows


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """The three figures that are promised: speed against the seed, against the floor, and growth by ten times the data."""
    by_size = {int(row["documents"]): row for row in rows}
    small, large = by_size[SMALL], by_size[LARGE]
    return {
        "f29_speedup_vs_seed_20000": round(small["seed_ms"] / small["ours_ms"], 2),
        "f29_ratio_to_floor_20000": round(small["ours_ms"] / small["floor_ms"], 2),
        "f29_growth_200000_over_20000": round(large["ours_ms"] / small["ours_ms"], 2),
    }


def table(rows: list[dict[str, float]]) -> str:
    """The rows as text, times in milliseconds (median) and peak memory over the start in MiB."""
    lines = [
        f"{'documents':>10} {'items':>10} {'seed ms':>10} {'ours ms':>9} {'floor ms':>9} {'seed/ours':>10} "
        f"{'ours/floor':>11} {'seed MiB':>9} {'ours MiB':>9}"
    ]
    for row in rows:
        lines.append(
            f"{row['documents']:>10,.0f} {row['items']:>10,.0f} {row['seed_ms']:>10,.0f} {row['ours_ms']:>9,.0f} "
            f"{row['floor_ms']:>9,.0f} {row['seed_ms'] / row['ours_ms']:>9.1f}x {row['ours_ms'] / row['floor_ms']:>10.2f}x "
            f"{row['seed_mib']:>9,.0f} {row['ours_mib']:>9,.0f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--odoo", default=os.environ.get("F29_BENCH_ODOO"), help="command that starts Odoo, with options"
    )
    parser.add_argument("--db", default=os.environ.get("F29_BENCH_DB"), help="database to fill (give a copy)")
    parser.add_argument("--out", type=Path, default=Path("f29_bench.json"), help="file for the figures")
    arguments = parser.parse_args()
    if not arguments.odoo or not arguments.db:
        parser.error("give --odoo and --db (or F29_BENCH_ODOO and F29_BENCH_DB)")
    rows = measure(arguments.odoo, arguments.db, arguments.out, [SMALL, LARGE])
    figures = summary(rows)
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(table(rows))
    for name, value in figures.items():
        print(f"{name} = {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
