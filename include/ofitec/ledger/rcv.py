"""The SII's register in the ledger: which files Odoo took in, and how each month compared with it."""

from datetime import datetime

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from ofitec.ledger.rcv_tables import RcvFile, RcvReconciliation
from ofitec.ledger.store import Ledger


def taken_in(ledger: Ledger, rut: str, period: str) -> set[str]:
    """SHA-256 of each file that Odoo took in for a RUT's ("76123456-0") month ("2026-08")."""
    query = select(RcvFile.sha256).where(RcvFile.rut == rut, RcvFile.period == period)
    with ledger.transaction() as session:
        return set(session.scalars(query))


def record_file(ledger: Ledger, file: RcvFile) -> None:
    """Write down that Odoo took a file in; one that is known already, that it did so now."""
    given = ("rut", "period", "path", "sha256", "section", "rows", "refused", "run_id")
    values = {name: getattr(file, name) for name in given}
    again = {name: values[name] for name in ("path", "section", "rows", "refused", "run_id")}
    known = insert(RcvFile).values(**values)
    known = known.on_conflict_do_update(
        constraint="rcv_file_sha256_unique", set_={**again, "loaded_at": func.clock_timestamp()}
    )
    with ledger.transaction() as session:
        session.execute(known)


def is_behind(ledger: Ledger, rut: str, period: str) -> bool:
    """Whether a file of a RUT's month was taken in after the month was last found to compare differently."""
    month = RcvReconciliation.rut == rut, RcvReconciliation.period == period
    last = select(func.max(RcvReconciliation.reconciled_at)).where(*month).scalar_subquery()
    newer = exists().where(RcvFile.rut == rut, RcvFile.period == period, or_(last.is_(None), RcvFile.loaded_at > last))
    with ledger.transaction() as session:
        return bool(session.scalar(select(newer)))


def latest(ledger: Ledger, rut: str, period: str) -> RcvReconciliation | None:
    """The newest reconciliation of a RUT's month, or None."""
    query = select(RcvReconciliation).where(RcvReconciliation.rut == rut, RcvReconciliation.period == period)
    with ledger.transaction() as session:
        return session.scalars(query.order_by(RcvReconciliation.id.desc()).limit(1)).first()


def untold(ledger: Ledger, ruts: set[str]) -> list[RcvReconciliation]:
    """The newest reconciliation of each month of these RUTs that people were not told of, by company and month."""
    query = (
        select(RcvReconciliation)
        .where(RcvReconciliation.rut.in_(ruts))
        .ext(distinct_on(RcvReconciliation.rut, RcvReconciliation.period))
        .order_by(RcvReconciliation.rut, RcvReconciliation.period, RcvReconciliation.id.desc())
    )
    with ledger.transaction() as session:
        rows = [row for row in session.scalars(query) if row.told_at is None]
    return sorted(rows, key=lambda row: (row.company, row.period))


def record(ledger: Ledger, reconciliation: RcvReconciliation) -> int:
    """Add a reconciliation and return its id."""
    with ledger.transaction() as session:
        session.add(reconciliation)
        session.flush()
        return reconciliation.id


def told(ledger: Ledger, reconciliation_id: int, at: datetime) -> None:
    """Write down that people were told of a reconciliation, by the run of that moment."""
    row = update(RcvReconciliation).where(RcvReconciliation.id == reconciliation_id)
    with ledger.transaction() as session:
        session.execute(row.values(told_at=at))
