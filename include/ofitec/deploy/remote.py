"""Drives the host program over SSH: puts it there, runs its verbs, follows a run that goes on without us."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from ofitec.clients.ssh import Host, HostDown
from ofitec.deploy import bundle
from ofitec.errors import InputError, OfitecError, PermanentError, TransientError

log = logging.getLogger(__name__)

# kinds of errors of the host program: those that may pass, and what somebody typed
_KINDS = {"ProxyDown": TransientError, "ProgramTimeout": TransientError, "InputError": InputError}
_POLL = 2.0  # seconds between two looks at a run
_PATIENCE = 900.0  # seconds that the host may be out of reach while a run goes on there


class VerbFailed(PermanentError):
    """The host program refused or failed; the message is its own."""


class Undone(PermanentError):
    """The run failed and the old version serves again."""


class Stuck(PermanentError):
    """The run needs a person's decision."""


class Remote:
    """The host program of one installation."""

    def __init__(self, host: Host, home: str) -> None:
        self._host, self._home = host, home
        program = bundle.build()
        self._program, self._path = program, f"{home}/state/bin/{bundle.name(program)}"
        self._there = False

    def verb(self, *args: str, timeout: float = 600) -> dict[str, Any]:
        """Run one verb and return its answer.

        :raises VerbFailed: with the host program's own words
        :raises InputError: if what was asked for is wrong
        :raises TransientError: if that may pass
        :raises HostDown: if the host cannot be reached
        """
        self._put()
        done = self._host.run(["python3", self._path, "--home", self._home, *args], timeout=timeout)
        for line in done.stderr.splitlines():
            log.info("%s", line)
        lines = done.stdout.strip().splitlines()
        if not lines:
            raise VerbFailed(f"The host program said nothing (status {done.returncode}): {done.stderr[-500:]}")
        answer: dict[str, Any] = json.loads(lines[-1])
        if "error" in answer and "kind" in answer:
            raise _KINDS.get(answer["kind"], VerbFailed)(str(answer["error"]))
        return answer

    def follow(self, run: str, on_step: Callable[[list[dict[str, Any]]], None], *, timeout: float) -> dict[str, Any]:
        """Wait for the end of a run that goes on at the host; returns its journal.

        A lost connection is waited for: the run does not need us. If its process is gone, the run is settled.

        :param on_step: gets the steps so far whenever one was added or ended
        :raises Undone: if it failed and the old version serves
        :raises Stuck: if a person must decide
        :raises HostDown: if the host stays out of reach
        """
        deadline, seen, heard = time.monotonic() + timeout, "", time.monotonic()
        while True:
            try:
                journal = self.verb("status", timeout=60)["journal"]
            except HostDown as error:
                if time.monotonic() - heard > _PATIENCE:
                    raise
                log.warning("%s The run goes on without us; asking again.", error)
                time.sleep(_POLL)
                continue
            heard = time.monotonic()
            if journal is None or journal["run"] != run:
                raise VerbFailed(f"Run {run} never began on the host. See {self._home}/state/logs/{run}.log there.")
            steps = journal["steps"]
            if (shown := json.dumps(steps)) != seen:
                seen = shown
                on_step(steps)
            if journal["status"] == "running" and not journal["alive"]:
                log.warning("The process of run %s is gone: settling the run.", run)
                self.verb("recover", timeout=1800)
                continue
            if journal["status"] != "running":
                return self._judged(journal)
            if heard > deadline:
                raise HostDown(f"Run {run} has not ended within {timeout:.0f} s; it goes on at the host.")
            time.sleep(_POLL)

    def _judged(self, journal: dict[str, Any]) -> dict[str, Any]:
        if journal["status"] == "undone":
            raise Undone(f"{journal['error']} The version before serves again.")
        if journal["status"] == "stuck":
            raise Stuck(journal["error"])
        return journal

    def settle(self, run: str) -> dict[str, Any]:
        """Leave nothing half-done: recover the run if it was interrupted, give its lock back; returns the status.

        :raises OfitecError: if a person must decide
        """
        status = self.verb("status")
        journal = status["journal"]
        if journal and journal["run"] == run and journal["status"] == "running":
            if journal["alive"]:
                raise HostDown(f"Run {run} still goes on at the host.")
            self.verb("recover", timeout=1800)
        if status["lock"] and status["lock"]["run"] == run:
            try:
                self.verb("unlock", f"--run={run}")
            except OfitecError as error:
                log.warning("%s", error)
        return self.verb("status")

    def _put(self) -> None:
        """Have this version of the program on the host; its name holds its hash, so it is never replaced."""
        if self._there:
            return
        script = (
            'test -f "$1" && exit 0; mkdir -p "$(dirname "$1")" && '
            'cat > "$1.$$" && test "$(wc -c < "$1.$$")" = "$2" && mv "$1.$$" "$1"'
        )
        argv = ["sh", "-c", script, "put", self._path, str(len(self._program))]
        done = self._host.run(argv, stdin=self._program, timeout=60)
        if done.returncode != 0:
            raise VerbFailed(
                f"The host program could not be put into {self._home}: {done.stderr.strip()[-300:]}. Check that the "
                "folder of OFITEC_HOST_HOME exists there and belongs to the user of connection odoo_host."
            )
        self._there = True
