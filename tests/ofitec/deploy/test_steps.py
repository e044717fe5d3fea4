"""A plan as Airflow keeps it between tasks, and that its terms reach the host as they were typed into the form."""

import json
from pathlib import Path
from typing import Any

import pytest

from ofitec.deploy import steps
from ofitec.deploy.host import cli
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.ledger import deployments
from tests.ofitec.deploy.host.examples import plan, plan_of_before

TYPED: dict[str, Any] = {
    "window_seconds": 900,
    "watch_seconds": 30,
    "canary_percent": 10,
    "canary_seconds": 120,
    "hours": "22:00-06:00",
}
DAGS = Path(__file__).parents[3] / "dags"
RUN = {"run": "run1", "who": "Paula", "dag_id": "odoo_deploy", "run_id": "r"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The verbs that the host was asked for; it answers as it would."""
    heard: list[tuple[str, ...]] = []

    class Host:
        def verb(self, *args: str, timeout: float = 600) -> dict[str, Any]:
            heard.append(args)
            terms = Terms.of(vars(cli._parser().parse_args(args)))
            answer: dict[str, Any] = json.loads(json.dumps(plan(mode=Mode.CODE, modules=(), terms=terms).shown()))
            return answer

    monkeypatch.setattr(steps, "remote", Host)
    monkeypatch.setattr(steps, "open_ledger", lambda: None)
    monkeypatch.setattr(deployments, "plan", lambda *_, **__: None)
    return heard


def test_no_term_is_renamed_between_the_form_and_the_plan(asked: list[tuple[str, ...]]) -> None:
    assert steps.plan_deploy("a/b:1", [], Terms.of({"image": "a/b:1", **TYPED}), **RUN).terms == Terms(**TYPED)
    assert steps.plan_rollback("", Terms.of({"watch_seconds": 0}), **RUN).terms == Terms(watch_seconds=0)


def test_a_proposal_comes_back_from_xcom_as_the_plan(asked: list[tuple[str, ...]]) -> None:
    made = steps.plan_deploy("a/b:1", [], Terms(**TYPED), **RUN)
    kept = json.loads(json.dumps(steps.proposal(made)))
    assert steps.read(kept) == made
    assert kept["question"]["subject"].startswith("¿Instalar")


def test_a_run_that_the_package_overtook_is_followed_and_closed() -> None:
    before = plan_of_before(window_seconds=900, hours="22:00-06:00", expected_seconds=None, question={})
    assert isinstance(steps.read(before), Plan)
    assert steps.read(before).terms == Terms(window_seconds=900, hours="22:00-06:00")


def test_the_forms_offer_the_terms_by_their_names() -> None:
    # not above: collecting tests would take each worker two seconds more
    from airflow.dag_processing.dagbag import DagBag

    dags = DagBag(dag_folder=str(DAGS), bundle_path=DAGS, bundle_name="tests").dags
    assert TYPED.keys() <= set(dags["odoo_deploy"].params)
    for dag_id in ("odoo_deploy", "odoo_rollback"):
        assert Terms.of(dags[dag_id].params.dump()) == Terms()
