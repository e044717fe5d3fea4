"""A month's F29 from posted documents to Slack, on the real stack. The tests run in order."""

import csv
import io
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import text

from dev.stack.company.company import COMPANY
from dev.stack.local_stack import LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.airflow_api import DagRun
from dev.stack.services.odoo import OdooServer
from dev.stack.services.s3 import S3
from dev.stack.services.slack_sink import SlackSink
from ofitec.f29 import exports
from ofitec.f29.period import Period
from tests.e2e.month import DAG, TODAY, Month, pesos, post_a_bill, post_an_invoice, signed
from tests.e2e.oracle import casillas as worked_out
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def month(local_stack: LocalStack, airflow: Airflow, odoo: OdooServer, s3: S3, slack_sink: SlackSink) -> Month:
    return Month(local_stack)


@pytest.fixture(scope="module")
def first(month: Month) -> DagRun:
    return month.run()


def test_the_files_say_what_the_documents_add_up_to(month: Month, first: DagRun) -> None:
    files = {name: data for name, (_, data) in month.files().items()}
    names = exports.file_names(month.period)
    assert files.keys() == {*names.values(), "manifest.json"}
    rows = {row["casilla"]: Decimal(row["monto"]) for row in csv.DictReader(io.StringIO(files[names["csv"]].decode()))}
    by_hand = worked_out(month.period)
    assert {code: rows.get(code) for code in by_hand} == by_hand
    assert rows["504"] > 0
    assert rows["538"] == rows["502"] + rows["111"] + rows["513"] - rows["510"]
    assert json.loads(files[names["json"]], parse_float=Decimal)["casillas"] == rows
    root = etree.fromstring(files[names["xml"]])
    etree.XMLSchema(etree.parse(exports.XSD)).assertValid(root)
    assert {node.get("num"): Decimal(node.text or "") for node in root.iter("Casilla")} == rows
    manifest = json.loads(files["manifest.json"])
    # the day's own run may have come first, if this is the hour for it
    assert manifest["run"]["dag_id"] == DAG
    assert manifest["run"]["run_id"] in month.api.runs(DAG)
    assert manifest["totals"]["91"] == rows["91"]


def test_slack_says_what_to_pay_and_by_when(month: Month, first: DagRun) -> None:
    message = month.messages()[-1]
    payable = month.deliveries()[-1].casillas["91"]
    assert f"Total a pagar: ${payable:,}".replace(",", ".") in message
    assert "1 documento del período en borrador" in message
    assert COMPANY in message
    assert "Abrir el formulario en Odoo" in message
    assert f"F29_{month.period}.csv" in message


def test_running_again_changes_nothing(month: Month, first: DagRun) -> None:
    before = month.everything()
    month.run()
    assert month.everything() == before


def test_a_late_invoice_is_told_codigo_by_codigo(month: Month, first: DagRun) -> None:
    before = month.deliveries()[-1].casillas
    post_an_invoice(month, net=100_000)
    month.run()
    assert month.deliveries()[-1].casillas["502"] == before["502"] + 19_000
    message = month.messages()[-1]
    assert "Cambió el F29" in message
    assert f"código 503: {before['503']} → {before['503'] + 1}" in message
    assert "código 502" in message
    assert "código 91" in message


def test_force_delivers_and_tells_again(month: Month, first: DagRun) -> None:
    messages, deliveries = len(month.messages()), len(month.deliveries())
    month.run(force=True)
    assert len(month.messages()) == messages + 1
    assert len(month.deliveries()) == deliveries + 1


def test_an_approved_form_is_delivered_as_it_is_and_nobody_is_alarmed(month: Month, first: DagRun) -> None:
    month.approve(month.form())
    assert month.look() == [], "a person approved it, and knows"
    manifest = json.loads(month.files()["manifest.json"][1])
    assert manifest["odoo"]["status"] == "approved"
    assert {name: data for name, (_, data) in month.files().items() if name != "manifest.json"} == month.exported(
        month.form()
    )


