"""Settles a run that was interrupted: by a kill, a power cut, a lost host. May be repeated, and be interrupted itself.

Before the switch the run is undone. After it, it is finished if the new version works, else undone as far as no user
has written; a way back that was begun is gone on with. So the old or the new version serves, never neither. What users
wrote to an upgraded database is kept or hidden by a person's answer only, never by this alone.
"""

import os
from pathlib import Path
from typing import Any

from ofitec.deploy.host.machine import manifests, smoke
from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record import lock, releases
from ofitec.deploy.host.record.home import Home, say
from ofitec.deploy.host.record.journal import RUNNING, STUCK, Journal
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
    if alive(home, journal.run):
        raise PermanentError(f"Run {journal.run} is under way (step {journal.reached}). Let it end.")
    if keep_new or discard_since:
        _decided(home, journal, keep_new=keep_new, discard_since=discard_since)
    elif journal.facts.get("undecided"):
        _ask_again(home, journal)
    elif "undoing" in journal.facts:
        undo.undo(home, journal, journal.facts["undoing"])
    elif journal.finished("watch") or (journal.finished("switch") and _works(home, journal)):
        apply.finish(home, journal)
    else:
        step = journal.reached or "none"
        undo.undo(home, journal, journal.data["error"] or f"The run was interrupted in step {step}.")
    return {"run": journal.run, "status": journal.data["status"], "serves": _serving(home)}


def _ask_again(home: Home, journal: Journal) -> None:
    """Users wrote to the new database: see that it serves, and say what a person must answer."""
    serves = "serves" if _works(home, journal) else "does not work"
    since = journal.facts.get("switched_at", journal.data["begun"])
    said = journal.data["error"] or (
        f"Run {journal.run} failed after users had written to the upgraded database, which serves since {since}."
    )
    if journal.data["status"] != STUCK:
        journal.settle(STUCK, said)
    raise PermanentError(
        f"{said} A person must answer, `recover` alone changes nothing: `recover --keep-new`, or "
        f"`recover --discard-writes-since {since}`. The new version {serves} now."
    )


def _decided(home: Home, journal: Journal, *, keep_new: bool, discard_since: str) -> None:
    if journal.data["mode"] == manifests.CODE or not journal.begun("switch"):
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
    colour = journal.facts["plan"]["colour"]
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


def pid_file(home: Home) -> Path:
    """Where the detached process of a run says which one it is: "run pid start-time"."""
    return home.state / "process"


def process_start(pid: int) -> str:
    """The kernel's start time of a process, so that a reused pid is not mistaken for ours; "" if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def mark_process(home: Home, run: str) -> None:
    """Say that this process carries out a run."""
    pid = os.getpid()
    pid_file(home).write_text(f"{run} {pid} {process_start(pid)}")


def alive(home: Home, run: str) -> bool:
    """Whether another process carries this run out."""
    try:
        owner, pid, start = pid_file(home).read_text().split()
    except (FileNotFoundError, ValueError):
        return False
    if int(pid) == os.getpid():
        return False
    return owner == run and process_start(int(pid)) == start


def release_lock(home: Home, run: str) -> bool:
    """Give a run's lock back, if the run is settled or never began to change anything.

    :raises PermanentError: if it is under way or waits for `recover`
    """
    journal = Journal.load(home)
    if journal is not None and journal.run == run and journal.data["status"] in (RUNNING, STUCK):
        raise PermanentError(f"Run {run} is not settled (step {journal.reached}). Run `recover` first.")
    return lock.release(home, run)
