"""Backups, proofs and scratch databases in the ledger. A snapshot counts only when this says so."""

from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, exists, func, select, update

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import BackupRun, RestoreProof, ScratchDatabase

RUNNING, STORED, CHECKED, FAILED = "running", "stored", "checked", "failed"
REFUTED, LOST, REMOVED = "refuted", "lost", "removed"
PASSED = "passed"
# what the repository must still hold
KEPT = (STORED, CHECKED, REFUTED)
EVERY = (RUNNING, FAILED, *KEPT, LOST, REMOVED)


def new_key(now: datetime) -> str:
    """A backup's own name: its time and a random part, e.g. 20261124T053000Z-3f9a01."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token_hex(3)}"


def start(ledger: Ledger, *, key: str, env: str, repository: str, run_id: str, key_id: str = "") -> None:
    """Write down that a backup begins, before any of it is in the repository.

    :param key_id: the restic key that opens the repository for it
    """
    place = {"env": env, "repository": repository, "run_id": run_id, "key_id": key_id}
    row = BackupRun(key=key, **place, status=RUNNING, snapshots={})
    with ledger.transaction() as session:
        session.add(row)


def change(ledger: Ledger, key: str, **values: Any) -> None:
    """Change a backup's row."""
    with ledger.transaction() as session:
        session.execute(update(BackupRun).where(BackupRun.key == key).values(**values))


def get(ledger: Ledger, key: str) -> BackupRun | None:
    """The backup of that key."""
    with ledger.transaction() as session:
        return session.scalars(select(BackupRun).where(BackupRun.key == key)).first()


def of_status(ledger: Ledger, env: str, *statuses: str) -> list[BackupRun]:
    """The backups in one of these states, oldest data first."""
    query = select(BackupRun).where(BackupRun.env == env, BackupRun.status.in_(statuses))
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(BackupRun.snapshot_at, BackupRun.id)))


def note_failure(ledger: Ledger, *, env: str, repository: str, run_id: str, error: str, said: str) -> None:
    """Write down a night that failed. A run that is tried again, or that has a failed row already, stays one row.

    :param error: for who mends it, in English
    :param said: for who reads the board and Slack, in Spanish
    """
    now = datetime.now(UTC)
    values = {"status": FAILED, "error": error[:2000], "said": said[:2000], "finished_at": now}
    of_run = select(BackupRun).where(BackupRun.env == env, BackupRun.run_id == run_id)
    with ledger.transaction() as session:
        newest = session.scalars(of_run.order_by(BackupRun.id.desc()).limit(1)).first()
        if newest is not None and newest.status == FAILED:
            session.execute(update(BackupRun).where(BackupRun.id == newest.id).values(**values))
        else:
            session.add(
                BackupRun(key=new_key(now), env=env, repository=repository, run_id=run_id, snapshots={}, **values)
            )


def newest_checked(ledger: Ledger, env: str, repository: str = "") -> BackupRun | None:
    """The newest backup that is whole in the repository.

    :param repository: its address; "" for whichever the nights are made in
    """
    found = [row for row in of_status(ledger, env, CHECKED) if _in(row, repository)]
    return found[-1] if found else None


def newest_proven(ledger: Ledger, env: str, repository: str = "") -> BackupRun | None:
    """The newest backup that was restored, compared and found right, and that is still there.

    :param repository: its address; "" for whichever the nights are made in
    """
    found = [row for row in proven(ledger, env) if _in(row, repository)]
    return found[-1] if found else None


def proven(ledger: Ledger, env: str) -> list[BackupRun]:
    """The backups that count and that passed a proof, oldest data first."""
    passed = exists().where(RestoreProof.backup_id == BackupRun.id, RestoreProof.outcome == PASSED)
    query = select(BackupRun).where(BackupRun.env == env, BackupRun.status == CHECKED, passed)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(BackupRun.snapshot_at, BackupRun.id)))


def lies_in(row: BackupRun, repository: str) -> bool:
    """Whether a backup was made in the repository of that address; "" is any."""
    return not repository or row.repository.rstrip("/") == repository


def _in(row: BackupRun, repository: str) -> bool:
    return lies_in(row, repository) if repository else row.copy_of is None


def lost(ledger: Ledger, env: str) -> list[BackupRun]:
    """The backups whose snapshots vanished and of which no person took note yet."""
    return [row for row in of_status(ledger, env, LOST) if row.acknowledged_at is None]


def acknowledge(ledger: Ledger, keys: list[str], *, by: str) -> None:
    """Write down that a person took note that these backups are lost."""
    noted = {"acknowledged_at": func.clock_timestamp(), "acknowledged_by": by}
    with ledger.transaction() as session:
        session.execute(update(BackupRun).where(BackupRun.key.in_(keys), BackupRun.status == LOST).values(**noted))


