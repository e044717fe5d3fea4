"""Brings one backup back, by the ids of its snapshots: never by "latest"."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import ValidationError

from ofitec.backup import figures, repository
from ofitec.backup.attachments import Arrived, Attachment, CopyUnreadable, damaged, stored
from ofitec.backup.beside import beside
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import DATABASE, DUMP_FILE, FILESTORE, MANIFEST, MANIFEST_FILE, PARTS, Job
from ofitec.backup.manifest import Manifest
from ofitec.backup.scratch import Scratch
from ofitec.clients import postgres
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.clients.restic_progress import Progress, mb
from ofitec.errors import InputError, PermanentError
from ofitec.ledger import backups, copies
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

_SPARE = 1.2  # room for indexes and for the server's own files, on top of the backup's bytes


class NoRoom(PermanentError):
    """The disk cannot take a restored copy."""


class OtherFormat(PermanentError):
    """The manifest was made by another version of this package."""


class OtherVersion(PermanentError):
    """The server is of another major version than the figures."""


class Removed(InputError):
    """The retention removed the backup: a newer one took its place."""


def wanted(job: Job, key: str) -> BackupRun:
    """The backup of that key, which must still be in the repository.

    :raises Removed: if the retention removed it
    :raises InputError: if the ledger does not know it, or it never was whole
    """
    row = backups.get(job.ledger, key)
    if row is not None and job.second and row.copy_of is None:
        row = copies.of(job.ledger, key, job.restic.where) or row  # named as in the first repository
    if row is None or row.env != job.env:
        raise InputError(f"The ledger knows no backup {key} of {job.env}. See the list on the OFITEC board.")
    if row.status == backups.REMOVED:
        raise Removed(
            f"Backup {key} was removed by the retention: newer ones took its place. Choose another on the OFITEC board."
        )
    if row.status not in (*backups.KEPT, backups.LOST):
        raise InputError(f"Backup {key} is {row.status}: it cannot be restored. See the list on the OFITEC board.")
    if not backups.lies_in(row, job.restic.where):
        raise InputError(
            f"Backup {key} was made in the repository {row.repository}, and connection {job.connection} names "
            f"{job.restic.where}. To use it, point the connection at its own repository again."
        )
    return row


def elsewhere(job: Job) -> str:
    """A sentence about the backups that lie in an earlier repository; empty if there are none."""
    others = [row for row in backups.of_status(job.ledger, job.env, backups.CHECKED)
              if row.copy_of is None and not backups.lies_in(row, job.restic.where)]  # fmt: skip
    if job.second or not others:
        return ""
    return f" ({len(others)} backups lie in an earlier repository, the newest in {others[-1].repository}.)"


def manifest(job: Job, row: BackupRun) -> Manifest:
    """The backup's manifest, which must agree with the ledger.

    :raises RepositoryDamaged: if it does not
    :raises OtherFormat: if this package cannot read it
    """
    content = job.restic.cold().dump(row.snapshots[MANIFEST]["id"], MANIFEST_FILE)
    try:
        found = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise OtherFormat(
            f"The manifest of backup {row.key} is not in the form that this version reads: {error.error_count()} "
            "differences. Restore it with the version that made it."
        ) from None
    # a copy holds the manifest of what it was made of
    saved = [part.get("original", part["id"]) for part in (row.snapshots[DATABASE], row.snapshots[FILESTORE])]
    same = [found.key, found.database_snapshot, found.filestore_snapshot] == [row.copy_of or row.key, *saved]
    known = figures.Figures.model_validate(row.figures)
    if not same or found.figures != known:
        raise RepositoryDamaged(f"The manifest of backup {row.key} does not agree with the ledger.")
    return found


def require_room(job: Job, row: BackupRun, *places: Path, parts: Sequence[str] = PARTS) -> None:
    """Make sure that the folder's disk can take the dump and the files. The server's own disk cannot be asked.

    :param parts: those of the backup that are brought back
    :raises NoRoom: with the bytes needed and free
    """
    needed = int(_SPARE * sum(row.snapshots[part]["processed"] for part in parts))
    for place in places:
        free = shutil.disk_usage(place).free
        if free < needed:
            raise NoRoom(
                f"Restoring {row.key} needs {mb(needed)} MB in {place}, {mb(free)} MB are free. Free some, or choose "
                "another folder (OFITEC_WORK_DIR)."
            )


def bring_back(
    job: Job, row: BackupRun, copy: Scratch, evidence: Evidence, *, why: str, first: Callable[[], None] | None = None
) -> None:
    """A proof and a restore alike: bring a backup into a copy and compare it; what differs goes to the findings.

    The filestore is fetched, and each file read as it arrives, beside the database's load and comparison.

    :param why: who we are, for those who wait for the repository
    :param first: done before, when the repository is ours already
    :raises Busy: if others go on working on the repository
    :raises Removed: if it was the retention, and it removed this backup
    :raises RepositoryDamaged: if it cannot give the backup back whole
    :raises OtherVersion: if the copy's server cannot be compared with the source's
    """
    stop = threading.Event()
    with ExitStack() as ours:
        ours.enter_context(repository.exclusive(job, why=why))
        wanted(job, row.key)
        if first:
            first()
        expected = repository.healing(job, lambda: fetch_database(job, row, copy, evidence))

        def files() -> Arrived:
            # whoever waits for the repository gets it when all is fetched, not when all is compared
            with ours.pop_all():
                return repository.healing(job, lambda: fetch_filestore(job, row, expected, copy, evidence, stop))

        with beside(files, stop) as fetching:
            load(job, row, copy, evidence, stop)
            attachments = compare_tables(expected, copy, evidence)
    compare_files(expected, attachments, fetching.result(), copy, evidence)


def fetch_database(job: Job, row: BackupRun, copy: Scratch, evidence: Evidence) -> Manifest:
    """Bring the dump from the repository into a copy's folder; returns the manifest.

    :raises RepositoryDamaged: if the repository cannot give them back whole
    """
    evidence.key_id = job.restic.current_key()
    expected = manifest(job, row)
    part = row.snapshots[DATABASE]
    with evidence.timed("fetch_database"):
        progress = Progress("fetch database", part["processed"])
        job.restic.cold().restore(part["id"], "/", copy.folder / "dump", progress)
    return expected


def fetch_filestore(
    job: Job, row: BackupRun, expected: Manifest, copy: Scratch, evidence: Evidence, stop: threading.Event
) -> Arrived:
    """Bring the files from the repository into a copy's folder; returns what was read of them on the way.

    :param stop: once set, it ends
    :raises RepositoryDamaged: if the repository cannot give them back whole
    """
    part, arrived = row.snapshots[FILESTORE], Arrived(copy.filestore)
    with evidence.timed("fetch_filestore"):
        progress = Progress("fetch filestore", part["processed"], arrived.take)
        job.restic.cold().restore(part["id"], expected.filestore, copy.filestore, progress, stop=stop)
    # an empty filestore is restored as nothing at all
    copy.filestore.mkdir(parents=True, exist_ok=True)
    evidence.fetched = _count(copy.filestore)
    return arrived


def load(job: Job, row: BackupRun, copy: Scratch, evidence: Evidence, stop: threading.Event) -> None:
    """Load the fetched dump into the copy's empty database, and remove the dump.

    :param stop: once set, it ends
    :raises RestoreRefused: if it is not a valid database
    :raises CopyUnreadable: if the fetched dump is not on the disk as it was fetched
    """
    dump = copy.folder / "dump" / DUMP_FILE
    saved = row.snapshots[DATABASE]["processed"]
    size = dump.stat().st_size if dump.exists() else 0
    if size != saved:
        raise CopyUnreadable(
            f"The fetched dump {dump} has {size} bytes on this machine's disk, and the backup {saved}: the copy is not "
            "whole, which says nothing about the backup. Check the disk of OFITEC_WORK_DIR."
        )
    with evidence.timed("load_database"):
        log.info("Loading %s MB into %s", mb(size), copy.database.name)
        jobs, timeout = job.rules.restore_jobs, job.rules.restore_timeout
        postgres.restore(dump, copy.database, jobs=jobs, timeout=timeout, stop=stop)
    dump.unlink()


def compare_tables(expected: Manifest, copy: Scratch, evidence: Evidence) -> list[Attachment]:
    """Compare a restored database with the source's figures, all tables; what differs goes to the findings.

    :return: the files that its rows name
    :raises OtherVersion: if the server's major version is not the source's: row hashes cannot be compared then
    """
    with copy.database.connect(autocommit=False) as conn:
        major = postgres.server_major(conn)
        if major != expected.figures.server_major:
            raise OtherVersion(
                f"The backup is of PostgreSQL {expected.figures.server_major}, the copy's server is {major}: their row "
                "hashes cannot be compared. Let OFITEC_SCRATCH_CONNECTION name a server of the same major version."
            )
        with evidence.timed("compare_tables"):
            found = figures.take(conn, like=expected.figures)
            evidence.findings += figures.differences(expected.figures, found)
        evidence.tables, evidence.rows = len(found.tables), found.rows
        files = stored(conn)
        conn.rollback()
    return files


def compare_files(
    expected: Manifest, files: list[Attachment], arrived: Arrived, copy: Scratch, evidence: Evidence
) -> None:
    """Compare the restored files with the rows that name them; what differs goes to the findings.

    :param arrived: what was read of them already
    :raises CopyUnreadable: if files are gone that were there
    """
    with evidence.timed("compare_files"):
        wrong = damaged(copy.filestore, files, expected.missing, arrived.whole)
    if wrong and (left := _count(copy.filestore)) < evidence.fetched:
        raise CopyUnreadable(
            f"The copy lost files after it was restored: {left} of {evidence.fetched} are in {copy.filestore}. That "
            "says nothing about the backup. Who cleans that folder? (OFITEC_WORK_DIR)"
        )
    evidence.findings += wrong
    evidence.files = len(files) - len(expected.missing)
    log.info("Compared %d tables, %d rows, %d files", evidence.tables, evidence.rows, evidence.files)


def _count(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))
