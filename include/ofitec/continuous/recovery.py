"""Odoo's pair as it was at a moment: planned, and brought into the copy that `backup_restore` then lets take its place.

PostgreSQL recovers the whole cluster to the moment on a server of its own; Odoo's database goes from there into the
copy, and the files that its rows name come from the snapshots around the moment.
"""

import logging
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from ofitec.backup import figures, moment, repository, restore, retrieval
from ofitec.backup.attachments import Attachment
from ofitec.backup.evidence import Evidence
from ofitec.backup.job import Job
from ofitec.backup.manifest import Manifest
from ofitec.backup.restore import Plan
from ofitec.backup.retrieval import NoRoom
from ofitec.backup.scratch import Scratch
from ofitec.clients import postgres
from ofitec.clients.pgbackrest import Pgbackrest
from ofitec.clients.pgbackrest_records import Base, Info
from ofitec.clients.postgres import Database, RestoreFailed, exists
from ofitec.clients.restic_progress import mb
from ofitec.continuous import files, minutes, reach, server
from ofitec.continuous.reach import FilesAt
from ofitec.errors import InputError
from ofitec.ledger import continuous
from ofitec.process import run

log = logging.getLogger(__name__)

_SPARE = 2.2  # the recovered cluster, and a dump of at most its size, with some room


@dataclass
class Recovered:
    """What came back.

    :param at: the time of the last transaction in it, None if there was none since the base backup
    :param missing: names of attachments whose file no snapshot around the moment has
    """

    at: datetime | None = None
    missing: list[str] = field(default_factory=list)


def plan(job: Job, archive: Pgbackrest, asked: str, *, database: str, filestore: str, neutralise: bool) -> Plan:
    """Check everything before anything is done.

    :param asked: the moment as it was typed
    :return: its `moment` can be typed as well, and tells the zone
    :raises InputError: names what is wrong; of a moment, what can be reached
    """
    zone = ZoneInfo(job.rules.zone)
    until = reach.asked(asked, zone)
    place, there = restore.require_place(job, database=database, filestore=filestore, neutralise=neutralise)
    info = archive.info()
    base, at = _reached(job, archive, info, until, zone)
    server.programs_of(major(info))
    _require_room(job.work, base)
    sources = snapshots(job)
    if not sources:
        raise InputError(f"No snapshot of Odoo's files is in {job.restic.where}: its pair cannot be restored.")
    newest = max(source.at for source in sources)
    if newest < at:
        log.warning("The files were saved up to %s: what lacks of those that came later will be named", newest)
    return Plan(
        backup=base.label,
        at=at,
        database=database,
        filestore=str(place),
        neutralise=neutralise,
        replaces=there,
        moment=reach.LATEST if until is None else until.astimezone(zone).isoformat(sep=" "),
    )


def carry_out(job: Job, archive: Pgbackrest, wanted: Plan, *, run_id: str, approved: bool) -> dict[str, Any]:
    """As `restore.restore`, to the moment.

    :return: as there, with "at" (the last transaction in it) and "missing" (files that no snapshot around it has)
    :raises NotRecovered: if PostgreSQL did not come to it
    """
    until, came, info = reach.asked(wanted.moment, ZoneInfo(job.rules.zone)), Recovered(), archive.info()
    base = next((base for base in info.bases if base.label == wanted.backup), None)
    if base is None:
        raise InputError(f"Base backup {wanted.backup} is gone since this was planned. Trigger it again.")

    def bring(home: Job, copy: Scratch, evidence: Evidence) -> None:
        expected, named = _database(home, archive, base, until, copy, evidence, came, version=major(info))
        _files(home, until, expected, named, copy, evidence, came, why=f"restore {run_id}")

    done = restore.restore(job, wanted, run_id=run_id, approved=approved, bring=bring)
    for name in came.missing:
        log.warning("No snapshot around that moment has the file of attachment %s", name)
    return {**done, "at": came.at.isoformat() if came.at else None, "missing": came.missing}


def snapshots(job: Job) -> list[FilesAt]:
    """The snapshots of the filestore in this repository: the minutes' and the nights'."""
    ours = continuous.snapshots(job.ledger, job.env, job.restic.where)
    return files.of_nights(job) + [
        FilesAt(str(row.files_snapshot), row.files_at, str(row.files_path)) for row in ours if row.files_at
    ]


