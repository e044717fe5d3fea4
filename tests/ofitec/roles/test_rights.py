"""What the four roles hold, and what is said without FAB. tests/roles tries each cell on a running Airflow."""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from ofitec.roles import command
from ofitec.roles.rights import APPROVED_DAGS, FISCAL_DAGS, OPS_DAGS, ROLES, compare

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    return dict(DagBag(dag_folder=str(ROOT / "dags"), bundle_path=ROOT / "dags", bundle_name="tests").dags)


def test_every_dag_is_one_roles_to_trigger(dags: dict[str, Any]) -> None:
    """A new DAG has to be named in rights.py: until then nobody but Admin may run it."""
    assert sorted((*FISCAL_DAGS, *OPS_DAGS)) == sorted(dags)


def test_who_approves_may_answer_each_dag_that_asks(dags: dict[str, Any]) -> None:
    assert sorted(name for name, dag in dags.items() if "approve" in dag.task_ids) == sorted(APPROVED_DAGS)


def test_nobody_but_admin_has_connections_variables_settings_accounts_or_answers_of_others() -> None:
    held = {permission for role in ROLES.values() for permission in role.permissions}
    closed = ("Connections", "Variables", "Configurations", "Users", "Roles", "Permissions", "Audit Logs", "Backfills")
    assert {resource for _, resource in held} & set(closed) == set()
    assert [each for each in held if each[0] in ("can_delete",)] == []
    # what a task handed on may be read, an answer cannot be written
    assert {action for action, resource in held if resource == "XComs"} == {"can_read"}


def test_two_roles_together_trigger_what_one_of_them_may() -> None:
    """FAB adds permissions up: a right to trigger that named no DAG would meet another role's right to edit one."""
    for one, other in itertools.combinations(ROLES.values(), 2):
        both = one.permissions | other.permissions
        assert ("can_create", "DAG Runs") not in both
        may = {name for name in (*FISCAL_DAGS, *OPS_DAGS) if ("can_create", f"DAG Run:{name}") in both}
        alone = {
            name for name in may if any(("can_create", f"DAG Run:{name}") in role.permissions for role in (one, other))
        }
        assert may == alone


def test_what_differs_is_named() -> None:
    found = {name: role.permissions for name, role in ROLES.items() if name != "ops"}
    found["viewer"] = (found["viewer"] - {("can_read", "DAGs")}) | {("can_edit", "DAGs")}
    differing = [each for each in compare(found) if each]
    assert [(each.role, each.made) for each in differing] == [("ops", False), ("viewer", True)]
    assert (differing[1].missing, differing[1].extra) == ((("can_read", "DAGs"),), (("can_edit", "DAGs"),))
    shown = command.as_lines(differing, check=True)
    assert "✗ ops is missing: Ve todo" in shown
    assert "    - can_read on DAGs\n    + can_edit on DAGs" in shown
    assert "✓ fiscal: " in shown


@pytest.mark.parametrize(
    ("manager", "said"),
    [
        ("airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager", "four fixed roles"),
        (
            "airflow.providers.keycloak.auth_manager.keycloak_auth_manager.KeycloakAuthManager",
            "where that one keeps them",
        ),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_with_another_auth_manager_it_says_what_to_do(
    manager: str,
    said: str,
    as_json: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
    with pytest.raises(SystemExit) as ended:
        command.run(argparse.Namespace(check=False, json=as_json))
    shown = json.loads(capsys.readouterr().out)["error"] if as_json else str(ended.value.code)
    assert said in shown
    assert "OFITEC_FOUR_EYES" in shown
    assert ended.value.code not in (0, None)
