"""The nightly backup: preflight, snapshot, check. The retention is in `retention`, the proof in `proof`.

A backup is three snapshots of one moment. It counts when the ledger says "checked", and is proven when a proof says so.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ofitec.backup import attachments, message, moment, repository, restore, scratch
from ofitec.backup.job import DATABASE, DUMP_FILE, FILESTORE, MANIFEST, MANIFEST_FILE, Job
from ofitec.backup.manifest import Manifest
from ofitec.backup.moment import Moment
from ofitec.clients import postgres
from ofitec.clients.restic_errors import IndexDamaged, RepositoryMissing, SourceUnreadable
from ofitec.clients.restic_progress import Progress, mb
from ofitec.clients.restic_records import Saved
from ofitec.errors import OfitecError, PermanentError, TransientError
from ofitec.ledger import backups, switches
from ofitec.ledger.exclusive import ODOO, REPOSITORY, Held, held
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)


class ProgramTooOld(PermanentError):
    """pg_dump cannot dump a server that is newer than itself."""


class IndexRebuilt(TransientError):
    """The repository's index was damaged and is whole again."""


class RepositoryGone(PermanentError):
    """There is no repository where the ledger knows one with backups.

    :param where: its address
    :param backups: how many it should hold
    """

    def __init__(self, message: str, *, where: str = "", backups: int = 0) -> None:
        super().__init__(message)
        self.where, self.backups = where, backups


def preflight(job: Job, *, run_id: str, create_repository: bool = False) -> dict[str, Any]:
    """Look at everything that can spoil the backup, before it costs an hour, and heal what dead runs left.

    :param create_repository: make the repository if there is none; only ever on a person's word
    :return: {"restic": version, "pg_dump": major, "server": major, "files": count, "lost": [keys of backups whose
        snapshots are gone], "other_hosts": {host name: backups}}; those do not stop tonight's backup, but the
        retention, and the run fails at the end
    :raises OfitecError: what is wrong, and what to do; the night is then a failed row in the ledger
    """
    with noted(job, run_id):
        return _preflight(job, run_id, create_repository)


@contextmanager
def noted(job: Job, run_id: str) -> Iterator[None]:
    """A night that fails before its backup begins is written down as one that failed."""
    try:
        yield
    except BaseException as error:
        with suppress(OfitecError):
            sentence, place = message.sentence(error), job.restic.where
            backups.note_failure(
                job.ledger, env=job.env, repository=place, run_id=run_id, error=_words(error), said=sentence
            )
        raise


def _preflight(job: Job, run_id: str, create_repository: bool) -> dict[str, Any]:
    _repair_restore(job, run_id)
    scratch.sweep_disk(job)
    version = job.restic.version()
    client = postgres.client_major()
    with job.database.connect() as conn:
        server = postgres.server_major(conn)
        if client < server:
            raise ProgramTooOld(
                f"pg_dump {client} cannot dump PostgreSQL {server}. Install postgresql-client-{server} (OFITEC_PG_BIN)."
            )
        moment.series(conn)
        files = attachments.stored(conn)
        row = conn.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        database_now = row[0].astimezone(UTC)
    attachments.require(job.filestore, files, allowed=job.rules.missing_files)
    with held(job.ledger, REPOSITORY, why=f"preflight {run_id}", wait=job.rules.exclusive_wait):
        _open(job, create=create_repository)
        repository.free_locks(job.restic, stale=job.rules.lock_stale)
        _settle_killed_runs(job)
        snapshots = job.restic.snapshots(*job.tags)
        repository.require_clocks(job, database_now, snapshots)
        repository.discard_uncounted(job, snapshots)
        lost = repository.settle_losses(job, snapshots)
    hosts = repository.other_hosts(job, snapshots)
    for host, count in hosts.items():
        log.warning(
            "%d backups carry the host name %s, and OFITEC_BACKUP_HOST is %s: they count and are kept all the same",
            count, host, job.restic.host,
        )  # fmt: skip
    found = {"restic": ".".join(map(str, version)), "pg_dump": client, "server": server, "files": len(files)}
    log.info("restic %s, pg_dump %s, PostgreSQL %s, %d attachments", *found.values())
    return {**found, "lost": [gone.key for gone in lost], "other_hosts": hosts}


