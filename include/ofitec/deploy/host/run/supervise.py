"""Carries a run out apart from whoever asked: a closed SSH connection or a killed Airflow worker does not reach it.

A supervisor waits for the worker; if the worker is killed, the supervisor settles the run.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from ofitec.deploy.host.record.home import Home, say
from ofitec.deploy.host.record.journal import RUNNING, Journal
from ofitec.errors import PermanentError

_BEGIN = 30.0  # seconds in which a run must have written its journal


def detach(home: Home, verb: Sequence[str], run: str) -> int:
    """Start `supervise` of a verb in a session of its own; returns its pid as soon as the run's journal is there.

    :raises PermanentError: with its last words, if it ends without one
    """
    log = home.state / "logs" / f"{run}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as out:
        child = subprocess.Popen(
            [*myself(home), "supervise", *verb],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )
    deadline = time.monotonic() + _BEGIN
    while (journal := Journal.load(home)) is None or journal.run != run:
        if child.poll() is not None or time.monotonic() > deadline:
            raise PermanentError(f"Run {run} did not begin: {log.read_text().strip()[-500:]}")
        time.sleep(0.05)
    return child.pid


def supervise(home: Home, verb: Sequence[str]) -> int:
    """Run a verb as a child; if it was killed and left the run unsettled, run `recover` once."""
    status = _child(home, verb)
    journal = Journal.load(home)
    if journal is not None and journal.data["status"] == RUNNING:
        say(f"The worker ended (status {status}) in step {journal.reached}: recovering.")
        return _child(home, ["recover"])
    return status


def myself(home: Home) -> list[str]:
    """The command that starts this program again."""
    program = os.path.abspath(sys.argv[0])  # noqa: PTH100 - a zipped program has no Path of its modules
    if program.endswith("__main__.py"):
        return [sys.executable, "-m", "ofitec.deploy.host", "--home", str(home.root)]
    return [sys.executable, program, "--home", str(home.root)]


def _child(home: Home, verb: Sequence[str]) -> int:
    return subprocess.run([*myself(home), *verb], check=False, stdin=subprocess.DEVNULL).returncode
