"""The journal of restored copies that take their place: what a killed restore left half-way."""

from sqlalchemy import func, select, update

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import RestoreSwitch

RUNNING, DONE, UNDONE = "running", "done", "undone"


def begin(ledger: Ledger, switch: RestoreSwitch) -> RestoreSwitch:
    """Write down what will be renamed, before anything is."""
    with ledger.transaction() as session:
        session.add(switch)
    return switch


def half_done(ledger: Ledger, *, env: str, server: str) -> list[RestoreSwitch]:
    """Those that were begun and neither done nor undone, newest first."""
    query = select(RestoreSwitch).where(
        RestoreSwitch.env == env, RestoreSwitch.server == server, RestoreSwitch.outcome == RUNNING
    )
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(RestoreSwitch.id.desc())))


def end(ledger: Ledger, switch: RestoreSwitch, outcome: str) -> None:
    """Write down how one ended: DONE or UNDONE."""
    statement = update(RestoreSwitch).where(RestoreSwitch.id == switch.id)
    with ledger.transaction() as session:
        session.execute(statement.values(outcome=outcome, finished_at=func.clock_timestamp()))
