"""Who is asked reads what, until when, and that a no is told and closes no alarm."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.sdk.exceptions import DownstreamTasksSkipped, TaskAwaitingInput

from ofitec.ledger import Ledger, approvals
from ofitec.notify import approval, channels
from ofitec.notify.failure import on_failure
from ofitec.notify.recovery import on_success
from ofitec.notify.tasks import Answer, Approval, agreed, answer, page, without_yes
from ofitec.settings import settings

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
        id="0199",
        **RUN,
        log_url="https://airflow.example/dags/odoo_deploy/runs/manual__1/tasks/ask?try_number=1",
    )


def test_the_buttons_are_spanish_and_silence_is_a_no() -> None:
    made = Approval(task_id="approve", subject="?", defaults=Approval.REJECT)
    assert made.options == ["Aprobar", "Rechazar"]
    assert made.defaults == ["Rechazar"]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets the settings of approvals for a test."""

    def choose(approvers: str = "", four_eyes: str = "") -> None:
        monkeypatch.setenv("OFITEC_APPROVERS", approvers)
        monkeypatch.setenv("OFITEC_FOUR_EYES", four_eyes)
        settings.cache_clear()

    yield choose
    settings.cache_clear()


def run_of(who: str | None, clears: int = 0) -> Any:
    return SimpleNamespace(triggering_user_name=who, clear_number=clears)


def answered(ti: Any, option: str, user: str | None, run: Any, until: str = "2026-11-25T12:00:00+00:00") -> None:
    """An answer reaches the task, as Airflow hands it over."""
    asking = Approval(task_id="approve", subject="¿Instalar odoo@1?", defaults=Approval.REJECT)
    event = {
        "chosen_options": [option],
        "responded_at": AT,
        "responded_by_user": {"id": "7", "name": user} if user else None,
        "params_input": {},
    }
    with suppress(DownstreamTasksSkipped):
        asking.execute_complete({"ti": ti, "task": asking, "dag_run": run}, event, until=until)


@pytest.mark.parametrize(
    ("option", "user", "expected", "kept"),
    [
        ("Aprobar", "paula", Answer(True, "paula", AT), ("approved", "paula")),
        ("Rechazar", "paula", Answer(False, "paula", AT), ("rejected", "paula")),
        ("Rechazar", None, Answer(False, "", AT), ("silence", None)),  # nobody in time
    ],
)
def test_an_answer_says_who_and_when_a_no_too(
    option: str, user: str | None, expected: Answer, kept: tuple[str, str | None], ledger: Ledger, told: list[str]
) -> None:
    """Airflow skips what follows a no by an exception, and then keeps no answer."""
    ti = instance()
    answered(ti, option, user, run_of("rita"))
    answered(ti, option, user, run_of("rita"))  # a worker that died after the ledger knew
    assert answer(ti) == expected
    assert answer(instance()) is None
    [row] = approvals.of_run(ledger, **RUN)
    assert (row.answer, row.answered_by) == kept
    assert (row.requested_by, row.answered_at, row.question) == ("rita", AT, "¿Instalar odoo@1?")
    said = "Lo aprobó paula el martes 24 de noviembre, 22:10."
    assert [said in text for text in told] == ([True] if expected.approved else [])


@pytest.mark.parametrize(
    ("approvers", "four_eyes", "user", "requester", "said"),
    [
        ("", "true", "ana", "ana", "ana pidió esta ejecución, y quien pide no aprueba."),
        ("ana,pedro", "", "ana", "ana", "ana pidió esta ejecución, y quien pide no aprueba."),
        ("ana,pedro", "", "rita", "ana", "rita no está entre quienes aprueban aquí: ana, pedro."),
        ("", "true", "ana", None, "Airflow no sabe quién pidió esta ejecución"),
    ],
)
def test_a_yes_that_does_not_count_is_kept_and_told_and_the_question_stays_open(
    approvers: str,
    four_eyes: str,
    user: str,
    requester: str | None,
    said: str,
    rules: Callable[..., None],
    ledger: Ledger,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules(approvers, four_eyes)
    monkeypatch.setattr("ofitec.notify.tasks.upsert_hitl_detail", lambda *_, **__: None)
    ti, until = instance(), datetime.now(UTC) + timedelta(hours=3)
    with pytest.raises(TaskAwaitingInput) as parked:
        answered(ti, "Aprobar", user, run_of(requester), until=until.isoformat())
    assert parked.value.kwargs == {"until": until.isoformat()}
    assert timedelta(hours=2, minutes=58) < parked.value.timeout < timedelta(hours=3)
    assert answer(ti) is None
    [row] = approvals.of_run(ledger, **RUN)
    assert (row.answer, row.answered_by) == ("refused", user)
    assert row.reason
    assert said in row.reason
    assert f"La aprobación de {user} no vale" in told[0]
    assert said in told[0]
    assert "No se hizo nada, y la pregunta sigue abierta para otra persona." in told[0]


@pytest.mark.parametrize(
    ("manager", "assigned"),
    [
        ("airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager", ["pedro", "ana"]),
        ("airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager", []),
    ],
)
def test_airflow_itself_lets_nobody_else_answer_where_it_knows_accounts_by_name(
    manager: str, assigned: list[str], rules: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules("ana,pedro")
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
    asked: dict[str, Any] = {}
    monkeypatch.setattr("airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **all: asked.update(all))
    asking = Approval(task_id="approve", subject="?", body="Odoo no estará.", defaults=Approval.REJECT)
    ti = instance()
    with pytest.raises(TaskAwaitingInput) as parked:
        asking.execute({"ti": ti, "task_instance": ti, "dag_run": run_of("ana")})
    assert [user["id"] for user in asked["assigned_users"] or []] == assigned
    assert asked["body"] == "Odoo no estará.\n\nAprueba: pedro."
    until = datetime.fromisoformat((parked.value.kwargs or {})["until"])
    assert timedelta(hours=23, minutes=59) < until - datetime.now(UTC) <= timedelta(hours=24)


def test_whoever_asked_may_withdraw_it(rules: Callable[..., None], ledger: Ledger, told: list[str]) -> None:
    rules("pedro")
    ti = instance()
    answered(ti, "Rechazar", "ana", run_of("ana"))
    assert answer(ti) == Answer(False, "ana", AT)
    assert [row.answer for row in approvals.of_run(ledger, **RUN)] == ["rejected"]


@pytest.mark.parametrize(("four_eyes", "holds"), [("true", False), ("false", True)])
def test_a_yes_holds_for_a_repetition_only_where_one_person_is_enough(
    four_eyes: str, holds: bool, rules: Callable[..., None], ledger: Ledger, told: list[str]
) -> None:
    rules("", four_eyes)
    ti = instance()
    answered(ti, "Aprobar", "pedro", run_of("ana"))
    assert agreed(ti, run_of("ana"))
    assert bool(agreed(ti, run_of("ana", clears=1))) == holds
    assert without_yes(ti).startswith("Lo que pedro aprobó fue la ejecución de antes de repetirla")
    assert without_yes(instance()) == "No se aprobó: no se cambió nada."


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
