"""The local stack's services, real ones: reached through Airflow, and keeping secrets to themselves."""

import dataclasses
import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import odoorpc
import psycopg2
import pytest

from dev.stack import state
from dev.stack.errors import StackError
from dev.stack.services import odoo_saved

if TYPE_CHECKING:
    from dev.stack.local_stack import LocalStack
    from dev.stack.services.airflow import Airflow
    from dev.stack.services.odoo import Odoo, OdooServer
    from dev.stack.services.postgres import Postgres
    from dev.stack.services.s3 import S3
    from dev.stack.services.slack_sink import SlackSink


def test_airflow_reaches_every_service(
    airflow: "Airflow", s3: "S3", slack_sink: "SlackSink", odoo: "OdooServer"
) -> None:
    run = airflow.api.run("stack_probe", {"word": "chao"})
    assert airflow.api.xcom("stack_probe", run.run_id, "s3") == "chao"
    assert airflow.api.xcom("stack_probe", run.run_id, "databases") == ["ofitec_ledger", odoo.database]
    assert {"text": f"chao de Odoo {odoo.series}"} in slack_sink.messages()
    assert "probe.txt" in s3.keys("ofitec-fiscal")


def test_airflow_starts_no_run_by_itself(airflow: "Airflow") -> None:
    paused = {dag["dag_id"] for dag in airflow.api.call("GET", "/dags", params={"paused": True})["dags"]}
    months = {"f29_monthly", "rcv_reconcile"}
    tried = {"stack_probe", "late_probe", "fail_probe", "ping_probe"} | months  # those that tests un-paused
    assert airflow.api.dag_ids() - paused <= tried
    runs = airflow.api.call("GET", "/dags/~/dagRuns", params={"limit": 100})["dag_runs"]
    # un-pausing the pinged probe starts its daily run, and the month's check its own within two hours of its hour
    assert {run["dag_id"] for run in runs if run["run_type"] != "manual"} <= months | {"ping_probe"}


def test_a_refused_request_carries_airflows_own_words(airflow: "Airflow") -> None:
    with pytest.raises(StackError, match=r"404 .*no_such_dag"):
        airflow.api.trigger("no_such_dag")


def test_no_secret_is_in_an_argv(local_stack: "LocalStack", airflow: "Airflow") -> None:
    secrets = {value.encode() for value in dataclasses.asdict(local_stack.credentials).values()}
    leaks = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = cmdline.read_bytes()
        except OSError:
            continue
        leaks += [argv for secret in secrets if secret in argv]
    assert leaks == []


def test_the_description_for_outside_checks_is_complete(local_stack: "LocalStack", airflow: "Airflow") -> None:
    described = state.describe(local_stack)
    assert described["airflow"].keys() == {"url", "user", "password"}
    assert described["odoo"].keys() == {"url", "db", "login", "password", "series"}
    assert described["export_url"].startswith("s3://aws_default@")
    assert Path(described["slack_sink"]).exists()
    assert Path(described["restic"]["password_file"]).stat().st_mode & 0o777 == 0o600
    assert json.loads(json.dumps(described)) == described
    psycopg2.connect(described["ledger"]).close()


def test_the_slack_sink_refuses_as_told_and_then_takes_messages(slack_sink: "SlackSink") -> None:
    before = len(slack_sink.messages())
    slack_sink.refuse(429, times=1, retry_after=3)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        post(slack_sink, {"text": "uno"})
    assert refusal.value.code == 429
    assert refusal.value.headers["Retry-After"] == "3"
    assert post(slack_sink, {"text": "dos ñ"}) == b"ok"
    assert slack_sink.messages()[before:] == [{"text": "dos ñ"}]


def post(sink: "SlackSink", message: dict[str, str]) -> bytes:
    with urllib.request.urlopen(sink.webhook, data=json.dumps(message).encode(), timeout=5) as answer:
        body: bytes = answer.read()
    return body


