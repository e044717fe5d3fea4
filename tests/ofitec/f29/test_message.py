"""What the accountant reads in Slack."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ofitec.f29.delivery import AGAIN, DUE, FIGURES, FILED_NOW, NEW, POINTS, UNFILED, Change, News, Receipt
from ofitec.f29.form import COUNTS, F29Form, FormWarning, LateDocument, MissingInput, Question
from ofitec.f29.message import build
from ofitec.f29.rcv.delivery import Reconciliation
from tests.ofitec.f29.examples import example_a

FILES = ["F29_2026-08.csv", "F29_2026-08.json", "F29_2026-08.xml", "manifest.json"]
URL = "s3://fiscal/f29/77123456-9/2026-08/v1"
EARLY = date(2026, 9, 10)


def receipt(*reasons: str, changes: list[Change] | None = None) -> Receipt:
    told = News(reasons=list(reasons), changes=changes or [])
    return Receipt(delivery_id=1, outcome="delivered", url=URL, news=told)


def form(**changed: Any) -> F29Form:
    return example_a().model_copy(update=changed)


def read(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def shown(of: F29Form, *reasons: str, today: date = EARLY) -> str:
    text, blocks = build(of, receipt(*reasons), FILES, today=today)
    return text + read(blocks)


@pytest.mark.parametrize(
    ("certified", "differing", "line"),
    [
        (True, 0, "Certificado: Odoo, el registro del SII y el formulario dicen lo mismo."),
        (False, 1, "No certificado: 1 documento difiere del registro del SII."),
        (False, 1200, "No certificado: 1.200 documentos difieren del registro del SII."),
        (False, 0, "No certificado contra el registro del SII: vea la pestaña Conciliación del formulario."),
    ],
)
def test_how_the_month_compares_with_the_sii_is_one_line(certified: bool, differing: int, line: str) -> None:
    compared = Reconciliation(certified=certified, differing=differing, files={})
    _, blocks = build(example_a(), receipt(NEW), FILES, today=EARLY, compared=compared)
    assert line in read(blocks)
    assert "Certificado" not in shown(example_a(), NEW)


def test_amount_and_due_date_as_a_chilean_reads_them() -> None:
    text, blocks = build(example_a(), receipt(NEW), FILES, today=EARLY)
    assert text == (
        "F29 de agosto de 2026 · Comercial Los Aromos SpA: Total a pagar: $32.775. "
        "Vence: lunes 21 de septiembre de 2026 (faltan 11 días)."
    )
    body = read(blocks)
    assert "77.123.456-9" in body
    assert "$229.901" in body
    assert "$45.599" in body
    assert URL in body


def test_links_open_the_form_and_each_file_of_its_version() -> None:
    _, blocks = build(
        form(version=2),
        receipt(NEW),
        FILES,
        today=EARLY,
        odoo_url="https://odoo.example",
        link_base="https://files.example",
    )
    body = read(blocks)
    assert "<https://odoo.example/web#action=of_sii_cl.f29_action&id=7&model=of.sii.f29&view_type=form|" in body
    for name in FILES:
        assert f"<https://files.example/f29/77123456-9/2026-08/v2/{name}|{name}>" in body


def test_changes_are_told_codigo_by_codigo_counts_without_pesos() -> None:
    changes = [
        Change(code="503", before=2, after=3),
        Change(code="502", before=228000, after=247000),
        Change(code="48", before=None, after=9),
        Change(code="115", before=0.25, after=0.125),
    ]
    text, blocks = build(example_a(), receipt(FIGURES, changes=changes), FILES, today=EARLY)
    body = read(blocks)
    assert text.startswith("Cambió el F29")
    assert "código 503: 2 → 3" in body
    assert "código 502: $228.000 → $247.000" in body
    assert "código 48: vacío → $9" in body
    assert "código 115: 0,25 % → 0,125 %" in body


def test_a_filed_form_is_told_with_its_folio_and_final_amount() -> None:
    filed = form(status="filed", folio="7123456789", filed_on=date(2026, 9, 18), filed_total=2_482_412)
    text, blocks = build(filed, receipt(FILED_NOW), FILES, today=date(2026, 9, 19))
    assert text == (
        "Declarado: F29 de agosto de 2026 · Comercial Los Aromos SpA: Monto final: $2.482.412 · folio 7123456789. "
        "Declarado el: viernes 18 de septiembre de 2026."
    )
    assert "*Total calculado* (código 91)\\n$32.775" in read(blocks), "another amount was filed than was computed"


def test_a_form_filed_late_says_by_how_much() -> None:
    filed = form(status="filed", folio="1", filed_on=date(2026, 9, 23))
    assert "(fuera de plazo: 2 días después del vencimiento)" in shown(filed, FILED_NOW)
    rectified = filed.model_copy(update={"version": 2, "previous_total": 1})
    assert "fuera de plazo" not in shown(rectified, FILED_NOW), "a rectification is filed when it is found"


@pytest.mark.parametrize(
    ("of", "reasons", "title"),
    [
        ({"status": "approved"}, [NEW], "Aprobado, falta declarar: F29"),
        ({"status": "approved"}, [FIGURES], "Cambió el F29"),
        ({"status": "filed"}, [POINTS], "Novedad después de declarar: F29"),
        ({"status": "approved"}, [UNFILED], "Ya no figura como declarado: F29"),
        ({}, [POINTS], "Algo nuevo que revisar: F29"),
        ({}, [DUE], "Cambió el vencimiento: F29"),
        ({"status": "approved"}, [DUE], "Cambió el vencimiento: F29"),
        ({}, [POINTS, DUE], "Algo nuevo que revisar: F29"),
        ({}, [FIGURES, DUE], "Cambió el F29"),
        ({}, [AGAIN], "F29 de agosto"),
        ({"version": 2}, [NEW], "Rectificatoria (versión 2) del F29"),
        ({"version": 2}, [FIGURES], "Cambió la rectificatoria (versión 2) del F29"),
        ({"version": 2, "status": "filed"}, [FILED_NOW], "Declarada: rectificatoria (versión 2) del F29"),
        ({"version": 2, "status": "approved"}, [NEW], "Aprobada, falta declarar: rectificatoria (versión 2) del F29"),
    ],
)
def test_the_title_says_what_it_is(of: dict[str, Any], reasons: list[str], title: str) -> None:
    assert shown(form(**of), *reasons).startswith(title)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (30_000, "Diferencia con lo ya declarado: +$2.775 (de $30.000 a $32.775)"),
        (40_000, "Diferencia con lo ya declarado: -$7.225 (de $40.000 a $32.775)"),
        (32_775, "El total a pagar no cambia: $32.775"),
    ],
)
def test_a_rectification_is_told_by_its_difference(before: int, words: str) -> None:
    text = shown(form(version=2, previous_total=before), NEW)
    assert words in text
    assert "Total a pagar: $" not in text


def test_what_is_missing_or_unanswered_is_told_with_last_months_amount() -> None:
    waits = form(
        missing_inputs=[MissingInput(code="48", glosa="Impuesto único", last=1_200_000)],
        questions=[Question(code="504", message="¿Cuánto era el remanente?")],
    )
    body = shown(waits, NEW)
    assert "código 48 Impuesto único: el mes pasado $1.200.000" in body
    assert "código 504: ¿Cuánto era el remanente?" in body
    assert "el mes pasado" not in shown(waits.model_copy(update={"status": "filed"}), FILED_NOW)


def test_late_documents_are_told_with_the_month_that_takes_them_up() -> None:
    late = LateDocument(kind="posted", period="2026-07", direction="purchase", type="33", folio="123", iva=190_000)
    claimed = late.model_copy(update={"folio": "124", "claimed_in": "2026-08"})
    past = late.model_copy(update={"folio": "125", "claimed_in": "2026-07"})
    body = shown(form(late=[late, claimed, past]), NEW)
    assert "Después de declarar (2)" in body
    assert "compra, tipo 33 folio 123 de julio de 2026: IVA $190.000, contabilizado después\\n" in body
    assert "folio 124 de julio de 2026: IVA $190.000, contabilizado después; se declara en agosto de 2026" in body
    assert "Declarar ahora" in body
    assert "folio 125" not in body, "an earlier month has it"
    assert "Declarar ahora" not in shown(form(late=[claimed]), NEW)


def test_a_month_without_documents_is_declared_all_the_same() -> None:
    assert "Sin movimiento, pero se declara igual. Sin pago" in shown(
        form(movement=False, casillas={**example_a().casillas, "91": 0, "77": 0}), NEW
    )


def test_warnings_are_escaped_counted_and_quiet_once_acknowledged() -> None:
    noisy = form(warnings=[FormWarning(code="x", message=f"Factura <{n}> & sin tipo") for n in range(20)])
    noisy.warnings[0].blocks = True
    noisy.warnings[19].acknowledged = True
    body = shown(noisy, NEW)
    assert "Revisar antes de declarar (19)" in body
    assert "Factura &lt;0&gt; &amp; sin tipo *Impide aprobar.*" in body
    assert "y 7 más" in body


def test_nothing_to_pay_says_what_is_carried_and_a_late_date_says_so() -> None:
    text, _ = build(example_a(c91=0), receipt(NEW), FILES, today=date(2026, 9, 22))
    assert "Sin pago; remanente para el mes siguiente: $45.599" in text
    assert "venció hace 1 día)" in text


def test_every_block_fits_slack_limits() -> None:
    long = form(company="Ñ" * 300, warnings=[FormWarning(code="x", message="m" * 900) for _ in range(12)])
    _, blocks = build(long, receipt(NEW), FILES, today=EARLY)
    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks if "text" in block)
    assert all(len(block.get("fields", [])) <= 10 for block in blocks)


def test_the_codigos_that_count_documents_are_those_of_the_form_in_odoo() -> None:
    file = Path(__file__).parents[3] / "odoo_addon" / "of_sii_cl" / "core" / "codes.csv"
    with file.open(encoding="utf-8") as rows:
        counts = {row["code"] for row in csv.DictReader(rows) if row["kind"] == "count"}
    assert counts == COUNTS
