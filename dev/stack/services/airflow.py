"""A real Airflow: api-server, scheduler, dag-processor and triggerer as processes of our own, on PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.stack.errors import StackError
from dev.stack.machine import ports, process, progress
from dev.stack.machine.paths import ROOT, Place
from dev.stack.machine.process import Processes
from dev.stack.services.airflow_api import AirflowApi
from dev.stack.services.postgres import Postgres
from ofitec.whole_file import write_whole

USER = "admin"
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
_NO_LOG_SERVER = {"scheduler", "triggerer"}  # their logs are read from the shared folder, not over a fixed port


@dataclass(frozen=True)
class Airflow:
    """A running Airflow; `env` is what its components run with (connections included: never print it)."""

    url: str
    user: str
    password: str
    home: Path
    env: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Airflow({self.url})"

    @property
    def api(self) -> AirflowApi:
        return AirflowApi(self.url, self.user, self.password)


def _bundles(extra_dags: Path | None) -> list[dict[str, object]]:
    folders = {"dags": ROOT / "dags", "extra": extra_dags}
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    return [
        {"name": name, "classpath": local, "kwargs": {"path": str(folder), "refresh_interval": 10}}
        for name, folder in folders.items()
        if folder is not None
    ]


def connections_env(connections: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """AIRFLOW_CONN_* variables from connections as data (keys conn_type, host, login, ..., extra)."""
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(values) for name, values in connections.items()}


def search_path() -> str:
    """The PATH of every component: this environment's programs, then the machine's."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def environment(place: Place, postgres: Postgres, port: int, extra_dags: Path | None) -> dict[str, str]:
    """The settings of every component: nothing is taken from the caller's environment but PATH and HOME."""
    secret = postgres.credentials
    home = place.dir / "airflow"
    return {
        "PATH": search_path(),
        "HOME": os.environ.get("HOME", str(home)),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT / "include"),
        "PYTHONUNBUFFERED": "1",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(_bundles(extra_dags)),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__FERNET_KEY": secret.airflow_fernet_key,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _database_url(postgres, "airflow"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__SECRET_KEY": secret.airflow_secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret.airflow_jwt_secret,
        # a task whose report took longer than this (5 seconds by default) reports again, is refused the second time,
        # and fails although its work was done
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        # files that did not change are read again this seldom: every 30 seconds was a tenth of a core
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "900",
        # more than that: Airflow takes a failed task's callback for a reading of its file in which the DAG was not
        # found, and after 50 seconds (the default) runs nothing of that DAG until the file is read again
        "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "1800",
    }


def up(
    place: Place,
    processes: Processes,
    postgres: Postgres,
    *,
    connections: Mapping[str, Mapping[str, object]],
    settings: Mapping[str, str],
    extra_dags: Path | None = None,
    withheld: Mapping[str, Collection[str]] | None = None,
) -> Airflow:
    """Starts the four components and waits until Airflow calls each of them healthy; keeps running ones.

    When none is running they start on an empty metadata database: no run of an earlier start goes on by surprise.
    `connections` become AIRFLOW_CONN_* and `settings` (OFITEC_*, RESTIC_*) are set as they are; the DAGs are those of
    `dags/` and, for tests, of `extra_dags`. `withheld` names variables that a component does without.
    """
    running = [name for name in COMPONENTS if processes.find(f"airflow-{name}")]
    port = ports.port_of(place, "airflow", in_use_by_us="api-server" in running)
    env = {**environment(place, postgres, port, extra_dags), **connections_env(connections), **settings}
    airflow = Airflow(f"http://127.0.0.1:{port}", USER, postgres.credentials.airflow_admin, place.dir / "airflow", env)
    if not running:
        shutil.rmtree(airflow.home, ignore_errors=True)
        airflow.home.mkdir(mode=0o700, parents=True)
        write_whole(airflow.home / "passwords.json", json.dumps({USER: airflow.password}))
        _new_database(place, postgres, env)
    with progress.step("Airflow: api-server, scheduler, dag-processor, triggerer") as step:
        for component in COMPONENTS:
            argv = [sys.executable, "-m", "airflow", component]
            argv += ["--skip-serve-logs"] if component in _NO_LOG_SERVER else []
            own = {name: value for name, value in env.items() if name not in (withheld or {}).get(component, ())}
            processes.start(f"airflow-{component}", argv, env=own, cwd=airflow.home, depends_on=_code_read_at_start())

        def ready() -> bool:
            dead = [name for name in COMPONENTS if processes.find(f"airflow-{name}") is None]
            if dead:
                log = place.logs / f"airflow-{dead[0]}.log"
                raise StackError(f"Airflow's {dead[0]} ended while starting; its log:\n{process.tail(log)}")
            waiting = airflow.api.healthy()
            step.detail = f"waiting for {waiting}" if waiting else ""
            return not waiting

        processes.wait("airflow-api-server", ready, timeout=180)
    return airflow


def _code_read_at_start() -> str:
    """A digest of what a component reads once, when it starts: installed packages and plugins. A change restarts it."""
    total = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for file in sorted((ROOT / "plugins").rglob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()


def _new_database(place: Place, postgres: Postgres, env: Mapping[str, str]) -> None:
    """An empty metadata database, copied from a template that `airflow db migrate` made once for this lock file."""
    lock = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()[:10]
    template = f"template_airflow_{lock}"
    if not postgres.exists(template):
        building = f"making_{template}"
        postgres.drop(building)
        postgres.create(building, "airflow")
        with progress.step("Airflow: new metadata database"):
            process.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                log=place.logs / "airflow-setup.log",
                env={**env, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _database_url(postgres, building)},
                what="airflow db migrate",
            )
        postgres.rename(building, template)
        postgres.freeze(template)
    postgres.drop("airflow")
    postgres.create("airflow", "airflow", template)


def _database_url(postgres: Postgres, database: str) -> str:
    return postgres.dsn(database, "airflow").replace("postgresql://", "postgresql+psycopg2://", 1)