def start_proof(ledger: Ledger, backup: BackupRun, *, run_id: str, started_at: datetime) -> int:
    """Write down that a proof begins, and settle those that were killed; returns its id.

    Of each repository one proof runs at a time: another repository's may be alive.
    """
    same = select(BackupRun.id).where(BackupRun.env == backup.env, BackupRun.repository == backup.repository)
    killed = update(RestoreProof).where(RestoreProof.outcome == RUNNING, RestoreProof.backup_id.in_(same))
    row = RestoreProof(
        backup_id=backup.id, env=backup.env, run_id=run_id, outcome=RUNNING, read_data=False, booted=False,
        tables=0, rows=0, files=0, steps={}, findings=[], started_at=started_at,
    )  # fmt: skip
    with ledger.transaction() as session:
        session.execute(killed.values(outcome=FAILED, findings=["killed before its end"]))
        session.add(row)
        session.flush()
        return row.id


def change_proof(ledger: Ledger, proof: int, **values: Any) -> None:
    """Change a proof's row while it runs."""
    with ledger.transaction() as session:
        session.execute(update(RestoreProof).where(RestoreProof.id == proof).values(**values))


def finish_proof(ledger: Ledger, proof: int, outcome: str, **values: Any) -> str:
    """Write a proof's outcome, and what it means for the backup; returns what the backup was called before.

    A refuted backup stops counting, and one that passes counts (again), in the same transaction: a later proof that
    read all of it and found it right knows better than an earlier one. One that the retention removed meanwhile stays
    removed, whatever its fetched copy was like.
    """
    means = {REFUTED: REFUTED, PASSED: CHECKED}.get(outcome)
    with ledger.transaction() as session:
        row = session.get_one(RestoreProof, proof)
        backup = session.get_one(BackupRun, row.backup_id)
        before = backup.status
        values = {"outcome": outcome, "finished_at": func.clock_timestamp(), **values}
        session.execute(update(RestoreProof).where(RestoreProof.id == proof).values(**values))
        if means and before != REMOVED:
            session.execute(update(BackupRun).where(BackupRun.id == row.backup_id).values(status=means))
        return before


def forget_proof(ledger: Ledger, proof: int) -> None:
    """Take back the row of a proof that did not begin."""
    with ledger.transaction() as session:
        session.execute(delete(RestoreProof).where(RestoreProof.id == proof))


def proofs(ledger: Ledger, key: str) -> list[RestoreProof]:
    """A backup's proofs, oldest first."""
    query = select(RestoreProof).join(BackupRun, BackupRun.id == RestoreProof.backup_id).where(BackupRun.key == key)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(RestoreProof.id)))


def proven_by(ledger: Ledger, run_id: str) -> BackupRun | None:
    """The backup whose proof a run passed, the newest if there are several."""
    passed = select(RestoreProof.backup_id).where(RestoreProof.run_id == run_id, RestoreProof.outcome == PASSED)
    newest = passed.order_by(RestoreProof.id.desc()).limit(1)
    with ledger.transaction() as session:
        return session.scalars(select(BackupRun).where(BackupRun.id == newest.scalar_subquery())).first()


def plan_scratch(ledger: Ledger, *, name: str, server: str, folder: str, purpose: str, run_id: str) -> None:
    """Write down that we are about to make a scratch database."""
    row = ScratchDatabase(name=name, server=server, folder=folder, purpose=purpose, run_id=run_id)
    with ledger.transaction() as session:
        session.add(row)


def scratch(ledger: Ledger, name: str) -> ScratchDatabase | None:
    """The scratch database of that name, if we made it and it is not dropped."""
    query = select(ScratchDatabase).where(ScratchDatabase.name == name, ScratchDatabase.dropped_at.is_(None))
    with ledger.transaction() as session:
        return session.scalars(query).first()


def scratch_is_gone(ledger: Ledger, name: str) -> bool:
    """Whether we made a scratch database of that name, and it is dropped."""
    query = select(ScratchDatabase).where(ScratchDatabase.name == name, ScratchDatabase.dropped_at.is_not(None))
    with ledger.transaction() as session:
        return session.scalars(query).first() is not None


def scratches(ledger: Ledger, *, server: str, purpose: str) -> list[ScratchDatabase]:
    """The scratch databases of a purpose that are not dropped."""
    query = select(ScratchDatabase).where(
        ScratchDatabase.server == server,
        ScratchDatabase.purpose == purpose,
        ScratchDatabase.dropped_at.is_(None),
    )
    with ledger.transaction() as session:
        return list(session.scalars(query))


def hand_over(ledger: Ledger, name: str, *, was: str, to: str) -> bool:
    """Give a scratch database that is not dropped another purpose. False if it had not that one (any more)."""
    mine = update(ScratchDatabase).where(
        ScratchDatabase.name == name, ScratchDatabase.purpose == was, ScratchDatabase.dropped_at.is_(None)
    )
    with ledger.transaction() as session:
        return session.scalars(mine.values(purpose=to).returning(ScratchDatabase.id)).first() is not None


def scratch_dropped(ledger: Ledger, name: str) -> None:
    """Write down that a scratch database is gone."""
    with ledger.transaction() as session:
        statement = update(ScratchDatabase).where(ScratchDatabase.name == name)
        session.execute(statement.values(dropped_at=func.clock_timestamp()))
