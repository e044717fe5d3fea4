"""Faults that are really put in, and taken out again."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import delete

from dev.stack.demo.backup import NIGHTLY, VERIFY, await_proof
from dev.stack.local_stack import LEDGER_DATABASE, ODOO_DATABASE
from dev.stack.services.airflow_api import AirflowApi
from ofitec.ledger import Ledger, open_ledger
from ofitec.ledger.tables import BackupRun, RestoreProof
from tests.monitoring.drill import Drill, Watch
from tests.ofitec.backup.restic_files import biggest, flip_byte
from tests.ofitec.board.past import backup, copied, proof

BOTH, SLACK = ("slack", "mail"), ("slack",)
DISK = """\
# HELP node_filesystem_{name} {text}
# TYPE node_filesystem_{name} gauge
node_filesystem_{name}{{device="/dev/drill",device_error="",fstype="ext4",mountpoint="/drill"}} {value}
"""


@dataclass(frozen=True)
class Fault:
    """A fault, the alert that tells of it, and where it must be heard."""

    name: str
    alert: str
    places: tuple[str, ...]
    inject: Callable[[], object]
    repair: Callable[[], object]


@dataclass
class Nights:
    """Rows of backups in the ledger, each fault in an installation of its own."""

    ledger: Ledger
    used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, watch: Watch) -> "Nights":
        return cls(open_ledger(watch.stack.postgres.dsn(LEDGER_DATABASE, "ofitec")))

    def add(self, env: str, hours_ago: float, *, failed: bool = False) -> None:
        """A night so many hours ago, proven unless it failed."""
        self.used.add(env)
        night = backup(datetime.now(UTC) - timedelta(hours=hours_ago), failed=failed)
        night.env = env
        with self.ledger.transaction() as session:
            night.key = f"{night.key}-{env}-{hours_ago}"
            session.add(night)
            session.flush()
            if not failed:
                judged = proof(night, minutes=10)
                judged.finished_at = datetime.now(UTC)
                session.add(judged)
                there = copied(night)
                session.add(there)
                session.flush()
                session.add(proof(there, minutes=10))

    def forget(self) -> None:
        with self.ledger.transaction() as session:
            session.execute(delete(RestoreProof).where(RestoreProof.env.in_(self.used)))
            session.execute(delete(BackupRun).where(BackupRun.env.in_(self.used)))


def backup_never_ran(nights: Nights) -> Fault:
    """The newest good backup is 30 hours old; nothing else can be faked about a day that passes."""
    return Fault(
        "backup never runs",
        "BackupMissing",
        SLACK,
        lambda: nights.add("drill-never", hours_ago=30),
        lambda: nights.add("drill-never", hours_ago=1),
    )


def scheduler_pid(drill: Drill) -> int:
    record = drill.stack.processes.find("airflow-scheduler")
    assert record is not None, "Airflow's scheduler does not run"
    return record.pid


def backup_fails(drill: Drill) -> Fault:
    """The night's pg_dump is killed; then somebody runs the DAG again."""
    api = drill.airflow.api

    def inject() -> None:
        run = api.trigger(NIGHTLY, {"create_repository": True})
        # the stack's own, never another program's of this machine
        scheduler = psutil.Process(scheduler_pid(drill))
        deadline = time.monotonic() + 60
        while not (dumps := [p for p in scheduler.children(recursive=True) if _dumps(p)]):
            assert time.monotonic() < deadline, "no pg_dump within a minute"
            time.sleep(0.005)
        for process in dumps:
            process.kill()
        assert api.wait(NIGHTLY, run).state == "failed"

    return Fault("backup fails", "BackupFailed", SLACK, inject, lambda: back_up(api))


def _dumps(process: psutil.Process) -> bool:
    try:
        argv = process.cmdline()
    except psutil.Error:
        return False
    return bool(argv) and Path(argv[0]).name == "pg_dump" and "--snapshot" in " ".join(argv)


def proof_fails(drill: Drill) -> Fault:
    """A byte of the biggest file in the repository flips; then it flips back and a new backup is made."""
    api = drill.airflow.api
    packs: list[Path] = []

    def inject() -> None:
        packs.append(biggest(drill.stack.restic_repository / "data"))
        flip_byte(packs[-1])
        assert api.wait(VERIFY, api.trigger(VERIFY)).state == "failed"

    def repair() -> None:
        flip_byte(packs[-1])
        # a refuted backup is not asked again: the next one is proven
        back_up(api)

    return Fault("proof fails", "BackupProofFailed", BOTH, inject, repair)


def back_up(api: AirflowApi) -> None:
    """A good night and its proof."""
    before = api.runs(VERIFY)
    api.run(NIGHTLY)
    await_proof(api, before)


def odoo_stopped(drill: Drill) -> Fault:
    stack = drill.stack
    return Fault(
        "Odoo stopped",
        "OdooDown",
        BOTH,
        lambda: stack.processes.stop("odoo"),
        lambda: stack.odoo_parts.serve(ODOO_DATABASE),
    )


def disk_full(drill: Drill) -> Fault:
    """A disk in the node exporter's figures that has 1 % left; the machine's own stay untouched."""
    file = drill.monitoring.textfile / "drill.prom"

    def inject() -> None:
        texts = {
            "avail_bytes": "Filesystem space available to non-root users in bytes.",
            "size_bytes": "Filesystem size in bytes.",
        }
        values = {"avail_bytes": 1e9, "size_bytes": 1e11}
        part = file.with_suffix(".part")
        part.write_text("".join(DISK.format(name=n, text=t, value=values[n]) for n, t in texts.items()))
        part.rename(file)

    return Fault("disk full", "DiskSpaceLow", BOTH, inject, file.unlink)


def import_error(drill: Drill) -> Fault:
    file = drill.dags / "broken_drill.py"
    return Fault(
        "DAG import error",
        "DagImportErrors",
        BOTH,
        lambda: file.write_text("from airflow.sdk import dag\nimport no_such_module\n"),
        file.unlink,
    )


def connections_exhausted(drill: Drill) -> Fault:
    """All but a few of PostgreSQL's connections are taken; the last ones are left so that the stack lives on."""
    held = ExitStack()
    server = drill.stack.postgres

    def inject() -> None:
        with psycopg.connect(server.dsn("postgres")) as conn:
            row = conn.execute(
                "SELECT current_setting('max_connections')::int, count(*)::int "
                "FROM pg_stat_activity WHERE datname IS NOT NULL"
            ).fetchone()
            assert row is not None
        most, used = row
        # all at once: one after the other they would pass the warning's bound for a while, and be told of twice
        with ThreadPoolExecutor(16) as pool:
            for conn in pool.map(psycopg.connect, [server.dsn("postgres")] * (int(most * 0.94) - used)):
                held.enter_context(conn)

    return Fault("PostgreSQL connections exhausted", "PostgresConnectionsHigh", BOTH, inject, held.close)


def scheduler_killed(drill: Drill) -> Fault:
    processes = drill.stack.processes

    def inject() -> None:
        os.kill(scheduler_pid(drill), signal.SIGKILL)

    def repair() -> None:
        processes.stop("airflow-scheduler")  # what it left behind
        drill.start_airflow()

    return Fault("scheduler killed", "AirflowSchedulerDown", BOTH, inject, repair)
