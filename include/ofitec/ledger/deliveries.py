"""F29 deliveries in the ledger."""

from datetime import datetime

from sqlalchemy import exists, select, tuple_, update
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


def newest_versions(ledger: Ledger, months: list[str]) -> dict[str, list[F29Delivery]]:
    """Month of a RUT ("76123456-0/2026-08") to the newest delivery of each version of its form, by version."""
    pairs = [tuple(month.split("/", 1)) for month in months]
    query = (
        select(F29Delivery)
        .where(tuple_(F29Delivery.rut, F29Delivery.period).in_(pairs))
        .ext(distinct_on(F29Delivery.rut, F29Delivery.period, F29Delivery.version))
        .order_by(F29Delivery.rut, F29Delivery.period, F29Delivery.version, F29Delivery.id.desc())
    )
    found: dict[str, list[F29Delivery]] = {}
    with ledger.transaction() as session:
        for row in session.scalars(query) if pairs else ():
            found.setdefault(f"{row.rut}/{row.period}", []).append(row)
    return found


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
