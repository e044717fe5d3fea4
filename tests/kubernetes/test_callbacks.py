"""Who tells people on a cluster: a missed deadline is the triggerer's, never the executor's, and the triggerer can."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dev.stack.machine.paths import ROOT
from dev.stack.services.slack_sink import SlackSink
from ofitec.ledger import open_ledger
from tests.kubernetes.conftest import component_env, scheduler_env, settings_env
from tests.ofitec.conftest import ledger_dsn

__all__ = ["ledger_dsn"]
pytestmark = pytest.mark.drill  # starts Airflow's own parts, one after the other: minutes

Missed = Callable[[Path], dict[str, Any]]


@pytest.fixture(scope="module")
def missed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Missed]:
    """What a cluster's scheduler does with the missed deadlines of the DAGs in a folder."""

    def run(folder: Path) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.kubernetes.deadline_missed", str(folder)],
            env=scheduler_env(tmp_path_factory.mktemp("scheduler")),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    yield run


def test_the_scheduler_hands_a_missed_deadline_to_the_triggerer(missed: Missed) -> None:
    told = missed(ROOT / "dags")
    assert set(told["dags"]) >= {"backup_nightly", "f29_monthly", "rcv_reconcile"}
    assert told["missed"] == len(told["triggers"]) == len(told["dags"])
    assert set(told["callbacks"]) == {"triggerer"}
    assert (told["executor"], told["refused"]) == (0, "")


def test_one_for_the_executor_would_stop_the_scheduler(missed: Missed) -> None:
    """Why none of ours is: Airflow's own KubernetesExecutor takes no callback. When it does, this says so."""
    told = missed(ROOT / "tests" / "kubernetes" / "dags" / "late")
    assert told["callbacks"] == ["executor"]
    assert "KubernetesExecutor does not support ExecuteCallback" in told["refused"]


def test_the_triggerer_has_what_it_needs_to_tell(ledger_dsn: str, slack_sink: SlackSink, tmp_path: Path) -> None:
    """With the environment of the chart's triggerer and the file of the secret, nothing else."""
    secret = tmp_path / "connections.json"
    secret.write_text(json.dumps({"ofitec_ledger": ledger_dsn, "slack_default": slack(slack_sink)}))
    code = (
        "import asyncio; from ofitec.notify.late import on_deadline;"
        "asyncio.run(on_deadline({'dag_run': {'dag_id': 'f29_monthly', 'dag_run_id': 'on_a_cluster'}}, minutes=20))"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT / "include"),
            **settings_env(),
            **component_env("triggerer", tmp_path),
        },
        check=True,
    )
    [heard] = [message["text"] for message in slack_sink.messages() if "on_a_cluster" in message["text"]]
    assert heard.startswith("f29_monthly está tardando demasiado: más de 20 minutos")
    ledger = open_ledger(ledger_dsn)
    with ledger.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT dag_id, run_id, status FROM ofitec.notification").all()
    ledger.engine.dispose()
    assert [tuple(row) for row in kept] == [("f29_monthly", "on_a_cluster", "sent")]


def slack(sink: SlackSink) -> dict[str, str]:
    """The connection, as the secret's file holds it."""
    address = urlsplit(sink.webhook)
    password = address.path.removeprefix("/services/")
    return {"conn_type": "slackwebhook", "host": f"{address.scheme}://{address.netloc}/services", "password": password}
