"""Carries a run out apart from whoever asked: a closed SSH connection or a killed Airflow worker does not reach it.

A supervisor waits for the worker; if the worker is killed, the supervisor settles the run.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from ofitec.deploy.host.home import Home
from ofitec.deploy.host.journal import RUNNING, Journal


def detach(home: Home, verb: Sequence[str], log_name: str) -> int:
    """Start `supervise` of a verb in a session of its own and return its pid at once."""
    log = home.state / "logs" / log_name
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
    return child.pid


def supervise(home: Home, verb: Sequence[str]) -> int:
    """Run a verb as a child; if it was killed and left the run unsettled, run `recover` once."""
    status = _child(home, verb)
    journal = Journal.load(home)
    if journal is not None and journal.data["status"] == RUNNING:
        sys.stderr.write(f"The worker ended (status {status}) in step {journal.reached}: recovering.\n")
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
