"""Where each F29 stands in Odoo, as last read."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import F29State


def save(ledger: Ledger, states: list[dict[str, Any]]) -> None:
    """Add or renew rows; each dict holds F29State's columns but the id."""
    if not states:
        return
    new = insert(F29State)
    renewed = {name: new.excluded[name] for name in ("company", "status", "due_date", "read_at")}
    with ledger.transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["rut", "period"], set_=renewed), states)


def since(ledger: Ledger, period: str) -> list[F29State]:
    """The states of that period ("2026-08") and later ones, newest period first."""
    query = select(F29State).where(F29State.period >= period).order_by(F29State.period.desc(), F29State.company)
    with ledger.transaction() as session:
        return list(session.scalars(query))


def last_read(ledger: Ledger) -> datetime | None:
    """When Odoo was last read; None if it never was."""
    with ledger.transaction() as session:
        return session.scalar(select(func.max(F29State.read_at)))
