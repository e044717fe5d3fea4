"""Plans and journals to test with, those of an earlier version as it wrote them."""

from dataclasses import replace
from typing import Any

from ofitec.deploy.host.record.plans import Change, Mode, Plan
from ofitec.deploy.host.record.releases import Release
from ofitec.deploy.host.record.terms import Terms

BLUE = Release(
    run="before", image=f"ghcr.io/a/odoo@sha256:{'b' * 64}", colour="blue", mode="CODE",
    at="2026-11-20T01:00:00+00:00", who="Ana",
)  # fmt: skip
_PLAN = Plan(
    run="run1",
    who="Paula",
    requested="ghcr.io/a/odoo:19.0-7",
    image=f"ghcr.io/a/odoo@sha256:{'a' * 64}",
    mode=Mode.MIGRATE,
    colour="green",
    database="odoo",
    current=BLUE,
    terms=Terms(window_seconds=900, watch_seconds=0.5, hours="22:00-06:00"),
    modules=(Change("of_sii_cl", "19.0.1.0.0", "19.0.1.1.0"),),
    versions={"of_sii_cl": "19.0.1.1.0"},
    sources={"of_sii_cl": "0f"},
    silent_changes=("base",),
    database_bytes=4096,
    disk_free_bytes=8192,
)


def plan(**changed: Any) -> Plan:
    return replace(_PLAN, **changed)


def plan_of_before(**changed: Any) -> dict[str, Any]:
    """A plan as the versions without terms wrote it."""
    return {
        "run": "run1", "who": "Paula", "image": f"ghcr.io/a/odoo@sha256:{'a' * 64}", "mode": "MIGRATE",
        "colour": "green", "database": "odoo",
        "current": {
            "run": "before", "image": f"ghcr.io/a/odoo@sha256:{'b' * 64}", "colour": "blue", "mode": "CODE",
            "at": "2026-11-20T01:00:00+00:00", "who": "Ana", "kept_database": "", "kept_oid": 0,
        },
        "returns_to": "", "returns_oid": 0, "requested": "ghcr.io/a/odoo:19.0-7",
        "modules": [{"name": "of_sii_cl", "before": "19.0.1.0.0", "after": "19.0.1.1.0"}],
        "versions": {"of_sii_cl": "19.0.1.1.0"}, "sources": {"of_sii_cl": "0f"}, "silent_changes": ["base"],
        "database_bytes": 4096, "disk_free_bytes": 8192,
    } | changed  # fmt: skip


def journal_of_before(**changed: Any) -> dict[str, Any]:
    """The journal of a run that such a version began and left."""
    return {
        "run": "run1", "mode": "MIGRATE", "status": "running", "error": "", "begun": "2026-11-24T01:10:00+00:00",
        "facts": {"plan": plan_of_before(), "window": 900, "watch": 30.0, "canary": 0, "canary_seconds": 0},
        "steps": [],
    } | changed  # fmt: skip
