"""Which runs a dead man's switch hears of, and that nothing waits for it or fails by it."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ofitec.dag import Tag
from ofitec.doctor import messages
from ofitec.doctor.findings import Check, State
from ofitec.errors import InputError
from ofitec.ledger import Ledger
from ofitec.notify import alive, failure
from tests.ofitec.clients.ping_server import KEY, Switch, dead_mans_switch

NIGHTLY = "production-backup_nightly"


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    monkeypatch.delenv("AIRFLOW_CONN_OFITEC_LEDGER", raising=False)
    with dead_mans_switch() as running:
        monkeypatch.setenv("AIRFLOW_CONN_PING_DEFAULT", json.dumps(running.connection))
        yield running


def run(*, tag: Tag = Tag.SCHEDULED, run_type: str = "scheduled", first: bool = True, tries: int = 1) -> dict[str, Any]:
    """The context of a callback, as Airflow gives it."""
    dag_run = SimpleNamespace(run_type=run_type, clear_number=0)
    instance = SimpleNamespace(
        dag_id="backup_nightly", run_id="run 1", task_id="preflight", rendered_map_index=None, try_number=tries
    )
    return {
        "dag": SimpleNamespace(dag_id="backup_nightly", tags={Tag.BACKUP, tag}),
        "run_id": "run 1",
        "dag_run": dag_run,
        "ti": instance,
        "task": SimpleNamespace(upstream_task_ids=set() if first else {"preflight"}),
    }


def test_a_run_that_begins_and_ends_is_told_under_one_identity(switch: Switch) -> None:
    alive.on_begin(run())
    alive.on_begin(run(first=False))  # its second task
    alive.on_begin(run(tries=2))  # its first task, tried again
    alive.on_success(run())
    assert switch.signals(NIGHTLY) == ["start", "success"]
    assert len({each.query["rid"][0] for each in switch.heard}) == 1
    assert alive.run_identity("backup_nightly", "run 1") != alive.run_identity("backup_verify", "run 1")


def test_a_failure_is_told_at_once(switch: Switch) -> None:
    alive.on_failure(run())
    assert switch.signals(NIGHTLY) == ["fail"]


def test_what_has_no_schedule_is_not_watched(switch: Switch) -> None:
    context = run(tag=Tag.MANUAL)
    alive.on_begin(context)
    alive.on_success(context)
    alive.on_failure(context)
    assert switch.heard == []


def test_a_run_by_hand_sends_no_start_that_nobody_ends(switch: Switch) -> None:
    """It tells its end: a person's good backup is one too."""
    alive.on_begin(run(run_type="manual"))
    assert switch.heard == []
    alive.on_success(run(run_type="manual"))
    assert switch.signals(NIGHTLY) == ["success"]


def test_a_mistake_in_the_form_alarms_nobody(
    switch: Switch, ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    context = run(run_type="manual")
    failure.remember_error({**context, "exception": InputError("no such backup")})
    alive.on_failure(context)
    assert switch.heard == []


@pytest.mark.parametrize("answers", [[500] * 9, [404], [0] * 9])
def test_a_switch_that_is_down_fails_nothing(
    switch: Switch, answers: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    switch.answers[:] = answers
    alive.on_begin(run())
    assert "was not told of run 1" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("context", [{}, {"dag": None, "run_id": None}, {"dag": SimpleNamespace(dag_id="x")}])
def test_no_callback_ever_raises(switch: Switch, context: dict[str, Any]) -> None:
    alive.on_begin(context)
    alive.on_success(context)
    alive.on_failure(context)
    assert switch.heard == []


def test_without_the_connection_nothing_is_sent_and_the_doctor_says_what_that_means(
    switch: Switch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PING_DEFAULT")
    alive.on_success(run())
    assert switch.heard == []
    assert caplog.text == ""
    found = Check("switch", messages.dead_mans_switch).run()
    assert found.state is State.UNUSED
    assert "nobody outside notices" in found.sentence


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (200, State.OK, f"takes signals of {NIGHTLY}"),
        (404, State.OK, "the ping key is wrong"),  # or the check was never made: it answers the same
        (409, State.WRONG, "several checks"),
        (403, State.WRONG, "answered 403"),
    ],
)
def test_the_doctor_asks_without_making_a_check_or_changing_one(
    switch: Switch, status: int, state: State, words: str
) -> None:
    switch.answers[:] = [status]
    found = Check("switch", messages.dead_mans_switch).run()
    assert (found.state, words in found.sentence) == (state, True), found.sentence
    [heard] = switch.heard
    assert heard.path == f"/{NIGHTLY}/log"
    assert "create" not in heard.query
