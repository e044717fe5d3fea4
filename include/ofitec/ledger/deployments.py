"""Deploys and rollbacks in the ledger. The host's journal is the truth while a run goes on; this is what stays."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import Deployment

PLANNED, RUNNING, DONE, UNDONE, STUCK, DROPPED = "planned", "running", "done", "undone", "stuck", "dropped"
REJECTED = "rejected"  # a person, or silence, said no
ENDED = (DONE, UNDONE, STUCK, DROPPED, REJECTED)


def plan(ledger: Ledger, **values: Any) -> None:
    """Write a plan down; planning the same run again replaces it."""
    new = insert(Deployment).values(**values, status=PLANNED, steps=[])
    changed = {name: new.excluded[name] for name in (*values, "status", "steps") if name != "run"}
    with ledger.transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=[Deployment.run], set_=changed))


def change(ledger: Ledger, run: str, **values: Any) -> None:
    """Change a deployment's row; an end gets its time."""
    if values.get("status") in ENDED:
        values.setdefault("finished_at", datetime.now(UTC))
    with ledger.transaction() as session:
        session.execute(update(Deployment).where(Deployment.run == run).values(**values))


def last_interruption(ledger: Ledger, env: str) -> float | None:
    """Seconds without service of the newest upgrade that came into service there; None if there was none."""
    query = (
        select(Deployment.maintenance_seconds)
        .where(Deployment.env == env, Deployment.mode == "MIGRATE", Deployment.status == DONE)
        .where(Deployment.maintenance_seconds.is_not(None))
        .order_by(Deployment.id.desc())
    )
    with ledger.transaction() as session:
        return session.scalar(query.limit(1))


def get(ledger: Ledger, run: str) -> Deployment | None:
    """The deployment of that run."""
    with ledger.transaction() as session:
        return session.scalars(select(Deployment).where(Deployment.run == run)).first()