def snapshot(job: Job, *, run_id: str) -> str:
    """Save database, filestore and manifest of one moment. Returns the backup's key.

    Whatever fails, nothing of it counts, and what is already saved is removed (now, or by the next preflight).

    :raises OfitecError: what failed, with its figures
    """
    key = backups.new_key(datetime.now(UTC))
    with noted(job, run_id), _exclusive(job, run_id) as locks:
        used = job.restic.current_key()
        backups.start(job.ledger, key=key, env=job.env, repository=job.restic.where, run_id=run_id, key_id=used)
        try:
            _save(job, key, locks)
        except BaseException as error:
            # Airflow's timeout and its end by TERM are no Exceptions
            _give_up(job, key, error)
            if isinstance(error, IndexDamaged):
                repository.repair_index(job, str(error))
                raise IndexRebuilt(f"{error} Its index was rebuilt from the packs; it is tried again.") from None
            raise
    return key


def check(job: Job, key: str, *, run_id: str) -> dict[str, Any]:
    """Check the repository's structure after the backup, and count the backup.

    A damaged index is rebuilt once from the packs (that loses nothing) and the check repeated.

    :return: {"backup": key, "snapshots": {part: {...}}, "repository_bytes": bytes}
    :raises RepositoryDamaged: if the repository does not hold what it should
    """
    with repository.exclusive(job, why=f"check {run_id}"):
        try:
            repository.healing(job, job.restic.check)
            size = job.restic.repository_bytes()
        except BaseException as error:
            # saved, and not counted until a later check or proof passes
            sentence = message.sentence(error)
            backups.change(job.ledger, key, error=_words(error), said=sentence, finished_at=datetime.now(UTC))
            raise
        there = {snapshot.id for snapshot in job.restic.snapshots(*job.tags)}
    for row in backups.of_status(job.ledger, job.env, backups.STORED):
        # the check reads every snapshot's tree, not only the newest one's
        if backups.lies_in(row, job.restic.where) and {part["id"] for part in row.snapshots.values()} <= there:
            backups.change(job.ledger, row.key, status=backups.CHECKED, error=None, said=None)
    backups.change(job.ledger, key, repository_bytes=size, finished_at=datetime.now(UTC))
    return {"backup": key, "snapshots": _row(job, key).snapshots, "repository_bytes": size}


def _save(job: Job, key: str, locks: list[Held]) -> None:
    tags = [*job.tags, f"run={key}"]
    with moment.files_kept(job.database, lock_timeout=job.rules.lock_timeout):
        with moment.of(job.database) as now:
            lost = attachments.require(job.filestore, now.attachments, allowed=job.rules.missing_files)
            log.info("Odoo %s at %s: %d tables, %d rows", now.series, now.at, len(now.figures.tables), now.figures.rows)
            database = _dump(job, key, now, tags)
        filestore = job.restic.backup_folder(
            job.filestore, at=now.at, tags=[*tags, f"part={FILESTORE}"], progress=Progress(FILESTORE)
        )
        _saved(job, key, FILESTORE, filestore)
    manifest = Manifest(
        key=key,
        env=job.env,
        at=now.at,
        series=now.series,
        database=job.database.name,
        database_snapshot=database.id,
        filestore_snapshot=filestore.id,
        filestore=str(job.filestore),
        figures=now.figures,
        missing=lost,
    )
    content = manifest.to_bytes()
    saved = job.restic.backup_bytes(content, MANIFEST_FILE, at=now.at, tags=[*tags, f"part={MANIFEST}"])
    _saved(job, key, MANIFEST, saved)
    for lock in locks:
        lock.confirm()
    figures = {**now.figures.model_dump(), "series": now.series, "missing": lost, "files": len(now.attachments)}
    backups.change(job.ledger, key, status=backups.STORED, snapshot_at=now.at, figures=figures)


