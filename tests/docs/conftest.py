"""The tests' stack as an installation in which the documents' commands run."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack.local_stack import LEDGER_DATABASE, LocalStack
from dev.stack.machine import debian
from dev.stack.services.airflow import Airflow
from dev.stack.services.odoo import OdooServer
from dev.stack.services.postgres import Postgres
from ofitec.ledger import open_ledger
from tests.docs.blocks import ROOT
from tests.docs.running import AirflowCli, Installation

# as HAProxy writes it (include/images/proxy/haproxy.cfg)
REQUESTS = """\
ofitec 200 84 blue GET /web/login 1
ofitec 500 2210 blue POST /web/dataset/call_kw 3
ofitec 404 30 blue GET /x
Proxy odoo started.
"""
PROGRAMS = {
    "airflow-apiserver": "airflow-api-server",
    "airflow-scheduler": "airflow-scheduler",
    "airflow-dag-processor": "airflow-dag-processor",
    "airflow-triggerer": "airflow-triggerer",
    "db": "postgres",
    "odoo-blue": "odoo",
    "odoo-green": "odoo",
}
AIRFLOW = [service for service in PROGRAMS if service.startswith("airflow-")]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the repository with the secrets and the state that the host program makes in it."""
    made = tmp_path_factory.mktemp("opt") / "ofitec"
    made.mkdir()
    for part in ("docker-compose.yml", "include", "odoo_addon"):
        (made / part).symlink_to(ROOT / part)
    argv = [sys.executable, "-m", "ofitec.deploy.host", "--home", str(made), "secrets"]
    subprocess.run(argv, env={"PYTHONPATH": str(ROOT / "include")}, check=True, capture_output=True)
    return made


@pytest.fixture(scope="session")
def run_id(airflow: Airflow) -> Iterator[str]:
    """A run of `backup_nightly`; where there is none, one that waits because its DAG is paused."""
    dag = "backup_nightly"
    airflow.api.wait_for_dag(dag)
    if runs := airflow.api.runs(dag):
        yield runs[-1]
        return
    assert airflow.api.call("GET", f"/dags/{dag}")["is_paused"]
    made = airflow.api.trigger(dag)
    yield made
    airflow.api.call("DELETE", f"/dags/{dag}/dagRuns/{made}")


@pytest.fixture(scope="session")
def repository(folder: Path) -> dict[str, str]:
    """An empty restic repository and its password's file, by the names that the documents give them."""
    names = {"REPOSITORY": str(folder / "repository"), "PASSWORD_FILE": str(folder / "password")}
    Path(names["PASSWORD_FILE"]).write_text("frase larga")
    argv = [str(debian.restic()), "init", "-r", names["REPOSITORY"], "--password-file", names["PASSWORD_FILE"]]
    subprocess.run(argv, check=True, capture_output=True)
    return names


@pytest.fixture(scope="session")
def installation(
    local_stack: LocalStack,
    airflow: Airflow,
    odoo: OdooServer,
    postgres: Postgres,
    folder: Path,
    run_id: str,
    repository: dict[str, str],
) -> Iterator[Installation]:
    open_ledger(postgres.dsn(LEDGER_DATABASE, "ofitec")).engine.dispose()  # with its tables
    requests = folder / "requests.log"
    requests.write_text(REQUESTS)
    little = folder / "state"
    database = {
        "PATH": f"{postgres.bin}:{airflow.env['PATH']}",
        "PGHOST": postgres.host,
        "PGPORT": str(postgres.port),
        "PGPASSWORD": postgres.password("postgres"),
        "PSQLRC": "/dev/null",
    }
    cli = AirflowCli(airflow.env)
    yield Installation(
        folder=folder,
        env={"PATH": airflow.env["PATH"]},
        services={"db": database} | dict.fromkeys(AIRFLOW, airflow.env),
        logs={service: local_stack.place.logs / f"{log}.log" for service, log in PROGRAMS.items()}
        | {"proxy": requests},
        here={
            "-d ofitec": f"-d {LEDGER_DATABASE}",
            "-d odoo": f"-d {odoo.database}",
            "http://localhost:8080": airflow.url,
            "http://proxy:8069": odoo.url,
            "http://127.0.0.1:8069": odoo.url,
            "/var/lib/docker": "/",
            # not the whole of the machine's disk
            "find /": f"find {little}",
            "--max-depth=2 /": f"--max-depth=2 {little}",
            # its DAGs are paused until a test un-pauses them, and no colour serves
            "is_paused False": "is_paused ...",
            "active blue": "active ...",
            "RUN_ID": run_id,
            "TARGET": str(folder / "rendered"),
            **repository,
        },
        airflow=cli,
    )
    cli.close()
