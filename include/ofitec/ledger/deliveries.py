"""F29 deliveries in the ledger."""

from sqlalchemy import select

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import F29Delivery


def latest(ledger: Ledger, rut: str, period: str) -> F29Delivery | None:
    """The newest delivery of a RUT ("76123456-0") and period ("2026-08"), or None."""
    with ledger.transaction() as session:
        query = select(F29Delivery).where(F29Delivery.rut == rut, F29Delivery.period == period)
        return session.scalars(query.order_by(F29Delivery.id.desc()).limit(1)).first()


def record(ledger: Ledger, delivery: F29Delivery) -> int:
    """Add a delivery and return its id."""
    with ledger.transaction() as session:
        session.add(delivery)
        session.flush()
        return delivery.id