def major(info: Info) -> str:
    """PostgreSQL's major version, e.g. "15"."""
    return info.version.partition(".")[0]


def _reached(
    job: Job, archive: Pgbackrest, info: Info, until: datetime | None, zone: ZoneInfo
) -> tuple[Base, datetime]:
    """The base backup to begin with, and the moment; of the latest, what is known of it."""
    if not info.bases:
        raise reach.OutOfReach(f"{archive.where} has no base backup yet: no moment can be restored.")
    size = continuous.segment_bytes(job.ledger, job.env)
    if size is None:
        raise reach.OutOfReach("The ledger knows no look at the archive: no moment is known to be in it.")
    known = reach.stretches(info.bases, archive.segments(), minutes.marks(job), size)
    if until is not None:
        return reach.base_for(until, known, zone).base, until
    newest = info.bases[-1]
    return newest, max((stretch.last for stretch in known), default=newest.stopped_at)


def _require_room(work: Path, base: Base) -> None:
    needed, free = int(_SPARE * base.bytes), shutil.disk_usage(work).free
    if free < needed:
        raise NoRoom(
            f"Recovering base backup {base.label} needs {mb(needed)} MB and the files' room in {work}, {mb(free)} MB "
            "are free. Free some, or choose another folder (OFITEC_WORK_DIR)."
        )


def _database(
    job: Job, archive: Pgbackrest, base: Base, until: datetime | None, copy: Scratch, evidence: Evidence,
    came: Recovered, *, version: str,
) -> tuple[Manifest, list[Attachment]]:  # fmt: skip
    """Recover the cluster, load its Odoo into the copy and compare; what it should be, and the files it names."""
    dump = copy.folder / "odoo.dump"
    timeout = job.rules.restore_timeout
    where: dict[str, Any] = {"work": job.work, "like": job.database, "version": version, "timeout": timeout}
    with evidence.timed("recover_database"), server.recovered(archive, base.label, until, **where) as source:
        _require_there(source)
        with source.connect(autocommit=False) as conn:
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            came.at = _last(conn)
            series, known = moment.series(conn), figures.take(conn)
            conn.rollback()
        _dump(source, dump, timeout=timeout)
    at = until or came.at or base.stopped_at
    log.info("PostgreSQL recovered to %s: Odoo %s, %d tables, %d rows", at, series, len(known.tables), known.rows)
    with evidence.timed("load_database"):
        postgres.restore(dump, copy.database, jobs=job.rules.restore_jobs, timeout=timeout)
    dump.unlink()
    expected = Manifest(
        key=base.label, env=job.env, at=at, series=series, database=job.database.name, database_snapshot="",
        filestore_snapshot="", filestore=str(job.filestore), figures=known, missing=[],
    )  # fmt: skip
    return expected, retrieval.compare_tables(expected, copy, evidence)


def _files(
    job: Job, until: datetime | None, expected: Manifest, named: list[Attachment], copy: Scratch, evidence: Evidence,
    came: Recovered, *, why: str,
) -> None:  # fmt: skip
    with repository.exclusive(job, why=why), evidence.timed("fetch_filestore"):
        sources = reach.around(until, snapshots(job))
        arrived, came.missing = files.fetch(job, named, sources, copy)
    evidence.fetched = len(named) - len(came.missing)
    expected.missing = came.missing
    retrieval.compare_files(expected, named, arrived, copy, evidence)


def _require_there(source: Database) -> None:
    with source.maintenance().connect() as conn:
        if exists(conn, source.name):
            return
        names = [row[0] for row in conn.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")]
    raise InputError(f"At that moment there was no database {source.name}; there were {', '.join(names)}.")


def _last(conn: psycopg.Connection) -> datetime | None:
    row = conn.execute("SELECT pg_last_xact_replay_timestamp()").fetchone()
    return row[0].astimezone(UTC) if row and row[0] else None


def _dump(source: Database, dump: Path, *, timeout: float) -> None:
    argv = [postgres.program("pg_dump"), "-Fc", "-Z0", "--no-password", "--file", str(dump)]
    done = run(argv, timeout=timeout, env=source.environment())
    if done.returncode:
        raise RestoreFailed(
            f"pg_dump of the recovered database failed with exit {done.returncode}: {done.stderr.strip()[-300:]}"
        )
