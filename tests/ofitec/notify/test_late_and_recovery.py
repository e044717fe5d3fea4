"""A late run is told of once, and a failure that was told of is closed once when the DAG ends well again."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from ofitec.ledger import Ledger
from ofitec.notify import channels
from ofitec.notify.failure import on_failure
from ofitec.notify.late import on_deadline
from ofitec.notify.recovery import on_success


def run(run_id: str, dag_id: str = "backup_nightly") -> dict[str, Any]:
    return {"dag": SimpleNamespace(dag_id=dag_id), "run_id": run_id}


@pytest.fixture
def told(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people were told, in order."""
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(
        channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks, ensure_ascii=False))
    )
    return heard


def test_the_next_good_run_closes_a_failure_once(told: list[str]) -> None:
    for call, run_id in ((on_failure, "night 1"), (on_success, "night 2"), (on_success, "night 2"), (on_success, "n3")):
        call(run(run_id))
    assert len(told) == 2
    assert told[1].startswith("Resuelto: el respaldo de Odoo no terminó bien")
    assert "night 1" in told[1]
    assert "night 2" in told[1]


def test_good_runs_alone_say_nothing_and_each_dag_closes_its_own(told: list[str]) -> None:
    on_success(run("night 1"))
    on_failure(run("month 1", "f29_monthly"))
    on_success(run("night 2"))
    assert len(told) == 1


def test_a_late_run_is_told_of_once_with_what_to_do(told: list[str]) -> None:
    context = {"dag_run": {"dag_id": "f29_monthly", "dag_run_id": "scheduled__1"}}
    asyncio.run(on_deadline(context=context, minutes=20))
    asyncio.run(on_deadline(context=context, minutes=20))
    assert len(told) == 1
    assert "más de 20 minutos" in told[0]
    assert "/f29_monthly.md|Qué hacer ahora>" in told[0]


@pytest.mark.parametrize("context", [{}, {"dag": None, "run_id": None}, {"dag_run": None}])
def test_neither_ever_raises(context: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_OFITEC_LEDGER", raising=False)
    on_success(context)
    asyncio.run(on_deadline(context=context, minutes=1))
