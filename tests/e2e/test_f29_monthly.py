"""A month's F29 from posted documents to Slack, on the real stack. The tests run in order."""

import csv
import io
import json
import time
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from lxml import etree
from sqlalchemy import Engine, create_engine, text

from dev.stack.company.company import COMPANY, RUT
from dev.stack.local_stack import LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.airflow_api import DagRun
from dev.stack.services.odoo import OdooServer
from dev.stack.services.s3 import S3
from dev.stack.services.slack_sink import SlackSink
from ofitec.f29 import exports
from ofitec.f29.period import SANTIAGO, Period
from tests.e2e.oracle import casillas as worked_out
from tests.waiting import wait_until

DAG = "f29_monthly"
BUCKET = "ofitec-fiscal"
TODAY = datetime.now(SANTIAGO).date()


class Month:
    """The demo company's month on the running stack, with what a person would look at and do."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack, self.period = stack, stack.period
        self.api = stack.airflow.api
        self.rpc = stack.odoo.rpc()
        self.ledger: Engine = create_engine(
            stack.postgres.dsn("ofitec_ledger", "ofitec").replace("postgresql://", "postgresql+psycopg://")
        )

    def run(self, **params: Any) -> DagRun:
        """A run that ends well; a failed one is told with its tasks' logs."""
        return self.api.run(DAG, {"period": self.period, **params}, timeout=300)

    def look(self) -> list[str]:
        """A run that ends well, and what it told."""
        before = len(self.messages())
        self.run()
        return self.messages()[before:]

    def files(self, version: int = 1) -> dict[str, tuple[str, bytes]]:
        """Delivered file name to its time of writing and bytes."""
        client, found = self.stack.s3.client(), {}
        for key in self.stack.s3.keys(BUCKET):
            if f"/f29/{RUT}/{self.period}/v{version}/" in f"/{key}":
                answer = client.get_object(Bucket=BUCKET, Key=key)
                found[key.rsplit("/", 1)[1]] = (str(answer["LastModified"]), answer["Body"].read())
        return found

    def messages(self) -> list[str]:
        return [json.dumps(message, ensure_ascii=False) for message in self.stack.slack_sink.messages()]

    def form(self, version: int = 1) -> int:
        found = self.rpc.execute("of.sii.f29", "search", [("period", "=", self.period), ("version", "=", version)])
        return int(found[0])

    def enter(self, form: int, code: int, amount: int) -> None:
        """A código that no journal entry holds, as the accountant enters it."""
        self.rpc.execute("of.sii.f29.input", "create", {"f29_id": form, "code": code, "amount": amount})

    def approve(self, form: int) -> None:
        """Compute, answer what is asked, acknowledge the warnings with a reason, approve."""
        self.rpc.execute("of.sii.f29", "action_compute", [form])
        for question in self.rpc.execute("of.sii.f29", "read", [form], ["questions"])[0]["questions"] or []:
            self.enter(form, int(question["code"]), 0)
        self.rpc.execute("of.sii.f29", "action_compute", [form])
        open_ones = self.rpc.execute(
            "of.sii.f29.warning", "search", [("f29_id", "=", form), ("acknowledged", "=", False)]
        )
        if open_ones:
            self.rpc.execute("of.sii.f29.warning", "write", open_ones, {"reason": "Revisado con el cliente"})
        assert self.rpc.execute("of.sii.f29", "action_approve", [form]) is True

    def file(self, form: int, folio: str) -> int:
        """Mark as filed; returns código 91 as filed."""
        self.rpc.execute("of.sii.f29", "action_file", [form], folio, str(TODAY))
        return int(self.rpc.execute("of.sii.f29", "read", [form], ["filed_total"])[0]["filed_total"])

    def exported(self, form: int) -> dict[str, bytes]:
        """What Odoo exports of a form: file name to bytes."""
        names = exports.file_names(self.period)
        return {name: self.rpc.execute("of.sii.f29", f"to_{fmt}", [form]).encode() for fmt, name in names.items()}

    def deliveries(self) -> list[Any]:
        with self.ledger.connect() as conn:
            query = "SELECT id, casillas, run_id FROM ofitec.f29_delivery WHERE period = :p AND rut = :r ORDER BY id"
            return list(conn.execute(text(query), {"p": self.period, "r": RUT}))

    def everything(self) -> tuple[Any, ...]:
        """All that a run could change."""
        return self.files(), self.files(2), self.messages(), self.deliveries()

    def board(self) -> str:
        """The board as it is served."""
        airflow = self.stack.airflow
        user = {"username": airflow.user, "password": airflow.password}
        token = httpx.post(f"{airflow.url}/auth/token", json=user).json()["access_token"]
        answer = httpx.get(f"{airflow.url}/ofitec/board", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        return str(answer.text)


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
    _post_an_invoice(month, net=100_000)
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
    _post_a_bill(month, net=1_000_000)
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


def pesos(amount: int) -> str:
    return f"${amount:,}".replace(",", ".")


def signed(amount: int) -> str:
    return f"+{pesos(amount)}" if amount > 0 else f"-{pesos(-amount)}"


def _post_an_invoice(month: Month, net: int) -> None:
    """One more factura of the month, as somebody in the office would post it."""
    execute = month.rpc.execute
    facturas = [
        ("state", "=", "posted"),
        ("l10n_latam_document_type_id.code", "=", "33"),
        ("move_type", "=", "out_invoice"),
    ]
    sample = execute("account.move", "search", facturas, 0, 1)
    values = execute("account.move", "read", sample, ["partner_id", "l10n_latam_document_type_id"])[0]
    line = execute(
        "account.move.line", "search_read", [("move_id", "=", sample[0]), ("tax_ids", "!=", False)], ["tax_ids"]
    )[0]
    move = execute(
        "account.move",
        "create",
        {
            "move_type": "out_invoice",
            "partner_id": values["partner_id"][0],
            "l10n_latam_document_type_id": values["l10n_latam_document_type_id"][0],
            "l10n_latam_document_number": "009001",
            "invoice_date": f"{month.period}-15",
            "date": f"{month.period}-15",
            "invoice_line_ids": [
                (0, 0, {"name": "Venta tardía", "quantity": 1, "price_unit": net, "tax_ids": [(6, 0, line["tax_ids"])]})
            ],
        },
    )
    execute("account.move", "action_post", [move])


def _post_a_bill(month: Month, net: int) -> None:
    """A supplier's factura of the month that came when the month was filed already."""
    execute = month.rpc.execute
    facturas = [
        ("state", "=", "posted"),
        ("l10n_latam_document_type_id.code", "=", "33"),
        ("move_type", "=", "in_invoice"),
        ("invoice_line_ids.tax_ids.amount", "=", 19),
    ]
    sample = execute("account.move", "search", facturas, 0, 1)
    copied = execute("account.move", "copy", sample)
    move = copied[0] if isinstance(copied, list) else copied
    lines = execute("account.move.line", "search", [("move_id", "=", move), ("tax_ids", "!=", False)])
    values = {"invoice_date": f"{month.period}-20", "l10n_latam_document_number": "009002"}
    keep = [(1, lines[0], {"quantity": 1, "price_unit": net}), *((2, line) for line in lines[1:])]
    execute("account.move", "write", [move], {**values, "invoice_line_ids": keep})
    execute("account.move", "action_post", [move])
