"""The shipped monitoring configuration made fit for this machine: other addresses, other secret files, other times.

What is watched, how, and who hears of it stays as shipped, so that a test of the stack is a test of those files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dev.stack.errors import StackError
from dev.stack.machine.paths import ROOT

SHIPPED = ROOT / "include" / "monitoring"


@dataclass(frozen=True)
class Pace:
    """Seconds. `hold` and `keep` replace every rule's `for` and `keep_firing_for`; without a hold both stay its own."""

    scrape: float = 30
    evaluate: float = 15
    hold: float | None = None
    keep: float = 5
    group_wait: float = 30
    group_interval: float = 300


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """`text` with each key replaced by its value. Raises StackError when a key is not there: files drifted apart."""
    for old, new in changes.items():
        if old not in text:
            raise StackError(f"the shipped configuration no longer holds {old!r}: mend stack/monitoring.py.")
        text = text.replace(old, new)
    return text


def prometheus(addresses: Mapping[str, str], secrets: str, pace: Pace) -> str:
    """prometheus.yml with other addresses, the folder of secret files, and the pace."""
    text = replaced((SHIPPED / "prometheus" / "prometheus.yml").read_text(), {**addresses, "/run/secrets": secrets})
    times = {"scrape_interval": pace.scrape, "evaluation_interval": pace.evaluate}
    for name, seconds in times.items():
        text = re.sub(rf"(?m)^(  {name}: ).*$", rf"\g<1>{_duration(seconds)}", text)
    return re.sub(r"(?m)^(  scrape_timeout: ).*$", rf"\g<1>{_duration(min(pace.scrape, 10))}", text)


def rules(pace: Pace) -> dict[str, str]:
    """File name to content of the shipped rules, at this pace."""
    files = {path.name: path.read_text() for path in sorted((SHIPPED / "prometheus" / "rules").glob("*.yml"))}
    if pace.hold is None:
        return files
    times = {"for": pace.hold, "keep_firing_for": pace.keep}
    for key, seconds in times.items():
        files = {
            name: re.sub(rf"(?m)^(\s+{key}: ).*$", rf"\g<1>{_duration(seconds)}", text) for name, text in files.items()
        }
    return files


def alertmanager(changes: Mapping[str, str], secrets: str, pace: Pace) -> str:
    """alertmanager.yml with an installation's own lines, the folder of secret files, and the pace."""
    text = replaced((SHIPPED / "alertmanager" / "alertmanager.yml").read_text(), {**changes, "/run/secrets": secrets})
    waits = {"group_wait: 30s": pace.group_wait, "group_interval: 5m": pace.group_interval}
    return replaced(text, {old: f"{old.split(':')[0]}: {_duration(seconds)}" for old, seconds in waits.items()})


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
