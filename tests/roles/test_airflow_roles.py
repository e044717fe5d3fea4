"""Each role against each action, by REST on a running Airflow with FAB; and whoever asks cannot approve, in a real run.

Its API server signs tokens with a private key and checks them with its public half.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dev.stack.demo.backup import NIGHTLY, VERIFY, await_proof
from ofitec.ledger import approvals, open_ledger
from ofitec.roles.rights import ROLES
from tests.roles import fab
from tests.roles.fab import Account, Fab
from tests.roles.table import rendered, require_documented
from tests.waiting import wait_until

pytestmark = pytest.mark.drill

CELLS = {"fida": "fiscal", "otto": "ops", "pedro": "approver", "vera": "viewer"}
TARGET = "odoo_restaurado"
IMAGE = "registry.example/odoo@sha256:" + "0" * 64
CONF: dict[str, dict[str, Any]] = {"odoo_deploy": {"image": IMAGE}}


@pytest.fixture(scope="module")
def running() -> Iterator[Fab]:
    with fab.running("roles", OFITEC_APPROVERS="ana, pedro") as made:
        made.admin.wait_for_dag("odoo_deploy")
        yield made


def refused(answer: httpx.Response) -> bool:
    """Whether rights alone kept it from being done; anything else that is wrong fails the test."""
    said = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
    # no run is due in those days: Airflow says so to whoever may ask
    may = answer.status_code in (200, 201, 204) or "No runs to create" in answer.text
    assert may or answer.status_code == 403, said
    return not may


def test_the_roles_are_made_once_and_mended(running: Fab) -> None:
    again = fab.as_json(running.command("--json"))
    assert again == {"ok": True, "changed": False, "roles": {}}
    assert running.command("--check").returncode == 0
    # what a person took away or gave beside them
    admin = Account(running.admin.url, "admin", running.stack.airflow.password)
    body = {"name": "viewer", "actions": [{"action": {"name": "can_read"}, "resource": {"name": "Connections"}}]}
    assert admin.ask("PATCH", "/auth/fab/v1/roles/viewer", json=body).status_code == 200
    checked = running.command("--check", "--json")
    said = fab.as_json(checked)
    assert checked.returncode == 1
    assert said["ok"] is False
    assert said["roles"]["viewer"]["extra"] == ["can_read on Connections"]
    assert "can_read on DAGs" in said["roles"]["viewer"]["missing"]
    assert fab.as_json(running.command("--json"))["changed"] is True
    assert running.command("--check").returncode == 0


def test_tokens_are_signed_with_a_private_key(running: Fab) -> None:
    head = running.accounts["vera"].token.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "EdDSA"


def test_each_role_may_do_what_the_table_says(running: Fab) -> None:
    admin = running.admin
    runs = {dag: admin.trigger(dag, CONF.get(dag)) for dag in ("f29_monthly", "odoo_deploy")}  # paused: they wait

    def trigger(dag: str) -> Callable[[Account], httpx.Response]:
        def ask(who: Account) -> httpx.Response:
            body = {"logical_date": None, "conf": CONF.get(dag, {})}
            answer = who.ask("POST", f"/api/v2/dags/{dag}/dagRuns", json=body)
            if answer.status_code == 200:
                admin.call("DELETE", f"/dags/{dag}/dagRuns/{answer.json()['dag_run_id']}")
            return answer

        return ask

    def call(method: str, path: str, **request: Any) -> Callable[[Account], httpx.Response]:
        return lambda who: who.ask(method, path, **request)

    def clear(dag: str) -> Callable[[Account], httpx.Response]:
        body = {"dry_run": True, "dag_run_id": runs[dag]}
        return call("POST", f"/api/v2/dags/{dag}/clearTaskInstances", json=body)

    xcom = {"key": "answer", "value": {"approved": True, "who": "pedro", "at": None}}
    connection = {"connection_id": "odoo_host", "conn_type": "ssh", "host": "elsewhere.example"}
    days = {"from_date": "2026-01-01T10:00:00Z", "to_date": "2026-01-01T11:00:00Z"}
    actions = {
        "see the board": call("GET", "/ofitec/board"),
        "see `f29_monthly` and its runs": call("GET", "/api/v2/dags/f29_monthly/dagRuns"),
        "see `odoo_deploy` and its runs": call("GET", "/api/v2/dags/odoo_deploy/dagRuns"),
        **{f"trigger `{dag}`": trigger(dag) for dag in sorted(admin.dag_ids())},
        **{
            f"backfill `{dag}`": call("POST", "/api/v2/backfills", json={"dag_id": dag, **days})
            for dag in ("backup_nightly", "f29_monthly")
        },
        "pause `f29_monthly`": call("PATCH", "/api/v2/dags/f29_monthly", json={"is_paused": True}),
        "pause `odoo_deploy`": call("PATCH", "/api/v2/dags/odoo_deploy", json={"is_paused": True}),
        "clear a task of `f29_monthly`": clear("f29_monthly"),
        "clear a task of `odoo_deploy`": clear("odoo_deploy"),
        "read what tasks hand on (XCom)": call(
            "GET", f"/api/v2/dags/odoo_deploy/dagRuns/{runs['odoo_deploy']}/taskInstances/plan/xcomEntries"
        ),
        "write an answer as if somebody had given it (XCom)": call(
            "POST",
            f"/api/v2/dags/odoo_deploy/dagRuns/{runs['odoo_deploy']}/taskInstances/approve/xcomEntries",
            json=xcom,
        ),
        "delete a run of `odoo_deploy`": call("DELETE", f"/api/v2/dags/odoo_deploy/dagRuns/{runs['odoo_deploy']}"),
        "read connections": call("GET", "/api/v2/connections"),
        "change connections": call("POST", "/api/v2/connections", json=connection),
        "read variables": call("GET", "/api/v2/variables"),
        "read the configuration": call("GET", "/api/v2/config"),
        "read accounts": call("GET", "/auth/fab/v1/users"),
        "give roles": call("PATCH", "/auth/fab/v1/users/vera", json={"roles": [{"name": "Admin"}]}),
    }
    rows = {action: [not refused(ask(running.accounts[name])) for name in CELLS] for action, ask in actions.items()}
    rows["answer what waits for a yes"] = answers(running)
    assert list(CELLS.values()) == list(ROLES)
    require_documented(rendered(list(CELLS.values()), rows))


def answers(running: Fab) -> list[bool]:
    """A real restore over a database that is there: who may answer its question, and whose answer counts."""
    admin, stack = running.admin, running.stack
    ana, pedro = running.accounts["ana"], running.accounts["pedro"]
    ledger = open_ledger(stack.postgres.dsn("ofitec_ledger", "ofitec"))
    stack.odoo_parts.drop(TARGET)  # of the last time: the first restore would ask too
    admin.wait_for_dag(VERIFY)
    admin.unpause(VERIFY)
    admin.run(NIGHTLY, {"create_repository": True}, timeout=400)
    await_proof(admin, [])
    admin.run("backup_restore", {"database": TARGET}, timeout=400)
    before = oid(running)
    body = {"logical_date": None, "conf": {"database": TARGET}}
    run = ana.ask("POST", "/api/v2/dags/backup_restore/dagRuns", json=body).json()["dag_run_id"]
    path = f"/api/v2/dags/backup_restore/dagRuns/{run}/taskInstances/approve/-1"

    def waits() -> bool:
        """Long enough for a person to have read it: an answer within a second of the question finds a scheduler that
        does not know yet that the task waits, takes it for lost and asks again."""
        states = []
        for _ in range(2):
            states.append(admin.call("GET", path.removeprefix("/api/v2").removesuffix("/-1"))["state"])
            time.sleep(4)
        return states == ["awaiting_input"] * 2

    yes = {"chosen_options": ["Aprobar"], "params_input": {}}
    wait_until(waits, "the question", timeout=180)
    assert "Aprueba: pedro." in ana.ask("GET", f"{path}/hitlDetails").json()["body"]

    # whoever asked: Airflow takes the answer, the task does not
    assert ana.ask("PATCH", f"{path}/hitlDetails", json=yes).status_code == 200
    wait_until(lambda: approvals.of_run(ledger, "backup_restore", run), "the refusal in the ledger", timeout=120)
    wait_until(waits, "the question, open again", timeout=60)
    [row] = approvals.of_run(ledger, "backup_restore", run)
    assert (row.answer, row.answered_by, row.requested_by) == ("refused", "ana", "ana")
    said = json.dumps(stack.slack_sink.messages(), ensure_ascii=False)
    assert "La aprobación de ana no vale" in said
    assert "ana pidió esta ejecución, y quien pide no aprueba." in said
    assert oid(running) == before
    states = {task["task_id"]: task["state"] for task in admin.tasks("backup_restore", run)}
    assert states["restore"] is None

    allowed = {
        name: not refused(running.accounts[name].ask("PATCH", f"{path}/hitlDetails", json=yes))
        for name in ("fida", "otto", "vera", "pedro")
    }
    admin.succeed("backup_restore", run, timeout=400)
    assert oid(running) != before
    assert [(row.answer, row.answered_by) for row in approvals.of_run(ledger, "backup_restore", run)] == [
        ("refused", "ana"),
        ("approved", "pedro"),
    ]
    assert "Lo aprobó pedro el " in json.dumps(stack.slack_sink.messages(), ensure_ascii=False)

    # the same yes does not hold for a repetition
    after = oid(running)
    clear = {"dry_run": False, "dag_run_id": run, "task_ids": ["restore"], "include_downstream": True}
    answer = ana.ask("POST", "/api/v2/dags/backup_restore/clearTaskInstances", json={**clear, "only_failed": False})
    assert answer.status_code == 200, answer.text
    admin.wait("backup_restore", run, timeout=240)
    states = {task["task_id"]: task["state"] for task in admin.tasks("backup_restore", run)}
    assert states["restore"] == "skipped"
    assert oid(running) == after
    page = pedro.ask("GET", "/ofitec/board").text
    assert "Lo aprobó pedro" in page
    assert "ana pidió esta ejecución, y quien pide no aprueba." in page
    return [allowed[name] for name in CELLS]


def oid(running: Fab) -> int:
    with running.stack.postgres.admin("postgres") as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = %s", [TARGET])
        [(number,)] = cursor.fetchall()
    return int(number)
