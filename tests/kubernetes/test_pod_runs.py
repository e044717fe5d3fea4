"""A pod's command, with what its template gives and nothing else, does its task: no database, no key, no connection."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dev.stack.machine.paths import ROOT
from tests.kubernetes.conftest import component_env, scheduler_env, settings_env
from tests.waiting import wait_until

pytestmark = pytest.mark.drill  # starts Airflow's own parts, one after the other: minutes
DAGS = ROOT / "tests" / "kubernetes" / "dags" / "asking"
BUNDLES = [
    {
        "name": "ofitec",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(DAGS)},
    }
]


def test_a_task_gets_its_connection_from_the_api_server_alone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    reached = {
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(BUNDLES),  # the image's, on a cluster
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",  # there is no S3
        "AIRFLOW__API__BASE_URL": address,
    }
    server = scheduler_env(tmp_path / "server") | reached
    server |= {"AIRFLOW__API_AUTH__JWT_SECRET": "x" * 64, "AIRFLOW__CORE__FERNET_KEY": ""}
    server |= component_env("apiServer", tmp_path)
    connection = {"odoo_default": {"conn_type": "odoo", "host": "known-to-the-server-alone"}}
    (tmp_path / "connections.json").write_text(json.dumps(connection))

    pod = json.loads(scheduler(server, str(DAGS)))
    [container] = pod["spec"]["containers"]
    home = tmp_path / "pod"
    home.mkdir()
    given = settings_env() | {entry["name"]: entry["value"] for entry in container["env"]} | reached
    own = {"PATH": os.environ["PATH"], "HOME": str(home), "AIRFLOW_HOME": str(home)}
    own["PYTHONPATH"] = str(ROOT / "include")
    log = tmp_path / "api-server.log"
    with log.open("w") as lines:
        argv = [sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", port]
        api = subprocess.Popen([*argv, "--workers", "1"], env=server, stdout=lines, stderr=lines)
    try:
        wait_until(lambda: answers(f"{address}/execution/health"), f"the API server ({log})", timeout=180)
        program, *args = container["args"]
        assert program == "python"
        argv = [sys.executable, *args]
        done = subprocess.run(argv, env=own | given, cwd=home, capture_output=True, text=True, check=False)
    finally:
        api.terminate()
        api.wait(60)
    ended = json.loads(scheduler(server, "--after"))
    assert ended == {"state": "success", "answer": ["known-to-the-server-alone"]}, done.stdout + done.stderr


def scheduler(env: dict[str, str], *args: str) -> str:
    """The last line that tests.kubernetes.pod_ready prints."""
    argv = [sys.executable, "-m", "tests.kubernetes.pod_ready", *args]
    done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
