"""What the accountant reads in Slack."""

import json
from datetime import date

from ofitec.f29.delivery import Change, Receipt
from ofitec.f29.form import FormWarning
from ofitec.f29.message import build
from tests.ofitec.f29.examples import example_a

FILES = ["F29_2026-08.csv", "F29_2026-08.json", "F29_2026-08.xml", "manifest.json"]
RECEIPT = Receipt(delivery_id=1, outcome="new", url="s3://fiscal/f29/77123456-9/2026-08")


def read(blocks: list[dict[str, object]]) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def test_amount_and_due_date_as_a_chilean_reads_them() -> None:
    text, blocks = build(example_a(), RECEIPT, FILES, today=date(2026, 9, 10))
    assert text == (
        "F29 de agosto de 2026 · Comercial Los Aromos SpA: Total a pagar: $32.775. "
        "Vence lunes 21 de septiembre de 2026 (faltan 11 días)."
    )
    shown = read(blocks)
    assert "77.123.456-9" in shown
    assert "$229.901" in shown
    assert "$45.599" in shown
    assert "s3://fiscal/f29/77123456-9/2026-08" in shown


def test_links_open_the_form_and_each_file() -> None:
    _, blocks = build(
        example_a(),
        RECEIPT,
        FILES,
        today=date(2026, 9, 10),
        odoo_url="https://odoo.example",
        link_base="https://files.example",
    )
    shown = read(blocks)
    assert "<https://odoo.example/web#action=of_sii_cl.f29_action&id=7&model=of.sii.f29&view_type=form|" in shown
    for name in FILES:
        assert f"<https://files.example/f29/77123456-9/2026-08/{name}|{name}>" in shown


def test_changes_are_told_codigo_by_codigo_counts_without_pesos() -> None:
    changes = [
        Change(code="503", before=2, after=3),
        Change(code="502", before=228000, after=247000),
        Change(code="48", before=None, after=9),
    ]
    text, blocks = build(
        example_a(),
        RECEIPT.model_copy(update={"outcome": "changed", "changes": changes}),
        FILES,
        today=date(2026, 9, 10),
    )
    shown = read(blocks)
    assert text.startswith("Cambió el F29")
    assert "código 503: 2 → 3" in shown
    assert "código 502: $228.000 → $247.000" in shown
    assert "código 48: vacío → $9" in shown


def test_warnings_are_escaped_and_counted() -> None:
    form = example_a()
    form.warnings = [FormWarning(code="x", message=f"Factura <{n}> & sin tipo") for n in range(20)]
    shown = read(build(form, RECEIPT, FILES, today=date(2026, 9, 10))[1])
    assert "Revisar antes de declarar (20)" in shown
    assert "Factura &lt;0&gt; &amp; sin tipo" in shown
    assert "y 8 más" in shown


def test_nothing_to_pay_says_what_is_carried_and_a_late_date_says_so() -> None:
    form = example_a(c91=0)
    text, _ = build(form, RECEIPT, FILES, today=date(2026, 9, 22))
    assert "Sin pago; remanente para el mes siguiente: $45.599" in text
    assert "venció hace 1 día)" in text


def test_every_block_fits_slack_limits() -> None:
    form = example_a()
    form.company = "Ñ" * 300
    form.warnings = [FormWarning(code="x", message="m" * 900) for _ in range(12)]
    _, blocks = build(form, RECEIPT, FILES, today=date(2026, 9, 10))
    assert len(blocks[0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks if "text" in block)
    assert all(len(block.get("fields", [])) <= 10 for block in blocks)
