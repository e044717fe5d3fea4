"""Failing nights and proofs as Airflow runs them, and that no secret shows anywhere meanwhile.

The good ones, by the real scheduler: tests/e2e/test_backup.py.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ofitec.backup.job import Job
from ofitec.ledger import backups
from tests.backup.cluster import LEDGER, ODOO, Cluster
from tests.backup.conftest import PASSWORD
from tests.backup.restic_files import biggest, flip_byte
from tests.command_lines import CommandLines

ROOT = Path(__file__).parents[2]
SLACK = "/services/T0/B0/clavedeslack"
SECRETS = [PASSWORD, ODOO, LEDGER, "clavedeslack"]


class Runs:
    """What some DAG runs said, and every command line that existed meanwhile."""

    def __init__(self, job: Job, tmp_path: Path, cluster: Cluster, slack: "Sink") -> None:
        self.job, self.tmp_path, self.cluster, self.slack = job, tmp_path, cluster, slack
        self.commands = CommandLines()
        self.output = ""
        self.extra: dict[str, Any] = {"repository": job.restic.repository}
        self.password: str | None = PASSWORD

    def __call__(self, *runs: tuple[str, dict[str, Any]], succeeds: bool = True) -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "tests.backup.airflow_run", json.dumps(runs)]
        with self.commands:
            done = subprocess.run(
                command,
                env=self._environment(),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        self.output += done.stdout
        said = [json.loads(line[4:]) for line in done.stdout.splitlines() if line.startswith("RUN ")]
        assert len(said) == len(runs), done.stdout[-5000:]
        if succeeds:
            assert {run["state"] for run in said} == {"success"}, done.stdout[-8000:]
        return said

    def _environment(self) -> dict[str, str]:
        job = self.job
        server = {"conn_type": "postgres", "host": "127.0.0.1", "port": self.cluster.port}
        ledger = job.ledger.engine.url.database
        connections = {
            "odoo_db": {**server, "login": "odoo", "password": ODOO, "schema": job.database.name},
            "ofitec_ledger": {**server, "login": "ledger", "password": LEDGER, "schema": ledger},
            "restic_default": {"conn_type": "generic", "password": self.password, "extra": self.extra},
            "slack_default": {"conn_type": "slackwebhook", "host": f"{self.slack.url}/services", "password": SLACK},
        }
        home = self.tmp_path / "airflow"
        settings = {
            "OFITEC_ENV": job.env,
            "OFITEC_FILESTORE": str(job.filestore),
            "OFITEC_WORK_DIR": str(job.work),
            "OFITEC_RESTIC": job.restic.binary,
            "OFITEC_PG_BIN": str(self.cluster.bin),
            "OFITEC_BACKUP_MIN_BYTES": "10000",
            "OFITEC_KEEP_FLOOR": "1",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "PYTHONPATH": str(ROOT / "include"),
            "PATH": os.environ["PATH"],
            "HOME": str(self.tmp_path),
        }
        return {**settings, **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(c) for name, c in connections.items()}}


class Sink:
    """Takes what is posted to Slack."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def runs(job: Job, tmp_path: Path, cluster: Cluster) -> Iterator[Runs]:
    slack = Sink()
    yield Runs(job, tmp_path, cluster, slack)
    slack.server.shutdown()
    slack.server.server_close()


def no_secret(runs: Runs, *more: str) -> None:
    """Neither in what the processes printed, nor in Airflow's database and logs, nor on a command line."""
    files = [path for path in (runs.tmp_path / "airflow").rglob("*") if path.is_file() and path.suffix != ".cfg"]
    places = {str(path): path.read_bytes().decode(errors="replace") for path in files}
    places |= {
        "output": runs.output,
        "command lines": "\n".join(runs.commands.seen),
        "Slack": "\n".join(runs.slack.messages),
    }
    ledger = runs.job.ledger
    with ledger.engine.connect() as link:
        for table in ("backup_run", "restore_proof", "task_error", "notification"):
            rows = link.exec_driver_sql(f"SELECT t::text FROM ofitec.{table} t").scalars().all()
            places[f"ledger {table}"] = "\n".join(rows)
    for secret in (*SECRETS, *more):
        for form in {secret, quote(secret, safe="")}:
            shown = {name: text[text.index(form) - 300 :][:300] for name, text in places.items() if form in text}
            assert shown == {}


def test_failing_night_is_red_and_shows_no_secret(runs: Runs) -> None:
    runs.password = "clave-que-no-es"
    (night,) = runs(("backup_nightly", {}), succeeds=False)
    assert night["state"] == "failed"
    assert night["tasks"] == {
        "preflight": "failed", "snapshot": "upstream_failed", "check": "upstream_failed", "retain": "upstream_failed"
    }  # fmt: skip
    assert "The password opens no key of the restic repository" in runs.output
    # the sampler saw the programs at all
    assert any("/restic " in argv for argv in runs.commands.seen)
    assert any("El respaldo de anoche fall" in message for message in map(unescaped, runs.slack.messages))
    no_secret(runs, "clave-que-no-es")


def test_refuted_backup_makes_the_proofs_run_red_and_is_told(runs: Runs, job: Job, repository: Path) -> None:
    """The copy is cleaned up in any case, and that must not make the run green."""
    (night,) = runs(("backup_nightly", {}))
    flip_byte(biggest(repository / "data"))
    (proof,) = runs(("backup_verify", {}), succeeds=False)
    assert proof["tasks"]["restore"] == "failed"
    assert proof["tasks"]["clean_up"] == "success"
    assert proof["state"] == "failed"
    assert [p.outcome for p in backups.proofs(job.ledger, night["returned"]["snapshot"])] == [backups.REFUTED]
    assert list((job.work / "scratch").glob("*")) == []
    assert any("El respaldo no pas" in message for message in map(unescaped, runs.slack.messages))


def unescaped(message: str) -> str:
    return message.encode().decode("unicode_escape")
