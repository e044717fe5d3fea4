"""`odoo_deploy` through a real Airflow: its scheduler, its approval, its branches; the host is a real sshd."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from dev.stack.services.airflow import Airflow
from dev.stack.services.airflow_api import AirflowApi
from dev.stack.services.docker_engine import Docker
from dev.stack.services.slack_sink import SlackSink
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.ssh_host import SshHost

DAG = "odoo_deploy"


@pytest.fixture(scope="module")
def api(
    airflow: Airflow, docker: Docker, small: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowApi]:
    """Airflow's REST API with the connection `odoo_host` made there, as a person would make it."""
    host = SshHost(docker, tmp_path_factory.mktemp("sshd"), small.root).start()
    docker.run("exec", host.name, "ln", "-s", str(small.root), "/opt/ofitec")  # the setting's default folder
    fields = host.connection_fields()
    airflow.api.call("POST", "/connections", json={"connection_id": "odoo_host", **fields})
    airflow.api.wait_for_dag(DAG)
    airflow.api.unpause(DAG)
    yield airflow.api
    airflow.api.call("DELETE", "/connections/odoo_host")
    host.stop()


def states(api: AirflowApi, run: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in api.tasks(DAG, run)}


def test_a_rejected_deploy_changes_nothing_and_gives_the_lock_back(
    api: AirflowApi, small: Installation, tiny: dict[str, str], slack_sink: SlackSink
) -> None:
    slack_sink.clear()
    before, journal = small.get("/release"), small.status()["journal"]
    run = api.trigger(DAG, {"image": tiny["two"]})
    api.answer(DAG, run, "approve", "Rechazar")
    api.succeed(DAG, run, 120)
    found = states(api, run)
    assert found["apply"] == "skipped"
    # nothing failed and nothing was done: the run's end says so, and Slack who said no
    assert found["outcome"] == "skipped"
    assert api.xcom(DAG, run, "settle") == "rejected"
    assert [m["text"].split(".")[0] for m in slack_sink.messages()] == [
        "Despliegue de Odoo por aprobar",
        "El despliegue de Odoo no se hace",
    ]
    asked = json.dumps(slack_sink.messages()[0], ensure_ascii=False)
    assert f"/dags/{DAG}/runs/{run}/tasks/approve/required_actions|Ver y responder en Airflow>" in unquote(asked)
    assert "Cambia solo código: sin interrupción" in asked
    assert "Lo rechazó admin" in json.dumps(slack_sink.messages()[1], ensure_ascii=False)
    assert found["snapshot"] == "skipped"
    assert found["settle"] == "success"
    assert small.get("/release") == before
    assert small.status()["journal"] == journal
    assert small.status()["lock"] is None


def test_an_approved_code_deploy_needs_no_backup_and_serves(
    api: AirflowApi, small: Installation, tiny: dict[str, str]
) -> None:
    run = api.trigger(DAG, {"image": tiny["two"], "watch_seconds": 0})
    api.answer(DAG, run, "approve", "Aprobar")
    api.succeed(DAG, run, 240)
    found = states(api, run)
    assert found["apply"] == "success"
    assert {found[task] for task in ("preflight", "snapshot", "backup_proven", "rehearse")} == {"skipped"}
    assert small.get("/release") == "200 2"
    assert small.status()["lock"] is None


def test_a_deploy_outside_of_its_hours_waits_without_a_worker_and_may_still_be_stopped(
    api: AirflowApi, small: Installation, tiny: dict[str, str]
) -> None:
    begins = datetime.now(ZoneInfo("America/Santiago")) + timedelta(hours=3)
    hours = f"{begins:%H:%M}-{begins + timedelta(hours=1):%H:%M}"
    before = small.get("/release")
    image = tiny["one"] if before == "200 2" else tiny["two"]
    run = api.trigger(DAG, {"image": image, "hours": hours})
    api.answer(DAG, run, "approve", "Aprobar")
    deadline = time.monotonic() + 120
    while states(api, run)["in_hours"] != "up_for_reschedule":
        assert time.monotonic() < deadline, states(api, run)
        time.sleep(1)
    assert small.get("/release") == before
    api.call("PATCH", f"/dags/{DAG}/dagRuns/{run}", json={"state": "failed"})
    assert api.wait(DAG, run, 60).state == "failed"
    small.host("unlock", f"--run={small.status()['lock']['run']}")


def test_a_wrong_image_is_answered_with_a_sentence_and_told_to_nobody(api: AirflowApi, slack_sink: SlackSink) -> None:
    slack_sink.clear()
    run = api.trigger(DAG, {"image": "ghcr.io/a/odoo:latest"})
    assert api.wait(DAG, run, 120).state == "failed"
    [plan] = [task for task in api.tasks(DAG, run) if task["task_id"] == "plan"]
    assert "puede ser otra imagen mañana" in api.log(plan)
    time.sleep(15)
    assert slack_sink.messages() == []


def test_a_failed_deploy_fails_the_run_and_leaves_the_old_version(
    api: AirflowApi, small: Installation, tiny: dict[str, str]
) -> None:
    run = api.trigger(DAG, {"image": tiny["crash"], "watch_seconds": 0})
    api.answer(DAG, run, "approve", "Aprobar")
    assert api.wait(DAG, run, 240).state == "failed"
    found = states(api, run)
    assert (found["apply"], found["settle"]) == ("failed", "success")
    assert small.get("/release") == "200 2"
    assert small.status()["lock"] is None
