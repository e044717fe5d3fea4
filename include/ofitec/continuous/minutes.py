"""One look, every few minutes: the filestore is saved, a mark is committed, and what the archive holds is read.

Each part is tried whatever became of the other. What failed is in the look's row, and raised at its end.
"""

import logging
import os
import shutil
import threading
import time
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ofitec.backup.beside import beside
from ofitec.backup.job import Job
from ofitec.clients.pgbackrest import Cluster, Pgbackrest
from ofitec.clients.pgbackrest_errors import ArchiveOfOther
from ofitec.clients.pgbackrest_records import Base, Info
from ofitec.continuous import files, reach, source, wal
from ofitec.continuous.reach import Mark
from ofitec.continuous.source import Archiving
from ofitec.errors import InputError, OfitecError, PermanentError, TransientError
from ofitec.ledger import continuous
from ofitec.ledger.exclusive import Busy

log = logging.getLogger(__name__)

_EVERY = 300.0  # seconds between two looks while a base backup is made
_WAIT = 20.0  # seconds for others to let go of Odoo or the repository, and for a segment that was just ended
_POLL = 1.0
_UNDER_WAY = timedelta(minutes=2)  # segments are pushed several at a time: one may arrive after its follower
_KEEP = timedelta(days=35)  # rows stay so much longer than one can return: full backups are that far apart at most


class ArchivingOff(PermanentError):
    """The server archives nothing."""


class ArchivingFails(TransientError):
    """The server cannot push its WAL."""


class SegmentsMissing(PermanentError):
    """The archive has a hole: moments after it cannot be reached before the next base backup."""


@dataclass(frozen=True)
class Rules:
    """When a base backup is due.

    :param keep: how far back one can return
    :param cluster: the server, if it is on this machine; None: base backups are made on its own
    """

    base: timedelta = timedelta(hours=24)
    full: timedelta = timedelta(days=7)
    keep: timedelta = timedelta(days=7)
    cluster: Cluster | None = None


@dataclass(frozen=True)
class Looked:
    """A look that ended.

    :param due: the kind of base backup that should be made now ("full", "incr" or None)
    """

    number: int
    due: str | None
    error: OfitecError | None


def run(job: Job, archive: Pgbackrest, rules: Rules, *, run_id: str, create: bool = False) -> int:
    """Look once; where a base backup is due and can be made here, make it and go on looking meanwhile.

    :param create: make the archive's place for this server if it has none; only ever on a person's word
    :return: the id of the last look
    :raises OfitecError: what failed first, after all else was tried
    """
    if create:
        if rules.cluster is None:
            raise InputError("The archive's place is made on the database's machine: pgbackrest stanza-create.")
        archive.create(rules.cluster)
    found = [_look(job, archive, rules, run_id)]
    if (kind := found[0].due) is not None and (cluster := rules.cluster) is not None:
        log.info("A base backup (%s) is made ...", kind)
        stop = threading.Event()
        with beside(lambda: _base(archive, kind, cluster, stop), stop) as going:
            while not wait([going], timeout=_EVERY).done:
                found.append(_look(job, archive, rules, run_id))
        found.append(_look(job, archive, rules, run_id))
    for each in found:
        if each.error is not None:
            raise each.error
    return found[-1].number


def _base(archive: Pgbackrest, kind: str, cluster: Cluster, stop: threading.Event) -> None:
    archive.backup(kind, cluster, stop=stop)
    if kind == "full":
        archive.verify(stop=stop)


def look(job: Job, archive: Pgbackrest, rules: Rules, *, run_id: str) -> Looked:
    """One look.

    :raises OfitecError: the first thing that failed
    """
    found = _look(job, archive, rules, run_id)
    if found.error is not None:
        raise found.error
    return found


def _look(job: Job, archive: Pgbackrest, rules: Rules, run_id: str) -> Looked:
    number, errors, kind = continuous.start(job.ledger, env=job.env, run_id=run_id), [], None
    try:
        try:
            _save_files(job, rules, number, run_id)
        except OfitecError as error:
            errors.append(error)
        try:
            kind, wrong = _read(job, archive, rules, number, _mark(job, number))
            errors += [wrong] if wrong else []
        except OfitecError as error:
            errors.append(error)
    except BaseException as error:
        # Airflow's timeout and its end by TERM are no Exceptions
        continuous.end(job.ledger, number, continuous.FAILED, kind=type(error).__name__, error=str(error)[:2000])
        raise
    for failure in errors:
        log.error("%s", failure)
    if errors:
        text = " ".join(map(str, errors))[:2000]
        continuous.end(job.ledger, number, continuous.FAILED, kind=type(errors[0]).__name__, error=text)
    else:
        continuous.end(job.ledger, number, continuous.DONE)
    return Looked(number, kind, errors[0] if errors else None)


def _save_files(job: Job, rules: Rules, number: int, run_id: str) -> None:
    try:
        saved = files.snapshot(job, run_id=run_id, wait=_WAIT)
    except Busy as error:
        log.info("The filestore is not saved this time: %s", error)
        return
    place = {"files_path": saved.path, "files_repository": job.restic.where}
    continuous.change(job.ledger, number, files_at=saved.at, files_snapshot=saved.snapshot, **place)
    _retire(job, datetime.now(UTC) - rules.keep)