def test_a_template_cannot_be_changed_and_copies_in_a_moment(odoo_parts: "Odoo", postgres: "Postgres") -> None:
    template = odoo_parts.addon_template()
    with pytest.raises(psycopg2.OperationalError, match="not currently accepting connections"):
        psycopg2.connect(postgres.dsn(template))
    begun = time.monotonic()
    with odoo_parts.scratch(template, "copied_in_a_moment") as database:
        assert time.monotonic() - begun < 10
        with postgres.admin(database) as cursor:
            cursor.execute("SELECT state FROM ir_module_module WHERE name = 'of_sii_cl'")
            assert cursor.fetchone() == ("installed",)
    assert not postgres.exists("copied_in_a_moment")
    assert not odoo_parts.filestore("copied_in_a_moment").exists()


def test_another_stack_takes_a_template_as_it_was_made(odoo_parts: "Odoo", postgres: "Postgres") -> None:
    template, taken = odoo_parts.addon_template(), "taken_by_another"
    odoo_parts.drop(taken)
    try:
        odoo_saved.restore(postgres, template, taken, odoo_parts.filestore(taken), log=odoo_parts.log)
        with odoo_parts.scratch(template, "copied") as copied:
            copy, other = identity(postgres, copied), identity(postgres, taken)
            assert other[:-1] == copy[:-1]
            assert other[-1] != copy[-1]
            assert files(odoo_parts.filestore(taken)) == files(odoo_parts.filestore(copied))
    finally:
        odoo_parts.drop(taken)


def identity(postgres: "Postgres", database: str) -> list[Any]:
    """What a database holds, in figures; last, its secret."""
    found = []
    with postgres.admin(database) as cursor:
        for query in (
            "SELECT name, latest_version FROM ir_module_module WHERE state = 'installed' ORDER BY 1",
            "SELECT count(*), sum(res_id) FROM ir_model_data",
            "SELECT count(*), max(id) FROM ir_attachment",
            "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT count(*) FROM pg_constraint",
            "SELECT value FROM ir_config_parameter WHERE key = 'database.secret'",
        ):
            cursor.execute(query)
            found.append(cursor.fetchall())
    return found


def files(folder: Path) -> set[tuple[str, int]]:
    return {(str(file.relative_to(folder)), file.stat().st_size) for file in folder.rglob("*") if file.is_file()}


def test_the_robot_computes_the_f29_and_can_do_nothing_else(odoo: "OdooServer") -> None:
    rpc = odoo.rpc("ofitec_bot")
    uid = rpc.env.uid
    assert rpc.execute("res.users", "read", [uid], ["lang"])[0]["lang"] == "es_CL"

    def has_group(name: str) -> bool:
        whose = [[uid]] if odoo.series == "19.0" else []  # 16.0 asks of who calls
        return bool(rpc.execute("res.users", "has_group", *whose, name))

    assert has_group("of_sii_cl.group_f29_compute")
    above = ("of_sii_cl.group_f29_prepare", "account.group_account_readonly", "account.group_account_invoice")
    for group in (*above, "base.group_system"):
        assert not has_group(group), group
    whole = odoo.rpc()
    for model in ("account.move", "account.move.line", "res.partner"):
        [known, *_] = whole.execute(model, "search", [("id", ">", 10)], 0, 1)
        with pytest.raises(odoorpc.error.RPCError):
            rpc.execute(model, "read", [known], ["display_name"])


def test_a_delivered_file_opens_in_a_browser_that_signs_nothing(s3: "S3") -> None:
    s3.client().put_object(Bucket="ofitec-fiscal", Key="entregas/f29/probe.csv", Body=b"casilla,monto,glosa\n")
    with urllib.request.urlopen(f"{s3.url}/ofitec-fiscal/entregas/f29/probe.csv", timeout=10) as answer:
        assert answer.read() == b"casilla,monto,glosa\n"
    s3.client().delete_object(Bucket="ofitec-fiscal", Key="entregas/f29/probe.csv")


def test_odoos_database_role_cannot_write_to_the_ledger(postgres: "Postgres") -> None:
    connection = psycopg2.connect(postgres.dsn("ofitec_ledger", "odoo"))
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE intruder (id int)")
    connection.close()