def _dump(job: Job, key: str, now: Moment, tags: list[str]) -> Saved:
    database = job.restic.backup_command(
        postgres.dump_command(now.snapshot),
        DUMP_FILE,
        at=now.at,
        tags=[*tags, f"part={DATABASE}"],
        env=job.database.environment(),
        secrets=job.database.secrets(),
        progress=Progress(DATABASE, expected=now.bytes),
    )
    _saved(job, key, DATABASE, database)
    if database.processed < job.rules.min_bytes:
        raise SourceUnreadable(
            f"The dump of {job.database.name} has {database.processed} bytes, less than {job.rules.min_bytes}: "
            "it is not believed. Is it the right database? (OFITEC_BACKUP_MIN_BYTES)"
        )
    return database


def _saved(job: Job, key: str, part: str, saved: Saved) -> None:
    row = _row(job, key)
    backups.change(job.ledger, key, snapshots={**row.snapshots, part: asdict(saved)})
    log.info(
        "%s: snapshot %s, %s MB read, %s MB added, %.1f s",
        part, saved.id[:8], mb(saved.processed), mb(saved.added), saved.seconds,
    )  # fmt: skip


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, OfitecError) else f"{type(error).__name__}: {error}"


def _give_up(job: Job, key: str, error: BaseException) -> None:
    """Mark a backup failed and remove what it saved. Never hides the error that led here."""
    values = {"status": backups.FAILED, "error": _words(error)[:2000], "said": message.sentence(error)}
    with suppress(OfitecError):
        backups.change(job.ledger, key, **values, finished_at=datetime.now(UTC))
        if job.pruner is not None:
            job.pruner.forget([found.id for found in job.restic.snapshots(*job.tags, f"run={key}")])


def _repair_restore(job: Job, run_id: str) -> None:
    """A restore that was killed between two renames leaves no database under its name: it is repaired first."""
    if switches.half_done(job.ledger, env=job.env, server=job.database.server):
        restore.repair(job, run_id=run_id)


def _settle_killed_runs(job: Job) -> None:
    """Runs that were killed: we hold the lock, so none that says "running" is alive."""
    for row in backups.of_status(job.ledger, job.env, backups.RUNNING):
        if row.copy_of is not None:
            continue  # of the second repository, whose lock is another
        log.warning("Backup %s was killed; nothing of it counts", row.key)
        values = {
            "status": backups.FAILED,
            "error": "killed before its end",
            "said": message.KILLED,
            "finished_at": datetime.now(UTC),
        }
        backups.change(job.ledger, row.key, **values)


def _open(job: Job, *, create: bool) -> None:
    try:
        job.restic.open()
    except RepositoryMissing:
        known = [
            row
            for row in backups.of_status(job.ledger, job.env, *backups.KEPT)
            if backups.lies_in(row, job.restic.where)
        ]
        if known:
            raise RepositoryGone(
                f"{job.restic.where} should hold {len(known)} backups according to the ledger, but is not there. "
                "Find out why first (is its disk mounted?); or create a new one at another address.",
                where=job.restic.where,
                backups=len(known),
            ) from None
        if not create:
            raise
        job.restic.init()
        log.info("Created the repository %s", job.restic.where)


def _row(job: Job, key: str) -> BackupRun:
    row = backups.get(job.ledger, key)
    if row is None:
        raise PermanentError(f"The ledger knows no backup {key}. Choose one of the board's list.")
    return row


@contextmanager
def _exclusive(job: Job, run_id: str) -> Iterator[list[Held]]:
    """Nobody deploys, and nobody else works on the repository. Always in this order."""
    why, wait = f"backup {run_id}", job.rules.exclusive_wait
    with (
        held(job.ledger, ODOO, why=why, wait=wait) as odoo,
        held(job.ledger, REPOSITORY, why=why, wait=wait) as storage,
    ):
        yield [odoo, storage]
