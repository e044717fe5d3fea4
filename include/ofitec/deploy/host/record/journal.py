"""The journal of the run under way: one JSON file, on the disk after every step, from which `recover` decides."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from ofitec.deploy.host.record.home import Home, say
from ofitec.deploy.host.record.plans import Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.errors import PermanentError
from ofitec.whole_file import write_whole

# How a run ended. `running` is the only status that asks for something to be done.
RUNNING, DONE, UNDONE, STUCK = "running", "done", "undone", "stuck"


class Step(StrEnum):
    """The steps of a run, as its journal names them; CODE takes some, MIGRATE and RETURN others."""

    MAINTENANCE = "maintenance"
    STOP_OLD = "stop_old"
    FENCE = "fence"
    CLONE_DATABASE = "clone_database"
    CLONE_FILESTORE = "clone_filestore"
    UPGRADE = "upgrade"
    TAKE_KEPT = "take_kept"
    EXCHANGE = "exchange"
    START_NEW = "start_new"
    SMOKE = "smoke"
    CANARY = "canary"
    SWITCH = "switch"
    WATCH = "watch"
    RECORD = "record"
    CRON = "cron"
    DRAIN = "drain"
    PRUNE = "prune"


def now() -> str:
    """This moment in UTC, whole seconds, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Journal:
    """`data` is {run, mode, status, error, begun, facts: {plan, ...}, steps: [{name, state, at, seconds}]}.

    Its form is older than this program, and a run may be settled by another version than the one that began it (the
    boot unit's copy, an upgraded package): what `recover` reads keeps its name.
    """

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        self.path = path
        self.data = data

    @staticmethod
    def file(home: Home) -> Path:
        return home.state / "journal.json"

    @classmethod
    def begin(cls, home: Home, plan: Plan) -> Self:
        """Start the journal of a plan's run.

        :raises PermanentError: if the last run has not been settled
        """
        last = cls.load(home)
        if last is not None and last.data["status"] in (RUNNING, STUCK):
            raise PermanentError(
                f"Run {last.data['run']} was interrupted after step {last.reached or 'none'} and is not settled. "
                "Run `recover` first."
            )
        data = {
            "run": plan.run, "mode": plan.mode, "status": RUNNING, "error": "", "begun": now(),
            "facts": {"plan": plan.whole()}, "steps": [],
        }  # fmt: skip
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
    def plan(self) -> Plan:
        """What is carried out. Journals from before plans had terms held these beside it, under shorter names."""
        facts = self.facts
        before = {
            "window_seconds": facts.get("window"),
            "watch_seconds": facts.get("watch"),
            "canary_percent": facts.get("canary"),
            "canary_seconds": facts.get("canary_seconds"),
        }
        return Plan.read(facts["plan"], Terms.of(before))

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.data["facts"]
        return facts

    @property
    def reached(self) -> str:
        """The name of the last step that was begun; "" before the first."""
        return str(self.data["steps"][-1]["name"]) if self.data["steps"] else ""

    def begun(self, step: Step) -> bool:
        """Whether a step was begun, finished or not."""
        return any(entry["name"] == step for entry in self.data["steps"])

    def finished(self, step: Step) -> bool:
        return any(entry["name"] == step and entry["state"] == "done" for entry in self.data["steps"])

    def note(self, **facts: Any) -> None:
        """Write facts down; before the act that makes them true, if undoing that act needs them."""
        self.facts.update(facts)
        self.save()

    @contextmanager
    def step(self, name: Step) -> Iterator[None]:
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
        write_whole(self.path.parent / "journals" / f"{self.run}.json", json.dumps(self.data, indent=1), mode=0o644)

    def shown(self) -> dict[str, Any]:
        """`data` without the plan, which is long."""
        return {**self.data, "facts": {name: value for name, value in self.facts.items() if name != "plan"}}

    def save(self) -> None:
        write_whole(self.path, json.dumps(self.data, indent=1), mode=0o644)
