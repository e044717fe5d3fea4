"""`python -m dev.stack VERB`: demo, up, down, status. The Makefile calls it."""

from __future__ import annotations

import argparse
import sys
import time

import psutil

from dev.stack import state
from dev.stack.demo import month as demo
from dev.stack.errors import StackError
from dev.stack.local_stack import LocalStack
from dev.stack.machine import ports, progress
from dev.stack.machine.paths import LOCAL, Place
from dev.stack.machine.process import Processes


def up(place: Place) -> None:
    """Starts the stack without running anything on it."""
    stack = LocalStack(place)
    stack.airflow  # noqa: B018 - asking for it starts it and all it needs
    if place == demo.PLACE:
        state.write(stack)
    demo.show_places(stack)


def down(place: Place) -> None:
    """Ends the servers of `place`, and nothing else."""
    processes = Processes(place)
    names = [record.name for record in processes.records() if record.alive()]
    if place == demo.PLACE:
        state.forget()
    if not names:
        progress.say(f"Nothing of the {place.name} stack is running.")
        return
    with progress.step(f"ending {', '.join(names)}"):
        processes.stop_all()
    progress.say(f"The {place.name} stack's next start has new data, made from the same templates.")


def status(place: Place) -> None:
    """Lists the servers of `place` with pid, port and age."""
    known = ports.recorded(place)
    rows = [("Server", "State", "Pid", "Port", "Up for")]
    for record in Processes(place).records():
        alive = record.alive()
        minutes = f"{(time.time() - psutil.Process(record.pid).create_time()) / 60:.0f} min" if alive else ""
        port = str(known.get(record.name.replace("-api-server", ""), ""))
        rows.append((record.name, "running" if alive else "ended", str(record.pid), port, minutes))
    if len(rows) == 1:
        print(f"Nothing of the {place.name} stack is running.")
        return
    progress.table(rows, right={2, 3})


VERBS = {"demo": demo.run, "up": up, "down": down, "status": status}


def main() -> int:
    """Runs one verb; a failure is one clear message and status 1."""
    parser = argparse.ArgumentParser(prog="python -m dev.stack", description="The local stack of OFITEC ops.")
    parser.add_argument("verb", choices=VERBS, help="demo: run everything; up, down, status: the servers alone")
    parser.add_argument("--place", choices=("demo", "test"), default="demo", help="test: the test suite's own stacks")
    arguments = parser.parse_args()
    verb = arguments.verb
    try:
        VERBS[verb](Place(arguments.place))
        if verb == "down" and arguments.place == "test":
            for worker in sorted(LOCAL.glob("test-*")):  # the further stacks of a parallel test run
                down(Place(worker.name))
    except StackError as error:
        sys.stdout.flush()
        progress.say(f"\nmake {verb} stopped: {error}")
        return 1
    except KeyboardInterrupt:
        progress.say(f"\nmake {verb} was interrupted; what had started keeps running until `make down`.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
