"""The second repository: good backups are copied into it, and live a life of their own there.

A copy is a row of its own in the ledger. It counts ("checked") when all three snapshots arrived and the second
repository's structure was checked after them, and is proven when it was restored from there: retention, proof and
restore are the nights' own code on another `Job`. Only what the ledger calls checked is copied, never what is refuted,
lost or unfinished; and a copy that was made stays what it is whatever becomes of the first repository.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ofitec.backup import message, repository, retention
from ofitec.backup.job import PARTS, Job
from ofitec.clients import restic_copy
from ofitec.clients.restic_errors import CopyDamaged, RepositoryMissing
from ofitec.clients.restic_records import Snapshot
from ofitec.errors import InputError, OfitecError, PermanentError, TransientError
from ofitec.ledger import backups, copies
from ofitec.ledger.exclusive import held
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

PROOF_EACH = timedelta(days=6, hours=12)  # a week, and the hours by which a morning's run may be early


class SecondMissing(RepositoryMissing):
    """There is no repository where the second one should be."""


class SecondGone(PermanentError):
    """There is no repository where the ledger knows copies.

    :param where: its address
    :param backups: how many it should hold
    """

    def __init__(self, message: str, *, where: str = "", backups: int = 0) -> None:
        super().__init__(message)
        self.where, self.backups = where, backups


class NotArrived(TransientError):
    """restic ended well, and the second repository lacks a part of the copy."""


class NoLongerGood(PermanentError):
    """The backup was refuted or lost while it was copied: its copy does not count."""


def copy(first: Job, second: Job, *, run_id: str, create_repository: bool = False) -> dict[str, Any]:
    """Copy what the second repository should hold and does not, the newest first; then check it, and count what is
    whole.

    :param create_repository: make the second repository if there is none; only ever on a person's word
    :return: {"copied": [keys of the copies], "lost": [keys of copies that are gone]}
    :raises InputError: if both connections lead to one repository, or one restic cannot reach both
    :raises CopyDamaged: if data were wrong or missing; what else could be copied is, and counts
    :raises OfitecError: what failed; what was copied before counts
    """
    with held(second.ledger, second.lock, why=f"copy {run_id}", wait=second.rules.exclusive_wait):
        _open(first, second, create=create_repository)
        repository.free_locks(second.restic, stale=second.rules.lock_stale)
        copies.settle_killed(second.ledger, second.env, second.restic.where, said=message.KILLED)
        gone = repository.settle_losses(second, second.restic.snapshots(*second.tags))
        done, failed = _copy_all(first, second, run_id)
        if done or copies.held(second.ledger, second.env, second.restic.where, backups.STORED):
            _count(second)
    if failed is not None:
        raise failed
    return {"copied": done, "lost": [row.key for row in gone]}


def wanted(first: Job, second: Job) -> list[BackupRun]:
    """The backups that the second repository should hold and does not, the newest first.

    As many as its own policy keeps. What that removed, what was refuted there, and what is gone from there without
    anybody's knowing is not brought again.
    """
    known = {row.copy_of: row for row in copies.held(second.ledger, second.env, second.restic.where)}
    good = [
        row
        for row in backups.of_status(first.ledger, first.env, backups.CHECKED)
        if row.copy_of is None and row.snapshot_at is not None and backups.lies_in(row, first.restic.where)
    ]
    proven = {row.key for row in backups.proven(first.ledger, first.env)}
    counted = {row.key for row in good}
    candidates = [retention.Candidate(row.key, row.snapshot_at, row.key in proven) for row in good if row.snapshot_at]
    candidates += [
        retention.Candidate(row.copy_of, row.snapshot_at, row.key in proven)
        for row in known.values()
        if row.status == backups.CHECKED and row.snapshot_at and row.copy_of and row.copy_of not in counted
    ]
    kept = retention.keep(
        candidates, second.rules.keep, floor=second.rules.keep_floor, zone=ZoneInfo(second.rules.zone)
    )
    return [row for row in reversed(good) if row.key in kept and _to_do(known.get(row.key))]


def proof_due(second: Job, *, now: datetime) -> bool:
    """Whether a copy is to be proven: there is one that counts, and none was proven for a week, or the last try at it
    did not pass."""
    if backups.newest_checked(second.ledger, second.env, second.restic.where) is None:
        return False
    rows = copies.held(second.ledger, second.env, second.restic.where)
    ended = [proof for row in rows for proof in backups.proofs(second.ledger, row.key)]
    last = max(ended, key=lambda proof: proof.id, default=None)
    return last is None or last.outcome != backups.PASSED or last.finished_at < now - PROOF_EACH


def _to_do(copied: BackupRun | None) -> bool:
    if copied is None or copied.status in (backups.FAILED, backups.RUNNING):
        return True
    return copied.status == backups.LOST and copied.acknowledged_at is not None


def _open(first: Job, second: Job, *, create: bool) -> None:
    """Both answer, are two, and one restic can reach them."""
    if first.restic.where == second.restic.where:
        raise _same(first, second)
    restic_copy.require_reachable(second.restic, first.restic)
    source = first.restic.config()
    try:
        target = second.restic.config()
    except RepositoryMissing:
        known = copies.held(second.ledger, second.env, second.restic.where, *backups.KEPT)
        if known:
            raise SecondGone(
                f"{second.restic.where} should hold {len(known)} copies according to the ledger, but is not there. "
                "Find out why first (is its disk mounted?); or create a new one at another address.",
                where=second.restic.where,
                backups=len(known),
            ) from None
        if not create:
            raise SecondMissing(
                f"There is no restic repository at {second.restic.where}. Check the address in connection "
                f"{second.connection}; if this is the first copy, run backup_copy with 'Crear el repositorio'."
            ) from None
        restic_copy.init_like(second.restic, first.restic)
        log.info("Created the second repository %s", second.restic.where)
        return
    if source["id"] == target["id"]:
        raise _same(first, second)
    if source["chunker_polynomial"] != target["chunker_polynomial"]:
        log.warning(
            "%s cuts files in other places than %s: what is copied is stored again beside what else is in it. Only a "
            "repository that backup_copy created has the first one's parameters.", second.restic.where,
            first.restic.where,
        )  # fmt: skip


def _same(first: Job, second: Job) -> InputError:
    return InputError(
        f"Connections {first.connection} and {second.connection} lead to one and the same repository, "
        f"{second.restic.where}: that is no second copy. Name another storage in {second.connection}."
    )


def _copy_all(first: Job, second: Job, run_id: str) -> tuple[list[str], OfitecError | None]:
    """The copies that arrived, and the first error. Damage of one backup does not keep another from being copied."""
    done: list[str] = []
    failed: OfitecError | None = None
    for row in wanted(first, second):
        try:
            done.append(_copy_one(first, second, row, run_id))
        except (CopyDamaged, NotArrived, NoLongerGood) as error:
            log.error("%s", error)  # noqa: TRY400 - a person needs the sentence, not the traceback
            failed = failed or error
        except OfitecError as error:
            return done, failed or error
    return done, failed


def _copy_one(first: Job, second: Job, row: BackupRun, run_id: str) -> str:
    where, used = second.restic.where, second.restic.current_key()
    key = copies.begin(second.ledger, row, repository=where, run_id=run_id, key_id=used)
    try:
        ids = [row.snapshots[part]["id"] for part in PARTS]
        log.info("Copying backup %s to %s ...", row.key, where)
        restic_copy.copy(second.restic, first.restic, ids, what=f"copy {row.key}")
        arrived = _arrived(row, second.restic.snapshots(*second.tags, f"run={row.key}"), where)
        _require_still_good(first, row.key)
    except BaseException as error:
        # Airflow's timeout and its end by TERM are no Exceptions
        said, text = message.sentence(error), str(error) or type(error).__name__
        values = {"status": backups.FAILED, "error": text[:2000], "said": said, "finished_at": datetime.now(UTC)}
        with suppress(OfitecError):
            backups.change(second.ledger, key, **values)
        raise
    values = {"status": backups.STORED, "snapshot_at": row.snapshot_at, "figures": row.figures, "snapshots": arrived}
    backups.change(second.ledger, key, **values)
    return key


def _require_still_good(first: Job, key: str) -> None:
    now = backups.get(first.ledger, key)
    if now is None or now.status != backups.CHECKED:
        raise NoLongerGood(
            f"Backup {key} is {now.status if now else 'unknown'} since it was copied: the copy does not count."
        )


def _arrived(row: BackupRun, found: Sequence[Snapshot], where: str) -> dict[str, dict[str, Any]]:
    """Part to what the ledger keeps of a copy's snapshot."""
    arrived = {}
    for part in PARTS:
        saved = row.snapshots[part]
        there = [snapshot.id for snapshot in found if snapshot.original == saved["id"]]
        if not there:
            raise NotArrived(
                f"Backup {row.key} was copied without an error, and {where} has no {part} of it (snapshot "
                f"{saved['id'][:8]} of the first repository). Is it still there? (restic snapshots)"
            )
        kept = {name: saved[name] for name in ("processed", "files") if name in saved}
        arrived[part] = {"id": there[-1], "original": saved["id"], **kept}
    return arrived


def _count(second: Job) -> None:
    """Check the second repository's structure, and count the copies that are whole in it."""
    repository.healing(second, second.restic.check)
    size, there = second.restic.repository_bytes(), {found.id for found in second.restic.snapshots(*second.tags)}
    for row in copies.held(second.ledger, second.env, second.restic.where, backups.STORED):
        if {part["id"] for part in row.snapshots.values()} <= there:
            values = {"status": backups.CHECKED, "error": None, "said": None, "repository_bytes": size}
            backups.change(second.ledger, row.key, **values, finished_at=datetime.now(UTC))
            log.info("Copy %s is whole in %s", row.key, second.restic.where)
