"""What people read when a run fails, and that the callback itself never fails."""

import json
from types import SimpleNamespace

import pytest

from ofitec.ledger import Ledger, task_errors
from ofitec.notify import channels, failure, failure_message
from ofitec.notify.plain import plain_text

ROOT_URL = "https://docs.example/runbooks"


def build(**given: object) -> tuple[str, list[dict[str, object]]]:
    plain: dict[str, object] = {"errors": [], "task_id": "", "log_url": "", "reason": "", "runbook_url": ROOT_URL}
    return failure_message.build("f29_monthly", "manual__1", **(plain | given))  # type: ignore[arg-type]


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


def test_many_branches_are_counted() -> None:
    _, blocks = build(errors=[(f"Empresa {n}", "x") for n in range(9)])
    assert "y 4 más" in json.dumps(blocks, ensure_ascii=False)


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
