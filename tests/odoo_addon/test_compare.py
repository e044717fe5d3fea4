"""Forms of the SII and of others, read and set beside ours, without Odoo."""

import json
import math
import random
from decimal import Decimal
from typing import Any

import pytest
from core import compare, export

PROPUESTA = {
    "metaData": {"errors": None},
    "data": {
        "tipopropuesta": 40,
        "listCodPropuestos": [
            {"codigo": "502", "valor": "228000"},
            {"codigo": 520, "valor": 76000},
            {"codigo": "115", "valor": "0.125"},
            {"codigo": "584", "valor": "0"},
        ],
        "listCodAdministrativos": [{"codigo": "9114", "valor": "123500"}],
        "listCodBase": [{"codigo": "03", "valor": "76123456-0"}, {"codigo": "15", "valor": "202607"}],
    },
}
FILED = {
    "campos": {
        "03": "76.123.456-0",
        "007": "8123456789",
        "15": "201812",
        "01": "OFITEC SPA",
        "315": "20/01/2019",
        "089": "0",
        "502": "6588397",
        "115": "0.25",
        "9906": "20/01/2019",
    }
}


def given(content: Any) -> compare.GivenForm:
    return compare.parse(content if isinstance(content, str) else json.dumps(content))


def test_propuesta_of_the_sii() -> None:
    form = given(PROPUESTA)
    assert (form.source, form.rut, form.period) == ("propuesta", "76123456-0", "2026-07")
    assert form.codes == {502: 228000, 520: 76000, 115: Decimal("0.125"), 584: 0}
    assert form.refused == []


def test_propuesta_without_its_envelope_has_no_rut_and_no_period() -> None:
    form = given({"listCodPropuestos": [{"codigo": "502", "valor": "1"}]})
    assert (form.rut, form.period, form.codes) == ("", "", {502: 1})


def test_filed_form_with_padded_codigos_of_every_kind() -> None:
    form = given(FILED)
    assert (form.source, form.rut, form.period) == ("filed", "76123456-0", "2018-12")
    assert form.codes == {89: 0, 502: 6588397, 115: Decimal("0.25")}
    assert form.refused == []


def test_our_own_files_come_back_as_they_went_out() -> None:
    casillas: dict[int, int | Decimal] = {502: 228000, 538: -5, 91: 12000000000, 115: Decimal("0.250"), 89: 0}
    ours = export.ExportForm("2026-07", "OFITEC", "76123456-0", 1, "0.250", casillas)
    for text, rut, period in ((export.to_json(ours), "76123456-0", "2026-07"), (export.to_csv(ours), "", "")):
        form = given(text)
        assert (form.source, form.rut, form.period, form.codes) == ("own", rut, period, casillas)


@pytest.mark.parametrize(
    "text",
    [
        "casilla;monto;glosa\r\n502;228000;Facturas; del giro\r\n115;0,25;Tasa\r\n",
        "\ufeffCódigo;Valor\n502;228.000\n115;0.25\n",
        '"casilla","monto","glosa"\n"502","228000",""\n115,0.25,\n\n',
        "502\t$ 228.000\n115\t0,25 %\n",
        '{"502": 228000, "115": 0.25}',
        '[{"codigo": "502", "valor": "228000"}, {"codigo": "115", "valor": "0.25"}]',
    ],
)
def test_dialects_of_the_same_form(text: str) -> None:
    assert given(text).codes == {502: 228000, 115: Decimal("0.25")}


def test_what_is_no_amount_is_refused_with_its_codigo() -> None:
    form = given({"campos": {"502": "mil", "520": "12.5", "4321": "7", "888": "0", "111": "5", "0111": "6", "x": "1"}})
    assert form.codes == {111: 5}
    assert [row["code"] for row in form.refused] == ["502", "520", "4321", "0111", "x"]
    assert "mil" in form.refused[0]["reason"]
    assert "dos veces" in form.refused[3]["reason"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "vacío"),
        ("   \n", "vacío"),
        ("hola", "códigos"),
        ("<F29/>", "códigos"),
        ("{", "JSON"),
        ("[" * 100000, "JSON"),
        ("[]", "códigos"),
        ('{"data": null}', "códigos"),
        ('{"listCodPropuestos": []}', "códigos"),
        ('{"listCodPropuestos": [{"codigo": "03", "valor": "1-1"}]}', "RUT"),
        ('{"campos": {"03": "76123456-1", "502": "1"}}', "RUT"),
        ('{"campos": {"15": "julio", "502": "1"}}', "período"),
        ("casilla,monto\n", "códigos"),
    ],
)
def test_what_is_no_form_is_one_line(content: str, word: str) -> None:
    with pytest.raises(ValueError, match=word) as caught:
        compare.parse(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_side_by_side() -> None:
    ours: dict[int, int | Decimal] = {502: 228000, 520: 76001, 538: 228000, 89: 0, 115: Decimal("0.25")}
    theirs = given({"campos": {"502": "228000", "520": "76000", "111": "19", "089": "0", "584": "0", "115": "0.250"}})
    result = compare.side_by_side(ours, theirs)
    assert result["codes"]["520"] == {"ours": 76001, "theirs": 76000, "difference": 1}
    assert result["codes"]["538"] == {"ours": 228000, "theirs": 0, "difference": 228000}
    assert result["codes"]["115"] == {"ours": 0.25, "theirs": 0.25, "difference": 0}
    assert "584" not in result["codes"]
    assert (result["equal"], result["only_ours"], result["only_theirs"]) == (3, ["538"], ["111"])


def test_another_rut_or_month_is_refused() -> None:
    text = json.dumps(PROPUESTA)
    assert compare.parse_of(text, "76123456-0", "2026-07") == compare.parse_of(text, "76123456-0", None)
    for rut, period, named in (("76086428-5", "2026-07", "76086428-5"), ("76123456-0", "2026-06", "2026-06")):
        with pytest.raises(ValueError, match=named):
            compare.parse_of(text, rut, period)
    assert compare.parse_of("502,1", "76086428-5", "2026-06").codes == {502: 1}
    with pytest.raises(ValueError, match="código 15"):
        compare.parse_of("502,1", "76086428-5", None)


def test_damaged_files_never_end_in_another_error() -> None:
    chance = random.Random(29)
    whole = [json.dumps(PROPUESTA), json.dumps(FILED), "casilla;monto;glosa\n502;228000;x\n115;0,25;y\n"]
    read = 0
    for _ in range(20000):
        text = chance.choice(whole)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(text) + 1)
            text = (
                text[:at]
                + chance.choice(['"', "{", "]", ";", ",", "\n", "9" * 30, "é", "\x00", "-", ""])
                + text[at + chance.randrange(3) :]
            )
        try:
            form = compare.parse(text)
        except ValueError as error:
            assert "\n" not in str(error)
        else:
            read += 1
            assert all(isinstance(value, int | Decimal) and -(10**15) < value < 10**15 for value in form.codes.values())
    assert read > 1000


def test_numbers_that_are_none() -> None:
    form = given('{"campos": {"502": NaN, "520": Infinity, "528": true, "111": 1e3, "532": null, "535": ""}}')
    assert form.codes == {111: 1000}
    assert [row["code"] for row in form.refused] == ["502", "520", "528"]
    assert not any(isinstance(value, float) and math.isnan(value) for value in form.codes.values())
