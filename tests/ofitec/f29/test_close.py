"""Which companies file, and what is refused before anything leaves. Odoo is played by recorded answers."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ofitec.errors import InputError, PermanentError
from ofitec.f29.close import close, companies
from ofitec.f29.form import Company
from tests.ofitec.f29.examples import example_a


class Recorded:
    """Answers as a real Odoo gave them for example A."""

    def __init__(self, **answers: Any) -> None:
        form = example_a()
        casillas = {**form.casillas, "115": 0.25}
        nodes = "".join(f'<Casilla num="{code}">{amount}</Casilla>' for code, amount in casillas.items())
        head = f"<Period>{form.period}</Period><Rut>{form.rut}</Rut><Company>x</Company><Version>1</Version>"
        self.answers: dict[str, Any] = {
            "compute_period": form.model_dump(mode="json") | {"casillas": casillas},
            "to_csv": "casilla,monto,glosa\n" + "".join(f"{c},{a},glosa\n" for c, a in casillas.items()),
            "to_json": json.dumps({"period": form.period, "casillas": casillas}),
            "to_xml": f"<F29>{head}{nodes}</F29>",
            "companies": [
                {"id": 1, "name": "Los Aromos", "vat": "77.123.456-9", "parent_id": False},
                {"id": 2, "name": "Sucursal", "vat": False, "parent_id": [1, "Los Aromos"]},
                {"id": 3, "name": "Andina", "vat": "CL76123456-0"},
            ],
        } | answers

    def call(self, model: str, method: str, *args: object) -> Any:
        return self.answers[method]

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> Any:
        return self.answers["companies"]


COMPANY = Company(id=1, name="Comercial Los Aromos SpA", rut="77123456-9")


def test_all_companies_with_a_rut_by_name() -> None:
    assert [(c.name, c.rut) for c in companies(Recorded(), [])] == [
        ("Andina", "76123456-0"),
        ("Los Aromos", "77123456-9"),
    ]


def test_only_the_wanted_ones_in_any_spelling() -> None:
    assert [c.id for c in companies(Recorded(), ["76.123.456-0"])] == [3]


def test_a_stranger_is_named_with_those_known() -> None:
    with pytest.raises(InputError, match=r"96512340-7.*77123456-9"):
        companies(Recorded(), ["96512340-7"])


def test_no_company_with_a_rut() -> None:
    with pytest.raises(InputError, match="field RUT"):
        companies(Recorded(companies=[{"id": 1, "name": "X", "vat": False}]), [])


def test_a_branch_with_its_company_s_rut_is_no_form_of_its_own() -> None:
    records = [
        {"id": 5, "name": "Sucursal", "vat": "77123456-9", "parent_id": [1, "Los Aromos"]},
        {"id": 1, "name": "Los Aromos", "vat": "77.123.456-9", "parent_id": False},
        {"id": 6, "name": "Bodega", "vat": "77123456-9", "parent_id": [5, "Sucursal"]},
        {"id": 7, "name": "Filial", "vat": "76123456-0", "parent_id": [1, "Los Aromos"]},
    ]
    assert [c.id for c in companies(Recorded(companies=records), [])] == [7, 1]


def test_unrelated_companies_with_one_rut_are_refused_by_name() -> None:
    records = [
        {"id": 1, "name": "Los Aromos", "vat": "77.123.456-9", "parent_id": False},
        {"id": 4, "name": "Gemela", "vat": "77123456-9", "parent_id": False},
    ]
    with pytest.raises(InputError, match=r"Los Aromos and Gemela both have RUT 77123456-9"):
        companies(Recorded(companies=records), [])


def test_the_ppm_rate_is_the_one_decimal() -> None:
    form = close(Recorded(), COMPANY, "2026-08").form
    assert (form.ppm_rate, "115" in form.casillas) == (Decimal("0.25"), False)


@pytest.mark.parametrize(
    ("method", "old", "new", "said"),
    [
        ("to_csv", "115,0.25", "115,0.125", "differs from the form in 1 códigos, first 115: 0.125 against 0.25"),
        ("to_csv", "115,0.25,glosa\n", "", "first 115: None against 0.25"),
        ("to_csv", "502,228000", "502,228000.5", "cannot be read"),
        ("to_json", '"502": 228000', '"502": 228000.5', "cannot be read"),
        ("to_xml", ">0.25<", ">0.250<", "cannot be read"),
        ("to_xml", ">228000<", ">0.5<", "cannot be read"),
        ("to_csv", "115,0.25", "115,x", "cannot be read"),
    ],
)
def test_another_rate_or_another_decimal_is_refused(method: str, old: str, new: str, said: str) -> None:
    text = Recorded().answers[method]
    assert old in text
    with pytest.raises(PermanentError, match=said):
        close(Recorded(**{method: text.replace(old, new)}), COMPANY, "2026-08")


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("to_csv", "casilla,monto,glosa\n538,1,x\n", "CSV export differs"),
        ("to_json", "{", "JSON export cannot be read"),
        ("to_xml", "<F29/>", "XML export cannot be read"),
        ("compute_period", example_a(c77=1).model_dump(mode="json"), "código 77 says 1"),
        ("compute_period", example_a().model_dump(mode="json") | {"rut": "76123456-0"}, "not of 77123456-9"),
    ],
)
def test_what_does_not_fit_is_refused(method: str, answer: object, said: str) -> None:
    with pytest.raises((PermanentError, InputError), match=said):
        close(Recorded(**{method: answer}), COMPANY, "2026-08")
