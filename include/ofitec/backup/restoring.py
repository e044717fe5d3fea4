"""Brings one backup back, by the ids of its snapshots: never by "latest"."""

import logging
import shutil
from pathlib import Path

from ofitec.backup import attachments, figures
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import DATABASE, DUMP_FILE, FILESTORE, MANIFEST, MANIFEST_FILE, Job
from ofitec.backup.manifest import Manifest
from ofitec.backup.scratch import Scratch
from ofitec.clients import postgres
from ofitec.clients.restic_errors import RepositoryDamaged
from ofitec.clients.restic_progress import Progress, mb
from ofitec.errors import InputError, PermanentError
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun

log = logging.getLogger(__name__)

_SPARE = 1.2  # room for indexes and for the server's own files, on top of the backup's bytes


class NoRoom(PermanentError):
    """The disk cannot take a restored copy."""


class OtherVersion(PermanentError):
    """The server is of another major version than the figures."""


def wanted(job: Job, key: str) -> BackupRun:
    """The backup of that key, which must still be in the repository.

    :raises InputError: if the ledger does not know it or it is gone
    """
    row = backups.get(job.ledger, key)
    if row is None or row.env != job.env:
        raise InputError(f"The ledger knows no backup {key} of {job.env}. See the list on the OFITEC board.")
    if row.status not in (*backups.KEPT, backups.LOST):
        raise InputError(f"Backup {key} is {row.status}: it cannot be restored. See the list on the OFITEC board.")
    return row


def manifest(job: Job, row: BackupRun) -> Manifest:
    """The backup's manifest, which must agree with the ledger.

    :raises RepositoryDamaged: if it does not
    """
    content = job.restic.cold().dump(row.snapshots[MANIFEST]["id"], MANIFEST_FILE)
    found = Manifest.model_validate_json(content)
    same = (found.key, found.database_snapshot, found.filestore_snapshot) == (
        row.key,
        row.snapshots[DATABASE]["id"],
        row.snapshots[FILESTORE]["id"],
    )
    known = figures.Figures.model_validate(row.figures)
    if not same or found.figures != known:
        raise RepositoryDamaged(f"The manifest of backup {row.key} does not agree with the ledger.")
    return found


def require_room(job: Job, row: BackupRun, *places: Path) -> None:
    """Make sure that the folder's disk can take the dump and the files. The server's own disk cannot be asked.

    :raises NoRoom: with the bytes needed and free
    """
    needed = int(_SPARE * sum(part["processed"] for part in row.snapshots.values()))
    for place in places:
        free = shutil.disk_usage(place).free
        if free < needed:
            raise NoRoom(
                f"Restoring {row.key} needs {mb(needed)} MB in {place}, {mb(free)} MB are free. Free some, or choose "
                "another folder (OFITEC_WORK_DIR)."
            )


def fetch(job: Job, row: BackupRun, copy: Scratch, evidence: Evidence) -> Manifest:
    """Bring dump and filestore from the repository into a copy's folder; returns the manifest.

    :raises RepositoryDamaged: if the repository cannot give them back whole
    """
    said = manifest(job, row)
    parts, restic = row.snapshots, job.restic.cold()
    with evidence.timed("fetch_database"):
        progress = Progress("fetch database", parts[DATABASE]["processed"])
        restic.restore(parts[DATABASE]["id"], "/", copy.folder / "dump", progress)
    with evidence.timed("fetch_filestore"):
        progress = Progress("fetch filestore", parts[FILESTORE]["processed"])
        restic.restore(parts[FILESTORE]["id"], said.filestore, copy.filestore, progress)
    # an empty filestore is restored as nothing at all
    copy.filestore.mkdir(parents=True, exist_ok=True)
    return said


def load(job: Job, copy: Scratch, evidence: Evidence) -> None:
    """Load the fetched dump into the copy's empty database, and remove the dump.

    :raises RestoreRefused: if it is not a valid database
    """
    dump = copy.folder / "dump" / DUMP_FILE
    with evidence.timed("load_database"):
        log.info("Loading %s MB into %s", mb(dump.stat().st_size), copy.database.name)
        jobs, timeout = job.rules.restore_jobs, job.rules.restore_timeout
        postgres.restore(dump, copy.database, jobs=jobs, timeout=timeout)
    dump.unlink()


def compare(said: Manifest, copy: Scratch, evidence: Evidence) -> None:
    """Compare a restored copy with the source's figures, all tables and all files; what differs goes to the findings.

    :raises OtherVersion: if the server's major version is not the source's: row hashes cannot be compared then
    """
    with copy.database.connect(autocommit=False) as link:
        major = postgres.server_major(link)
        if major != said.figures.server_major:
            raise OtherVersion(
                f"The backup is of PostgreSQL {said.figures.server_major}, the copy's server is {major}: their row "
                "hashes cannot be compared. Let OFITEC_SCRATCH_CONNECTION name a server of the same major version."
            )
        with evidence.timed("compare_tables"):
            found = figures.take(link)
            evidence.findings += figures.differences(said.figures, found)
        evidence.tables, evidence.rows = len(found.tables), found.rows
        files = attachments.stored(link)
        link.rollback()
    with evidence.timed("compare_files"):
        evidence.findings += attachments.damaged(copy.filestore, files, said.missing)
    evidence.files = len(files) - len(said.missing)
    log.info("Compared %d tables, %d rows, %d files", evidence.tables, evidence.rows, evidence.files)
