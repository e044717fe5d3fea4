"""The journal of the run under way: one JSON file, on the disk after every step, from which `recover` decides."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ofitec.deploy.host.record.home import Home, say, write_whole
from ofitec.errors import PermanentError

# How a run ended. `running` is the only status that asks for something to be done.
RUNNING, DONE, UNDONE, STUCK = "running", "done", "undone", "stuck"


def now() -> str:
    """This moment in UTC, whole seconds, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Journal:
    """`data` is {run, mode, status, error, pid, facts: {...}, steps: [{name, state, at, seconds}]}."""

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        self.path = path
        self.data = data

    @staticmethod
    def file(home: Home) -> Path:
        return home.state / "journal.json"

    @classmethod
    def begin(cls, home: Home, run: str, mode: str, **facts: Any) -> Self:
        """Start the journal of a run.

        :raises PermanentError: if the last run has not been settled
        """
        last = cls.load(home)
        if last is not None and last.data["status"] in (RUNNING, STUCK):
            raise PermanentError(
                f"Run {last.data['run']} was interrupted after step {last.reached or 'none'} and is not settled. "
                "Run `recover` first."
            )
        data = {"run": run, "mode": mode, "status": RUNNING, "error": "", "begun": now(), "facts": facts, "steps": []}
        journal = cls(cls.file(home), data)
        journal.save()
        return journal

    @classmethod
    def load(cls, home: Home) -> Self | None:
        """The journal of the last run, or None."""
        path = cls.file(home)
        return cls(path, json.loads(path.read_text())) if path.exists() else None

    @property
    def run(self) -> str:
        return str(self.data["run"])

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.data["facts"]
        return facts

    @property
    def reached(self) -> str:
        """The name of the last step that was begun; "" before the first."""
        return str(self.data["steps"][-1]["name"]) if self.data["steps"] else ""

    def begun(self, step: str) -> bool:
        """Whether a step was begun, finished or not."""
        return any(entry["name"] == step for entry in self.data["steps"])

    def finished(self, step: str) -> bool:
        return any(entry["name"] == step and entry["state"] == "done" for entry in self.data["steps"])

    def note(self, **facts: Any) -> None:
        """Write facts down; before the act that makes them true, if undoing that act needs them."""
        self.facts.update(facts)
        self.save()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step: its intention is on the disk before, its end after. Progress goes to standard error."""
        entry: dict[str, Any] = {"name": name, "state": "begun", "at": now(), "seconds": None}
        self.data["steps"].append(entry)
        self.save()
        say(f"==> {name} ...")
        start = time.monotonic()
        yield
        entry |= {"state": "done", "seconds": round(time.monotonic() - start, 2)}
        self.done(entry)

    def done(self, entry: dict[str, Any]) -> None:
        """Write down that a step is finished."""
        self.save()
        say(f"    {entry['name']} {entry['seconds']} s")

    def settle(self, status: str, error: str = "") -> None:
        """The run's end: `done`, `undone` (the old version serves) or `stuck` (a person must decide)."""
        self.data |= {"status": status, "error": error, "ended": now()}
        self.save()
        write_whole(self.path.parent / "journals" / f"{self.run}.json", json.dumps(self.data, indent=1))

    def save(self) -> None:
        write_whole(self.path, json.dumps(self.data, indent=1))
