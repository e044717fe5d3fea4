"""Copies of backups in another repository: each is a backup of its own there, that names the one it was made of."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from ofitec.ledger.backups import EVERY, KEPT, RUNNING, lies_in, of_status
from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import BackupRun


def key_of(original: str, repository: str) -> str:
    """A copy's own name, the same each time: its original's, and a part that tells the repository.

    :param repository: the address of the one that holds the copy
    """
    return f"{original}-{hashlib.sha256(repository.encode()).hexdigest()[:4]}"


def begin(ledger: Ledger, original: BackupRun, *, repository: str, run_id: str, key_id: str) -> str:
    """Write down that a backup is copied, before any of it is there; a try that failed begins anew. Its key."""
    key = key_of(original.key, repository)
    values: dict[str, Any] = {
        "env": original.env, "repository": repository, "run_id": run_id, "key_id": key_id, "status": RUNNING,
        "snapshots": {}, "figures": None, "snapshot_at": None, "error": None, "said": None, "finished_at": None,
        "repository_bytes": None, "acknowledged_at": None, "acknowledged_by": None,
    }  # fmt: skip
    new = insert(BackupRun).values(key=key, copy_of=original.key, started_at=datetime.now(UTC), **values)
    with ledger.transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["key"], set_=values))
    return key


def held(ledger: Ledger, env: str, repository: str, *statuses: str) -> list[BackupRun]:
    """The copies in a repository, in one of these states (any, if none is named), oldest data first."""
    rows = of_status(ledger, env, *(statuses or EVERY))
    return [row for row in rows if row.copy_of is not None and lies_in(row, repository)]


def of(ledger: Ledger, original: str, repository: str) -> BackupRun | None:
    """The copy of a backup in a repository."""
    query = select(BackupRun).where(BackupRun.copy_of == original)
    with ledger.transaction() as session:
        return next((row for row in session.scalars(query) if lies_in(row, repository)), None)


def some(ledger: Ledger, env: str) -> bool:
    """Whether a repository should hold copies: then it is no choice to be without one."""
    query = select(BackupRun.id).where(BackupRun.env == env, BackupRun.copy_of.is_not(None), BackupRun.status.in_(KEPT))
    with ledger.transaction() as session:
        return session.scalar(query.limit(1)) is not None


def settle_killed(ledger: Ledger, env: str, repository: str, *, said: str) -> None:
    """Those that say "running" are dead; to be called by whoever holds that repository alone.

    :param said: for people, in Spanish
    """
    dead = [row.id for row in held(ledger, env, repository, RUNNING)]
    values = {"status": "failed", "error": "killed before its end", "said": said, "finished_at": datetime.now(UTC)}
    with ledger.transaction() as session:
        session.execute(update(BackupRun).where(BackupRun.id.in_(dead)).values(**values))
