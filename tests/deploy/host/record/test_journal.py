"""What is on the disk of a run under way, and what a next one may do."""

import json

import pytest

from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import Journal
from ofitec.errors import PermanentError


def test_an_unsettled_journal_lets_no_other_run_begin(home: Home) -> None:
    journal = Journal.begin(home, "first", "CODE", plan={})
    with journal.step("start_new"):
        pass
    with pytest.raises(PermanentError, match=r"Run first was interrupted after step start_new .* `recover`"):
        Journal.begin(home, "second", "CODE")
    journal.settle("undone", "why")
    assert Journal.begin(home, "second", "CODE").run == "second"
    kept = json.loads((home.state / "journals/first.json").read_text())
    assert (kept["status"], kept["error"]) == ("undone", "why")


def test_a_step_that_failed_stays_begun(home: Home) -> None:
    journal = Journal.begin(home, "run", "CODE")
    with pytest.raises(ZeroDivisionError), journal.step("smoke"):
        raise ZeroDivisionError
    again = Journal.load(home)
    assert again is not None
    assert again.begun("smoke")
    assert not again.finished("smoke")
