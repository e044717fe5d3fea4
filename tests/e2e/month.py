"""The demo company's month on the running stack, with what people look at and do."""

import json
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine, text

from dev.stack.company.company import RUT
from dev.stack.local_stack import LocalStack
from dev.stack.services.airflow_api import DagRun
from ofitec.f29 import exports
from ofitec.f29.period import SANTIAGO

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


def pesos(amount: int) -> str:
    return f"${amount:,}".replace(",", ".")


def signed(amount: int) -> str:
    return f"+{pesos(amount)}" if amount > 0 else f"-{pesos(-amount)}"


def post_an_invoice(month: Month, net: int) -> None:
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


def post_a_bill(month: Month, net: int) -> None:
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
