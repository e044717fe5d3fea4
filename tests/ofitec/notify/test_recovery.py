"""A failure is closed by what failed, and by nothing else."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ofitec.ledger import Ledger, targets
from ofitec.notify import channels
from ofitec.notify.failure import on_failure
from ofitec.notify.recovery import on_success


def run(run_id: str, dag_id: str = "f29_monthly") -> dict[str, Any]:
    return {"dag": SimpleNamespace(dag_id=dag_id), "run_id": run_id}


class Runs:
    """Runs of DAGs as their tasks and callbacks leave them; `heard` is what people were told."""

    def __init__(self, ledger: Ledger, heard: list[str]) -> None:
        self.ledger, self.heard = ledger, heard

    def __call__(
        self, run_id: str, aims: list[str], reaches: list[str], *, dag_id: str = "f29_monthly", ends: str = ""
    ) -> list[str]:
        """One run; returns what it told. It fails if it does not reach all it aimed at (or `ends` otherwise)."""
        before = len(self.heard)
        targets.aim(self.ledger, dag_id, run_id, {target: f"label of {target}" for target in aims})
        if reaches:
            targets.reached(self.ledger, dag_id, run_id, *reaches)
        well = set(aims) <= set(reaches) if not ends else ends == "well"
        (on_success if well else on_failure)(run(run_id, dag_id))
        return self.heard[before:]


@pytest.fixture
def runs(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Runs:
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(
        channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks, ensure_ascii=False))
    )
    return Runs(ledger, heard)


def test_a_good_run_of_the_same_closes_it_once(runs: Runs) -> None:
    runs("night 1", ["production"], [], dag_id="backup_nightly")
    [said] = runs("night 2", ["production"], ["production"], dag_id="backup_nightly")
    assert said.startswith("Resuelto: ")
    assert "night 1" in said
    assert "night 2" in said
    assert runs("night 3", ["production"], ["production"], dag_id="backup_nightly") == []


def test_several_bad_nights_are_closed_by_one_message(runs: Runs) -> None:
    for night in ("night 1", "night 2"):
        runs(night, ["production"], [], dag_id="backup_nightly")
    [said] = runs("night 3", ["production"], ["production"], dag_id="backup_nightly")
    assert "night 1" in said
    assert "night 2" in said


def test_another_month_closes_nothing(runs: Runs) -> None:
    runs("r1", ["A/2026-08"], [])
    assert runs("r2", ["A/2026-09"], ["A/2026-09"]) == []
    [said] = runs("r3", ["A/2026-08"], ["A/2026-08"])
    assert "label of A/2026-08" in said


def test_another_company_closes_nothing_and_only_what_failed_is_named(runs: Runs) -> None:
    runs("r1", ["2026-08", "A/2026-08", "B/2026-08"], ["2026-08", "A/2026-08"])
    assert runs("r2", ["2026-08", "A/2026-08"], ["2026-08", "A/2026-08"]) == []
    [said] = runs("r3", ["2026-08", "B/2026-08"], ["2026-08", "B/2026-08"])
    assert "label of B/2026-08" in said
    assert "label of A/2026-08" not in said


def test_what_failed_may_be_brought_by_several_runs(runs: Runs) -> None:
    runs("r1", ["A/2026-08", "B/2026-08"], [])
    assert runs("r2", ["A/2026-08"], ["A/2026-08"]) == []
    assert len(runs("r3", ["B/2026-08"], ["B/2026-08"])) == 1


def test_a_month_that_failed_before_its_companies_were_known(runs: Runs) -> None:
    runs("r1", ["2026-08"], [])
    assert runs("r2", ["2026-07", "A/2026-07"], ["2026-07", "A/2026-07"]) == []
    assert len(runs("r3", ["2026-08", "A/2026-08"], ["2026-08", "A/2026-08"])) == 1


def test_a_rejected_restore_is_no_recovery(runs: Runs) -> None:
    runs("r1", ["odoo_restaurado"], [], dag_id="backup_restore")
    assert runs("r2", ["odoo_restaurado"], [], dag_id="backup_restore", ends="well") == []
    assert len(runs("r3", ["odoo_restaurado"], ["odoo_restaurado"], dag_id="backup_restore")) == 1


def test_a_cleared_run_closes_its_own_failure(runs: Runs) -> None:
    runs("r1", ["A/2026-08", "B/2026-08"], ["A/2026-08"])
    targets.reached(runs.ledger, "f29_monthly", "r1", "B/2026-08")
    on_success(run("r1"))
    assert len(runs.heard) == 2
    assert runs.heard[1].startswith("Resuelto")


def test_a_run_that_died_before_it_could_say_what_it_was_about(runs: Runs) -> None:
    runs("r1", [], [], ends="badly")
    assert runs("r2", ["A/2026-08"], [], ends="well") == [], "nothing was reached"
    assert len(runs("r3", ["A/2026-08"], ["A/2026-08"])) == 1
    assert runs("r4", ["A/2026-09"], ["A/2026-09"]) == []


def test_each_dag_closes_its_own(runs: Runs) -> None:
    runs("r1", ["production"], [], dag_id="backup_nightly")
    assert runs("r2", ["production"], ["production"], dag_id="backup_verify") == []


def test_a_run_that_begins_anew_has_reached_nothing_yet(ledger: Ledger) -> None:
    targets.aim(ledger, "d", "r", {"a": "A"})
    targets.reached(ledger, "d", "r")
    assert targets.of_run(ledger, "d", "r")[0].reached_at is not None
    targets.aim(ledger, "d", "r", {"a": "A"})
    assert targets.of_run(ledger, "d", "r")[0].reached_at is None
