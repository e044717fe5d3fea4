"""Settles a run that was interrupted: by a kill, a power cut, a lost host. May be repeated, and be interrupted itself.

Before the switch the run is undone. After it, it is finished if the new version works, else undone as far as no user
has written; a way back that was begun is gone on with. So the old or the new version serves, never neither. What users
wrote to an upgraded database is kept or hidden by a person's answer only, never by this alone.
"""

from typing import Any

from ofitec.deploy.host.machine import smoke
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record import releases, worker
from ofitec.deploy.host.record.home import Home, say
from ofitec.deploy.host.record.journal import RUNNING, STUCK, Journal, Step
from ofitec.deploy.host.record.plans import Mode
from ofitec.deploy.host.run import apply, undo
from ofitec.errors import InputError, OfitecError, PermanentError


def recover(home: Home, *, keep_new: bool = False, discard_since: str = "") -> dict[str, Any]:
    """Settle the last run if it needs that, and make HAProxy agree with the record.

    :param keep_new: the answer to a passed point of no return: the new version stays
    :param discard_since: the other answer: return, and hide what was written since this moment (as the error gave it)
    :return: {"run", "status", "serves"}; status "nothing to do", "done" or "undone"
    :raises PermanentError: if a person must decide or mend something; says what
    """
    answer = _settle(home, keep_new=keep_new, discard_since=discard_since)
    if Proxy(home).repair():
        say("HAProxy's file did not say what HAProxy goes by: written anew.")
    return answer


def _settle(home: Home, *, keep_new: bool, discard_since: str) -> dict[str, Any]:
    journal = Journal.load(home)
    if journal is None or journal.data["status"] not in (RUNNING, STUCK):
        return {"run": journal.run if journal else "", "status": _agree(home), "serves": _serving(home)}
    if worker.alive(home, journal.run):
        raise PermanentError(f"Run {journal.run} is under way (step {journal.reached}). Let it end.")
    if keep_new or discard_since:
        _decided(home, journal, keep_new=keep_new, discard_since=discard_since)
    elif journal.facts.get("undecided"):
        _ask_again(home, journal)
    elif "undoing" in journal.facts:
        undo.undo(home, journal, journal.facts["undoing"])
    elif journal.finished(Step.WATCH) or (journal.finished(Step.SWITCH) and _works(home, journal)):
        apply.finish(home, journal)
    else:
        step = journal.reached or "none"
        undo.undo(home, journal, journal.data["error"] or f"The run was interrupted in step {step}.")
    return {"run": journal.run, "status": journal.data["status"], "serves": _serving(home)}


def _ask_again(home: Home, journal: Journal) -> None:
    """Users wrote to the new database: see that it serves, and say what a person must answer."""
    serves = "serves" if _works(home, journal) else "does not work"
    since = journal.facts.get("switched_at", journal.data["begun"])
    error = journal.data["error"] or (
        f"Run {journal.run} failed after users had written to the upgraded database, which serves since {since}."
    )
    if journal.data["status"] != STUCK:
        journal.settle(STUCK, error)
    raise PermanentError(
        f"{error} A person must answer, `recover` alone changes nothing: `recover --keep-new`, or "
        f"`recover --discard-writes-since {since}`. The new version {serves} now."
    )


def _decided(home: Home, journal: Journal, *, keep_new: bool, discard_since: str) -> None:
    if journal.plan.mode is Mode.CODE or not journal.begun(Step.SWITCH):
        raise InputError("This run passed no point of no return. Run `recover` without an option.")
    if keep_new:
        if not _works(home, journal):
            raise PermanentError("The new version does not work, so it cannot be kept. Mend it, or discard.")
        journal.facts.pop("undoing", None)
        journal.note(undecided=False)
        apply.finish(home, journal)
        return
    since = journal.facts.get("switched_at", journal.data["begun"])
    if discard_since != since:
        raise InputError(f"The new version serves since {since}, not since {discard_since}. Nothing was changed.")
    # what users wrote is in the new database: it stays, under a name that says so
    journal.note(own_clone=False)
    undo.undo(
        home,
        journal,
        f"Returned by decision; rows written since {since} are in {journal.facts['new_name']}.",
        decided=True,
    )


def _works(home: Home, journal: Journal) -> bool:
    colour = journal.plan.colour
    try:
        engine = Engine(home)
        engine.start(f"odoo-{colour}")
        smoke.wait_until_works(engine, f"odoo-{colour}", colour, home.database)
        Proxy(home).switch(colour)
    except OfitecError:
        return False
    return True


def _agree(home: Home) -> str:
    """HAProxy goes by the record even if a power cut came between its file and its socket."""
    record, proxy = releases.load(home), Proxy(home)
    if not record.releases or proxy.entries()["active"] == record.current.colour:
        return "nothing to do"
    engine = Engine(home)
    engine.start(f"odoo-{record.current.colour}")
    smoke.wait_until_works(engine, f"odoo-{record.current.colour}", record.current.colour, home.database)
    proxy.switch(record.current.colour)
    return "switched to the recorded colour"


def _serving(home: Home) -> str:
    return Proxy(home).entries()["active"]
