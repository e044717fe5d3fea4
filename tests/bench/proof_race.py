"""The proof against its own programs: how much longer it takes than what no restore can do without.

Three things are timed in turn, a few rounds of them, on the same backup, server and disk:

* bare: `pg_restore -j` of the dump, which lies on the disk already;
* by hand: `restic restore` of the dump, then `pg_restore -j` of it beside `restic restore` of the filestore: what a
  person would do who wants it back soon. Nothing is compared;
* the proof: fetches both, loads, and compares each row and each file. From its first step to the end of its last; no
  Odoo is booted. What making and dropping the copy takes is printed as well ("whole").

The figures are those of the median round: proof_over_pg_restore and proof_over_overlapped.
"""

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ofitec.backup import proof
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import DATABASE, DUMP_FILE, FILESTORE, Job
from ofitec.clients import postgres
from ofitec.clients.postgres import Database, administer
from ofitec.ledger import backups

_ROUNDS = 3
_NAME = "bench_by_hand"


def race(job: Job) -> dict[str, float]:
    """Run the rounds on the newest backup; prints each, returns the two ratios of the medians."""
    key = proof.choose(job)
    rounds = [_round(job, key) for _ in range(_ROUNDS)]
    bare, hand, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"  median: bare pg_restore {bare:.1f} s, overlapped by hand {hand:.1f} s, proof {ours:.1f} s", flush=True)
    return {"proof_over_pg_restore": round(ours / bare, 2), "proof_over_overlapped": round(ours / hand, 2)}


def _round(job: Job, key: str) -> tuple[float, float, float]:
    """Seconds of the bare load, of both by hand, and of the proof."""
    folder = job.work / "by hand"
    with _database(job) as target:
        hand = _overlapped(job, key, folder, target)
    with _database(job) as target:
        start = time.monotonic()
        _load(job, folder, target).wait()
        bare = time.monotonic() - start
    shutil.rmtree(folder)
    start = time.monotonic()
    _, evidence, _ = proof.prove(job, key, run_id="bench")
    whole = time.monotonic() - start
    print(f"  bare {bare:.1f} s, by hand {hand:.1f} s, proof {evidence.elapsed:.1f} s (whole {whole:.1f} s)")
    print(f"    its steps: {_steps(evidence)}", flush=True)
    return bare, hand, evidence.elapsed


def _overlapped(job: Job, key: str, folder: Path, target: Database) -> float:
    row = backups.get(job.ledger, key)
    assert row is not None
    start = time.monotonic()
    _fetch(job, row.snapshots[DATABASE]["id"], "/", folder / "dump").wait()
    running = [
        _load(job, folder, target),
        _fetch(job, row.snapshots[FILESTORE]["id"], str(job.filestore), folder / "files"),
    ]
    assert [process.wait() for process in running] == [0, 0]
    return time.monotonic() - start


def _fetch(job: Job, snapshot: str, path: str, target: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **job.restic.secrets, "RESTIC_REPOSITORY": job.restic.repository}
    argv = [job.restic.binary, "--no-cache", "--quiet", "restore", f"{snapshot}:{path}", "--target", str(target)]
    return subprocess.Popen(argv, env=environment)


def _load(job: Job, folder: Path, target: Database) -> "subprocess.Popen[bytes]":
    argv = [postgres.program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error"]
    argv += [f"--jobs={job.rules.restore_jobs}", f"--dbname={target.name}", str(folder / "dump" / DUMP_FILE)]
    return subprocess.Popen(argv, env={**os.environ, **target.environment(), **target.secrets()})


@contextmanager
def _database(job: Job) -> Iterator[Database]:
    with job.scratch.maintenance().connect() as link:
        administer(link, "CREATE DATABASE {} TEMPLATE template0", _NAME)
        try:
            yield job.scratch.on(_NAME)
        finally:
            postgres.drop(link, _NAME)


def _steps(evidence: Evidence) -> str:
    return ", ".join(f"{step} {seconds:.1f}" for step, seconds in evidence.steps.items())
