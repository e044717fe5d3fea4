"""Who is asked reads what, until when, and that a no is told and closes no alarm."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.sdk.exceptions import DownstreamTasksSkipped

from ofitec.ledger import Ledger
from ofitec.notify import approval, channels
from ofitec.notify.failure import on_failure
from ofitec.notify.recovery import on_success
from ofitec.notify.tasks import Answer, Approval, answer, page

ZONE = ZoneInfo("America/Santiago")
AT = datetime(2026, 11, 25, 1, 10, 7, 123456, tzinfo=UTC)
RUN = {"dag_id": "odoo_deploy", "run_id": "manual__1"}


@pytest.fixture
def told(ledger: Ledger, ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setattr(
        channels, "tell", lambda text, blocks: heard.append(text + json.dumps(blocks, ensure_ascii=False))
    )
    return heard


def instance(given: Any = None) -> Any:
    """A task instance that keeps what is pushed."""
    kept = {"answer": given} if given else {}
    return SimpleNamespace(
        kept=kept,
        xcom_push=lambda key, value: kept.update({key: json.loads(json.dumps(value))}),
        xcom_pull=lambda task_ids, key: kept.get(key) if task_ids == "approve" else None,
        task=None,
        log_url="https://airflow.example/dags/odoo_deploy/runs/manual__1/tasks/ask?try_number=1",
    )


def test_the_buttons_are_spanish_and_silence_is_a_no() -> None:
    made = Approval(task_id="approve", subject="?", defaults=Approval.REJECT)
    assert made.options == ["Aprobar", "Rechazar"]
    assert made.defaults == ["Rechazar"]


@pytest.mark.parametrize(
    ("option", "user", "expected"),
    [
        ("Aprobar", {"id": "7", "name": "paula"}, Answer(True, "paula", AT)),
        ("Rechazar", {"id": "7", "name": None}, Answer(False, "7", AT)),
        ("Rechazar", None, Answer(False, "", AT)),  # nobody in time
    ],
)
def test_an_answer_says_who_and_when_a_no_too(
    option: str, user: dict[str, str | None] | None, expected: Answer
) -> None:
    """Airflow skips what follows a no by an exception, and then keeps no answer."""
    ti, asking = instance(), Approval(task_id="approve", subject="?", defaults=Approval.REJECT)
    event = {"chosen_options": [option], "responded_at": AT, "responded_by_user": user, "params_input": {}}
    with suppress(DownstreamTasksSkipped):
        asking.execute_complete({"ti": ti, "task": asking}, event)
    assert answer(ti) == expected
    assert answer(instance()) is None


def test_the_link_leads_to_the_buttons() -> None:
    assert page(instance()) == (
        "https://airflow.example/dags/odoo_deploy/runs/manual__1/tasks/approve/required_actions"
    )


def test_a_question_is_told_with_its_link_and_its_end_in_santiago() -> None:
    text, blocks = approval.asked(
        "Despliegue por aprobar",
        [("Lo pide", "Paula")],
        ["Odoo no estará disponible unos 4 minutos."],
        page="https://airflow.example/x",
        until=AT,
        zone=ZONE,
    )
    shown = json.dumps(blocks, ensure_ascii=False)
    assert "<https://airflow.example/x|Ver y responder en Airflow>" in shown
    assert "Sin respuesta hasta el martes 24 de noviembre, 22:10, no se hace." in shown
    assert text.startswith("Despliegue por aprobar")


def test_a_no_is_told_once_and_closes_no_alarm(ledger: Ledger, told: list[str]) -> None:
    def no() -> bool:
        return approval.rejected(
            ledger, "El despliegue no se hace", who="Pedro", at=AT, hours=24, url="", zone=ZONE, **RUN
        )

    on_failure({"dag": SimpleNamespace(dag_id="odoo_deploy"), "run_id": "manual__0"})
    assert no()
    assert not no()
    assert approval.was_rejected(ledger, RUN["dag_id"], RUN["run_id"])
    assert approval.was_rejected(ledger, **RUN, since=datetime.now(UTC))
    assert not approval.was_rejected(ledger, **RUN, since=datetime.now(UTC) + timedelta(hours=1))
    assert not approval.was_rejected(ledger, "odoo_deploy", "manual__2")
    on_success({"dag": SimpleNamespace(dag_id="odoo_deploy"), "run_id": "manual__1"})
    assert len(told) == 2
    assert "Lo rechazó Pedro el martes 24 de noviembre, 22:10. No se cambió nada." in told[1]
    on_success({"dag": SimpleNamespace(dag_id="odoo_deploy"), "run_id": "manual__2"})
    assert told[2].startswith("Resuelto")


def test_silence_is_told_as_such(ledger: Ledger, told: list[str]) -> None:
    approval.rejected(ledger, "No se hace", who="", at=AT, hours=24, url="https://a.example/r", zone=ZONE, **RUN)
    assert "Nadie respondió en 24 horas. No se cambió nada." in told[0]
