"""What the ledger knows of backups and proofs, read in a few queries that stay small however long the history is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from ofitec.ledger.backups import CHECKED, FAILED, PASSED, REFUTED, REMOVED, RUNNING, STORED
from ofitec.ledger.tables import BackupRun, RestoreProof

# restored fine once, whether or not the retention has removed it since
_ONCE_GOOD = (CHECKED, REMOVED)


@dataclass(frozen=True)
class Backup:
    """One attempt at a backup, without its bulky figures. Sizes in bytes by part (database, filestore, manifest).

    `said` is why it failed, in Spanish for people ("" in rows of older versions), `error` the same for who mends it.
    """

    env: str
    key: str
    run_id: str
    status: str
    snapshot_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    processed: dict[str, int]
    added: dict[str, int]
    repository_bytes: int | None
    said: str
    error: str


@dataclass(frozen=True)
class Proof:
    """One attempt to prove a backup. `steps` and `rto` in seconds."""

    env: str
    run_id: str
    outcome: str
    snapshot_at: datetime | None
    finished_at: datetime
    steps: dict[str, float]
    rto: float | None
    tables: int
    rows: int
    files: int
    booted: bool
    findings: list[str]


@dataclass(frozen=True)
class Copies:
    """An installation's copies in a second repository, the one that was copied to last.

    `begun` is when the first of them was tried, `attempt` the newest try, `newest` the good one of the newest data,
    `proof` the newest that ended, `passed` that of the newest data.
    """

    repository: str
    begun: datetime
    attempt: Backup
    newest: Backup | None
    proof: Proof | None
    passed: Proof | None


@dataclass(frozen=True)
class Backups:
    """An installation's backups. `largest` is the most bytes one of them read in the eight days before the newest."""

    env: str
    attempt: Backup
    checked: Backup | None
    proof: Proof | None
    passed: Proof | None
    largest: int
    history: tuple[Proof, ...]
    copies: Copies | None

    @property
    def proven(self) -> bool:
        """Whether the newest good backup itself was restored and found right."""
        return bool(self.checked and self.passed and self.passed.snapshot_at == self.checked.snapshot_at)


def read(session: Session, now: datetime, days: int = 90) -> list[Backups]:
    """Every installation's backups, by name, with `days` of passed proofs."""
    return [_of(session, env, now, days) for env in session.scalars(_environments()) if env]


def _environments() -> Select[str]:
    # a loose index scan: one probe an installation, not one a row
    first = select(BackupRun.env).order_by(BackupRun.env).limit(1).cte("envs", recursive=True)
    following = select(BackupRun.env).where(BackupRun.env > first.c.env).order_by(BackupRun.env).limit(1)
    every = first.union_all(select(following.scalar_subquery()).where(first.c.env.is_not(None)))
    return select(every.c.env).where(every.c.env.is_not(None))


def _of(session: Session, env: str, now: datetime, days: int) -> Backups:
    nights = (BackupRun.env == env, BackupRun.copy_of.is_(None))
    attempt = _backup(session, *nights, order=BackupRun.id)
    assert attempt is not None  # of nothing there is no copy
    checked = _backup(session, *nights, BackupRun.status == CHECKED, order=BackupRun.snapshot_at)
    passed_proofs = _proofs(
        session,
        RestoreProof.env == env,
        BackupRun.copy_of.is_(None),
        RestoreProof.outcome == PASSED,
        BackupRun.status.in_(_ONCE_GOOD),
    )
    proof = _newest_proof(session, RestoreProof.env == env, BackupRun.copy_of.is_(None))
    since = now - timedelta(days=days)
    history = [_proof(row) for row in session.execute(passed_proofs.where(RestoreProof.finished_at >= since))]
    standing = passed_proofs.where(BackupRun.status == CHECKED).order_by(None)
    passed = _first(session, standing.order_by(BackupRun.snapshot_at.desc(), RestoreProof.id.desc()))
    return Backups(
        env=env,
        attempt=attempt,
        checked=checked,
        proof=proof,
        passed=passed,
        largest=_largest(session, env, checked),
        history=tuple(reversed(history)),
        copies=_copies(session, env),
    )


