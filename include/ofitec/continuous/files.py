"""The filestore between two nights: a snapshot each few minutes, and the files of one moment out of them.

Odoo names a file by the sha1 of its bytes and never changes one. So the files of a moment are those of the first
snapshot after it, and of the last before it what Odoo removed in between, cut down to what the rows of then name.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ofitec.backup import attachments, moment, repository, retrieval
from ofitec.backup.attachments import Arrived, Attachment
from ofitec.backup.job import FILESTORE, Job
from ofitec.backup.scratch import Scratch
from ofitec.clients.restic_progress import Progress
from ofitec.continuous.reach import FilesAt
from ofitec.ledger import backups
from ofitec.ledger.exclusive import ODOO, held

log = logging.getLogger(__name__)

_TAG = "ofitec-continuous"  # not the nights' "ofitec": their retention and their losses know nothing of these
_FEW = 200  # names that restic is asked for one by one; of more, the whole snapshot is fetched
_NAME = re.compile(r"[0-9A-Za-z/_.-]+")


def tags(job: Job) -> tuple[str, str]:
    """What all these snapshots carry."""
    return (_TAG, f"env={job.env}")


def snapshot(job: Job, *, run_id: str, wait: float) -> FilesAt:
    """Save the filestore while Odoo removes nothing.

    :param wait: seconds to wait for a night, a proof or a deploy; this is repeated soon
    :raises Busy: if one of them works
    :raises FilesMissing: if the folder is not there or lacks files: what is saved of it would not be Odoo's
    :raises OfitecError: what failed; nothing counts
    """
    why, soon = f"minutes {run_id}", replace(job, rules=replace(job.rules, exclusive_wait=wait))
    with (
        held(job.ledger, ODOO, why=why, wait=wait) as odoo,
        repository.exclusive(soon, why=why) as storage,
        moment.files_kept(job.database, lock_timeout=job.rules.lock_timeout),
    ):
        with job.database.connect() as conn:
            row = conn.execute("SELECT clock_timestamp()").fetchone()
            assert row is not None
            at: datetime = row[0].astimezone(UTC)
            attachments.require(job.filestore, attachments.stored(conn), allowed=job.rules.missing_files)
        saved = job.restic.backup_folder(job.filestore, at=at, tags=tags(job), progress=Progress(FILESTORE))
        odoo.confirm()
        storage.confirm()
    log.info("Filestore of %s: snapshot %s, %d files, %.1f s", at, saved.id[:8], saved.files, saved.seconds)
    return FilesAt(saved.id, at, str(job.filestore))


def of_nights(job: Job) -> list[FilesAt]:
    """The filestores of the nightly backups in this repository: they are snapshots as good as ours."""
    found = backups.of_status(job.ledger, job.env, backups.STORED, backups.CHECKED)
    return [
        FilesAt(row.snapshots[FILESTORE]["id"], row.snapshot_at, "", row.key)
        for row in found
        if row.copy_of is None and row.snapshot_at is not None and FILESTORE in row.snapshots
        and backups.lies_in(row, job.restic.where)
    ]  # fmt: skip


def fetch(
    job: Job, named: Sequence[Attachment], sources: Sequence[FilesAt], copy: Scratch
) -> tuple[Arrived, list[str]]:
    """Bring the files that rows name into a copy's folder, and nothing else.

    :param sources: `reach.around`; under the repository's lock
    :return: what was read of them on the way, and the names that no snapshot has
    :raises RepositoryDamaged: if the repository cannot give a snapshot back whole
    """
    arrived = Arrived(copy.filestore)
    copy.filestore.mkdir(parents=True, exist_ok=True)
    lacking = [file.name for file in named]
    for number, source in enumerate(sources):
        path = source.path or retrieval.manifest(job, retrieval.wanted(job, source.backup)).filestore
        if number == 0 or len(lacking) > _FEW or not all(_NAME.fullmatch(name) for name in lacking):
            wanted: list[str] = []
        else:
            wanted = [f"/{name}" for name in lacking]
        log.info("Fetching %s files of snapshot %s (%s)", len(wanted) or "all", source.snapshot[:8], source.at)
        progress = Progress(f"files of {source.at:%F %T}", None, arrived.take)
        job.restic.cold().restore(source.snapshot, path, copy.filestore, progress, only=wanted)
        lacking = [file.name for file in named if not (copy.filestore / file.name).is_file()]
        if not lacking:
            break
    _cut(copy.filestore, {file.name for file in named})
    return arrived, lacking


def _cut(folder: Path, named: set[str]) -> None:
    """Remove what no row names: files that came later, or were removed before."""
    gone = 0
    for path in [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]:
        if str(path.relative_to(folder)) not in named:
            path.unlink()
            gone += 1
    log.info("Removed %d files that no attachment of that moment names", gone)
