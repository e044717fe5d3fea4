"""A comparison with the SII's register as it is handed on, without Odoo."""

import csv
import io
from datetime import date

import pytest
from core import reconciliation, rut
from core.reconcile import Found, difference

PERSON, COMPANY = "12345678-5", "96790240-3"


def row(**changed: object) -> reconciliation.Row:
    whole = {"kind": "only_sii", "direction": "purchase", "type": "33", "folio": "71", "rut": COMPANY, "name": "X SpA"}
    return reconciliation.Row(**{**whole, "odoo": None, "sii": 119000, "cause": "No está en Odoo.", **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("number", "person"), [(PERSON, True), (COMPANY, False), ("50000000-7", False), ("", True)])
def test_whose_rut_may_be_a_persons(number: str, person: bool) -> None:
    assert rut.is_person(number) is person


def test_names_are_for_accountants_and_of_the_others_only_entities_have_a_rut() -> None:
    assert reconciliation.shown(row(), to_accountants=True) == row()
    assert reconciliation.shown(row(), to_accountants=False) == row(name="")
    assert reconciliation.shown(row(rut=PERSON), to_accountants=False) == row(name="", rut="")


@pytest.mark.parametrize("today", [date(2026, 8, 1), date(2026, 8, 5), date(2026, 9, 9)])
def test_what_is_pending_reads_the_same_each_morning(today: date) -> None:
    found = Found(
        direction="purchase", type="33", rut=COMPANY, folio="1", name="X", date=date(2026, 7, 28), move_id=1, line_id=2,
        odoo_total=1, sii_total=1, odoo_iva=0, sii_iva=0, classes={}, here_odoo=True, here_sii=False, twice=False,
        odoo_state=None, odoo_period=None, sii_section="pending", sii_period="2026-07",
        sii_received=date(2026, 7, 28), late_note=False,
    )  # fmt: skip
    cause = difference(found, "2026-07", today)["cause"]
    shown = reconciliation.shown(row(cause=cause), to_accountants=True)
    assert shown.cause == "En el SII está pendiente: aún no es de este mes."


def test_the_csv_has_the_certificate_each_codigo_and_each_document() -> None:
    comparison = reconciliation.Comparison(
        period="2026-07",
        company="OFITEC SpA",
        rut="76123456-0",
        certified=False,
        certificate="No certificado:\n• 1 documento solo en el SII.",
        equal=3,
        codes=[reconciliation.Code(520, 0, 19000)],
        rows=[row(name="")],
    )
    lines = list(csv.DictReader(io.StringIO(reconciliation.to_csv(comparison))))
    assert [line["parte"] for line in lines] == ["no certificado", "código", "compra"]
    assert lines[0]["detalle"] == "No certificado: • 1 documento solo en el SII."
    assert (lines[1]["codigo"], lines[1]["odoo"], lines[1]["sii"], lines[1]["diferencia"]) == (
        "520", "0", "19000", "-19000",
    )  # fmt: skip
    assert (lines[2]["odoo"], lines[2]["sii"], lines[2]["detalle"]) == (
        "",
        "119000",
        "Solo en el SII. No está en Odoo.",
    )