def _copies(session: Session, env: str) -> Copies | None:
    """None while there is no second repository, or after a person gave up all that it held (`removed`)."""
    every = (BackupRun.env == env, BackupRun.copy_of.is_not(None), BackupRun.status != REMOVED)
    where = session.scalar(select(BackupRun.repository).where(*every).order_by(BackupRun.id.desc()).limit(1))
    if where is None:
        return None
    here = (*every, BackupRun.repository == where)
    # one that goes on is the newest; a try that is repeated keeps the moment of the first
    attempt = _backup(session, *here, order=func.coalesce(BackupRun.finished_at, func.clock_timestamp()))
    begun = session.scalar(select(func.min(BackupRun.started_at)).where(*here))
    assert attempt is not None
    assert begun is not None
    standing = _proofs(session, *here, RestoreProof.outcome == PASSED, BackupRun.status == CHECKED).order_by(None)
    return Copies(
        repository=where,
        begun=begun,
        attempt=attempt,
        newest=_backup(session, *here, BackupRun.status == CHECKED, order=BackupRun.snapshot_at),
        proof=_newest_proof(session, *here),
        passed=_first(session, standing.order_by(BackupRun.snapshot_at.desc(), RestoreProof.id.desc())),
    )


_COLUMNS = (
    BackupRun.env,
    BackupRun.key,
    BackupRun.run_id,
    BackupRun.status,
    BackupRun.snapshot_at,
    BackupRun.started_at,
    BackupRun.finished_at,
    BackupRun.snapshots,
    BackupRun.repository_bytes,
    BackupRun.error,
    BackupRun.said,
)


def _backup(session: Session, *where: ColumnElement[bool], order: Any) -> Backup | None:
    row = session.execute(select(*_COLUMNS).where(*where).order_by(order.desc()).limit(1)).first()
    if row is None:
        return None
    processed, added = _sizes(row.snapshots, "processed"), _sizes(row.snapshots, "added")
    kept = {name: getattr(row, name) for name in ("env", "key", "run_id", "snapshot_at", "started_at")}
    return Backup(
        **kept,
        # saved, but the check that would make it count ended with an error
        status=FAILED if row.status == STORED and row.error else row.status,
        finished_at=row.finished_at,
        processed=processed,
        added=added,
        repository_bytes=row.repository_bytes,
        said=row.said or "",
        error=row.error or "",
    )


def _sizes(snapshots: dict[str, Any], name: str) -> dict[str, int]:
    return {part: int(saved[name]) for part, saved in snapshots.items() if name in saved}


def _largest(session: Session, env: str, checked: Backup | None) -> int:
    """The yardstick of a shrunk backup: the largest of the eight days before it, itself included."""
    if checked is None or checked.snapshot_at is None:
        return 0
    window = BackupRun.snapshot_at.between(checked.snapshot_at - timedelta(days=8), checked.snapshot_at)
    good = BackupRun.status.in_((*_ONCE_GOOD, REFUTED))
    nights = (BackupRun.env == env, BackupRun.copy_of.is_(None))
    found = session.scalars(select(BackupRun.snapshots).where(*nights, good, window))
    return max((sum(_sizes(snapshots, "processed").values()) for snapshots in found), default=0)


def _newest_proof(session: Session, *of: ColumnElement[bool]) -> Proof | None:
    """The newest that ended. One that learnt nothing does not hide what an earlier one found wrong."""
    ended = _proofs(session, *of, RestoreProof.outcome != RUNNING)
    learnt = _first(session, ended.where(RestoreProof.outcome != FAILED))
    return learnt if learnt is not None and learnt.outcome == REFUTED else _first(session, ended)


def _proofs(session: Session, *where: ColumnElement[bool]) -> Select[RestoreProof, datetime | None]:
    query = select(RestoreProof, BackupRun.snapshot_at).join(BackupRun, BackupRun.id == RestoreProof.backup_id)
    return query.where(*where).order_by(RestoreProof.finished_at.desc(), RestoreProof.id.desc())


def _first(session: Session, query: Select[RestoreProof, datetime | None]) -> Proof | None:
    row = session.execute(query.limit(1)).first()
    return None if row is None else _proof(row)


def _proof(row: Any) -> Proof:
    proof: RestoreProof = row[0]
    return Proof(
        env=proof.env,
        run_id=proof.run_id,
        outcome=proof.outcome,
        snapshot_at=row[1],
        finished_at=proof.finished_at,
        steps={step: float(seconds) for step, seconds in proof.steps.items()},
        rto=proof.rto_seconds,
        tables=proof.tables,
        rows=proof.rows,
        files=proof.files,
        booted=proof.booted,
        findings=[str(finding) for finding in proof.findings],
    )
