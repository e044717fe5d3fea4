"""Which companies declare, what is computed and what only read, and what is refused before anything leaves."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ofitec.clients.odoo import OdooRefused
from ofitec.errors import InputError, PermanentError
from ofitec.f29.close import as_it_is, companies, look
from ofitec.f29.form import Company
from tests.ofitec.f29.examples import example_a


class Recorded:
    """Answers as a real Odoo gave them for example A; `asked` holds the methods that were called."""

    def __init__(self, **answers: Any) -> None:
        form = example_a()
        casillas = {**form.casillas, "115": 0.25}
        nodes = "".join(f'<Casilla num="{code}">{amount}</Casilla>' for code, amount in casillas.items())
        head = f"<Period>{form.period}</Period><Rut>{form.rut}</Rut><Company>x</Company><Version>1</Version>"
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {
            "read_period": {"newest": None, "filed": None},
            "compute_period": answer(),
            "read_reconciliation": None,
            "to_csv": "casilla,monto,glosa\n" + "".join(f"{c},{a},glosa\n" for c, a in casillas.items()),
            "to_json": json.dumps({"period": form.period, "casillas": casillas}),
            "to_xml": f"<F29>{head}{nodes}</F29>",
            "companies": [
                record(1, "Los Aromos", "77.123.456-9"),
                record(2, "Sucursal", False, parent=1),
                record(3, "Andina", "CL76123456-0"),
            ],
        } | answers

    def call(self, model: str, method: str, *args: object) -> Any:
        self.asked.append(method)
        reply = self.answers[method]
        if isinstance(reply, list):
            reply = reply.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> Any:
        return self.answers["companies"]


def record(number: int, name: str, vat: str | bool, parent: int = 0) -> dict[str, Any]:
    return {"id": number, "name": name, "vat": vat, "parent_id": [parent, "parent"] if parent else False}


def answer(**changed: Any) -> dict[str, Any]:
    """A form as `compute_period` and `read_period` answer it."""
    form = example_a()
    casillas = {**form.casillas, "115": 0.25}
    return form.model_dump(mode="json") | {"casillas": casillas} | changed


COMPANY = Company(id=1, name="Comercial Los Aromos SpA", rut="77123456-9")


def test_all_companies_with_a_rut_by_name() -> None:
    assert [(c.name, c.rut) for c in companies(Recorded(), [])] == [
        ("Andina", "76123456-0"),
        ("Los Aromos", "77123456-9"),
    ]


def test_only_the_wanted_ones_in_any_spelling() -> None:
    assert [c.id for c in companies(Recorded(), ["76.123.456-0"])] == [3]


def test_a_stranger_is_named_with_those_known() -> None:
    with pytest.raises(InputError, match=r"Ninguna empresa.*96512340-7.*77123456-9"):
        companies(Recorded(), ["96512340-7"])


def test_no_company_with_a_rut() -> None:
    with pytest.raises(InputError, match="contacto de la empresa"):
        companies(Recorded(companies=[record(1, "X", False)]), [])


@pytest.mark.parametrize("order", [[1, 2, 4], [4, 2, 1]])
def test_a_branch_declares_with_its_company(order: list[int]) -> None:
    known = {
        1: record(1, "Los Aromos", "77.123.456-9"),
        2: record(2, "Aromos Norte", "77123456-9", parent=1),
        4: record(4, "Aromos Norte, bodega", "77123456-9", parent=2),
    }
    [found] = companies(Recorded(companies=[known[number] for number in order]), [])
    assert (found.id, found.name, found.refusal) == (1, "Los Aromos", "")


def test_a_branch_with_a_rut_of_its_own_declares_by_itself() -> None:
    known = [record(1, "Los Aromos", "77.123.456-9"), record(2, "Andina", "76123456-0", parent=1)]
    assert [c.id for c in companies(Recorded(companies=known), [])] == [2, 1]


def test_two_strangers_with_one_rut_are_refused_by_name_and_hold_up_no_other() -> None:
    known = [record(1, "Beta", "77.123.456-9"), record(2, "Alfa", "77123456-9"), record(3, "Andina", "76123456-0")]
    odoo = Recorded(companies=known)
    twins, other = companies(odoo, [])
    assert (twins.name, other.refusal) == ("Alfa y Beta", "")
    with pytest.raises(InputError, match=r"«Alfa» y «Beta».*mismo RUT 77123456-9"):
        look(odoo, twins, "2026-08")
    assert odoo.asked == []


def test_a_month_without_a_form_is_computed() -> None:
    odoo = Recorded()
    [closed] = look(odoo, COMPANY, "2026-08")
    assert closed.form.amount("91") == 32775
    assert odoo.asked[:2] == ["read_period", "compute_period"]


@pytest.mark.parametrize("status", ["draft", "ready"])
def test_an_open_form_is_computed_anew(status: str) -> None:
    odoo = Recorded(read_period={"newest": answer(status=status), "filed": None})
    assert [closed.form.status for closed in look(odoo, COMPANY, "2026-08")] == ["ready"]
    assert "compute_period" in odoo.asked


@pytest.mark.parametrize("status", ["approved", "filed", "paid"])
def test_an_approved_or_filed_form_is_only_read(status: str) -> None:
    form = answer(status=status)
    odoo = Recorded(read_period={"newest": form, "filed": None if status == "approved" else form})
    assert [closed.form.status for closed in look(odoo, COMPANY, "2026-08")] == [status]
    assert "compute_period" not in odoo.asked


def test_a_filed_month_that_is_rectified_is_both() -> None:
    filed = answer(status="filed", id=7, folio="70001")
    odoo = Recorded(
        read_period={"newest": answer(status="ready", id=9, version=2), "filed": filed},
        compute_period=answer(id=9, version=2, previous_total=32775),
    )
    assert [(c.form.id, c.form.version) for c in look(odoo, COMPANY, "2026-08")] == [(7, 1), (9, 2)]


def test_somebody_approves_between_the_two_calls() -> None:
    readings = [{"newest": answer(), "filed": None}, {"newest": answer(status="approved"), "filed": None}]
    odoo = Recorded(read_period=readings, compute_period=OdooRefused("está aprobado"))
    assert [closed.form.status for closed in look(odoo, COMPANY, "2026-08")] == ["approved"]


def test_how_the_month_compared_is_read_after_it_was_computed() -> None:
    kept = {"certified": True, "differences": [], "files": {"csv": "parte\n", "xlsx": "UEs="}}
    odoo = Recorded(read_reconciliation=kept)
    [closed] = look(odoo, COMPANY, "2026-08")
    assert odoo.asked.index("read_reconciliation") > odoo.asked.index("compute_period")
    assert closed.contents()["F29_2026-08_conciliacion.csv"] == b"parte\n"
    assert closed.contents()["F29_2026-08_conciliacion.xlsx"] == b"PK"
    filed = {"newest": answer(status="filed"), "filed": answer(status="filed")}
    [closed] = as_it_is(Recorded(read_reconciliation=kept, read_period=filed), COMPANY, "2026-08")
    assert closed.reconciliation is not None
    assert closed.reconciliation.certified


@pytest.mark.parametrize("wrong", [{"certified": True}, {"certified": 1, "differences": [], "files": {"csv": "a"}}])
def test_a_comparison_that_nobody_can_read_is_refused_in_one_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(PermanentError, match="actualice el módulo"):
        look(Recorded(read_reconciliation=wrong), COMPANY, "2026-08")


def test_a_refusal_of_an_open_form_stays_one() -> None:
    reading = {"newest": answer(), "filed": None}
    odoo = Recorded(read_period=[reading, reading], compute_period=OdooRefused("moneda"))
    with pytest.raises(OdooRefused, match="moneda"):
        look(odoo, COMPANY, "2026-08")


def test_an_earlier_month_is_never_computed() -> None:
    assert as_it_is(Recorded(), COMPANY, "2026-08") == []
    filed, newest = answer(status="filed"), answer(status="ready", id=9, version=2)
    odoo = Recorded(read_period={"newest": newest, "filed": filed})
    assert [closed.form.id for closed in as_it_is(odoo, COMPANY, "2026-08")] == [7]
    odoo = Recorded(read_period={"newest": {**newest, "status": "filed"}, "filed": {**newest, "status": "filed"}})
    assert [closed.form.id for closed in as_it_is(odoo, COMPANY, "2026-08")] == [9]
    assert "compute_period" not in odoo.asked


def test_the_ppm_rate_is_the_one_decimal() -> None:
    [closed] = look(Recorded(), COMPANY, "2026-08")
    assert (closed.form.ppm_rate, "115" in closed.form.casillas) == (Decimal("0.25"), False)


@pytest.mark.parametrize(
    ("method", "reply", "named"),
    [
        ("to_csv", "casilla,monto,glosa\n538,1,x\n", "CSV"),
        ("to_json", "{", "JSON"),
        ("to_xml", "<F29/>", "XML"),
        ("compute_period", example_a(c77=1).model_dump(mode="json"), "código 77"),
        ("compute_period", answer(rut="76123456-0"), "no el de 77123456-9"),
    ],
)
def test_what_does_not_fit_is_refused(method: str, reply: object, named: str) -> None:
    with pytest.raises((PermanentError, InputError), match=named):
        look(Recorded(**{method: reply}), COMPANY, "2026-08")
