"""Many companies in one run on the real stack: one fails, a task is killed, and only what is missing is done again."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from stdnum.cl import rut as stdnum_rut

from dev.stack.local_stack import ODOO_DATABASE, LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.odoo import BOT, OdooServer
from dev.stack.services.s3 import S3
from dev.stack.services.slack_sink import SlackSink
from ofitec import words
from ofitec.f29.period import Period
from tests.e2e.month import DAG, Month
from tests.waiting import wait_until

COMPANIES = 16  # two in each of the eight branches
IN_PESOS = 1  # place of the company whose books are not in pesos
KILLED = 3  # place of the company during whose month the task is killed


class Office:
    """Companies without a document in the running Odoo, and what runs did with them."""

    def __init__(self, month: Month) -> None:
        self.month, self.api = month, month.api
        self.names = [f"Oficina {number:02d} SpA" for number in range(1, COMPANIES + 1)]
        numbers = [str(79_000_000 + number) for number in range(1, COMPANIES + 1)]
        self.ruts = [f"{number}-{stdnum_rut.calc_check_digit(number)}" for number in numbers]
        clp = self.execute("res.currency", "search", [("name", "=", "CLP")])[0]
        chile = self.execute("res.country", "search", [("code", "=", "CL")])[0]
        values = [
            {"name": name, "vat": rut, "country_id": chile, "currency_id": clp}
            for name, rut in zip(self.names, self.ruts, strict=True)
        ]
        self.ids: list[int] = self.execute("res.company", "create", values)
        self.clp, self.bot = clp, self.execute("res.users", "search", [("login", "=", BOT)])
        self.execute("res.users", "write", self.bot, {"company_ids": [(4, company) for company in self.ids]})

    def execute(self, *call: Any) -> Any:
        return self.month.rpc.execute(*call)

    def close(self) -> None:
        self.execute("res.users", "write", self.bot, {"company_ids": [(3, company) for company in self.ids]})
        self.execute("res.company", "write", self.ids, {"active": False})

    def start(self, period: Period) -> str:
        self.api.wait_for_dag(DAG)
        self.api.unpause(DAG)
        return self.api.trigger(DAG, {"period": str(period), "companies": self.ruts})

    def clear_failed(self, run_id: str) -> None:
        """As a person clears what failed, twenty minutes later: until its deadline has passed, Airflow 3.3 answers 500
        to that (apache/airflow#70368)."""
        with self.month.stack.postgres.admin("airflow") as cursor:
            cursor.execute("UPDATE deadline SET missed = TRUE WHERE NOT missed")
        only_failed = {"dry_run": False, "only_failed": True}
        self.api.call("POST", f"/dags/{DAG}/dagRuns/{run_id}/clear", json=only_failed)

    def branches(self, run_id: str) -> dict[int, dict[str, Any]]:
        """Number to task instance of each branch."""
        tasks = [task for task in self.api.tasks(DAG, run_id) if task["task_id"] == "months"]
        return {task["map_index"]: task for task in tasks}

    def told(self, period: Period) -> Counter[str]:
        """How often people were told of each company's month, in whatever digest."""
        said, month = "\n".join(self.month.messages()), words.month(str(period))
        lines = {
            name: f"{name}>* · {words.rut(rut)} · {month}" for name, rut in zip(self.names, self.ruts, strict=True)
        }
        return Counter({name: said.count(line) for name, line in lines.items() if line in said})

    def deliveries(self, period: Period) -> dict[str, list[int]]:
        """RUT to its deliveries of a month."""
        query = "SELECT rut, id FROM ofitec.f29_delivery WHERE period = :p AND rut = ANY(:r) ORDER BY id"
        found: dict[str, list[int]] = {}
        with self.month.ledger.connect() as conn:
            for rut, number in conn.execute(text(query), {"p": str(period), "r": self.ruts}):
                found.setdefault(rut, []).append(number)
        return found

    def summary(self, run_id: str) -> str:
        [task] = [task for task in self.api.tasks(DAG, run_id) if task["task_id"] == "summary"]
        return str(self.api.log(task))


@pytest.fixture(scope="module")
def office(
    local_stack: LocalStack, airflow: Airflow, odoo: OdooServer, s3: S3, slack_sink: SlackSink
) -> Iterator[Office]:
    made = Office(Month(local_stack))
    yield made
    made.close()


def test_one_company_fails_alone_by_name_and_clearing_does_it_alone_again(office: Office) -> None:
    period = Period.parse(office.month.period)
    wrong, rut = office.names[IN_PESOS], office.ruts[IN_PESOS]
    usd = office.execute("res.currency", "search", [("name", "=", "USD")])[0]
    office.execute("res.company", "write", [office.ids[IN_PESOS]], {"currency_id": usd})
    run_id = office.start(period)
    assert office.api.wait(DAG, run_id, timeout=400).state == "failed"

    states = {number: task["state"] for number, task in office.branches(run_id).items()}
    assert states == {0: "failed", **dict.fromkeys(range(1, 8), "success")}
    assert [task["rendered_map_index"] for task in list(office.branches(run_id).values())[:2]] == [
        f"Oficina 01 SpA … Oficina 02 SpA (2): 1 de 2; falta {wrong}",
        "Oficina 03 SpA … Oficina 04 SpA (2): listas",
    ]
    assert office.branches(run_id)[0]["try_number"] == 1, "what cannot heal must not be retried"
    before = office.deliveries(period)
    assert set(before) == set(office.ruts) - {rut}
    assert office.told(period) == Counter(set(office.names) - {wrong})
    summary = office.summary(run_id)
    assert all(f"{name}, {words.month(str(period))}: " in summary for name in office.names)
    assert f"{wrong}, {words.month(str(period))}: NO QUEDÓ LISTA" in summary
    wait_until(lambda: any(run_id in message for message in office.month.messages()), "the failure's message")
    [failure] = [message for message in office.month.messages() if run_id in message]
    assert f"*{wrong}, {words.month(str(period))}*: " in failure
    assert "Oficina 01" not in failure

    office.execute("res.company", "write", [office.ids[IN_PESOS]], {"currency_id": office.clp})
    office.clear_failed(run_id)
    office.api.succeed(DAG, run_id, timeout=300)
    assert "1 of 2 are done already in this run" in office.api.log(office.branches(run_id)[0])
    assert office.told(period) == Counter(office.names), "each once"
    after = office.deliveries(period)
    assert after.pop(rut)
    assert after == before
    assert "NO QUEDÓ LISTA" not in office.summary(run_id)


def test_a_task_that_is_killed_in_the_middle_of_a_branch_goes_on_where_it_was(office: Office) -> None:
    period = Period.parse(office.month.period).before()
    with office.month.stack.postgres.admin(ODOO_DATABASE) as cursor:
        cursor.execute("BEGIN")
        # nobody can make a form of that company meanwhile
        cursor.execute("SELECT FROM res_company WHERE id = %s FOR UPDATE", [office.ids[KILLED]])
        run_id = office.start(period)

        def others_are_done() -> bool:
            states = Counter(str(task["state"]) for task in office.branches(run_id).values())
            return states == {"success": 7, "running": 1} and office.ruts[KILLED - 1] in office.deliveries(period)

        wait_until(others_are_done, "all but the company that waits", timeout=300)
        assert office.ruts[KILLED] not in office.deliveries(period)
        os.kill(int(office.branches(run_id)[KILLED // 2]["pid"]), signal.SIGKILL)
        wait_until(lambda: office.branches(run_id)[KILLED // 2]["state"] == "up_for_retry", "the kill", timeout=120)
        cursor.execute("ROLLBACK")
    office.api.succeed(DAG, run_id, timeout=300)
    again = office.branches(run_id)[KILLED // 2]
    assert again["try_number"] == 2
    assert "1 of 2 are done already in this run" in office.api.log(again)
    assert {rut: len(found) for rut, found in office.deliveries(period).items()} == dict.fromkeys(office.ruts, 1)
    assert office.told(period) == Counter(office.names)
