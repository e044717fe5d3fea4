import pytest

from dev.stack.demo import month as demo
from dev.stack.demo import register
from dev.stack.machine import progress


def test_the_form_is_a_table_with_amounts_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    rows = demo.form_rows("casilla,monto,glosa\n538,7266630,TOTAL DÉBITOS\n77,0,Remanente\n115,0.25,Tasa PPM\n")
    progress.table(rows, right={0, 2})
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Código   Glosa               Monto",
        "──────────────────────────────────",
        "   538   TOTAL DÉBITOS   7.266.630",
        "    77   Remanente               0",
        "   115   Tasa PPM             0,25",
    ]


def test_a_slack_message_reads_as_its_blocks_say() -> None:
    message = {
        "text": "fallback",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "F29 de octubre"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*RUT*\n77.123.456-9"}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "<http://a/x|Formulario> · <http://a/y|CSV>"}]},
            {"type": "actions", "elements": [{"text": {"type": "plain_text", "text": "Abrir"}, "url": "http://a/z"}]},
        ],
    }
    assert demo.message_lines(message) == [
        "F29 de octubre",
        "*RUT*: 77.123.456-9",
        "Formulario: http://a/x",
        "CSV: http://a/y",
        "Abrir: http://a/z",
    ]
    assert demo.message_lines({"text": "sin bloques"}) == ["sin bloques"]


def test_a_document_that_differs_shows_only_the_side_that_has_it() -> None:
    whole = {"type": "33", "folio": "71", "odoo": 179631.0, "sii": 215331.0, "cause": "x", "move_id": False}
    heading, *shown = register.rows([{**whole, "kind": "amount"}, {**whole, "kind": "only_sii", "odoo": 0.0}])
    assert heading[3:5] == ("Odoo", "SII")
    assert shown == [
        ("other amount", "33", "71", "179.631", "215.331", "x"),
        ("only in the SII", "33", "71", "", "215.331", "x"),
    ]
