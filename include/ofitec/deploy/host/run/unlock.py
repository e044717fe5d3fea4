"""Gives a run's lock back."""

from ofitec.deploy.host.record import lock
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import RUNNING, STUCK, Journal
from ofitec.errors import PermanentError


def unlock(home: Home, run: str) -> bool:
    """Give a run's lock back, if the run is settled or never began to change anything; True if it held it.

    :raises PermanentError: if it is under way or waits for `recover`
    """
    journal = Journal.load(home)
    if journal is not None and journal.run == run and journal.data["status"] in (RUNNING, STUCK):
        raise PermanentError(f"Run {run} is not settled (step {journal.reached}). Run `recover` first.")
    return lock.release(home, run)
