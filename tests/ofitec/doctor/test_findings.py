"""A check that fails is one line with a next step; what needs it waits; nothing secret is said."""

import json
from argparse import Namespace
from collections.abc import Callable

import pytest

from ofitec.doctor import command
from ofitec.doctor.findings import Check, Finding, State, Unused
from ofitec.errors import InputError


def refuse() -> str:
    raise InputError("The folder /data is not there. Mount it.")


def not_set_up() -> str:
    raise Unused("no connection odoo_host: deploys are not available")


def break_down() -> str:
    raise RuntimeError("postgresql://odoo:hunter2@db/odoo went away")


@pytest.mark.parametrize(
    ("use", "state", "words"),
    [
        (lambda: "answers", State.OK, "answers"),
        (refuse, State.WRONG, "Mount it."),
        (not_set_up, State.UNUSED, "deploys are not available"),
        (break_down, State.WRONG, "RuntimeError"),
    ],
)
def test_a_check_ends_as_a_finding(use: Callable[[], str], state: State, words: str) -> None:
    found = Check("part", use).run()
    assert found.state is state
    assert words in found.sentence
    assert "hunter2" not in found.sentence


def test_what_needs_a_wrong_part_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def look(what: str) -> str:
        looked.append(what)
        return what

    checks = [
        Check("database", refuse),
        Check("rights", lambda: look("rights"), ("database",)),
        Check("room", lambda: look("room"), ("rights",)),
    ]
    monkeypatch.setattr(command, "checks", lambda: checks)
    assert [found.state for found in command.findings()] == [State.WRONG, State.WAITING, State.WAITING]
    assert looked == []


@pytest.mark.parametrize(("as_json", "wrong"), [(False, False), (False, True), (True, False), (True, True)])
def test_the_exit_status_says_whether_all_is_well(
    as_json: bool, wrong: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    checks = [Check("one", lambda: "fine"), Check("two", refuse if wrong else lambda: "fine too")]
    monkeypatch.setattr(command, "checks", lambda: checks)
    if wrong:
        with pytest.raises(SystemExit, match="1"):
            command.run(Namespace(json=as_json))
    else:
        command.run(Namespace(json=as_json))
    printed = capfd.readouterr().out
    if as_json:
        answer = json.loads(printed)
        assert answer["ok"] is not wrong
        assert [row["part"] for row in answer["checks"]] == ["one", "two"]
    else:
        assert ("✗ two: The folder /data is not there. Mount it." in printed) is wrong
        assert ("All is well" in printed) is not wrong


def test_every_need_names_a_check_that_stands_before() -> None:
    seen: set[str] = set()
    for check in command.checks():
        assert set(check.needs) <= seen, check.part
        seen.add(check.part)


def test_a_line_tells_part_and_sentence() -> None:
    assert command.line(Finding("clock", State.OK, "right")) == "✓ clock: right"
