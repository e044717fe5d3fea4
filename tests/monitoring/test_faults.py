"""Ten faults, each really put in: who hears of it, how soon, that it is once, and that its end is told too.

Every rule's own `for` is cut to one second for the test; the table shows it beside the measured times. In production
add the rule's `for`, the scrape interval (30 s) and Alertmanager's group_wait (30 s).
"""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dev.stack.demo.backup import NIGHTLY, VERIFY
from tests.monitoring import faults
from tests.monitoring.alarms import FIRING, RESOLVED, Ear
from tests.monitoring.drill import Drill
from tests.monitoring.faults import Fault, Nights
from tests.monitoring.shipped import alerts
from tests.waiting import wait_until

pytestmark = pytest.mark.drill
SOON = 60.0  # seconds, beside the rule's own `for`
HOLD = 1.0
Row = tuple[str, str, str, str, float, str]


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[list[Row]]:
    """What was measured, printed at the end."""
    rows: list[Row] = []
    yield rows
    lines = [f"{'fault':37}{'alarm':34}{'heard in':13}{'own for':>8}{'told':>9}{'resolved':>10}"]
    lines += [
        f"{name:37}{alert:34}{where:13}{own:>8}{told:>7.1f} s{ended:>10}"
        for name, alert, where, own, told, ended in rows
    ]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stderr.write("\n\n" + "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def nights(drill: Drill) -> Iterator[Nights]:
    kept = Nights.of(drill)
    kept.add("drill-base", hours_ago=1)
    yield kept
    kept.forget()


@pytest.fixture(scope="module", autouse=True)
def calm(drill: Drill, nights: Nights) -> None:
    """Every target answers, and the drill's DAG is read, before the first fault."""
    wait_until(lambda: not drill.monitoring.down(), f"targets up, still down: {drill.monitoring.down()}")
    drill.airflow.api.wait_for_dag("alarm_drill")
    drill.airflow.api.unpause("alarm_drill")


def own_for(alert: str) -> str:
    """A rule's own `for`, as shipped."""
    return " / ".join(str(rule.get("for", "0s")) for rule in alerts() if rule["alert"] == alert)


def run_through(drill: Drill, together: list[Fault], table: list[Row]) -> None:
    """Put faults in, wait until each is told, take them out, wait until each end is told; all of it once."""
    ear = Ear.now(drill)
    with ExitStack() as repairs:
        begun: dict[str, float] = {}
        for fault in together:
            fault.inject()
            repairs.callback(fault.repair)
            begun[fault.name] = time.monotonic()
        told = until_heard(ear, together, begun, FIRING, SOON + HOLD)
        time.sleep(2)  # a second message would come now
        begun = dict.fromkeys(begun, time.monotonic())
    ended = until_heard(ear, together, begun, RESOLVED, 120)
    for fault in together:
        for place in ("slack", "mail"):
            expected = int(place in fault.places)
            assert ear.alarms(place, fault.alert, FIRING) == expected, (fault.alert, place)
            assert ear.alarms(place, fault.alert, RESOLVED) == expected, (fault.alert, place)
        row = (fault.name, fault.alert, "+".join(fault.places), own_for(fault.alert))
        table.append((*row, told[fault.name], f"{ended[fault.name]:.1f} s"))


def until_heard(
    ear: Ear, together: list[Fault], begun: dict[str, float], states: tuple[str, ...], within: float
) -> dict[str, float]:
    """Seconds from each fault's begin until it was heard everywhere it must be."""
    heard: dict[str, float] = {}
    while len(heard) < len(together):
        for fault in together:
            passed = time.monotonic() - begun[fault.name]
            if fault.name not in heard and all(ear.alarms(place, fault.alert, states) for place in fault.places):
                heard[fault.name] = passed
            assert fault.name in heard or passed < within, f"{fault.name}: no {states} within {within:.0f} s"
        time.sleep(0.2)
    return heard


def test_a_backup_that_fails_and_one_that_does_not_pass_its_proof(drill: Drill, table: list[Row]) -> None:
    for dag_id in (NIGHTLY, VERIFY):
        drill.airflow.api.wait_for_dag(dag_id)
        drill.airflow.api.unpause(dag_id)
    run_through(drill, [faults.backup_fails(drill)], table)
    run_through(drill, [faults.proof_fails(drill)], table)


def test_odoo_disk_dag_and_no_backup_faults(drill: Drill, nights: Nights, table: list[Row]) -> None:
    together = [
        faults.backup_never_ran(nights),
        faults.odoo_stopped(drill),
        faults.disk_full(drill),
        faults.import_error(drill),
    ]
    run_through(drill, together, table)


def test_postgresql_connections_exhausted(drill: Drill, table: list[Row]) -> None:
    run_through(drill, [faults.connections_exhausted(drill)], table)


def test_slack_answers_500(drill: Drill, nights: Nights, table: list[Row]) -> None:
    """Airflow's own message goes by mail instead, and Alertmanager's trouble with Slack is told by mail."""
    sink, ear = drill.stack.slack_sink, Ear.now(drill)
    sink.refuse(500, times=100_000)
    try:
        begun = time.monotonic()
        nights.add("drill-slack", hours_ago=2, failed=True)  # Alertmanager has something to tell
        api = drill.airflow.api
        failed = api.wait("alarm_drill", api.trigger("alarm_drill", {"do": "fail"}), timeout=90)
        assert failed.state == "failed"

        def mailed() -> list[str]:
            return [mail for mail in ear.mail() if failed.run_id in mail]

        wait_until(mailed, "the failed run's mail")
        callback = time.monotonic() - begun
        wait_until(
            lambda: ear.alarms("mail", "AlertmanagerNotificationsFailing", FIRING), "the mail about Alertmanager"
        )
        alarm = time.monotonic() - begun
        assert len(mailed()) == 1
        assert "Odoo at odoo:8069 does not answer." in mailed()[0]
        assert ear.slack() == []
    finally:
        sink.refuse(200, times=0)
    repaired = time.monotonic()
    wait_until(
        lambda: ear.alarms("mail", "AlertmanagerNotificationsFailing", RESOLVED), "the end of it by mail", timeout=200
    )
    ended = time.monotonic() - repaired
    assert ear.alarms("slack", "BackupFailed", FIRING) == 1  # what waited is told after all
    assert ear.alarms("mail", "AlertmanagerNotificationsFailing", FIRING) == 1
    assert callback < SOON
    assert alarm < SOON + HOLD
    table.append(("Slack answers 500: Airflow's message", "mail instead of Slack", "mail", "-", callback, "next run"))
    alert = "AlertmanagerNotificationsFailing"
    table.append(("Slack answers 500: alarms", alert, "mail", own_for(alert), alarm, f"{ended:.1f} s"))


def test_scheduler_killed(drill: Drill, table: list[Row]) -> None:
    run_through(drill, [faults.scheduler_killed(drill)], table)


def test_worker_killed_in_a_task(drill: Drill, table: list[Row], tmp_path: Path) -> None:
    """Airflow's callbacks: one message for the lateness, one for the failure, one for the next good run."""
    api, ear, pids = drill.airflow.api, Ear.now(drill), tmp_path / "pids"
    run_id = api.trigger("alarm_drill", {"do": "hang", "pids": str(pids)})
    wait_until(lambda: pids.exists() and pids.read_text(), "the task runs")
    wait_until(lambda: [m for m in ear.slack() if "está tardando demasiado" in m], "the deadline's message")
    for pid in pids.read_text().split():
        os.kill(int(pid), signal.SIGKILL)
    begun = time.monotonic()

    def failures() -> list[str]:
        return [m for m in ear.slack() if run_id in m and "🔴" in m]

    # missed after the heartbeat timeout (15 s here, 300 s by default), Airflow's own "for"
    wait_until(failures, "the failed run's message", timeout=SOON + 15)
    told_after = time.monotonic() - begun
    assert api.wait("alarm_drill", run_id, timeout=60).state == "failed"
    time.sleep(8)  # Airflow calls twice
    assert len(failures()) == 1
    assert len([m for m in ear.slack() if "está tardando demasiado" in m]) == 1

    begun = time.monotonic()
    api.succeed("alarm_drill", api.trigger("alarm_drill"), timeout=90)
    wait_until(lambda: [m for m in ear.slack() if "✅" in m and run_id in m], "the recovery's message")
    ended = time.monotonic() - begun
    assert len([m for m in ear.slack() if "✅" in m and "alarm_drill" in m]) == 1
    table.append(("worker killed in a task", "failure callback", "slack", "15s", told_after, f"{ended:.1f} s"))


def test_the_dead_mans_switch_beats(drill: Drill) -> None:
    def beats() -> list[dict[str, Any]]:
        return [m for m in drill.stack.slack_sink.messages() if m.get("receiver") == "dead-mans-switch"]

    assert beats()
    assert {alert["labels"]["alertname"] for beat in beats() for alert in beat["alerts"]} == {"Watchdog"}


def test_messages_are_spanish_with_time_and_runbook(drill: Drill) -> None:
    mails = [(subject, text) for subject, text in drill.mails.received if "OdooDown" in text]
    subject, text = mails[0]
    assert subject == "🔴 Crítico: Odoo no responde"
    assert "Nadie puede trabajar." in text
    assert re.search(r"Desde el \d\d-\d\d-\d{4} a las \d\d:\d\d", text)
    assert "Qué hacer ahora: https://github.com/ofitec/ofitec-ops/blob/main/docs/runbooks/OdooDown.md" in text
