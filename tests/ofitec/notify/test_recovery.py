"""A failure is closed by what failed, and by nothing else."""

import json
from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest

from ofitec.ledger import Ledger, targets
from ofitec.notify import channels
from ofitec.notify.approval import rejected
from ofitec.notify.failure import on_failure
from ofitec.notify.recovery import on_success


def run(run_id: str, dag_id: str = "f29_monthly", **params: Any) -> dict[str, Any]:
    return {"dag": SimpleNamespace(dag_id=dag_id), "run_id": run_id, "params": params}


class Runs:
    """Runs of DAGs as their tasks and callbacks leave them; `heard` is what people were told."""

    def __init__(self, ledger: Ledger, heard: list[str]) -> None:
        self.ledger, self.heard = ledger, heard

    def __call__(self, run_id: str, aims: list[str], reaches: list[str], *, ends: str = "") -> list[str]:
        """One of `f29_monthly`; returns what it told. It fails if it does not reach all it aimed at."""
        before = len(self.heard)
        targets.aim(self.ledger, "f29_monthly", run_id, {target: f"label of {target}" for target in aims})
        if reaches:
            targets.reached(self.ledger, "f29_monthly", run_id, *reaches)
        well = set(aims) <= set(reaches) if not ends else ends == "well"
        (on_success if well else on_failure)(run(run_id))
        return self.heard[before:]

    def of(self, dag_id: str, run_id: str, *, well: bool, **params: Any) -> list[str]:
        """One of another DAG, which says nothing itself of what it is about."""
        before = len(self.heard)
        (on_success if well else on_failure)(run(run_id, dag_id, **params))
        return self.heard[before:]


@pytest.fixture
def runs(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Runs:
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(
        channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks, ensure_ascii=False))
    )
    return Runs(ledger, heard)


@pytest.mark.parametrize("dag_id", ["backup_nightly", "odoo_deploy", "odoo_rollback", "secrets_rotate"])
def test_a_good_run_of_the_same_closes_it_once(runs: Runs, dag_id: str) -> None:
    assert len(runs.of(dag_id, "run 1", well=False)) == 1
    [message] = runs.of(dag_id, "run 2", well=True)
    assert message.startswith("Resuelto: ")
    assert "run 1" in message
    assert "run 2" in message
    assert runs.of(dag_id, "run 3", well=True) == []


def test_good_runs_alone_say_nothing_and_each_dag_closes_its_own(runs: Runs) -> None:
    assert runs.of("backup_nightly", "night 1", well=True) == []
    runs.of("backup_nightly", "night 2", well=False)
    assert runs.of("backup_verify", "proof 1", well=True) == []


def test_several_bad_nights_are_closed_by_one_message(runs: Runs) -> None:
    for night in ("night 1", "night 2"):
        runs.of("backup_nightly", night, well=False)
    [message] = runs.of("backup_nightly", "night 3", well=True)
    assert "night 1" in message
    assert "night 2" in message


def test_a_restore_is_closed_by_one_of_the_same_database(runs: Runs) -> None:
    runs.of("backup_restore", "r1", well=False, database="odoo_restaurado")
    assert runs.of("backup_restore", "r2", well=True, database="otra") == []
    [message] = runs.of("backup_restore", "r3", well=True, database="odoo_restaurado")
    assert "odoo_restaurado" in message


def test_a_proof_of_an_old_backup_closes_nothing_of_the_newest(runs: Runs) -> None:
    runs.of("backup_verify", "p1", well=False, backup=None)
    assert runs.of("backup_verify", "p2", well=True, backup="20261120T053000Z-abc123") == []
    assert len(runs.of("backup_verify", "p3", well=True, backup=None)) == 1


@pytest.mark.parametrize(
    ("dag_id", "params"), [("backup_restore", {"database": "odoo_restaurado"}), ("odoo_deploy", {"image": "x:1"})]
)
def test_a_run_that_a_person_said_no_to_is_no_recovery(runs: Runs, dag_id: str, params: dict[str, str]) -> None:
    runs.of(dag_id, "r1", well=False, **params)
    rejected(runs.ledger, "No se hace", who="ana", at=None, hours=24, dag_id=dag_id, run_id="r2", url="", zone=UTC)
    runs.heard.clear()
    assert runs.of(dag_id, "r2", well=True, **params) == []
    assert len(runs.of(dag_id, "r3", well=True, **params)) == 1


def test_a_run_whose_parameters_nobody_knows_closes_nothing_that_needs_them(runs: Runs) -> None:
    runs.of("backup_restore", "r1", well=False, database="odoo_restaurado")
    before = len(runs.heard)
    on_success({"dag": SimpleNamespace(dag_id="backup_restore"), "run_id": "r2"})
    assert len(runs.heard) == before


def test_another_month_closes_nothing(runs: Runs) -> None:
    runs("r1", ["A/2026-08"], [])
    assert runs("r2", ["A/2026-09"], ["A/2026-09"]) == []
    [message] = runs("r3", ["A/2026-08"], ["A/2026-08"])
    assert "label of A/2026-08" in message


def test_another_company_closes_nothing_and_only_what_failed_is_named(runs: Runs) -> None:
    runs("r1", ["2026-08", "A/2026-08", "B/2026-08"], ["2026-08", "A/2026-08"])
    assert runs("r2", ["2026-08", "A/2026-08"], ["2026-08", "A/2026-08"]) == []
    [message] = runs("r3", ["2026-08", "B/2026-08"], ["2026-08", "B/2026-08"])
    assert "label of B/2026-08" in message
    assert "label of A/2026-08" not in message


def test_what_failed_may_be_brought_by_several_runs(runs: Runs) -> None:
    runs("r1", ["A/2026-08", "B/2026-08"], [])
    assert runs("r2", ["A/2026-08"], ["A/2026-08"]) == []
    assert len(runs("r3", ["B/2026-08"], ["B/2026-08"])) == 1


def test_a_month_that_failed_before_its_companies_were_known(runs: Runs) -> None:
    runs("r1", ["2026-08"], [])
    assert runs("r2", ["2026-07", "A/2026-07"], ["2026-07", "A/2026-07"]) == []
    assert len(runs("r3", ["2026-08", "A/2026-08"], ["2026-08", "A/2026-08"])) == 1


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


def test_a_run_that_begins_anew_has_reached_nothing_yet(ledger: Ledger) -> None:
    targets.aim(ledger, "d", "r", {"a": "A"})
    targets.reached(ledger, "d", "r")
    assert targets.of_run(ledger, "d", "r")[0].reached_at is not None
    targets.aim(ledger, "d", "r", {"a": "A"})
    assert targets.of_run(ledger, "d", "r")[0].reached_at is None
