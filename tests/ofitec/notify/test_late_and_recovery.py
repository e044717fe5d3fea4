"""A late run is told of once."""

import asyncio
import json
from typing import Any

import pytest

from ofitec.ledger import Ledger
from ofitec.notify import channels
from ofitec.notify.late import on_deadline
from ofitec.notify.recovery import on_success


@pytest.fixture
def told(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people were told, in order."""
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(
        channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks, ensure_ascii=False))
    )
    return heard


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
