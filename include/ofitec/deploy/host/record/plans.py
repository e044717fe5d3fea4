"""The plan of a run: what a person approves, whole, with the terms on which it may be carried out.

Kept in state/plans and in the run's journal. A plan is read by other versions of this program than the one that made
it: what a version does not know it leaves out, and what an earlier one did not write is never made up for an `apply`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.record.terms import Terms
from ofitec.errors import InputError
from ofitec.whole_file import write_whole

# what these ask for, in the place of an image
ROLLBACK = "rollback"
WORKERS = "workers"


class Mode(StrEnum):
    """What a run does to the database: nothing, an upgrade of its clone, or the return to a kept one."""

    CODE = "CODE"
    MIGRATE = "MIGRATE"
    RETURN = "RETURN"


@dataclass(frozen=True)
class Change:
    """One module that an upgrade brings from a version to another."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """One run: from `current` to `image`, on `terms`.

    `versions` and `sources` are those of the image's add-ons; `silent_changes` the modules whose files changed without
    a new version; `returns_to` the database that RETURN brings back, known by `returns_oid`; `workers` how many
    processes of Odoo answer requests, 0 for as many as .env says; for `hold_seconds` of a window requests wait before
    the maintenance page comes.
    """

    run: str
    who: str
    requested: str
    image: str
    mode: Mode
    colour: str
    database: str
    current: Release
    terms: Terms
    modules: tuple[Change, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    silent_changes: tuple[str, ...] = ()
    database_bytes: int = 0
    disk_free_bytes: int = 0
    returns_to: str = ""
    returns_oid: int = 0
    workers: int = 0
    hold_seconds: float = 0

    @classmethod
    def read(cls, data: Mapping[str, Any], terms: Terms | None = None) -> Self:
        """Read `shown` or `whole`.

        :param terms: for a plan of a version that kept none in it; without them such a plan is refused
        :raises InputError: on a plan without terms
        """
        known = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        if "terms" in known:
            terms = Terms.of(known["terms"])
        if terms is None:
            raise InputError(
                f"Run {known['run']} was planned by an earlier version of this program, whose plans say neither window "
                "nor watch. Nothing was changed: give its lock back with `unlock` and plan again."
            )
        read = {
            "mode": Mode(known["mode"]),
            "current": Release(**known["current"]),
            "terms": terms,
            "modules": tuple(Change(**change) for change in known.get("modules", ())),
            "silent_changes": tuple(known.get("silent_changes", ())),
        }
        return cls(**known | read)

    @property
    def is_rollback(self) -> bool:
        """Whether it returns to the release before."""
        return self.requested == ROLLBACK

    @property
    def is_resize(self) -> bool:
        """Whether the release stays and only the number of its processes changes."""
        return self.requested == WORKERS

    def whole(self) -> dict[str, Any]:
        """As JSON, for the disk."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    def shown(self) -> dict[str, Any]:
        """As JSON, for people and Airflow: without the long lists of the add-ons' versions and hashes."""
        plan = {name: value for name, value in self.whole().items() if name not in ("versions", "sources")}
        plan["current"].pop("sources")
        return plan


def save(home: Home, plan: Plan) -> None:
    """Keep a plan for `load`."""
    write_whole(_file(home, plan.run), json.dumps(plan.whole(), indent=1), mode=0o644)


def load(home: Home, run: str) -> Plan:
    """The plan of a run.

    :raises InputError: if there is none, or it holds no terms
    """
    try:
        data = json.loads(_file(home, run).read_text())
    except FileNotFoundError:
        raise InputError(f"Run {run} has no plan on this host. Start it again with `plan`.") from None
    return Plan.read(data)


def _file(home: Home, run: str) -> Path:
    return home.state / "plans" / f"{run}.json"
