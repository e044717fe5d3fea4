"""The continuous backup in the ledger: marks, snapshots of the filestore, and what the newest look found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ofitec.ledger.backups import CHECKED
from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import BackupRun, ContinuousLook

RUNNING, DONE, FAILED, OFF = "running", "done", "failed", "off"


@dataclass(frozen=True)
class Continuous:
    """How the continuous backup of an installation stands.

    :param begun: when it was switched on, or the first look that is still known
    :param look: the newest look that ended
    :param base_at: when the newest base backup was complete
    :param archived_at: the last moment whose WAL is known to be in the archive, None if there is none
    :param files_at: the newest moment of which the filestore is saved, by this or by a night
    """

    begun: datetime
    look: ContinuousLook
    base_at: datetime | None
    archived_at: datetime | None
    files_at: datetime | None

    def rpo(self, now: datetime) -> float | None:
        """Seconds of work that would be lost at most if Odoo's host died now; None if that is not known."""
        if self.archived_at is None or self.files_at is None:
            return None
        return max((now - min(self.archived_at, self.files_at)).total_seconds(), 0)


def start(ledger: Ledger, *, env: str, run_id: str) -> int:
    """Write down that a look is begun, and settle those that were killed; returns its id."""
    killed = update(ContinuousLook).where(ContinuousLook.env == env, ContinuousLook.outcome == RUNNING)
    row = ContinuousLook(env=env, run_id=run_id, outcome=RUNNING)
    with ledger.transaction() as session:
        ended = {"outcome": FAILED, "error": "killed before its end", "finished_at": func.clock_timestamp()}
        session.execute(killed.values(**ended))
        session.add(row)
        session.flush()
        return row.id


def change(ledger: Ledger, number: int, **values: Any) -> None:
    """Change a look's row."""
    with ledger.transaction() as session:
        session.execute(update(ContinuousLook).where(ContinuousLook.id == number).values(**values))


def end(ledger: Ledger, number: int, outcome: str, **values: Any) -> None:
    """Write down how a look ended."""
    change(ledger, number, outcome=outcome, finished_at=func.clock_timestamp(), **values)


def switched_off(ledger: Ledger, *, env: str, run_id: str) -> None:
    """Write down, once, that it is off: then nobody is told that it is late."""
    with ledger.transaction() as session:
        last = _newest(session, env)
        if last is not None and last.outcome != OFF:
            session.add(ContinuousLook(env=env, run_id=run_id, outcome=OFF, finished_at=func.clock_timestamp()))


def told_lately(ledger: Ledger, *, env: str, kind: str, since: datetime) -> bool:
    """Whether people were told of such an error since then, and no look was well meanwhile."""
    query = (
        select(ContinuousLook.outcome, ContinuousLook.kind, ContinuousLook.told)
        .where(
            ContinuousLook.env == env, ContinuousLook.outcome.in_((DONE, FAILED)), ContinuousLook.started_at >= since
        )
        .order_by(ContinuousLook.id.desc())
    )
    with ledger.transaction() as session:
        for outcome, of_kind, told in session.execute(query):
            if outcome == DONE:
                return False
            if told and of_kind == kind:
                return True
    return False


def segment_bytes(ledger: Ledger, env: str) -> int | None:
    """Bytes of a WAL segment as the newest look that knows them found them."""
    query = select(ContinuousLook.segment_bytes).where(
        ContinuousLook.env == env, ContinuousLook.segment_bytes.is_not(None)
    )
    with ledger.transaction() as session:
        return session.scalars(query.order_by(ContinuousLook.id.desc()).limit(1)).first()


def note_failure(ledger: Ledger, *, env: str, run_id: str, kind: str, said: str, error: str, told: bool) -> None:
    """Write down a run's failure: in its newest look, or in a row of its own if it came to none.

    :param told: whether people are told of it
    """
    query = select(ContinuousLook.id).where(ContinuousLook.env == env, ContinuousLook.run_id == run_id)
    values: dict[str, Any] = {"kind": kind, "said": said[:2000], "told": told}
    with ledger.transaction() as session:
        number = session.scalars(query.order_by(ContinuousLook.id.desc()).limit(1)).first()
        if number is None:
            ended = {"outcome": FAILED, "error": error[:2000], "finished_at": func.clock_timestamp()}
            session.add(ContinuousLook(env=env, run_id=run_id, **values, **ended))
        else:
            session.execute(update(ContinuousLook).where(ContinuousLook.id == number).values(**values))


def marks(ledger: Ledger, env: str) -> list[tuple[datetime, str, int]]:
    """(time, archive id, segment) of the marks, oldest first."""
    query = (
        select(ContinuousLook.mark_at, ContinuousLook.archive, ContinuousLook.mark)
        .where(ContinuousLook.env == env, ContinuousLook.mark_at.is_not(None), ContinuousLook.archive.is_not(None))
        .order_by(ContinuousLook.mark_at)
    )
    with ledger.transaction() as session:
        rows = session.execute(query).all()
    return [(at, archive, segment) for at, archive, segment in rows if at and archive and segment is not None]


def snapshots(ledger: Ledger, env: str, repository: str) -> list[ContinuousLook]:
    """The looks whose snapshot of the filestore is in that repository, oldest first."""
    query = (
        select(ContinuousLook)
        .where(
            ContinuousLook.env == env,
            ContinuousLook.files_snapshot.is_not(None),
            ContinuousLook.files_repository == repository,
        )
        .order_by(ContinuousLook.files_at)
    )
    with ledger.transaction() as session:
        return list(session.scalars(query))


def forget(ledger: Ledger, env: str, before: datetime) -> None:
    """Drop the rows of looks that began before."""
    with ledger.transaction() as session:
        session.execute(delete(ContinuousLook).where(ContinuousLook.env == env, ContinuousLook.started_at < before))


def read(session: Session) -> dict[str, Continuous]:
    """How it stands in each installation that has it on."""
    found = {}
    for env in session.scalars(select(ContinuousLook.env).distinct().order_by(ContinuousLook.env)):
        last = _newest(session, env)
        if last is None or last.outcome == OFF:
            continue
        look = ContinuousLook
        off = select(func.max(look.id)).where(look.env == env, look.outcome == OFF)
        since = (look.env == env, look.id > func.coalesce(off.scalar_subquery(), 0))
        newest = func.max(look.base_at), func.max(look.archived_at), func.max(look.files_at)
        begun, base, archived, files = session.execute(select(func.min(look.started_at), *newest).where(*since)).one()
        night = session.scalar(
            select(func.max(BackupRun.snapshot_at)).where(
                BackupRun.env == env, BackupRun.copy_of.is_(None), BackupRun.status == CHECKED
            )
        )
        found[env] = Continuous(begun, last, base, archived, max(filter(None, (files, night)), default=None))
    return found


def _newest(session: Session, env: str) -> ContinuousLook | None:
    query = select(ContinuousLook).where(ContinuousLook.env == env, ContinuousLook.outcome != RUNNING)
    return session.scalars(query.order_by(ContinuousLook.id.desc()).limit(1)).first()
