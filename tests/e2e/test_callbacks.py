"""What a running Airflow calls: the triggerer for a deadline, the DAG processor for a run that ended."""

import json
import time
from typing import Any

from dev.stack.local_stack import LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.slack_sink import SlackSink
from tests.ofitec.clients.ping_server import KEY, dead_mans_switch
from tests.waiting import wait_until


def _heard(slack_sink: SlackSink, what: str, seconds: float) -> list[dict[str, Any]]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = [message for message in slack_sink.messages() if what in message["text"]]
        if found:
            return found
        time.sleep(0.5)
    return []


def test_a_run_that_takes_too_long_is_told_by_the_triggerer_while_it_runs(
    airflow: Airflow, slack_sink: SlackSink
) -> None:
    airflow.api.wait_for_dag("late_probe")
    airflow.api.unpause("late_probe")
    run = airflow.api.trigger("late_probe")
    heard = _heard(slack_sink, run, 120)
    assert len(heard) == 1
    assert heard[0]["text"].startswith("late_probe está tardando demasiado: más de 20 minutos")
    state = airflow.api.call("GET", f"/dags/late_probe/dagRuns/{run}")["state"]
    assert state in ("running", "success")
    airflow.api.succeed("late_probe", run, 120)
    assert len(_heard(slack_sink, run, 3)) == 1


def test_each_failure_of_a_run_is_told_also_after_it_was_cleared(airflow: Airflow, slack_sink: SlackSink) -> None:
    api = airflow.api
    api.wait_for_dag("fail_probe")
    api.unpause("fail_probe")
    run = api.trigger("fail_probe")
    assert api.wait("fail_probe", run, 120).state == "failed"
    assert len(_heard(slack_sink, run, 60)) == 1
    api.call("POST", f"/dags/fail_probe/dagRuns/{run}/clear", json={"dry_run": False})
    until = time.monotonic() + 120
    while len(heard := _heard(slack_sink, run, 1)) < 2 and time.monotonic() < until:
        time.sleep(0.5)
    assert len(heard) == 2
    first, second = (json.dumps(message) for message in heard)
    assert "time 1" in first
    assert "time 2" in second
    assert "time 1" not in second


def test_a_scheduled_run_tells_the_dead_mans_switch_that_it_began_and_ended(
    airflow: Airflow, local_stack: LocalStack
) -> None:
    api = airflow.api
    with dead_mans_switch() as switch:
        api.call("POST", "/connections", json={"connection_id": "ping_default", **switch.connection})
        try:
            api.wait_for_dag("ping_probe")
            api.unpause("ping_probe")
            wait_until(lambda: len(switch.heard) >= 2, "the run's beginning and end", 180)
            time.sleep(3)  # for what should not come
        finally:
            api.call("DELETE", "/connections/ping_default")
    check = next(each.path for each in switch.heard).split("/")[1]
    assert check.endswith("-ping_probe")
    assert switch.signals(check) == ["start", "success"]
    assert len({each.query["rid"][0] for each in switch.heard}) == 1
    logs = [file for file in local_stack.place.dir.rglob("*.log") if KEY in file.read_text(errors="replace")]
    assert logs == []
