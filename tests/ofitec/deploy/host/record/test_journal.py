"""What is on the disk of a run under way, and what a next one may do."""

import json

import pytest

from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import Journal, Step
from ofitec.deploy.host.record.terms import Terms
from ofitec.errors import PermanentError
from tests.ofitec.deploy.host.examples import journal_of_before, plan, plan_of_before


def test_an_unsettled_journal_lets_no_other_run_begin(home: Home) -> None:
    journal = Journal.begin(home, plan(run="first"))
    with journal.step(Step.START_NEW):
        pass
    with pytest.raises(PermanentError, match=r"Run first was interrupted after step start_new .* `recover`"):
        Journal.begin(home, plan(run="second"))
    journal.settle("undone", "why")
    assert Journal.begin(home, plan(run="second")).run == "second"
    kept = json.loads((home.state / "journals/first.json").read_text())
    assert (kept["status"], kept["error"]) == ("undone", "why")


def test_a_step_that_failed_stays_begun(home: Home) -> None:
    journal = Journal.begin(home, plan())
    with pytest.raises(ZeroDivisionError), journal.step(Step.SMOKE):
        raise ZeroDivisionError
    again = Journal.load(home)
    assert again is not None
    assert again.begun(Step.SMOKE)
    assert not again.finished(Step.SMOKE)


def test_a_plan_comes_back_from_the_journal_as_it_was_approved(home: Home) -> None:
    Journal.begin(home, plan())
    again = Journal.load(home)
    assert again is not None
    assert again.plan == plan()
    assert "plan" not in again.shown()["facts"]


def test_a_journal_of_a_version_whose_plans_had_no_terms_is_read(home: Home) -> None:
    Journal(Journal.file(home), journal_of_before()).save()
    read = Journal.load(home)
    assert read is not None
    assert read.plan == plan(terms=Terms(window_seconds=900, watch_seconds=30, canary_seconds=0))


def test_a_version_whose_plans_had_no_terms_reads_our_journal(home: Home) -> None:
    """The boot unit runs a copy of the program, which may be older than what wrote the journal."""
    ours = json.loads(Journal.begin(home, plan()).path.read_text())
    assert journal_of_before().keys() <= ours.keys()
    written = ours["facts"]["plan"]
    assert plan_of_before() == {name: written[name] for name in plan_of_before()} | {
        "current": {name: written["current"][name] for name in plan_of_before()["current"]}
    }
