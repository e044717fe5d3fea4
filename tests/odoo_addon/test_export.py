"""The three files of a form, without Odoo."""

import csv
import io
import json
from decimal import Decimal

import pytest
from core import export
from lxml import etree

from .conftest import ADDON

XSD = ADDON / "of_sii_cl/static/xsd/f29.xsd"
FORM = export.ExportForm(
    period="2026-08",
    company="Pérez & Hijos <SpA>\x0b",
    rut="76432109-K",
    version=2,
    ppm_rate="0.250",
    casillas={538: -5, 91: 12000000000, 89: 0, 77: 0, 595: 1, 547: 1, 537: 2},
)


def test_csv_is_in_numeric_order_with_line_feeds() -> None:
    text = export.to_csv(FORM)
    assert text.startswith("casilla,monto,glosa\n77,0,")
    assert "\r" not in text
    assert [row["casilla"] for row in csv.DictReader(io.StringIO(text))] == [
        "77",
        "89",
        "91",
        "537",
        "538",
        "547",
        "595",
    ]


def test_json_holds_whole_numbers() -> None:
    content = json.loads(export.to_json(FORM))
    assert content["casillas"]["91"] == 12000000000
    assert all(isinstance(amount, int) for amount in content["casillas"].values())
    assert (content["period"], content["rut"], content["ppm_rate"]) == ("2026-08", "76432109-K", "0.250")


def test_xml_is_valid_whatever_the_company_is_called() -> None:
    root = etree.fromstring(export.to_xml(FORM).encode())
    etree.XMLSchema(etree.parse(XSD)).assertValid(root)
    assert root.findtext("Company") == "Pérez & Hijos <SpA>"
    assert {node.get("num"): int(node.text or "") for node in root.iter("Casilla")}["538"] == -5


def test_order_of_the_codes_does_not_change_the_bytes() -> None:
    turned = export.ExportForm(**{**FORM.__dict__, "casillas": dict(reversed(list(FORM.casillas.items())))})
    for render in export.RENDERERS.values():
        assert render(turned) == render(FORM)


def test_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        export.to_csv(export.ExportForm(**{**FORM.__dict__, "casillas": {9999: 1}}))


@pytest.mark.parametrize(
    ("rate", "text"), [("0.250", "0.25"), ("0.125", "0.125"), ("3.000", "3"), ("10.000", "10"), ("99.999", "99.999")]
)
def test_rate_is_the_one_decimal(rate: str, text: str) -> None:
    form = export.ExportForm(**{**FORM.__dict__, "casillas": {**FORM.casillas, 115: Decimal(rate)}})
    assert f"\n115,{text},Tasa de PPM" in export.to_csv(form)
    assert json.loads(export.to_json(form))["casillas"]["115"] == float(rate)
    xml = export.to_xml(form)
    assert f'<Casilla num="115">{text}</Casilla>' in xml
    etree.XMLSchema(etree.parse(XSD)).assertValid(etree.fromstring(xml.encode()))


@pytest.mark.parametrize("text", ["0.250", "100.5", "0.2500", "-0.25", ".25", "190000.5", "1e3", "00.25"])
def test_other_decimals_are_not_valid(text: str) -> None:
    xml = export.to_xml(FORM).replace('num="538">-5<', f'num="538">{text}<')
    assert not etree.XMLSchema(etree.parse(XSD)).validate(etree.fromstring(xml.encode()))


def test_both_copies_of_the_schema_are_one() -> None:
    assert XSD.read_bytes() == (ADDON.parent / "include/ofitec/f29/f29.xsd").read_bytes()
