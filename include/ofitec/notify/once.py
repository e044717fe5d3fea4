"""Sends a message exactly once, by a claim in the ledger, even when Airflow calls twice or a task is retried."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from ofitec.ledger import Ledger
from ofitec.ledger.tables import Notification

log = logging.getLogger(__name__)

# a sender that died between its claim and its sending gives its claim up after this time
_ABANDONED = timedelta(minutes=10)


def send_once(ledger: Ledger, *, key: str, kind: str, dag_id: str, run_id: str, send: Callable[[], None]) -> bool:
    """Call `send` if no message with this key was sent yet.

    :param key: what makes the message one and the same, e.g. "f29/76123456-0/2026-08/41"
    :param kind: "f29", "failure", ...
    :param send: does the sending; if it raises, the claim is given back, so that the next try sends
    :return: True if it was sent now, False if it had been before (or another process is about to)
    """
    if not _claim(ledger, key, kind, dag_id, run_id):
        log.info("Not sent again: %s", key)
        return False
    try:
        send()
    except BaseException:
        _settle(ledger, key, status="failed", sent_at=None)
        raise
    _settle(ledger, key, status="sent", sent_at=func.clock_timestamp())
    return True


def sent_since(ledger: Ledger, dag_id: str, *, kind: str, since: datetime) -> list[Notification]:
    """The messages of a kind that were sent about a DAG after that moment, oldest first."""
    query = select(Notification).where(
        Notification.dag_id == dag_id,
        Notification.kind == kind,
        Notification.status == "sent",
        Notification.claimed_at > since,
    )
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(Notification.id)))


def _claim(ledger: Ledger, key: str, kind: str, dag_id: str, run_id: str) -> bool:
    new = insert(Notification).values(key=key, kind=kind, dag_id=dag_id, run_id=run_id, status="pending", attempts=1)
    abandoned = and_(Notification.status == "pending", Notification.claimed_at < func.clock_timestamp() - _ABANDONED)
    claim = new.on_conflict_do_update(
        index_elements=[Notification.key],
        set_={
            "status": "pending",
            "attempts": Notification.attempts + 1,
            "claimed_at": func.clock_timestamp(),
            "run_id": run_id,
        },
        where=or_(Notification.status == "failed", abandoned),
    ).returning(Notification.id)
    with ledger.transaction() as session:
        return session.execute(claim).first() is not None


def _settle(ledger: Ledger, key: str, **values: object) -> None:
    with ledger.transaction() as session:
        session.execute(update(Notification).where(Notification.key == key).values(**values))
