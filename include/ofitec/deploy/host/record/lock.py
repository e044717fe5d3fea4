"""One deploy at a time on a host: a file that says who holds it, why and since when."""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import now
from ofitec.errors import InputError, PermanentError


class Locked(PermanentError):
    """Another run holds the lock."""


def _file(home: Home) -> Path:
    return home.state / "lock.json"


def holder(home: Home) -> dict[str, Any] | None:
    """{run, who, why, since} of who holds the lock, or None."""
    try:
        held: dict[str, Any] = json.loads(_file(home).read_text())
    except FileNotFoundError:
        return None
    return held


def acquire(home: Home, *, run: str, who: str, why: str) -> None:
    """Take the lock; taking it again for the same run is fine.

    The file appears whole, by a hard link, or not at all: a kill leaves no lock without an owner.

    :raises Locked: if another run holds it: says which, whose, since when and how to release it
    """
    home.state.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=home.state, prefix=".lock.")
    try:
        with os.fdopen(handle, "w") as out:
            json.dump({"run": run, "who": who, "why": why, "since": now()}, out)
        os.link(name, _file(home))
    except FileExistsError:
        held = holder(home)
        if held is None:
            raise Locked("The lock changed hands just now. Try again.") from None
        if held["run"] != run:
            raise Locked(
                f"{held['who']} holds the lock of this host with run {held['run']} ({held['why']}) since "
                f"{held['since']}, {_age(held['since'])} ago. Wait for it to end; if nobody runs it any more: "
                f"`recover`, then `unlock --run {held['run']}`."
            ) from None
    finally:
        Path(name).unlink(missing_ok=True)


def require(home: Home, run: str) -> None:
    """Make sure that this run holds the lock.

    :raises Locked: if it does not
    """
    held = holder(home)
    if held is None or held["run"] != run:
        raise Locked(f"Run {run} does not hold the lock of this host ({_shown(held)}). Start it again with `plan`.")


def release(home: Home, run: str) -> bool:
    """Give the lock back; True if this run held it.

    :raises InputError: if another run holds it
    """
    held = holder(home)
    if held is None:
        return False
    if held["run"] != run:
        raise InputError(f"Run {run} does not hold the lock: {_shown(held)}. Nothing was changed.")
    _file(home).unlink()
    return True


def _shown(held: dict[str, Any] | None) -> str:
    return f"{held['who']} does, with run {held['run']}, since {held['since']}" if held else "nobody does"


def _age(since: str) -> str:
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"