def test_the_final_files_are_the_filed_form_and_the_last_total_told(month: Month, first: DagRun) -> None:
    form = month.form()
    before = month.deliveries()[-1].casillas["91"]
    month.rpc.execute("of.sii.f29", "action_reopen", [form])
    month.enter(form, 48, 350_000)
    month.approve(form)
    filed = month.file(form, "7000123456")
    assert filed == before + 350_000
    [message] = month.look()
    assert "Declarado: F29" in message
    assert f"Monto final: {pesos(filed)} · folio 7000123456" in message
    assert "código 48: vacío → $350.000" in message
    files = {name: data for name, (_, data) in month.files().items()}
    manifest = json.loads(files.pop("manifest.json"))
    assert files == month.exported(form)
    assert json.loads(files[exports.file_names(month.period)["json"]])["casillas"]["91"] == filed
    assert manifest["filed"] == {"folio": "7000123456", "filed_on": str(TODAY), "total": filed}


def test_the_board_shows_what_was_filed(month: Month, first: DagRun) -> None:
    filed = month.deliveries()[-1].casillas["91"]
    with month.ledger.begin() as conn:
        conn.execute(text("DELETE FROM ofitec.source_reading"))  # as if nobody had looked for a while
    wait_until(lambda: pesos(filed) in month.board(), "the board's figure")
    assert "declarado, folio 7000123456" in month.board()


def test_a_month_that_is_filed_already_is_no_failure(month: Month, first: DagRun) -> None:
    before = month.everything()
    finished = month.run()
    labels = [str(task["rendered_map_index"]) for task in month.api.tasks(DAG, finished.run_id)]
    assert any("ya declarado, folio 7000123456" in label for label in labels)
    assert month.everything() == before


def test_what_is_posted_after_filing_is_told(month: Month, first: DagRun) -> None:
    post_a_bill(month, net=1_000_000)
    [message] = month.look()
    assert "Novedad después de declarar" in message
    assert "compra, tipo 33 folio 9002" in message
    assert "IVA $190.000" in message
    assert month.look() == []


def test_a_rectification_is_told_by_its_difference_beside_the_filed_version(month: Month, first: DagRun) -> None:
    before = {name: data for name, (_, data) in month.files().items() if name != "manifest.json"}
    filed = month.deliveries()[-1].casillas["91"]
    month.rpc.execute("of.sii.f29", "action_rectify", [month.form()])
    form = month.form(2)
    month.enter(form, 151, 40_000)
    month.rpc.execute("of.sii.f29", "action_compute", [form])
    [message] = [message for message in month.look() if "ectificatoria" in message]
    assert "Rectificatoria (versión 2) del F29" in message
    assert "Cambió" not in message
    month.approve(form)
    again = month.file(form, "7000999999")
    [message] = month.look()
    assert "Declarada: rectificatoria (versión 2) del F29" in message
    assert f"Diferencia con lo ya declarado: {signed(again - filed)}" in message
    assert f"(de {pesos(filed)} a {pesos(again)})" in message
    assert {name: data for name, (_, data) in month.files().items() if name != "manifest.json"} == before
    assert {name: data for name, (_, data) in month.files(2).items() if name != "manifest.json"} == month.exported(form)


def test_typing_errors_are_answered_where_they_were_typed_in_one_sentence_each(month: Month, first: DagRun) -> None:
    typed: list[tuple[dict[str, Any], str]] = [
        # the other sentences: tests/ofitec/f29/test_month.py
        ({"period": str(Period.of(TODAY))}, "todavía no termina"),
        ({"companies": ["96.512.340-7"]}, "Ninguna empresa de Odoo tiene el RUT 96512340-7"),
    ]
    before = month.everything()
    runs = [(month.api.trigger(DAG, {"period": month.period, **params}), sentence) for params, sentence in typed]
    for run_id, sentence in runs:
        finished = month.api.wait(DAG, run_id, timeout=300)
        assert finished.state == "failed"
        assert sentence in month.api.why_failed(finished)
        [plan] = [task for task in month.api.tasks(DAG, run_id) if task["task_id"] == "plan"]
        assert plan["try_number"] == 1, "what cannot heal must not be retried"
        assert "lo que escribi" in month.api.log(plan), "in Spanish, for whoever typed it"
    time.sleep(5)  # the callbacks run a moment after a run's end
    assert month.everything() == before, "neither a file nor a row nor a message"
