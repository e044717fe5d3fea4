"""A client of Airflow's REST API (v2), as an operator would use it: un-pause, trigger, wait, read logs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from dev.stack.errors import StackError
from dev.stack.machine import progress

RUNNING_STATES = ("queued", "running")


@dataclass(frozen=True)
class DagRun:
    """A run and how it ended: `state` is 'success' or 'failed'."""

    dag_id: str
    run_id: str
    state: str
    seconds: float


class AirflowApi:
    """One logged-in session. Raises StackError with Airflow's own message when it refuses a request."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        self._http = httpx.Client(base_url=url, timeout=60)

    def call(self, method: str, path: str, **request: Any) -> Any:
        """`path` below /api/v2; logs in on first use and again when the token has expired."""
        for _ in range(2):
            answer = self._http.request(method, f"/api/v2{path}", **request)
            if answer.status_code != 401:
                break
            token = self._http.post("/auth/token", json=self._login)
            if token.status_code != 201:
                raise StackError(f"Airflow at {self.url} refused the login of {self._login['username']}: {token.text}")
            self._http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        if answer.is_error:
            raise StackError(f"Airflow refused {method} {path}: {answer.status_code} {_detail(answer)}")
        return answer.json() if answer.content else None

    def healthy(self) -> str:
        """Empty when every component is healthy, else the names of those that are not yet."""
        try:
            answer = self._http.get("/api/v2/monitor/health", timeout=10)
        except httpx.HTTPError:
            return "api-server"
        parts = answer.json() if answer.status_code == 200 else {"api-server": {"status": "starting"}}
        return ", ".join(name for name, part in parts.items() if (part or {}).get("status") != "healthy")

    def import_errors(self) -> dict[str, str]:
        """DAG files that cannot be imported, each with its traceback."""
        errors = self.call("GET", "/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in errors}

    def wait_for_dag(self, dag_id: str, timeout: float = 120) -> None:
        """Waits until `dag_id` has been read. Raises StackError with its import error, or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while dag_id not in self.dag_ids():
            broken = {file: trace for file, trace in self.import_errors().items() if dag_id in file}
            if broken:
                raise StackError("\n".join(f"{file} cannot be imported:\n{trace}" for file, trace in broken.items()))
            if time.monotonic() > deadline:
                raise StackError(f"Airflow had not read the DAG {dag_id} after {timeout:.0f} s: is it in dags/?")
            time.sleep(1)

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.call("GET", "/dags", params={"limit": 200})["dags"]}

    def unpause(self, dag_id: str) -> None:
        """A run of a paused DAG stays queued for ever: this comes before `trigger`."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Starts a run with the parameters `conf` and returns its id."""
        made = self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf or {}})
        return str(made["dag_run_id"])

    def runs(self, dag_id: str) -> list[str]:
        """The ids of a DAG's runs, oldest first."""
        found = self.call("GET", f"/dags/{dag_id}/dagRuns", params={"limit": 200, "order_by": "id"})["dag_runs"]
        return [str(run["dag_run_id"]) for run in found]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances, as Airflow returns them."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", path, params={"limit": 100, "offset": len(found)})
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str, timeout: float = 120) -> None:
        """Waits until an approval step asks, and answers it. Raises StackError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            states = {task["task_id"]: task["state"] for task in self.tasks(dag_id, run_id)}
            if states.get(task_id) in ("awaiting_input", "deferred"):
                break
            if time.monotonic() > deadline:
                raise StackError(f"{task_id} of {dag_id} did not ask within {timeout:.0f} s: {states}; see {self.url}")
            time.sleep(0.5)
        # Airflow 3.3's worker tells five seconds later that the task is parked; an answer before that is asked again
        time.sleep(8)
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        self.call("PATCH", path, json={"chosen_options": [option], "params_input": {}})

    def log(self, task: dict[str, Any]) -> str:
        """The plain text of a task instance's last try."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/logs"
        found = self.call(
            "GET",
            f"{path}/{max(task['try_number'], 1)}",
            params={"map_index": task["map_index"], "full_content": "true"},
            headers={"Accept": "application/json"},
        )
        return "\n".join(_log_line(entry) for entry in found["content"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Any:
        """What a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.call("GET", path, params={"map_index": map_index, "deserialize": "false"})["value"]

    def wait(self, dag_id: str, run_id: str, timeout: float = 900, shown: progress.Step | None = None) -> DagRun:
        """Waits for the run's end, showing the tasks' states. Raises StackError after `timeout` seconds."""
        begun = time.monotonic()
        while True:
            state = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
            seconds = time.monotonic() - begun
            if state not in RUNNING_STATES:
                return DagRun(dag_id, run_id, state, seconds)
            if seconds > timeout:
                raise StackError(f"run {run_id} of {dag_id} was still {state} after {timeout:.0f} s; see {self.url}")
            if shown is not None:
                counts = Counter(task["state"] or "waiting" for task in self.tasks(dag_id, run_id))
                shown.detail = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
            time.sleep(0.5)

    def succeed(self, dag_id: str, run_id: str, timeout: float = 900, shown: progress.Step | None = None) -> DagRun:
        """Waits for the run's end. Raises StackError with the failed tasks' log ends when it did not succeed."""
        finished = self.wait(dag_id, run_id, timeout, shown)
        if finished.state != "success":
            raise StackError(self.why_failed(finished))
        return finished

    def run(self, dag_id: str, conf: dict[str, Any] | None = None, timeout: float = 900) -> DagRun:
        """Un-pauses, triggers and waits. Raises StackError with the failed tasks' log ends when the run fails."""
        self.wait_for_dag(dag_id)
        self.unpause(dag_id)
        with progress.step(f"Airflow: {dag_id}") as shown:
            finished = self.succeed(dag_id, self.trigger(dag_id, conf), timeout, shown)
            shown.detail = finished.state
        return finished

    def why_failed(self, run: DagRun) -> str:
        """The failed tasks of a run with the ends of their logs."""
        lines = [f"run {run.run_id} of {run.dag_id} ended {run.state}:"]
        for task in self.tasks(run.dag_id, run.run_id):
            if task["state"] == "failed":
                lines.append(f"  {task['task_id']}[{task['map_index']}] failed:")
                lines += [f"    {line}" for line in self.log(task).splitlines()[-20:]]
        return "\n".join(lines)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", answer.text))
    except ValueError:
        return answer.text


def _log_line(entry: Any) -> str:
    """One line of text from Airflow's structured log entry (3.x: JSON objects with event, level, error_detail)."""
    if not isinstance(entry, dict):
        return str(entry)
    line = f"{entry.get('timestamp', '')} {entry.get('level', '')} {entry.get('event', '')}".strip()
    for error in entry.get("error_detail") or []:
        line += f"\n{error.get('exc_type')}: {error.get('exc_value')}"
    return line
