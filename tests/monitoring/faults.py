"""Faults that are really put in, and taken out again."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import delete

from ofitec.ledger import Ledger, open_ledger
from ofitec.ledger.tables import BackupRun, RestoreProof
from stack.local_stack import LEDGER_DATABASE, ODOO_DATABASE
from tests.monitoring.drill import Drill
from tests.ofitec.board.past import backup, proof

NIGHTLY, VERIFY = "backup_nightly", "backup_verify"
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
    inject: Callable[[], None]
    repair: Callable[[], None]


@dataclass
class Nights:
    """Rows of backups in the ledger, each fault in an installation of its own."""

    ledger: Ledger
    used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, drill: Drill) -> "Nights":
        return cls(open_ledger(drill.stack.postgres.dsn(LEDGER_DATABASE, "ofitec")))

    def add(self, env: str, hours_ago: float, *, failed: bool = False, refuted: bool = False) -> None:
        """A night so many hours ago, proven unless it failed; its proof refuted it if asked."""
        self.used.add(env)
        night = backup(datetime.now(UTC) - timedelta(hours=hours_ago), failed=failed)
        night.env = env
        with self.ledger.transaction() as session:
            night.key = f"{night.key}-{env}-{hours_ago}"
            session.add(night)
            session.flush()
            if not failed:
                judged = proof(night, minutes=10, refuted=refuted)
                judged.finished_at = datetime.now(UTC)
                session.add(judged)

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


def backup_fails(drill: Drill) -> Fault:
    """The night's pg_dump is killed; then somebody runs the DAG again."""
    api = drill.airflow.api

    def inject() -> None:
        run = api.trigger(NIGHTLY, {"create_repository": True})
        # the stack's own, never another program's of this machine
        scheduler = psutil.Process(drill.stack.processes.find("airflow-scheduler").pid)
        deadline = time.monotonic() + 60
        while not (dumps := [p for p in scheduler.children(recursive=True) if _dumps(p)]):
            assert time.monotonic() < deadline, "no pg_dump within a minute"
            time.sleep(0.005)
        for process in dumps:
            process.kill()
        assert api.wait(NIGHTLY, run).state == "failed"

    def repair() -> None:
        done = api.wait(NIGHTLY, api.trigger(NIGHTLY))
        assert done.state == "success", api.why_failed(done)
        proven(drill, 1)

    return Fault("backup fails", "BackupFailed", SLACK, inject, repair)


def _dumps(process: psutil.Process) -> bool:
    try:
        argv = process.cmdline()
    except psutil.Error:
        return False
    return bool(argv) and Path(argv[0]).name == "pg_dump" and "--snapshot" in " ".join(argv)


def proof_fails(drill: Drill) -> Fault:
    """A byte of the biggest file in the repository flips; then it flips back and a new backup is made."""
    api, repository = drill.airflow.api, drill.stack.restic_repository

    def flip() -> None:
        pack = max(
            (path for path in (repository / "data").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
        )
        content = bytearray(pack.read_bytes())
        content[len(content) // 3] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(content)

    def inject() -> None:
        flip()
        assert api.wait(VERIFY, api.trigger(VERIFY)).state == "failed"

    def repair() -> None:
        flip()
        # a refuted backup is not asked again: the next one is proven
        before = len(api.runs(VERIFY))
        assert api.wait(NIGHTLY, api.trigger(NIGHTLY)).state == "success"
        proven(drill, before + 1)

    return Fault("proof fails", "BackupProofFailed", BOTH, inject, repair)


def proven(drill: Drill, number: int) -> None:
    """Wait until the n-th proof that backups started has passed."""
    api, deadline = drill.airflow.api, time.monotonic() + 60
    while len(runs := api.runs(VERIFY)) < number:
        assert time.monotonic() < deadline, "no proof began within a minute of its backup"
        time.sleep(0.5)
    done = api.wait(VERIFY, runs[number - 1])
    assert done.state == "success", api.why_failed(done)


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
        lambda: file.write_text("from airflow.sdk import dag\nimport no_such_module\n") and None,
        file.unlink,
    )


def connections_exhausted(drill: Drill) -> Fault:
    """All but a few of PostgreSQL's connections are taken; the last ones are left so that the stack lives on."""
    held = ExitStack()
    server = drill.stack.postgres

    def inject() -> None:
        with psycopg.connect(server.dsn("postgres")) as link:
            row = link.execute(
                "SELECT current_setting('max_connections')::int, count(*)::int "
                "FROM pg_stat_activity WHERE datname IS NOT NULL"
            ).fetchone()
            assert row is not None
        most, used = row
        for _ in range(int(most * 0.94) - used):
            held.enter_context(psycopg.connect(server.dsn("postgres")))

    return Fault("PostgreSQL connections exhausted", "PostgresConnectionsHigh", BOTH, inject, held.close)


def scheduler_killed(drill: Drill) -> Fault:
    processes = drill.stack.processes

    def inject() -> None:
        os.kill(processes.find("airflow-scheduler").pid, signal.SIGKILL)

    def repair() -> None:
        processes.stop("airflow-scheduler")  # what it left behind
        drill.start_airflow()

    return Fault("scheduler killed", "AirflowSchedulerDown", BOTH, inject, repair)
