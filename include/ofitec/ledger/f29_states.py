"""Where each F29 stands in Odoo, as last read, and when Odoo was last asked."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import F29State, SourceReading

ODOO = "odoo"


def save(ledger: Ledger, states: list[dict[str, Any]], since: str, at: datetime) -> None:
    """Replace the rows of the periods from `since` on, and note that Odoo answered.

    :param states: each holds F29State's columns but the id
    """
    keys = [(state["rut"], state["period"]) for state in states]
    gone = delete(F29State).where(F29State.period >= since)
    with ledger.transaction() as session:
        session.execute(gone.where(tuple_(F29State.rut, F29State.period).not_in(keys)) if keys else gone)
        if states:
            new = insert(F29State)
            renewed = {name: new.excluded[name] for name in states[0] if name not in ("rut", "period")}
            session.execute(new.on_conflict_do_update(index_elements=["rut", "period"], set_=renewed), states)
        session.execute(_reading(tried_at=at, read_at=at, error=None))


def failed(ledger: Ledger, error: str, at: datetime) -> None:
    """Note that Odoo was asked and did not answer. The rows stay as they are."""
    with ledger.transaction() as session:
        session.execute(_reading(tried_at=at, error=error))


def reading(ledger: Ledger) -> SourceReading | None:
    """When Odoo was last asked and when it last answered; None if it was never asked."""
    with ledger.transaction() as session:
        return session.get(SourceReading, ODOO)


def read(session: Session, since: str) -> tuple[list[F29State], SourceReading | None]:
    """What `save` and `failed` wrote: the rows of periods from `since` on, newest first, and Odoo's last reading."""
    query = select(F29State).where(F29State.period >= since).order_by(F29State.period.desc(), F29State.company)
    return list(session.scalars(query)), session.get(SourceReading, ODOO)


def _reading(**values: Any) -> Any:
    new = insert(SourceReading).values(source=ODOO, **values)
    return new.on_conflict_do_update(index_elements=["source"], set_=values)
