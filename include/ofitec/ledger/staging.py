"""Staging copies in the ledger: which stands, of which morning, and why one does not."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import StagingCopy

RUNNING, STANDING, REPLACED, REMOVED, FAILED = "running", "standing", "replaced", "removed", "failed"


def start(ledger: Ledger, *, env: str, server: str, database: str, run_id: str) -> int:
    """Write down that a copy is begun, and settle those that were killed; returns its id."""
    killed = update(StagingCopy).where(
        StagingCopy.env == env, StagingCopy.database == database, StagingCopy.outcome == RUNNING
    )
    row = StagingCopy(
        env=env, server=server, database=database, run_id=run_id, outcome=RUNNING, steps={}, masked={}, findings=[]
    )
    with ledger.transaction() as session:
        ended = func.clock_timestamp()
        session.execute(killed.values(outcome=FAILED, error="killed before its end", finished_at=ended))
        session.add(row)
        session.flush()
        return row.id


def change(ledger: Ledger, number: int, **values: Any) -> None:
    """Change a copy's row."""
    with ledger.transaction() as session:
        session.execute(update(StagingCopy).where(StagingCopy.id == number).values(**values))


def stands(ledger: Ledger, number: int, **values: Any) -> bool:
    """This copy has the name now, and the one before it no longer; whether it is the first that ever had it."""
    with ledger.transaction() as session:
        row = session.get_one(StagingCopy, number)
        same = (StagingCopy.env == row.env, StagingCopy.database == row.database, StagingCopy.id != number)
        before = session.scalar(select(func.count()).where(*same, StagingCopy.outcome.in_((STANDING, REPLACED))))
        session.execute(update(StagingCopy).where(*same, StagingCopy.outcome == STANDING).values(outcome=REPLACED))
        ended = {"outcome": STANDING, "finished_at": func.clock_timestamp(), **values}
        session.execute(update(StagingCopy).where(StagingCopy.id == number).values(**ended))
        return not before


def failed(ledger: Ledger, number: int, *, error: str, said: str) -> None:
    """Write down that an attempt failed. One whose copy stands all the same did not."""
    running = update(StagingCopy).where(StagingCopy.id == number, StagingCopy.outcome == RUNNING)
    ended = {"outcome": FAILED, "finished_at": func.clock_timestamp()}
    with ledger.transaction() as session:
        session.execute(running.values(error=error[:2000], said=said[:2000], **ended))


def agree(ledger: Ledger, *, env: str, database: str, copy: str | None) -> None:
    """Make the rows say what stands on the server, where a kill came between the two.

    :param copy: the scratch name of the copy that stands
    """
    rows = update(StagingCopy).where(StagingCopy.env == env, StagingCopy.database == database)
    with ledger.transaction() as session:
        session.execute(
            rows.where(StagingCopy.outcome == STANDING, StagingCopy.copy.is_distinct_from(copy)).values(
                outcome=REPLACED if copy else REMOVED
            )
        )
        if copy is not None:
            ended = {"outcome": STANDING, "finished_at": func.clock_timestamp()}
            session.execute(rows.where(StagingCopy.copy == copy, StagingCopy.outcome != STANDING).values(**ended))


def newest(session: Session) -> list[tuple[StagingCopy | None, StagingCopy]]:
    """Of each installation: the copy that stands, and the newest attempt that ended; of those that ever made one."""
    envs = session.scalars(select(StagingCopy.env).distinct().order_by(StagingCopy.env))
    found = []
    for env in envs:
        of_env = select(StagingCopy).where(StagingCopy.env == env).order_by(StagingCopy.id.desc()).limit(1)
        last = session.scalars(of_env.where(StagingCopy.outcome != RUNNING)).first()
        if last is not None:
            found.append((session.scalars(of_env.where(StagingCopy.outcome == STANDING)).first(), last))
    return found


def of_run(ledger: Ledger, run_id: str) -> list[StagingCopy]:
    """A run's attempts, oldest first."""
    query = select(StagingCopy).where(StagingCopy.run_id == run_id).order_by(StagingCopy.id)
    with ledger.transaction() as session:
        return list(session.scalars(query))
