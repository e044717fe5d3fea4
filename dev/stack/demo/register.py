"""The demo's register of the SII: it agrees with Odoo but for three planted documents, which are found and mended.

A person does in Odoo's screens what `mend` does here, with the same buttons. Done again it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import odoorpc

from dev.stack.company import register
from dev.stack.company.company import RUT
from dev.stack.company.documents import IVA_PURCHASE, PARTNERS, PURCHASE, Document, Line, documents
from dev.stack.local_stack import EXPORT_PREFIX, LocalStack
from dev.stack.machine import progress
from dev.stack.services import s3
from ofitec import words
from ofitec.f29.period import Period

KINDS = {
    "amount": "other amount",
    "only_sii": "only in the SII",
    "only_odoo": "only in Odoo",
    "other_period": "other month",
}
MISTYPED = 10_000  # pesos that Odoo's document has too little

Execute = Callable[..., Any]


def plant(stack: LocalStack) -> None:
    """Writes the register's files where `rcv_reconcile` looks for them, and books one of their documents too late."""
    with progress.step("The SII's register, with three documents that differ"):
        book_late(stack.odoo.rpc().execute, stack.period)
        client = stack.s3.client()
        for name, content in files(stack.period).items():
            key = f"{EXPORT_PREFIX}/rcv/{RUT}/{stack.period}/{name}"
            client.put_object(Bucket=s3.EXPORT_BUCKET, Key=key, Body=content)


def files(period: str) -> dict[str, bytes]:
    """The month's register as sii.cl gives it: file name to content."""
    listed = [*_as_the_sii_has_them(period), late(period), unknown(period)]
    return register.files(period, listed)


def mend(stack: LocalStack) -> None:
    """Prints the documents that differ, and does with each what the accountant does."""
    odoo = stack.odoo.rpc()
    found = differences(odoo, stack.period)
    if not found:
        print("\nThe SII's register: no document differs.")
        return
    print("\nWhat the SII's register has otherwise\n")
    progress.table(rows(found), right={2, 3, 4})
    print()
    with progress.step("Odoo: the three mended, as the accountant does it"):
        _mend(odoo, stack.period, found)


def differences(odoo: odoorpc.ODOO, period: str) -> list[dict[str, Any]]:
    """The documents that differ, as the form's tab Conciliación lists them."""
    asked = [("reconciliation_id.period", "=", period)]
    fields = ["kind", "type", "folio", "odoo", "sii", "cause", "move_id"]
    found = odoo.execute_kw("of.sii.rcv.difference", "search_read", [asked], {"fields": fields})
    return sorted(found, key=lambda row: (str(row["kind"]), str(row["folio"])))


def rows(found: list[dict[str, Any]]) -> list[tuple[str, str, str, str, str, str]]:
    """Documents that differ as a table, with a heading."""
    heading = ("Difference", "Type", "Folio", "Odoo", "SII", "Why")
    shown = [
        (
            KINDS[row["kind"]],
            row["type"],
            row["folio"],
            words.number(int(row["odoo"])) if row["kind"] != "only_sii" else "",
            words.number(int(row["sii"])) if row["kind"] != "only_odoo" else "",
            row["cause"],
        )
        for row in found
    ]
    return [heading, *shown]


def mistyped(period: str) -> Document:
    """The document that somebody entered with a wrong price."""
    plain = (d for d in documents(period) if d.side == PURCHASE and d.kind == "33" and d.partner == "telecom")
    return next(d for d in plain if all(line.taxes == (IVA_PURCHASE,) for line in d.lines))


def _as_the_sii_has_them(period: str) -> list[Document]:
    wrong = mistyped(period)
    first = replace(wrong.lines[0], price=wrong.lines[0].price + MISTYPED)
    right = replace(wrong, lines=(first, *wrong.lines[1:]))
    return [right if document == wrong else document for document in documents(period)]


def unknown(period: str) -> Document:
    """The document that never reached the office."""
    line = Line("Enlace de respaldo", 1, 120000, (IVA_PURCHASE,))
    return Document("33", PURCHASE, "telecom", 88991, date.fromisoformat(f"{period}-18"), (line,))


def late(period: str) -> Document:
    """The document of the month's last day that the office booked in the next month."""
    last = date.fromisoformat(f"{Period.parse(period).before(-1)}-01") - timedelta(days=1)
    return Document("33", PURCHASE, "mayorista", 79990, last, (Line("Mercadería", 2, 96000, (IVA_PURCHASE,)),))


def book_late(execute: Execute, period: str) -> None:
    """Posts the month's last document a day too late, as somebody in the office did it; once."""
    document = late(period)
    sold_by = ("partner_id.vat", "=", PARTNERS[document.partner].rut)
    known = execute("account.move", "search", [sold_by, ("name", "like", f"%{document.folio}")], 0, 1)
    if known:
        return
    sample = [sold_by, ("state", "=", "posted"), ("move_type", "=", "in_invoice")]
    sample_id = execute("account.move", "search", [*sample, ("l10n_latam_document_type_id.code", "=", "33")], 0, 1)[0]
    has = execute("account.move", "read", [sample_id], ["partner_id", "l10n_latam_document_type_id"])[0]
    taxed = [("move_id", "=", sample_id), ("tax_ids", "!=", False)]
    tax_ids = execute("account.move.line", "search_read", taxed, ["tax_ids"])[0]["tax_ids"]
    lines = [
        {"name": line.glosa, "quantity": line.quantity, "price_unit": line.price, "tax_ids": [(6, 0, tax_ids)]}
        for line in document.lines
    ]
    values = {
        "move_type": document.move_type,
        "partner_id": has["partner_id"][0],
        "l10n_latam_document_type_id": has["l10n_latam_document_type_id"][0],
        "l10n_latam_document_number": f"{document.folio:06d}",
        "invoice_date": str(document.day),
        "date": f"{Period.parse(period).before(-1)}-01",
        "invoice_line_ids": [(0, 0, line) for line in lines],
    }
    execute("account.move", "action_post", [execute("account.move", "create", values)])


def _mend(odoo: odoorpc.ODOO, period: str, found: list[dict[str, Any]]) -> None:
    """One bill made from the register, one price corrected, one month taken from the SII."""
    execute = odoo.execute
    for row in found:
        if row["kind"] == "only_sii":
            made = row["move_id"] or [execute("of.sii.rcv.difference", "action_make_bill", [row["id"]])["res_id"]]
            execute("account.move", "action_post", [made[0]])
        elif row["kind"] == "amount":
            _correct(execute, row["move_id"][0], mistyped(period))
    if any(row["kind"] == "other_period" for row in found):
        company = execute("res.company", "search", [("vat", "=", RUT)], 0, 1)[0]
        form = execute("of.sii.f29", "compute_period", company, period)["id"]
        wizard = execute("of.sii.f29", "action_accept_sii_months", [form])["res_id"]
        execute("of.sii.rcv.accept.wizard", "action_accept", [wizard])


def _correct(execute: Execute, move: int, wrong: Document) -> None:
    line = wrong.lines[0]
    same = [("move_id", "=", move), ("name", "=", line.glosa), ("price_unit", "=", line.price)]
    lines = execute("account.move.line", "search", same, 0, 1)
    execute("account.move", "button_draft", [move])
    execute(
        "account.move", "write", [move], {"invoice_line_ids": [(1, lines[0], {"price_unit": line.price + MISTYPED})]}
    )
    execute("account.move", "action_post", [move])