def _retire(job: Job, horizon: datetime) -> None:
    """Remove snapshots of before the horizon, and rows of long before it."""
    ours = continuous.snapshots(job.ledger, job.env, job.restic.where)
    old = [row for row in ours if row.files_at and row.files_at < horizon]
    # the last before the horizon holds files of the first moments after it
    if job.pruner is not None and len(old) > 1:
        going = old[:-1]
        job.pruner.forget([str(row.files_snapshot) for row in going])
        for row in going:
            continuous.change(job.ledger, row.id, files_snapshot=None)
    continuous.forget(job.ledger, job.env, horizon - _KEEP)


def _mark(job: Job, number: int) -> Archiving:
    state = source.look(job.database)
    continuous.change(
        job.ledger,
        number,
        mark_at=state.mark_at,
        mark=wal.number(state.mark, state.size),
        segment_bytes=state.size,
        system_id=str(state.system_id),
        waiting_bytes=state.waiting,
        failed_at=state.failing,
    )
    return state


def _read(
    job: Job, archive: Pgbackrest, rules: Rules, number: int, state: Archiving
) -> tuple[str | None, OfitecError | None]:
    """What the repository holds: which base backup is due, and what is wrong with the server's pushing.

    :raises OfitecError: if the repository cannot be read, or is another server's
    """
    folder = archive.folder
    free = None
    if folder is not None and os.access(folder, os.X_OK):
        disk = shutil.disk_usage(folder)
        free = disk.free / disk.total
    row = {"repository": archive.where, "free_ratio": free}
    try:
        info = archive.info()
        present = _arrived(archive, info, state)
    except OfitecError:
        continuous.change(job.ledger, number, repository_up=False, **row)
        raise
    ours = info.system_id == state.system_id
    continuous.change(job.ledger, number, repository_up=True, archive=info.archive if ours else None, **row)
    if not ours:
        raise ArchiveOfOther(
            f"{archive.where} holds the archive of server {info.system_id}, and Odoo's is {state.system_id}: nothing "
            "of it is archived there. After a new server or a major upgrade: pgbackrest stanza-upgrade on its machine, "
            "then a full base backup (docs/runbooks/backup_continuous.md)."
        )
    known = marks(job)
    stretches = reach.stretches(info.bases, present, known, state.size)
    newest = info.bases[-1] if info.bases else None
    missing = _missing(present.get(info.archive, {}), newest, state.size) if newest else 0
    # what the newest base backup reaches counts: what was archived before a hole that it does not bridge is the past
    continuous.change(
        job.ledger,
        number,
        base=newest.label if newest else None,
        base_at=newest.stopped_at if newest else None,
        first_at=stretches[0].first if stretches else None,
        archived_at=max((stretch.last for stretch in stretches), default=None),
        missing=missing,
    )
    pushes = state.on and state.failing is None  # else a base backup would wait for its WAL in vain
    kind = due(info.bases, rules, missing=missing, now=datetime.now(UTC)) if pushes else None
    return kind, _wrong(state, missing, newest)


def _arrived(archive: Pgbackrest, info: Info, state: Archiving) -> dict[str, dict[str, datetime]]:
    """The archive's segments, once that of the mark is among them; or as they are after a while."""
    until = time.monotonic() + (_WAIT if state.switched and not state.failing else 0)
    while True:
        present = archive.segments()
        if state.mark in present.get(info.archive, {}) or time.monotonic() >= until:
            return present
        time.sleep(_POLL)


def marks(job: Job) -> list[Mark]:
    """All marks that the ledger knows."""
    return [Mark(at, of, segment) for at, of, segment in continuous.marks(job.ledger, job.env)]


def _missing(present: dict[str, datetime], newest: Base, size: int) -> int:
    settled = datetime.now(UTC) - _UNDER_WAY
    numbers = {wal.number(name, size) for name in present}
    old = max((wal.number(name, size) for name, at in present.items() if at < settled), default=0)
    return wal.missing({number for number in numbers if number <= old}, wal.number(newest.first, size))


def _wrong(state: Archiving, missing: int, newest: Base | None) -> OfitecError | None:
    if not state.on:
        return ArchivingOff(
            "Odoo's PostgreSQL archives nothing (archive_mode is off): set archive_mode and archive_command, and start "
            "it anew (docs/continuous.md)."
        )
    if state.failing is not None:
        return ArchivingFails(
            f"Odoo's PostgreSQL cannot archive {state.failed_wal} (last tried {state.failing:%F %T} UTC); "
            f"{state.waiting / 1e6:,.0f} MB wait in its pg_wal, which must not fill its disk. PostgreSQL's log there "
            "says why (docs/runbooks/ContinuousArchiveFailing.md)."
        )
    if missing and newest is not None:
        return SegmentsMissing(
            f"{missing} segments of WAL are missing after base backup {newest.label}: moments after them can be "
            "reached again from the next base backup on. Make one now."
        )
    return None


def due(bases: tuple[Base, ...], rules: Rules, *, missing: int, now: datetime) -> str | None:
    """Which base backup is due. Pure."""
    full = max((base.stopped_at for base in bases if base.kind == "full"), default=None)
    newest = max((base.stopped_at for base in bases), default=None)
    if full is None or newest is None or now - full >= rules.full:
        return "full"
    return "incr" if missing or now - newest >= rules.base else None
