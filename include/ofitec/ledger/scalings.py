"""Decisions about Odoo's number of processes in the ledger: what was decided last, and what came of changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from ofitec.ledger.scale_table import Scaling
from ofitec.ledger.store import Ledger

STAY, PROPOSED, PLANNED, RUNNING = "stay", "proposed", "planned", "running"
DONE, UNDONE, STUCK, DROPPED = "done", "undone", "stuck", "dropped"
RETURN, WORSE = "return", "worse"
OF_THE_MOMENT = (STAY, PROPOSED, DROPPED)  # nothing was changed
_TRIED = (DONE, UNDONE, STUCK)


def write(ledger: Ledger, **values: Any) -> None:
    """Write a decision down, in the place of the one before if that changed nothing; the same run again replaces it."""
    new = insert(Scaling).values(**values)
    changed = {name: new.excluded[name] for name in values if name != "run"}
    before = delete(Scaling).where(
        Scaling.env == values["env"], Scaling.run != values["run"], Scaling.status.in_(OF_THE_MOMENT)
    )
    with ledger.transaction() as session:
        session.execute(before)
        session.execute(new.on_conflict_do_update(index_elements=[Scaling.run], set_=changed))


def change(ledger: Ledger, run: str, **values: Any) -> None:
    """Change a decision's row."""
    with ledger.transaction() as session:
        session.execute(update(Scaling).where(Scaling.run == run).values(**values))


def get(ledger: Ledger, run: str) -> Scaling | None:
    """The decision of that run."""
    with ledger.transaction() as session:
        return session.scalars(select(Scaling).where(Scaling.run == run)).first()


def last_change(ledger: Ledger, env: str) -> Scaling | None:
    """The newest that came into service there."""
    return _newest(ledger, _of(env).where(Scaling.status == DONE))


def last_attempt(ledger: Ledger, env: str, *, but: str) -> Scaling | None:
    """The newest that was tried there, whatever came of it.

    :param but: a run that does not count: the one that asks
    """
    return _newest(ledger, _of(env).where(Scaling.status.in_(_TRIED), Scaling.run != but))


def failed(ledger: Ledger, env: str, since: datetime) -> set[int]:
    """Numbers of processes that came out worse, or did not come into service, since then."""
    bad = or_(Scaling.verdict == WORSE, Scaling.status.in_((UNDONE, STUCK)))
    query = select(Scaling.target).where(Scaling.env == env, Scaling.decided_at >= since, Scaling.act != RETURN, bad)
    with ledger.transaction() as session:
        return set(session.scalars(query))


@dataclass(frozen=True)
class Scale:
    """An installation's: the newest decision, and the newest that was tried (which may be the same)."""

    newest: Scaling
    tried: Scaling | None


def read(session: Session) -> list[Scale]:
    """Every installation's, by name."""
    newest = select(Scaling).ext(distinct_on(Scaling.env)).order_by(Scaling.env, Scaling.id.desc())
    tried = {row.env: row for row in session.scalars(newest.where(Scaling.status.in_(_TRIED)))}
    return [Scale(row, tried.get(row.env)) for row in session.scalars(newest)]


def _of(env: str) -> Select[Scaling]:
    return select(Scaling).where(Scaling.env == env).order_by(Scaling.id.desc())


def _newest(ledger: Ledger, query: Select[Scaling]) -> Scaling | None:
    with ledger.transaction() as session:
        return session.scalars(query.limit(1)).first()
