"""Which companies file, and what is refused before anything leaves. Odoo is played by recorded answers."""

import json
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
        figures = {**form.casillas, "115": 0.25}
        nodes = "".join(f'<Casilla num="{code}">{amount}</Casilla>' for code, amount in figures.items())
        self.answers: dict[str, Any] = {
            "compute_period": form.model_dump(mode="json"),
            "to_csv": "casilla,monto,glosa\n" + "".join(f"{c},{a},glosa\n" for c, a in figures.items()),
            "to_json": json.dumps({"period": form.period, "casillas": figures}),
            "to_xml": f"<F29><Period>{form.period}</Period>{nodes}</F29>",
            "companies": [
                {"id": 1, "name": "Los Aromos", "vat": "77.123.456-9"},
                {"id": 2, "name": "Sucursal", "vat": False},
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
