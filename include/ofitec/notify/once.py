"""Sends a message once, by a claim in the ledger, even when Airflow calls twice or a task is retried.

A message that did not leave (its sender was killed, Slack was down) is kept with what it says, and whoever sends the
next one, or ends a run well, sends it too. Once is a promise of the ledger's: while that is down, a message that nobody
would try again is sent all the same. Twice is better than never.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ofitec import words
from ofitec.errors import OfitecError
from ofitec.ledger import Ledger, open_ledger
from ofitec.ledger.tables import Notification
from ofitec.notify import channels
from ofitec.notify.blocks import Block, context
from ofitec.notify.escape import Message
from ofitec.settings import settings

log = logging.getLogger(__name__)

PENDING, SENT, FAILED = "pending", "sent", "failed"

# a sender that died between its claim and its sending gives its claim up after this time
_ABANDONED = timedelta(minutes=10)
_TOO_OLD = timedelta(days=3)  # what nobody could be told for so long is history
_MOST_AGAIN = 20  # late messages sent at one go


def send_once(ledger: Ledger, *, key: str, kind: str, dag_id: str, run_id: str, send: Callable[[], None]) -> bool:
    """Call `send` if no message with this key was sent yet; for a task that is retried if it raises.

    :param key: what makes the message one and the same, e.g. "f29/76123456-0/2026-08/41"
    :param kind: "f29", "failure", ...
    :param send: does the sending; if it raises, the claim is given back, so that the next try sends
    :return: True if it was sent now, False if it had been before (or another process is about to)
    """
    if not _claim(ledger, key, kind=kind, dag_id=dag_id, run_id=run_id):
        log.info("Not sent again: %s", key)
        return False
    _deliver(ledger, key, send)
    return True


def tell_once(ledger: Ledger, message: Message, *, key: str, kind: str, dag_id: str, run_id: str) -> bool:
    """As `send_once` by Slack or e-mail, and the message is kept until it has left.

    :raises SlackFailed, MailFailed: if no channel took it; `tell_again` will try
    """
    text, blocks = kept = channels.closed(*message)
    claimed = _claim(ledger, key, kind=kind, dag_id=dag_id, run_id=run_id, text=text, blocks=blocks)
    return _tell(ledger, key, kept, claimed=claimed)


def tell_surely(message: Message, *, key: str, kind: str, dag_id: str, run_id: str) -> bool:
    """As `tell_once`, for callbacks, which nobody repeats: without a ledger it is sent all the same.

    :raises SlackFailed, MailFailed: if no channel took it
    """
    text, blocks = kept = channels.closed(*message)
    try:
        ledger = open_ledger()
        claimed = _claim(ledger, key, kind=kind, dag_id=dag_id, run_id=run_id, text=text, blocks=blocks)
    except (OfitecError, SQLAlchemyError) as error:
        log.warning("Sent without the ledger, perhaps twice: %s (%s)", key, error)
        channels.tell(text, blocks)
        return True
    return _tell(ledger, key, kept, claimed=claimed)


def _tell(ledger: Ledger, key: str, message: Message, *, claimed: bool) -> bool:
    if not claimed:
        log.info("Not sent again: %s", key)
        return False
    _deliver(ledger, key, lambda: channels.tell(*message))
    tell_again(ledger)
    return True


def tell_again(ledger: Ledger) -> int:
    """Send the kept messages that never left, oldest first; returns how many. Never raises: it comes beside others."""
    sent = 0
    try:
        while sent < _MOST_AGAIN and (late := _claim_late(ledger)) is not None:
            _deliver(ledger, late.key, partial(channels.tell, late.text or "", _with_note(late)))
            sent += 1
    except (OfitecError, SQLAlchemyError) as error:
        log.warning("Messages that had not left could not be sent now either: %s", error)
    return sent


def undelivered(session: Session, now: datetime, since: datetime) -> int:
    """Messages that reached nobody: refused by every channel, or claimed long ago by a sender that never finished.

    :param since: older ones are not counted
    """
    lost = or_(
        Notification.status == FAILED,
        and_(Notification.status == PENDING, Notification.claimed_at < now - _ABANDONED),
    )
    return session.scalar(select(func.count()).where(lost, Notification.claimed_at >= since)) or 0


def sent_since(ledger: Ledger, dag_id: str, *, kind: str, since: datetime) -> list[Notification]:
    """The messages of a kind that were sent about a DAG after that moment, oldest first."""
    query = select(Notification).where(
        Notification.dag_id == dag_id,
        Notification.kind == kind,
        Notification.status == SENT,
        Notification.claimed_at > since,
    )
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(Notification.id)))


def keys(ledger: Ledger, prefix: str) -> list[str]:
    """The keys of the messages that begin so: what was told, or is kept until it can be."""
    query = select(Notification.key).where(Notification.key.startswith(prefix, autoescape=True))
    with ledger.transaction() as session:
        return list(session.scalars(query))


def _deliver(ledger: Ledger, key: str, send: Callable[[], None]) -> None:
    try:
        send()
    except BaseException:
        _settle(ledger, key, status=FAILED, sent_at=None)
        raise
    _settle(ledger, key, status=SENT, sent_at=func.clock_timestamp())


def _unsent() -> ColumnElement[bool]:
    abandoned = and_(Notification.status == PENDING, Notification.claimed_at < func.clock_timestamp() - _ABANDONED)
    return or_(Notification.status == FAILED, abandoned)


def _claim(ledger: Ledger, key: str, **values: Any) -> bool:
    new = insert(Notification).values(key=key, status=PENDING, attempts=1, **values)
    claim = new.on_conflict_do_update(
        index_elements=[Notification.key],
        set_={
            **values,
            "status": PENDING,
            "attempts": Notification.attempts + 1,
            "claimed_at": func.clock_timestamp(),
        },
        where=_unsent(),
    ).returning(Notification.id)
    with ledger.transaction() as session:
        return session.execute(claim).first() is not None


def _claim_late(ledger: Ledger) -> Notification | None:
    """The oldest kept message that did not leave, claimed for us."""
    moment = func.clock_timestamp()
    found = (
        select(Notification.id)
        .where(_unsent(), Notification.text.is_not(None), Notification.made_at > moment - _TOO_OLD)
        .order_by(Notification.attempts, Notification.id)  # one that Slack will never take holds up no other
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claim = (
        update(Notification)
        .where(Notification.id == found)
        .values(status=PENDING, attempts=Notification.attempts + 1, claimed_at=moment)
        .returning(Notification)
    )
    with ledger.transaction() as session:
        return session.scalars(claim).first()


def _settle(ledger: Ledger, key: str, **values: object) -> None:
    """Write the end down. If the ledger went away meanwhile the claim grows old, and the message comes twice."""
    try:
        with ledger.transaction() as session:
            session.execute(update(Notification).where(Notification.key == key).values(**values))
    except (OfitecError, SQLAlchemyError) as error:
        log.warning("The ledger could not take down that %s is %s: %s", key, values["status"], error)


def _with_note(late: Notification) -> list[Block]:
    note = f"Aviso del {words.moment(late.made_at, settings().zone)}, que no se pudo entregar antes."
    return [*(late.blocks or []), context(note)]
