"""The three files say exactly what the form says: whole numbers, and código 115 as the one decimal."""

import json

import pytest

from ofitec.errors import PermanentError
from ofitec.f29 import exports
from ofitec.f29.form import read_form
from tests.ofitec.f29.examples import example_a

FORM = example_a()
FIGURES = {**FORM.casillas, "115": 0.25}
HEAD = f"<Period>{FORM.period}</Period><Rut>{FORM.rut}</Rut><Company>x</Company><Version>1</Version>"
FILES = {
    "csv": "casilla,monto,glosa\n" + "".join(f"{code},{amount},glosa\n" for code, amount in FIGURES.items()),
    "json": json.dumps({"casillas": FIGURES}),
    "xml": f"<F29>{HEAD}"
    + "".join(f'<Casilla num="{code}">{amount}</Casilla>' for code, amount in FIGURES.items())
    + "</F29>",
}


def test_files_that_say_what_the_form_says() -> None:
    exports.check(FORM, FILES)


def test_the_ppm_rate_is_read_apart_from_the_whole_numbers() -> None:
    form = read_form(FORM.model_dump(mode="json") | {"casillas": FIGURES, "ppm_rate": "0.250"})
    assert ("115" in form.casillas, form.ppm_rate) == (False, FORM.ppm_rate)
    exports.check(form, FILES)


def test_a_form_without_a_rate_has_no_115() -> None:
    form = FORM.model_copy(update={"ppm_rate": 0})
    with pytest.raises(PermanentError, match=r"el primero 115: 0\.25 contra None"):
        exports.check(form, FILES)


@pytest.mark.parametrize(
    ("fmt", "old", "new", "complaint"),
    [
        ("csv", "115,0.25", "115,0.125", r"difiere del formulario en 1 códigos, el primero 115: 0\.125 contra 0\.25"),
        ("csv", "115,0.25,glosa\n", "", r"el primero 115: None contra 0\.25"),
        ("csv", "502,228000", "502,228000.5", "No se puede leer"),
        ("csv", "115,0.25", "115,x", "No se puede leer"),
        ("json", '"502": 228000', '"502": 228000.5', "No se puede leer"),
        ("xml", ">0.25<", ">0.250<", "No se puede leer"),
        ("xml", ">228000<", ">0.5<", "No se puede leer"),
    ],
)
def test_another_rate_or_another_decimal_is_refused(fmt: str, old: str, new: str, complaint: str) -> None:
    assert old in FILES[fmt]
    with pytest.raises(PermanentError, match=complaint):
        exports.check(FORM, FILES | {fmt: FILES[fmt].replace(old, new)})
