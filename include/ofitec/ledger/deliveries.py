"""F29 deliveries in the ledger."""

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import F29Delivery


def latest(ledger: Ledger, rut: str, period: str, version: int) -> F29Delivery | None:
    """The newest delivery of a version of a RUT's ("76123456-0") form of a period ("2026-08"), or None."""
    return _newest(ledger, rut, period, version, told=False)


def latest_told(ledger: Ledger, rut: str, period: str, version: int) -> F29Delivery | None:
    """The newest delivery of that version that people were told of, or None."""
    return _newest(ledger, rut, period, version, told=True)


def _newest(ledger: Ledger, rut: str, period: str, version: int, *, told: bool) -> F29Delivery | None:
    query = select(F29Delivery).where(
        F29Delivery.rut == rut, F29Delivery.period == period, F29Delivery.version == version
    )
    if told:
        query = query.where(F29Delivery.told_at.is_not(None))
    with ledger.transaction() as session:
        return session.scalars(query.order_by(F29Delivery.id.desc()).limit(1)).first()


def newest_by_period(ledger: Ledger, since: str, before: str) -> list[F29Delivery]:
    """The newest delivery of each RUT and period from `since` on and before `before` ("2026-08")."""
    query = (
        select(F29Delivery)
        .where(F29Delivery.period >= since, F29Delivery.period < before)
        .ext(distinct_on(F29Delivery.rut, F29Delivery.period))
        .order_by(F29Delivery.rut, F29Delivery.period, F29Delivery.version.desc(), F29Delivery.id.desc())
    )
    with ledger.transaction() as session:
        return list(session.scalars(query))


def record(ledger: Ledger, delivery: F29Delivery) -> int:
    """Add a delivery and return its id."""
    with ledger.transaction() as session:
        session.add(delivery)
        session.flush()
        return delivery.id


def told(ledger: Ledger, delivery_id: int, at: datetime) -> None:
    """Write down that people were told of a delivery, by the run of that moment."""
    with ledger.transaction() as session:
        session.execute(update(F29Delivery).where(F29Delivery.id == delivery_id).values(told_at=at))


def told_since(ledger: Ledger, rut: str, period: str, since: datetime) -> bool:
    """Whether a run of that moment or later told people of a RUT's form of a period."""
    told = exists().where(F29Delivery.rut == rut, F29Delivery.period == period, F29Delivery.told_at >= since)
    with ledger.transaction() as session:
        return bool(session.scalar(select(told)))
