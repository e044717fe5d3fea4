"""Reading the add-on's answer, and RUTs."""

from typing import Any

import pytest

from ofitec.errors import InputError, PermanentError
from ofitec.f29.form import FormWarning, LateDocument, MissingInput, Question, normal_rut, read_form
from tests.ofitec.f29.examples import example_a


@pytest.mark.parametrize("text", ["76.123.456-0", "76123456-0", "761234560", " 76.123.456-0 "])
def test_every_spelling_of_a_rut_becomes_one(text: str) -> None:
    assert normal_rut(text) == "76123456-0"


@pytest.mark.parametrize("text", ["76123456-1", "", "abc", "76123456"])
def test_a_wrong_rut_is_named(text: str) -> None:
    with pytest.raises(InputError, match="RUT"):
        normal_rut(text)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("casillas", {"538": 1}, "89"),
        ("casillas", None, "casillas"),
        ("casillas", {**example_a().casillas, "91": 32775.0}, "casillas.91"),
        ("casillas", {**example_a().casillas, "91": "32775"}, "casillas.91"),
        ("casillas", {**example_a().casillas, "115": 0.125}, "115"),
        ("casillas", {**example_a().casillas, "115": "x"}, "115"),
        ("period", "2026-13", "period"),
    ],
)
def test_an_answer_outside_the_contract_is_refused(field: str, value: Any, named: str) -> None:
    answer = example_a().model_dump(mode="json") | {field: value}
    with pytest.raises(PermanentError, match="actualice el módulo") as refused:
        read_form(answer)
    assert named in str(refused.value)


def test_an_empty_answer_is_refused() -> None:
    with pytest.raises(PermanentError):
        read_form(None)


def test_the_ppm_rate_alone_may_have_decimals() -> None:
    answer = example_a().model_dump(mode="json")
    form = read_form(answer | {"casillas": {**answer["casillas"], "115": 0.25}})
    assert "115" not in form.casillas
    assert form.figures["115"] == 0.25
    assert read_form(form.model_dump(mode="json")) == form, "it travels through XCom unchanged"


def test_what_waits_for_a_person_has_a_name_that_stays() -> None:
    form = example_a()
    form.warnings = [
        FormWarning(code="unmapped_tax", message="m", key="unmapped_tax/IVA especial", figure="$190.000", blocks=True),
        FormWarning(code="drafts", message="m", key="drafts", acknowledged=True),
    ]
    form.missing_inputs = [MissingInput(code="48", glosa="Impuesto único", last=1_200_000)]
    form.questions = [Question(code="504", message="¿Remanente?")]
    late = LateDocument(kind="posted", period="2026-07", direction="purchase", type="33", folio="123", iva=190_000)
    taken = late.model_copy(update={"folio": "124", "claimed_in": "2026-08"})
    form.late = [late, taken, late.model_copy(update={"folio": "125", "claimed_in": "2026-07"})]
    told = [f"late/posted/2026-07/purchase/33/{folio}" for folio in (123, 124)]
    assert form.waits_for() == [*told, "missing/48", "question/504", "warning/unmapped_tax/IVA especial/$190.000"]
    form.status = "filed"
    assert form.waits_for() == told, "after filing only what happened since"


def test_a_filed_form_is_worth_what_was_filed() -> None:
    form = example_a()
    assert form.total == 32775
    form.filed_total = 40000
    assert form.total == 32775, "not filed yet"
    form.status = "filed"
    assert form.total == 40000
