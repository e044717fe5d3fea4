"""Backups, proofs and scratch databases in the ledger. A snapshot counts only when this says so."""

from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import exists, func, select, update

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import BackupRun, RestoreProof, ScratchDatabase

RUNNING, STORED, CHECKED, FAILED = "running", "stored", "checked", "failed"
REFUTED, LOST, REMOVED = "refuted", "lost", "removed"
PASSED = "passed"
# what the repository must still hold
KEPT = (STORED, CHECKED, REFUTED)


def new_key(now: datetime) -> str:
    """A backup's own name: its time and a random part, e.g. 20261124T053000Z-3f9a01."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token_hex(3)}"


def start(ledger: Ledger, *, key: str, env: str, repository: str, run_id: str) -> None:
    """Write down that a backup begins, before any of it is in the repository."""
    row = BackupRun(key=key, env=env, repository=repository, run_id=run_id, status=RUNNING, snapshots={})
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


def newest_checked(ledger: Ledger, env: str) -> BackupRun | None:
    """The newest backup that is whole in the repository."""
    found = of_status(ledger, env, CHECKED)
    return found[-1] if found else None


def newest_proven(ledger: Ledger, env: str) -> BackupRun | None:
    """The newest backup that was restored, compared and found right, and that is still there."""
    passed = exists().where(RestoreProof.backup_id == BackupRun.id, RestoreProof.outcome == PASSED)
    query = select(BackupRun).where(BackupRun.env == env, BackupRun.status == CHECKED, passed)
    with ledger.transaction() as session:
        return session.scalars(query.order_by(BackupRun.snapshot_at.desc()).limit(1)).first()


def record_proof(ledger: Ledger, proof: RestoreProof) -> int:
    """Add a proof and return its id. A refuted backup stops counting in the same transaction."""
    with ledger.transaction() as session:
        session.add(proof)
        if proof.outcome == REFUTED:
            session.execute(update(BackupRun).where(BackupRun.id == proof.backup_id).values(status=REFUTED))
        session.flush()
        return proof.id


def proofs(ledger: Ledger, key: str) -> list[RestoreProof]:
    """A backup's proofs, oldest first."""
    query = select(RestoreProof).join(BackupRun, BackupRun.id == RestoreProof.backup_id).where(BackupRun.key == key)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(RestoreProof.id)))


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


def scratches(ledger: Ledger, *, server: str, purpose: str) -> list[ScratchDatabase]:
    """The scratch databases of a purpose that are not dropped."""
    query = select(ScratchDatabase).where(
        ScratchDatabase.server == server,
        ScratchDatabase.purpose == purpose,
        ScratchDatabase.dropped_at.is_(None),
    )
    with ledger.transaction() as session:
        return list(session.scalars(query))


def scratch_dropped(ledger: Ledger, name: str) -> None:
    """Write down that a scratch database is gone."""
    with ledger.transaction() as session:
        statement = update(ScratchDatabase).where(ScratchDatabase.name == name)
        session.execute(statement.values(dropped_at=func.clock_timestamp()))
