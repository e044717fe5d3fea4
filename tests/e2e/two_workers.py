"""Two Celery workers on hosts of their own, one of which loses its power while a task runs on it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import Celery

from dev.stack.celery_stack import BACKUP_BUCKET, CeleryStack
from dev.stack.machine.hosts import Host
from dev.stack.services.airflow_api import DagRun
from ofitec.clients.restic import Restic
from ofitec.ledger import open_ledger
from tests.waiting import wait_until

_REACHED = 10.0  # seconds in which a task gets to the server that does not answer


@dataclass(frozen=True)
class Row:
    """What one task's death did; seconds from the kill to the run's end."""

    dag: str
    task: str
    died_on: str
    ended_on: str
    tries: int
    state: str
    seconds: float

    def __str__(self) -> str:
        where = f"{self.died_on} -> {self.ended_on}"
        return f"{self.dag:16}{self.task:24}{where:14}{self.tries:>6}  {self.state:10}{self.seconds:>6.0f} s"


@dataclass
class Two:
    """The stack and its workers; `rows` is what was seen.

    `env` are settings of the workers beside the stack's, `given` the folders that they share if not all of them.
    """

    stack: CeleryStack
    hosts: dict[str, Host] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    given: list[Path] | None = None
    queues: str = "default,ops"
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = self.stack.airflow.api
        self.ledger = open_ledger(self.stack.postgres.dsn("ofitec_ledger", "ofitec"))
        for number, name in enumerate(("one", "two"), start=1):
            host = self.stack.worker_host(name, number)
            self.hosts[host.address] = host
            self._start(host)
        self.wait_for_workers(2)

    def _start(self, host: Host) -> None:
        self.stack.start_worker(host, queues=self.queues, given=self.given, env=self.env)

    def again(
        self, env: dict[str, str] | None = None, given: list[Path] | None = None, queues: str = "default,ops"
    ) -> None:
        """Starts both anew with other settings, shared folders and queues."""
        self.env, self.given, self.queues = env or {}, given, queues
        for host in self.hosts.values():
            self.stack.processes.stop(host.name)
            self._start(host)
        self.wait_for_workers(2)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """While the block runs only that worker lives."""
        [other] = [host for host in self.hosts.values() if host.name != name]
        with self.without(other):
            yield

    def living(self) -> list[str]:
        """The workers that answer through the broker."""
        with Celery(broker=self.stack.redis.url) as app:
            return [name for answer in app.control.ping(timeout=2) for name in answer]

    def wait_for_workers(self, number: int) -> None:
        wait_until(lambda: len(self.living()) == number, f"{number} workers", timeout=120)

    @contextmanager
    def without(self, host: Host) -> Iterator[None]:
        """While the block runs that host is dead."""
        self.stack.processes.stop(host.name)
        try:
            yield
        finally:
            self._start(host)
            self.wait_for_workers(2)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """While the block runs one of the stack's servers answers nothing."""
        record = self.stack.processes.find(name)
        assert record is not None
        os.killpg(record.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(record.pid, signal.SIGCONT)

    def killed_at(
        self,
        dag_id: str,
        task: str,
        conf: dict[str, Any] | None = None,
        *,
        run_id: str = "",
        at_work: Callable[[], Any] = lambda: True,
        freeze: str = "",
        state: str = "success",
        meanwhile: Callable[[str], None] = lambda run: None,
    ) -> DagRun:
        """A run whose worker dies when `task` is at work; the other worker ends it. The dead one comes back after.

        :param run_id: of a run that is on its way; else one is triggered
        :param freeze: a server that answers nothing from the task's start to its end, so that it dies waiting for it
            (`at_work` is not asked then)
        :param state: how the run must end
        :param meanwhile: called with the run's id while it waits for the task, for what a person would do
        """
        self.api.wait_for_dag(dag_id)
        self.api.unpause(dag_id)
        run = run_id or self.api.trigger(dag_id, conf)
        meanwhile(run)
        wait_until(lambda: self._runs(dag_id, run, task), f"{dag_id}.{task} running", timeout=240)
        if freeze:
            with self.frozen(freeze):
                time.sleep(_REACHED)
                first = self._kill(dag_id, run, task)
        else:
            wait_until(at_work, f"{dag_id}.{task} at work", timeout=60)
            first = self._kill(dag_id, run, task)
        with self.without(first):
            ended = self.api.wait(dag_id, run, timeout=600)
        last = self._task(dag_id, run, task)
        where = self.hosts[last["hostname"]].name if last["hostname"] in self.hosts else ""
        self.rows.append(
            Row(dag_id, task, first.name, where, last["try_number"], ended.state, ended.seconds),
        )
        assert ended.state == state, self.api.why_failed(ended)
        return ended

    def _runs(self, dag_id: str, run: str, task: str) -> bool:
        state = self._task(dag_id, run, task)["state"]
        assert state not in ("failed", "upstream_failed", "skipped", "success"), f"{dag_id}.{task} is {state} already"
        return bool(state == "running")

    def _kill(self, dag_id: str, run: str, task: str) -> Host:
        found = self._task(dag_id, run, task)
        assert found["state"] == "running", f"{task} was {found['state']} before it could be killed"
        host = self.hosts[found["hostname"]]
        self.stack.processes.stop(host.name)
        return host

    def _task(self, dag_id: str, run: str, task: str) -> dict[str, Any]:
        return next(found for found in self.api.tasks(dag_id, run) if found["task_id"].endswith(task))

    def states(self, dag_id: str, run: str) -> dict[str, str]:
        return {task["task_id"]: task["state"] for task in self.api.tasks(dag_id, run)}

    def doctor(self, part: str) -> tuple[str, str]:
        """How a part stands, and what the doctor says of it, on the machine of the scheduler."""
        code = "import argparse; from ofitec.doctor.command import run; run(argparse.Namespace(json=True))"
        done = subprocess.run(
            [sys.executable, "-c", code], env=dict(self.stack.airflow.env), capture_output=True, text=True, check=False
        )
        [row] = [row for row in json.loads(done.stdout)["checks"] if row["part"] == part]
        return row["state"], row["said"]

    # What must be there once, or not at all

    def messages(self, words: str = "") -> list[str]:
        every = [json.dumps(message, ensure_ascii=False) for message in self.stack.slack_sink.messages()]
        return [message for message in every if words in message]

    def restic(self, password: str = "") -> Restic:
        """The repository, opened by the stack's password or another."""
        keys = self.stack.credentials
        secrets = {
            "RESTIC_PASSWORD": password or self.stack.restic_password_file.read_text().strip(),
            "AWS_ACCESS_KEY_ID": keys.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": keys.s3_secret_key,
        }
        return Restic(self.stack.repository, secrets, binary=self.stack.settings()["PATH"].split(":")[0] + "/restic")

    def locks(self) -> list[str]:
        """restic's locks: one while restic works on the repository."""
        return self.stack.s3.keys(BACKUP_BUCKET, "odoo/locks/")

    def copies(self) -> list[str]:
        """Throw-away databases."""
        return self.stack.postgres.names_like("ofitec\\_scratch%")

    def left_on_disks(self) -> list[Path]:
        """Files of the company on a worker's own disk: a copy's folder, a temporary file."""
        found: list[Path] = []
        for host in self.hosts.values():
            found += (host.disk / "work" / "scratch").glob("*")
            found += [path for path in (host.disk / "tmp").rglob("*") if path.is_file()]
        return found
