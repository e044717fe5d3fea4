"""A restored copy takes its place by renames, with a journal: killed at any of them, `repair` undoes or completes it.

The old database loses its name first and the copy gets it last. In between no database has that name, so no Odoo can
run on one moment's database with another moment's files. The last rename is what decides: before it all is undone,
after it only what is left over is tidied.
"""

import logging
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from ofitec.backup import scratch
from ofitec.backup.job import Job
from ofitec.clients.postgres import administer, exists
from ofitec.errors import OfitecError, PermanentError
from ofitec.ledger import backups, switches
from ofitec.ledger.tables import RestoreSwitch

log = logging.getLogger(__name__)

_MARK = ".ofitec-restored"  # in the folder that we brought: no other is ever removed
_COMMENT = "OFITEC: restored, was "


class ElsewhereHalfDone(PermanentError):
    """A restore was killed half-way on another machine, whose folders this one does not see."""


def take_place(job: Job, *, database: str, place: Path, copy: scratch.Scratch, run_id: str) -> list[str]:
    """Give a copy's database and files their name and place; returns what was there before, as it is called now.

    :raises OfitecError: if a rename is refused (somebody is connected); all is as it was before
    """
    suffix = f"_before_{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with job.scratch.maintenance().connect() as conn:
        there = exists(conn, database)
    journal = switches.begin(
        job.ledger,
        RestoreSwitch(
            env=job.env,
            server=job.scratch.server,
            database=database,
            copy=copy.database.name,
            old_database=database[:40] + suffix if there else None,
            place=str(place),
            incoming=str(place.with_name(f".{place.name}.incoming")),
            old_place=str(place.with_name(place.name + suffix)) if place.exists() else None,
            outcome=switches.RUNNING,
            run_id=run_id,
        ),
    )
    try:
        _go(job, journal, copy)
    except BaseException:
        try:
            _settle(job, journal)
        except (OfitecError, OSError) as error:
            log.error("Could not undo it now; the next run of backup_restore does. %s", error)  # noqa: TRY400
        raise
    _settle(job, journal)
    return [kept for kept in (journal.old_place, journal.old_database) if kept]


def repair(job: Job) -> list[str]:
    """Undo or complete what killed restores left half-way; a sentence each. To be called under the lock ODOO.

    :raises ElsewhereHalfDone: if that was on another machine
    """
    told = []
    for journal in switches.half_done(job.ledger, env=job.env, server=job.scratch.server):
        if not Path(journal.place).parent.is_dir():
            raise ElsewhereHalfDone(
                f"The restore {journal.run_id} was killed half-way, and its folder {journal.place} is not on this "
                "machine. Run backup_restore on the machine that has it."
            )
        outcome = _settle(job, journal)
        told.append(f"Restore {journal.run_id} of {journal.database}, killed half-way, is now {outcome}.")
        log.warning("%s", told[-1])
    return told


def _go(job: Job, journal: RestoreSwitch, copy: scratch.Scratch) -> None:
    place, incoming = Path(journal.place), Path(journal.incoming)
    if incoming.exists():
        shutil.rmtree(incoming)
    # across disks this copies, so it happens before anything changes
    shutil.move(copy.filestore, incoming)
    (incoming / _MARK).write_text(journal.copy)
    with job.scratch.maintenance().connect() as conn:
        if journal.old_database:
            administer(conn, "ALTER DATABASE {} RENAME TO {}", journal.database, journal.old_database)
        if journal.old_place:
            place.rename(journal.old_place)
        incoming.rename(place)
        with conn.transaction():
            administer(conn, f"COMMENT ON DATABASE {{}} IS '{_COMMENT}{journal.copy}'", journal.copy)
            administer(conn, "ALTER DATABASE {} RENAME TO {}", journal.copy, journal.database)


def _settle(job: Job, journal: RestoreSwitch) -> str:
    """Complete a switch whose last rename happened, undo any other; returns its outcome. Harmless to run again."""
    with job.scratch.maintenance().connect() as conn:
        if _comment(conn, journal.database) == f"{_COMMENT}{journal.copy}":
            outcome = switches.DONE
            with suppress(FileNotFoundError):
                (Path(journal.place) / _MARK).unlink()
            backups.scratch_dropped(job.ledger, journal.copy)
            shutil.rmtree(scratch.named(job, journal.copy).folder, ignore_errors=True)
        else:
            outcome = switches.UNDONE
            # the files first: the old database gets its name back only beside its own files
            _undo_files(journal)
            if journal.old_database and exists(conn, journal.old_database) and not exists(conn, journal.database):
                administer(conn, "ALTER DATABASE {} RENAME TO {}", journal.old_database, journal.database)
    switches.end(job.ledger, journal, outcome)
    return outcome


def _undo_files(journal: RestoreSwitch) -> None:
    place, incoming = Path(journal.place), Path(journal.incoming)
    with suppress(OSError):
        if (place / _MARK).read_text() == journal.copy:
            shutil.rmtree(place)
    if journal.old_place and Path(journal.old_place).exists() and not place.exists():
        Path(journal.old_place).rename(place)
    if incoming.exists():
        shutil.rmtree(incoming)


def _comment(conn: psycopg.Connection, name: str) -> str | None:
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = conn.execute(query, [name]).fetchone()
    return None if row is None else row[0]
