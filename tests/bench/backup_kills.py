"""Kills the night and the proof at random moments, then looks for what must never be found.

    python -m tests.bench backup_kills                 # 100 kills, at most 20 minutes
    OFITEC_BENCH_KILLS=10 python -m tests.bench backup_kills

Each round starts a worker that backs up and proves, and kills at a random moment either the worker (SIGKILL), its
restic, its pg_dump or its pg_restore. Every few rounds, and at the end, a run that is not killed must succeed; then no
proof may stand for a backup that cannot be restored, and no lock, scratch database or program may be left.
"""

import os
import random
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ofitec.backup import proof
from ofitec.backup.job import Job
from ofitec.ledger import backups
from ofitec.settings import settings
from tests.bench.backup_bench import PASSWORD, _job
from tests.ofitec.backup import odoo_like, worker
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.restic_files import cheapen

LIMIT = 20 * 60  # seconds
BETWEEN = 10  # rounds between two runs that are not killed
TARGETS = ("worker", "restic", "pg_dump", "pg_restore")


def run() -> dict[str, float]:
    """Run it; prints what was killed and what was found, returns the counts (all but the first should be 0)."""
    wanted = int(os.environ.get("OFITEC_BENCH_KILLS", "100"))
    cluster, folder = Cluster(), Path(tempfile.mkdtemp(prefix="ofitec-kills-", dir="/var/tmp"))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OFITEC_PG_BIN", str(cluster.bin))
            settings.cache_clear()
            cluster.start()
            job = _job(cluster, folder)
            with job.database.connect() as link:
                odoo_like.fill(link, job.filestore)
                # enough that pg_dump and pg_restore live long enough to be met
                link.execute("CREATE TABLE mail_message AS SELECT i, repeat(md5(i::text), 9) AS body "
                             "FROM generate_series(1, 200000) i")  # fmt: skip
            job.restic.init()
            cheapen(Path(job.restic.repository), PASSWORD)
            return _rounds(job, cluster, wanted)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _rounds(job: Job, cluster: Cluster, wanted: int) -> dict[str, float]:
    chance, until = random.Random(20261124), time.monotonic() + LIMIT
    start = time.monotonic()
    assert _whole_run(job) == 0, (job.work / "prove.log").read_text()[-2000:]
    usual = time.monotonic() - start
    kills: dict[str, int] = dict.fromkeys(TARGETS, 0)
    found = {"kills_failed_recoveries": 0, "kills_locks_left": 0, "kills_scratch_left": 0, "kills_programs_left": 0}
    while sum(kills.values()) < wanted and time.monotonic() < until:
        target = chance.choice(TARGETS)
        # pg_dump and pg_restore are short on this data: they are waited for
        delay = chance.uniform(0, usual if target in ("worker", "restic") else usual / 4)
        if _kill_once(job, target, delay):
            kills[target] += 1
        done = sum(kills.values())
        if done and done % BETWEEN == 0:
            print(f"  {done} kills: {kills}", flush=True)
            _look(job, cluster, found)
    _look(job, cluster, found)
    false = _false_proofs(job)
    print(f"kills {kills}; false proofs {false}; {found}")
    return {"kills": sum(kills.values()), "kills_false_proofs": false, **found}


def _kill_once(job: Job, target: str, delay: float) -> bool:
    """Start a worker and kill the target after the delay, or as soon as it runs then. False if it never did."""
    process = worker.start(job, "prove")
    time.sleep(delay)
    killed = False
    while process.poll() is None and not killed:
        pid = process.pid if target == "worker" else _descendant(process.pid, target)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed = True
        time.sleep(0.01)
    process.wait()
    return killed


def _whole_run(job: Job) -> int:
    return worker.start(job, "prove").wait()


def _look(job: Job, cluster: Cluster, found: dict[str, int]) -> None:
    found["kills_failed_recoveries"] += _whole_run(job) != 0
    found["kills_locks_left"] += len(job.restic.locks())
    found["kills_scratch_left"] += len([name for name in cluster.names() if name.startswith("ofitec_scratch_")])
    found["kills_programs_left"] += len([pid for name in TARGETS[1:] for pid in _ours(job, name)])


def _false_proofs(job: Job) -> int:
    """Backups that count although they cannot be restored: each one that is left is restored again."""
    false = 0
    for row in backups.of_status(job.ledger, job.env, backups.CHECKED):
        proven = [p for p in backups.proofs(job.ledger, row.key) if p.outcome == backups.PASSED]
        try:
            proof.prove(job, row.key, run_id="again")
        except proof.BackupRefuted as error:
            print(f"  {row.key}: {error}")
            false += bool(proven)
    return false


def _descendant(ancestor: int, name: str) -> int | None:
    return next((pid for pid, program, parents in _processes() if program == name and ancestor in parents), None)


def _ours(job: Job, name: str) -> list[int]:
    """Programs of that name that still work on this bench's repository or server."""
    marks = (f"RESTIC_REPOSITORY={job.restic.repository}", f"PGPORT={job.database.port}")
    found = []
    for pid, program, _ in _processes():
        if program == name:
            with suppress(OSError):
                environment = Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
                found += [pid] if set(marks) & set(environment) else []
    return found


def _processes() -> list[tuple[int, str, list[int]]]:
    """pid, program and ancestors of every process."""
    parents: dict[int, tuple[str, int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                head, _, tail = (entry / "stat").read_text().rpartition(")")
                if tail.split()[0] != "Z":
                    parents[int(entry.name)] = (head.partition("(")[2], int(tail.split()[1]))
    found = []
    for pid, (program, parent) in parents.items():
        chain, above = [], parent
        while above in parents:
            chain.append(above)
            above = parents[above][1]
        found.append((pid, program, chain))
    return found
