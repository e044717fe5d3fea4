"""`odoo_deploy` through a real Airflow: its scheduler, its approval, its branches; the host is a real sshd."""

from collections.abc import Iterator
from typing import Any

import pytest

from stack.docker_engine import Docker
from tests.deploy.installation import Installation
from tests.deploy.ssh_host import SshHost

DAG = "odoo_deploy"


@pytest.fixture(scope="module")
def api(airflow: Any, docker: Docker, small: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
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


def states(api: Any, run: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in api.tasks(DAG, run)}


def test_a_rejected_deploy_changes_nothing_and_gives_the_lock_back(
    api: Any, small: Installation, tiny: dict[str, str]
) -> None:
    before, journal = small.get("/release"), small.status()["journal"]
    run = api.trigger(DAG, {"image": tiny["two"]})
    api.answer(DAG, run, "approve", "Reject")
    assert api.wait(DAG, run, 120).state == "success"
    found = states(api, run)
    assert found["apply"] == "skipped"
    assert found["snapshot"] == "skipped"
    assert found["settle"] == "success"
    assert small.get("/release") == before
    assert small.status()["journal"] == journal
    assert small.status()["lock"] is None


def test_an_approved_code_deploy_needs_no_backup_and_serves(
    api: Any, small: Installation, tiny: dict[str, str]
) -> None:
    run = api.trigger(DAG, {"image": tiny["two"], "watch_minutes": 0})
    api.answer(DAG, run, "approve", "Approve")
    ended = api.wait(DAG, run, 240)
    assert ended.state == "success", api.why_failed(ended)
    found = states(api, run)
    assert found["apply"] == "success"
    assert {found[task] for task in ("preflight", "snapshot", "backup_proven", "rehearse")} == {"skipped"}
    assert small.get("/release") == "200 2"
    assert small.status()["lock"] is None


def test_a_failed_deploy_fails_the_run_and_leaves_the_old_version(
    api: Any, small: Installation, tiny: dict[str, str]
) -> None:
    run = api.trigger(DAG, {"image": tiny["crash"], "watch_minutes": 0})
    api.answer(DAG, run, "approve", "Approve")
    assert api.wait(DAG, run, 240).state == "failed"
    found = states(api, run)
    assert (found["apply"], found["settle"]) == ("failed", "success")
    assert small.get("/release") == "200 2"
    assert small.status()["lock"] is None
