"""How long each DAG file takes to parse, over the bare `airflow.sdk` import, each in processes of its own."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 5

_PROBE = """
import json, sys, time
from airflow.sdk import dag, task  # the bare import that every DAG file pays once
import importlib.util
start = time.perf_counter()
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("probed", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(json.dumps((time.perf_counter() - start) * 1000))
"""


def parse_ms(files: list[Path]) -> float:
    """Milliseconds to execute the files in one fresh process after `airflow.sdk` is imported."""
    environment = {"PYTHONPATH": str(ROOT / "include"), "PATH": "/usr/bin:/bin", "HOME": str(ROOT / ".local")}
    probe = [sys.executable, "-c", _PROBE, *map(str, files)]
    done = subprocess.run(probe, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout.strip().splitlines()[-1]))


def run() -> dict[str, float]:
    """Print a table; return {"dag_parse_ms_max": the slowest file's median, milliseconds}."""
    medians = {}
    print(f"{'DAG file':<24}{'median ms':>10}{'min':>8}{'max':>8}   ({ROUNDS} fresh processes each)")
    for file in sorted((ROOT / "dags").glob("*.py")):
        times = [parse_ms([file]) for _ in range(ROUNDS)]
        medians[file.stem] = statistics.median(times)
        print(f"{file.stem:<24}{medians[file.stem]:>10.1f}{min(times):>8.1f}{max(times):>8.1f}")
    return {"dag_parse_ms_max": round(max(medians.values()), 1)}
