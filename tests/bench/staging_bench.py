"""What a staging copy costs over the proof whose copy it keeps, on a real Odoo with a company's month.

    python -m tests.bench staging                               # three mornings
    OFITEC_BENCH_MORNINGS=10 python -m tests.bench staging

A morning: a backup, its proof with the copy handed over, and the staging copy until yesterday's is dropped. Writes
staging_seconds_over_proof, the median of the mornings' seconds from the proof's end.
"""

import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dev.stack.local_stack import LocalStack
from dev.stack.machine.paths import Place
from ofitec.backup import proof
from ofitec.backup.job import Job, Rules
from ofitec.clients.restic import Restic
from ofitec.ledger import open_ledger
from ofitec.settings import settings
from ofitec.staging import keeping
from tests.ofitec.backup.cluster import LEDGER, Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.programs import restic_binary
from tests.ofitec.staging import production

_MORNINGS = int(os.environ.get("OFITEC_BENCH_MORNINGS", "3"))


def run() -> dict[str, float]:
    """Run the mornings; prints each with its steps, returns the figure."""
    logging.getLogger("ofitec").setLevel(logging.WARNING)
    over = []
    with _source() as job:
        for number in range(1, _MORNINGS + 1):
            key, start = back_up(job), time.monotonic()
            proof.prove(job, key, run_id=f"night {number}", keep=True)
            proven = time.monotonic()
            done = production.make(job, run_id=f"morning {number}")
            over.append(time.monotonic() - proven)
            steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in done.steps.items())
            print(f"  proof {proven - start:.1f} s, staging {over[-1]:.1f} s more: {steps}", flush=True)
    return {"staging_seconds_over_proof": round(statistics.median(over), 1)}


@contextmanager
def _source() -> Iterator[Job]:
    stack, cluster = LocalStack(Place("bench")), Cluster()
    folder = Path(tempfile.mkdtemp(prefix="ofitec-bench-", dir="/var/tmp"))
    with ExitStack() as after:
        after.callback(shutil.rmtree, folder, ignore_errors=True)
        after.callback(stack.down)
        after.callback(cluster.stop)
        patch = after.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("OFITEC_PG_BIN", str(stack.postgres.bin))
        settings.cache_clear()
        after.callback(settings.cache_clear)
        cluster.start()
        job = after.enter_context(production.production(stack, _job(cluster, folder)))
        after.callback(keeping.remove, job)
        yield job


def _job(cluster: Cluster, folder: Path) -> Job:
    """Its database is replaced by a real Odoo's."""
    cluster.create("staging_ledger", owner="ledger")
    (folder / "work").mkdir()
    restic = Restic(
        str(folder / "repository"),
        {"RESTIC_PASSWORD": production.PASSWORD},
        binary=restic_binary(),
        cache=folder / "cache",
    )
    restic.init()
    database = cluster.create("unused")
    return Job(
        env="bench",
        database=database,
        filestore=folder,
        restic=restic,
        pruner=restic,
        ledger=open_ledger(f"postgresql://ledger:{LEDGER}@127.0.0.1:{cluster.port}/staging_ledger"),
        scratch=database,
        work=folder / "work",
        rules=Rules(),
    )
