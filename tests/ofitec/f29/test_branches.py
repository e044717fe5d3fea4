"""How the companies of a run are shared among its tasks, and that one that fails stops no other."""

from collections.abc import Callable, Mapping

import pytest

from ofitec.clients.odoo import OdooDown, OdooRefused
from ofitec.errors import InputError, SeveralFailed, SeveralUnfinished
from ofitec.f29 import branches
from ofitec.f29.branches import Job


def jobs(*names: str) -> list[Job]:
    return [
        {"company": {"id": n, "name": name, "rut": f"{n}-0"}, "period": "2026-08", "compute": True}
        for n, name in enumerate(names, 1)
    ]


def failing(errors: Mapping[str, Exception], tried: list[str]) -> Callable[[Job], str]:
    def do(job: Job) -> str:
        name = job["company"]["name"]
        tried.append(name)
        if name in errors:
            raise errors[name]
        return "calculado, $1"

    return do


@pytest.mark.parametrize(
    ("companies", "most", "sizes"),
    [(0, 8, []), (1, 8, [1]), (8, 8, [1] * 8), (9, 8, [1] * 7 + [2]), (200, 8, [25] * 8), (3, 1, [3])],
)
def test_companies_keep_their_order_and_branches_their_size(companies: int, most: int, sizes: list[int]) -> None:
    listed = jobs(*(f"Empresa {n}" for n in range(companies)))
    shared = branches.share(listed, most)
    assert [job for branch in shared for job in branch] == listed
    assert [len(branch) for branch in shared] == sizes


def test_a_branch_is_named_by_its_company_or_by_its_first_and_last() -> None:
    assert branches.name(jobs("Los Aromos"), "calculado, $1") == "Los Aromos: calculado, $1"
    assert branches.name(jobs("Alfa", "Beta", "Gama"), "listas") == "Alfa … Gama (3): listas"
    assert len(branches.name(jobs("A" * 300, "B" * 300), "C" * 300)) == 250


def test_the_one_that_fails_is_named_and_the_others_are_done() -> None:
    listed, tried = jobs("Alfa", "Beta, Hijos y Cía.", "Gama"), list[str]()
    with pytest.raises(SeveralFailed) as failed:
        branches.each(listed, failing({"Beta, Hijos y Cía.": OdooRefused("No está en pesos.")}, tried))
    assert tried == ["Alfa", "Beta, Hijos y Cía.", "Gama"]
    [(name, error)] = failed.value.failures
    assert (name, str(error)) == ("Beta, Hijos y Cía., agosto de 2026", "No está en pesos.")
    assert "1 de 3 no quedaron listas" in str(failed.value)
    assert branches.standing(listed, failed.value) == "2 de 3; falta Beta, Hijos y Cía."


def test_what_may_do_better_later_is_tried_again_by_airflow() -> None:
    errors = {"Alfa": InputError("RUT repetido."), "Gama": KeyError("bug")}
    with pytest.raises(SeveralUnfinished) as failed:
        branches.each(jobs("Alfa", "Beta", "Gama"), failing(errors, []))
    assert [name for name, _ in failed.value.failures] == ["Alfa, agosto de 2026", "Gama, agosto de 2026"]


def test_when_nothing_answers_the_rest_waits_for_the_retry() -> None:
    tried: list[str] = []
    errors = dict.fromkeys(("Beta", "Gama"), OdooDown("Odoo no responde."))
    with pytest.raises(SeveralUnfinished) as failed:
        branches.each(jobs("Alfa", "Beta", "Gama", "Delta", "Épsilon"), failing(errors, tried))
    assert tried == ["Alfa", "Beta", "Gama"]
    assert [str(error) for _, error in failed.value.failures] == ["Odoo no responde."] * 2 + ["No se intentó."] * 2


def test_a_company_alone_fails_with_its_own_error() -> None:
    with pytest.raises(OdooRefused, match=r"No está en pesos\."):
        branches.each(jobs("Alfa"), failing({"Alfa": OdooRefused("No está en pesos.")}, []))
