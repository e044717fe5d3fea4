"""What people read when a run fails, and that the callback itself never fails."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ofitec.clients.odoo import OdooDown
from ofitec.errors import InputError, SeveralFailed, SeveralUnfinished
from ofitec.ledger import Ledger, task_errors
from ofitec.notify import channels, failure, failure_message
from ofitec.notify.plain import plain_text

ROOT_URL = "https://docs.example/runbooks"


def build(**given: Any) -> tuple[str, list[dict[str, object]]]:
    plain: dict[str, Any] = {"errors": [], "task_id": "", "log_url": "", "reason": "", "runbook_url": ROOT_URL}
    return failure_message.build("f29_monthly", "manual__1", **(plain | given))


def test_it_says_what_failed_what_it_means_and_where_to_go() -> None:
    text, blocks = build(
        errors=[("Los Aromos SpA", "Odoo at odoo:8069 does not answer")],
        task_id="compute",
        log_url="https://a.example/log",
    )
    shown = json.dumps(blocks, ensure_ascii=False)
    assert text.startswith("El F29 no quedó listo: f29_monthly")
    assert "*Los Aromos SpA*: Odoo at odoo:8069 does not answer" in shown
    assert "No se declaró ni se pagó nada" in shown
    assert f"<{ROOT_URL}/f29_monthly.md|Qué hacer ahora>" in shown
    assert "<https://a.example/log|Ver el registro>" in shown


def test_a_killed_run_without_an_error_says_airflows_reason() -> None:
    _, blocks = build(reason="task_failure")
    assert "task_failure" in json.dumps(blocks)


def test_many_branches_are_counted_and_each_is_named() -> None:
    _, blocks = build(errors=[(f"Empresa {n}", "x") for n in range(9)])
    assert "y 4 más: Empresa 5, Empresa 6, Empresa 7, Empresa 8" in json.dumps(blocks, ensure_ascii=False)


def test_two_hundred_names_are_cut_where_slack_would_refuse_them() -> None:
    _, blocks = build(errors=[(f"Comercial de nombre largo {n} SpA", "x" * 400) for n in range(200)])
    assert max(len(str(block.get("text", {}))) for block in blocks) < 3100
    assert "y 195 más: Comercial de nombre largo 5 SpA" in json.dumps(blocks, ensure_ascii=False)


def test_a_task_that_did_several_says_what_each_of_them_said(
    ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    instance = SimpleNamespace(dag_id="f29_monthly", run_id="manual__3", task_id="months", rendered_map_index="A … C")
    failures = [("Alfa", OdooDown("Odoo no responde.")), ("Beta", InputError("RUT repetido."))]
    context = {"ti": instance, "dag_run": SimpleNamespace(run_type="manual", clear_number=0)}
    failure.remember_error({**context, "exception": SeveralUnfinished("2 de 3", failures)})
    failure.remember_error({**context, "exception": SeveralFailed("told by each already", [])})
    kept = task_errors.of_run(ledger, "f29_monthly", "manual__3")
    assert [(each.label, each.error, each.typed) for each in kept] == [
        ("Alfa", "Odoo no responde.", False),
        ("Beta", "RUT repetido.", True),
    ]


def test_the_mail_spells_links_out() -> None:
    mail = plain_text(*build(log_url="https://a.example/log", errors=[("A & B", "<x>")]))
    assert "Ver el registro: https://a.example/log" in mail
    assert "A & B: <x>" in mail


@pytest.mark.parametrize(
    "context", [{}, {"dag": None, "run_id": None}, {"dag": SimpleNamespace(dag_id="x"), "run_id": "r"}]
)
def test_the_callback_never_raises(context: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_OFITEC_LEDGER", raising=False)
    failure.on_failure(context)
    failure.remember_error(context)


def test_two_calls_of_one_run_tell_once_with_what_the_task_said(
    ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: told.append(text + json.dumps(blocks)))
    instance = SimpleNamespace(
        dag_id="f29_monthly", run_id="manual__1", task_id="compute", rendered_map_index="Los Aromos"
    )
    secret = "Zx9" + "hunter2"
    failure.remember_error({"ti": instance, "exception": ValueError(f"postgresql://u:{secret}@db refused")})
    context = {"dag": SimpleNamespace(dag_id="f29_monthly"), "run_id": "manual__1", "ti": instance, "exception": None}
    failure.on_failure(context)
    failure.on_failure(context)
    assert len(told) == 1
    assert "Los Aromos" in told[0]
    assert "refused" in told[0]
    assert secret not in told[0]
    assert [e.label for e in task_errors.of_run(ledger, "f29_monthly", "manual__1")] == ["Los Aromos"]


@pytest.fixture
def told(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(
        channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks, ensure_ascii=False))
    )
    return heard


def failed(error: Exception | None, *, run_type: str = "manual", clear_number: int = 0, run_id: str = "run 1") -> None:
    """What Airflow calls when a task of a run fails, and then the run."""
    run = SimpleNamespace(run_type=run_type, clear_number=clear_number, run_id=run_id)
    instance = SimpleNamespace(dag_id="f29_monthly", run_id=run_id, task_id="compute", rendered_map_index=None)
    if error is not None:
        failure.remember_error({"ti": instance, "exception": error, "dag_run": run})
    failure.on_failure(
        {"dag": SimpleNamespace(dag_id="f29_monthly"), "run_id": run_id, "ti": instance, "dag_run": run, "reason": "x"}
    )


def test_each_failure_of_a_cleared_run_is_told_with_its_own_error(told: list[str]) -> None:
    failed(OdooDown("first time"))
    failed(None)  # Airflow calls twice
    failed(OdooDown("second time"), clear_number=1)
    assert len(told) == 2
    assert "second time" in told[1]
    assert "first time" not in told[1]


def test_without_a_run_in_the_context_another_error_is_another_failure(told: list[str]) -> None:
    context = {"dag": SimpleNamespace(dag_id="f29_monthly"), "run_id": "run 1"}
    for reason in ("first time", "second time"):
        instance = SimpleNamespace(dag_id="f29_monthly", run_id="run 1", task_id="t", rendered_map_index=None)
        failure.remember_error({"ti": instance, "exception": OdooDown(reason)})
        failure.on_failure(context)
        failure.on_failure(context)
    assert len(told) == 2


def test_a_failure_is_told_while_the_ledger_is_down(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", "postgresql://ofitec:s3cr3t-word@127.0.0.1:1/none")
    failed(OdooDown("Odoo is down"))
    assert len(told) == 1
    assert told[0].startswith("El F29 no quedó listo")
    assert "s3cr3t-word" not in told[0]


def test_a_typing_mistake_is_answered_to_whoever_typed_it_only(
    told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    failed(InputError("RUT 76.123.456-1 tiene otro dígito verificador."))
    assert told == []
    assert "Revise lo que escribió" in caplog.text
    assert "76.123.456-1" in caplog.text


@pytest.mark.parametrize(("error", "run_type"), [(InputError("x"), "scheduled"), (OdooDown("x"), "manual")])
def test_no_other_failure_stays_unheard(told: list[str], error: Exception, run_type: str) -> None:
    failed(error, run_type=run_type)
    assert len(told) == 1


def test_a_mistake_beside_a_real_failure_is_told_with_it(told: list[str]) -> None:
    run = SimpleNamespace(run_type="manual", clear_number=0)
    instance = SimpleNamespace(dag_id="f29_monthly", run_id="run 1", task_id="other", rendered_map_index=None)
    failure.remember_error({"ti": instance, "exception": InputError("typed"), "dag_run": run})
    failed(OdooDown("down"))
    assert len(told) == 1
    assert "down" in told[0]
