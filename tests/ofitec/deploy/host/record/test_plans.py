"""A plan is read as it was approved, by whichever version reads it, and its terms are never made up."""

import json
from typing import Any

import pytest

from ofitec.deploy.host.record import plans
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.plans import Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.errors import InputError
from ofitec.whole_file import write_whole
from tests.ofitec.deploy.host.examples import plan, plan_of_before


def test_a_plan_is_kept_whole_and_shown_without_its_long_lists(home: Home) -> None:
    plans.save(home, plan())
    assert plans.load(home, "run1") == plan()
    shown = plan().shown()
    assert Plan.read(json.loads(json.dumps(shown))) == plan(versions={}, sources={})
    assert not {"versions", "sources"} & (shown.keys() | shown["current"].keys())


def test_what_a_later_version_adds_to_a_plan_is_left_out() -> None:
    later = plan().whole() | {"reason": "new"}
    later["terms"] = later["terms"] | {"patience_seconds": 3}
    assert Plan.read(later) == plan()


def test_a_plan_without_terms_is_not_carried_out_on_terms_that_nobody_approved(home: Home) -> None:
    write_whole(home.state / "plans" / "run1.json", json.dumps(plan_of_before()))
    with pytest.raises(InputError, match=r"planned by an earlier version .* plan again"):
        plans.load(home, "run1")


def test_a_run_without_a_plan_is_answered_with_a_sentence(home: Home) -> None:
    with pytest.raises(InputError, match="Run x has no plan on this host"):
        plans.load(home, "x")


@pytest.mark.parametrize(
    "wrong", [{"canary_percent": 100}, {"canary_percent": -1}, {"window_seconds": 0}, {"watch_seconds": -1}]
)
def test_terms_that_cannot_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Terms(**wrong)
