"""`make bench`: runs the benchmarks in turn, prints their tables, writes their figures to `.local/bench.json`.

`python -m tests.bench dag_parse f29` runs some of them. Nothing here passes or fails: figures are for people to read.
"""

import importlib
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / ".local" / "bench.json"
BENCHES = {
    "dag_parse": "tests.bench.dag_parse",
    "f29": "tests.bench.f29",
    "rcv": "tests.bench.rcv",
    "companies": "tests.bench.companies",
    "workers": "tests.bench.workers",
    "backup": "tests.bench.backup_bench",
    "backup_kills": "tests.bench.backup_kills",
    "pitr": "tests.bench.pitr",
    "staging": "tests.bench.staging_bench",
    "storage_faults": "tests.bench.storage_faults",
    "deploy": "tests.bench.deploy_bench",
    "upgrade": "tests.bench.upgrade_bench",
}


def main(wanted: list[str]) -> None:
    """Run the named benchmarks, or all."""
    unknown = set(wanted) - BENCHES.keys()
    if unknown:
        sys.exit(f"No benchmark is called {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}.")
    for name in wanted or BENCHES:
        print(f"\n== {name} ==", flush=True)
        start = time.monotonic()
        figures = importlib.import_module(BENCHES[name]).run()
        known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.parent.mkdir(exist_ok=True)
        fresh = RESULTS.with_suffix(".new")
        fresh.write_text(json.dumps(known | figures, indent=2, sort_keys=True) + "\n")
        fresh.replace(RESULTS)
        print(f"({time.monotonic() - start:.0f} s)", flush=True)
    print(f"\nFigures: {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
