"""The SII's register from its files to Slack, on the real stack: the month before the demo company's, which it filed.

The tests run in order.
"""

import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import text

from dev.stack.company import register
from dev.stack.company.company import COMPANY, RUT
from dev.stack.company.documents import IVA_PURCHASE, PARTNERS, PURCHASE, Document, Line, opening
from dev.stack.local_stack import EXPORT_PREFIX, LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.odoo import OdooServer
from dev.stack.services.s3 import S3
from dev.stack.services.slack_sink import SlackSink
from tests.e2e.month import BUCKET, Month

DAG = "rcv_reconcile"


class Register:
    """The register of the month before, as somebody drops it into the storage."""

    def __init__(self, stack: LocalStack) -> None:
        self.month, self.documents = Month(stack), opening(stack.period)
        self.period = f"{self.documents[0].day:%Y-%m}"
        self.s3 = stack.s3

    def drop(self, listed: list[Document]) -> None:
        for name, content in register.files(self.period, listed).items():
            self.put(name, content)

    def put(self, name: str, content: bytes) -> None:
        self.s3.client().put_object(Bucket=BUCKET, Key=self.key(name), Body=content)

    def remove(self, name: str) -> None:
        self.s3.client().delete_object(Bucket=BUCKET, Key=self.key(name))

    def key(self, name: str) -> str:
        return f"{EXPORT_PREFIX}/rcv/{RUT}/{self.period}/{name}"

    def run(self) -> list[str]:
        """What a run that ends well told."""
        before = len(self.month.messages())
        self.last = self.month.api.run(DAG, {"period": self.period}, timeout=240)
        return self.month.messages()[before:]

    def loaded(self) -> list[Any]:
        query = "SELECT section, rows, refused FROM ofitec.rcv_file WHERE rut = :r AND period = :p ORDER BY section, id"
        with self.month.ledger.connect() as conn:
            return [tuple(row) for row in conn.execute(text(query), {"r": RUT, "p": self.period})]

    def delivered(self) -> dict[str, bytes]:
        """File name to bytes of the month's delivery."""
        client, below = self.s3.client(), f"{EXPORT_PREFIX}/f29/{RUT}/{self.period}/v1/"
        return {
            key.removeprefix(below): client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            for key in self.s3.keys(BUCKET, below)
        }

    def logs(self) -> str:
        return "\n".join(self.month.api.log(task) for task in self.month.api.tasks(DAG, self.last.run_id))


@pytest.fixture(scope="module")
def sii(local_stack: LocalStack, airflow: Airflow, odoo: OdooServer, s3: S3, slack_sink: SlackSink) -> Register:
    return Register(local_stack)


def test_what_only_the_sii_has_and_a_strange_file_are_told_by_count_and_name(sii: Register) -> None:
    unknown = Document("33", PURCHASE, "telecom", 88123, sii.documents[1].day, (Line("x", 1, 99000, (IVA_PURCHASE,)),))
    sii.drop([*sii.documents, unknown])
    sii.put("RCV_VENTA_76123456-0_202001.csv", b"Nro;Tipo Doc\r\n")
    [message] = sii.run()
    assert "Hay diferencias: registro del SII de " in message
    assert COMPANY in message
    assert "1 documento con diferencias, 2 iguales" in message
    assert "*Solo en el SII*\\n1" in message
    assert "RCV_VENTA_76123456-0_202001.csv: El archivo" in message
    assert "Abrir el formulario en Odoo" in message
    assert sii.loaded() == [("honorarios", 0, 0), ("purchases", 2, 0), ("sales", 1, 0), ("summary", 0, 0)]


def test_no_counterpart_is_named_outside_of_odoo(sii: Register) -> None:
    said = json.dumps(sii.month.messages(), ensure_ascii=False) + sii.logs()
    kept = sii.month.ledger.connect().execute(
        text("SELECT string_agg(outcome::text, '') FROM ofitec.rcv_reconciliation")
    )
    for where in (said, str(kept.scalar())):
        assert PARTNERS["telecom"].rut not in where
        assert PARTNERS["telecom"].name not in where


def test_nothing_new_is_silent(sii: Register) -> None:
    before = sii.loaded()
    assert sii.run() == []
    assert sii.loaded() == before


def test_once_all_agree_it_is_certified(sii: Register) -> None:
    sii.remove("RCV_VENTA_76123456-0_202001.csv")
    sii.drop(sii.documents)
    [message] = sii.run()
    assert "Certificado: Odoo = registro del SII = formulario (2 documentos iguales" in message
    labels = [str(task["rendered_map_index"]) for task in sii.month.api.tasks(DAG, sii.last.run_id)]
    assert any(label.startswith(f"{COMPANY}: ") and "Certificado" in label for label in labels)


def test_the_delivery_of_the_month_holds_the_comparison_and_its_message_a_line_of_it(sii: Register) -> None:
    before = len(sii.month.messages())
    sii.month.api.run("f29_monthly", {"period": sii.period}, timeout=240)
    [message] = sii.month.messages()[before:]
    assert "Certificado: Odoo, el registro del SII y el formulario dicen lo mismo." in message
    names = {f"F29_{sii.period}_conciliacion.{fmt}" for fmt in ("csv", "xlsx")}
    stored = sii.delivered()
    manifest = json.loads(stored["manifest.json"])
    assert {entry["name"] for entry in manifest["files"]} > names
    assert manifest["reconciliation"] == {"certified": True, "differing": 0}
    text_file = stored[f"F29_{sii.period}_conciliacion.csv"].decode()
    assert text_file.splitlines()[1].startswith("certificado,")
    odoo = [row.split(",")[5:7] for row in text_file.splitlines() if row.startswith("código,520,")]
    assert odoo
    assert odoo[0][0] == odoo[0][1]
    with zipfile.ZipFile(io.BytesIO(stored[f"F29_{sii.period}_conciliacion.xlsx"])) as book:
        assert "xl/workbook.xml" in book.namelist()
    sii.month.api.run("f29_monthly", {"period": sii.period}, timeout=240)
    assert sii.delivered() == stored, "the same comparison gives the same bytes"
