"""A month's F29 from posted documents to Slack, on the real stack. The tests run in order."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import Engine, create_engine, text

from ofitec.f29 import exports
from ofitec.f29.period import SANTIAGO, Period
from stack.airflow_api import DagRun
from stack.demo_company import COMPANY, RUT
from stack.errors import StackError
from tests.e2e.oracle import casillas as worked_out

DAG = "f29_monthly"
BUCKET = "ofitec-fiscal"
TODAY = datetime.now(SANTIAGO).date()


class Month:
    """The demo company's month on the running stack, with what a person would look at."""

    def __init__(self, stack: Any) -> None:
        self.stack, self.period = stack, stack.period
        self.api = stack.airflow.api
        self.rpc = stack.odoo.rpc()
        self.ledger: Engine = create_engine(
            stack.postgres.dsn("ofitec_ledger", "ofitec").replace("postgresql://", "postgresql+psycopg://")
        )

    def run(self, **params: Any) -> DagRun:
        """Trigger and wait; the run's state is not judged here."""
        self.api.wait_for_dag(DAG)
        self.api.unpause(DAG)
        return self.api.wait(DAG, self.api.trigger(DAG, {"period": self.period, **params}), timeout=300)

    def files(self) -> dict[str, tuple[str, bytes]]:
        """Delivered file name to its time of writing and bytes."""
        client, found = self.stack.s3.client(), {}
        for key in self.stack.s3.keys(BUCKET):
            if f"/f29/{RUT}/{self.period}/" in f"/{key}":
                answer = client.get_object(Bucket=BUCKET, Key=key)
                found[key.rsplit("/", 1)[1]] = (str(answer["LastModified"]), answer["Body"].read())
        return found

    def messages(self) -> list[str]:
        return [json.dumps(message, ensure_ascii=False) for message in self.stack.slack_sink.messages()]

    def deliveries(self) -> list[Any]:
        with self.ledger.connect() as link:
            query = "SELECT id, casillas, run_id FROM ofitec.f29_delivery WHERE period = :p AND rut = :r ORDER BY id"
            return list(link.execute(text(query), {"p": self.period, "r": RUT}))

    def everything(self) -> tuple[Any, ...]:
        """All that a run could change."""
        return self.files(), self.messages(), self.deliveries()


@pytest.fixture(scope="module")
def month(local_stack: Any, airflow: Any, odoo: Any, s3: Any, slack_sink: Any) -> Month:
    return Month(local_stack)


@pytest.fixture(scope="module")
def first(month: Month) -> DagRun:
    finished = month.run()
    assert finished.state == "success", month.api.why_failed(finished)
    return finished


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
    assert {node.get("num"): Decimal(node.text) for node in root.iter("Casilla")} == rows
    manifest = json.loads(files["manifest.json"])
    assert manifest["run"] == {"dag_id": DAG, "run_id": first.run_id}
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
    assert month.run().state == "success"
    assert month.everything() == before


def test_a_late_invoice_is_told_codigo_by_codigo(month: Month, first: DagRun) -> None:
    before = month.deliveries()[-1].casillas
    _post_an_invoice(month, net=100_000)
    assert month.run().state == "success"
    assert month.deliveries()[-1].casillas["502"] == before["502"] + 19_000
    message = month.messages()[-1]
    assert "Cambió el F29" in message
    assert f"código 503: {before['503']} → {before['503'] + 1}" in message
    assert "código 502" in message
    assert "código 91" in message


def test_force_delivers_and_tells_again(month: Month, first: DagRun) -> None:
    messages, deliveries = len(month.messages()), len(month.deliveries())
    assert month.run(force=True).state == "success"
    assert len(month.messages()) == messages + 1
    assert len(month.deliveries()) == deliveries + 1


def test_an_approved_form_is_refused_and_people_are_told_once(month: Month, first: DagRun) -> None:
    form = month.rpc.execute("of.sii.f29", "search", [("period", "=", month.period)])
    files, messages = month.files(), month.messages()
    month.rpc.execute("of.sii.f29", "action_approve", form)
    try:
        finished = month.run()
    finally:
        month.rpc.execute("of.sii.f29", "action_reopen", form)
    assert finished.state == "failed"
    _wait_for(lambda: len(month.messages()) > len(messages))
    new = month.messages()[len(messages) :]
    assert len(new) == 1
    assert "El F29 no quedó listo" in new[0]
    assert "aprobado" in new[0]
    assert COMPANY in new[0]
    assert month.files() == files


@pytest.mark.parametrize("period", ["2026-13", "agosto"])
def test_what_is_no_month_is_refused_before_a_run_exists(month: Month, period: str) -> None:
    before = month.everything()
    with pytest.raises(StackError, match="period"):
        month.run(period=period)
    assert month.everything() == before


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"period": str(Period.of(TODAY))}, "is still running"),
        ({"period": f"{TODAY.year + 1}-01"}, "is in the future"),
        ({"companies": ["96.512.340-7"]}, "No company of Odoo has RUT 96512340-7"),
    ],
)
def test_what_cannot_be_closed_fails_with_one_clear_line_and_writes_nothing(
    month: Month, first: DagRun, params: dict[str, Any], said: str
) -> None:
    before, deliveries = month.files(), month.deliveries()
    finished = month.run(**params)
    assert finished.state == "failed"
    assert said in month.api.why_failed(finished)
    assert (month.files(), month.deliveries()) == (before, deliveries)
    tries = [task["try_number"] for task in month.api.tasks(DAG, finished.run_id) if task["task_id"] == "plan"]
    assert tries == [1], "what cannot heal must not be retried"


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


def _wait_for(happened: Any, seconds: float = 60) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"nothing happened in {seconds:.0f} s"
        time.sleep(0.5)
