"""Throw-away copies: a database and a folder. We only ever drop what we made.

Three signs must agree before a database is dropped: its name is ours, the ledger says that we were about to make it,
and its comment, if it has one, is the one we put there.
"""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import psycopg

from ofitec.backup.job import Job
from ofitec.clients import postgres
from ofitec.clients.postgres import Database, administer, exists
from ofitec.errors import PermanentError
from ofitec.ledger import backups

log = logging.getLogger(__name__)

PREFIX = "ofitec_scratch_"
MARK = "OFITEC scratch copy, made by "


class NotOurs(PermanentError):
    """A database that we did not make is to be dropped. It is left alone."""


@dataclass(frozen=True)
class Scratch:
    """A copy: its database and its folder, which is also an Odoo data directory."""

    database: Database
    folder: Path

    @property
    def data_dir(self) -> Path:
        """What Odoo calls --data-dir."""
        return self.folder / "data"

    @property
    def filestore(self) -> Path:
        """Where that Odoo looks for the files of this database."""
        return self.data_dir / "filestore" / self.database.name


def named(job: Job, name: str) -> Scratch:
    """The copy of that name."""
    return Scratch(job.scratch.on(name), job.work / "scratch" / name)


def make(job: Job, *, purpose: str, run_id: str) -> Scratch:
    """Make an empty database and an empty folder. Leftovers of killed runs for the same purpose go first.

    :param purpose: who makes it, e.g. "backup_verify"; of each purpose only one copy exists at a time
    """
    sweep(job, purpose=purpose)
    copy = named(job, f"{PREFIX}{token_hex(8)}")
    name, server = copy.database.name, job.scratch.server
    backups.plan_scratch(job.ledger, name=name, server=server, folder=str(copy.folder), purpose=purpose, run_id=run_id)
    with job.scratch.maintenance().connect() as conn:
        administer(conn, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
        administer(conn, f"COMMENT ON DATABASE {{}} IS '{MARK}{_plain(purpose)}'", name)
    copy.folder.mkdir(mode=0o700, parents=True)
    return copy


def drop(job: Job, name: str) -> None:
    """Drop a copy, its sessions and its folder. Running it again is harmless.

    :raises NotOurs: if the ledger does not know it as ours
    """
    row = backups.scratch(job.ledger, name)
    if row is None or not name.startswith(PREFIX) or row.server != job.scratch.server:
        with job.scratch.maintenance().connect() as conn:
            if exists(conn, name):
                raise NotOurs(f"Database {name} on {job.scratch.server} was not made by us: it is not dropped.")
        return
    with job.scratch.maintenance().connect() as conn:
        if exists(conn, name):
            _require_mark(conn, name)
            postgres.drop(conn, name)
    folder = named(job, name).folder
    if str(folder) == row.folder and folder.exists():
        shutil.rmtree(folder)
    backups.scratch_dropped(job.ledger, name)
    log.info("Dropped the copy %s", name)


def sweep(job: Job, *, purpose: str) -> None:
    """Drop the copies that killed runs left."""
    sweep_disk(job)
    for row in backups.scratches(job.ledger, server=job.scratch.server, purpose=purpose):
        log.info("Dropping %s, made by run %s", row.name, row.run_id)
        drop(job, row.name)


def sweep_disk(job: Job) -> None:
    """Remove folders of copies whose database is gone: this worker died, and another dropped what it could reach."""
    for folder in sorted((job.work / "scratch").glob(f"{PREFIX}*")):
        if backups.scratch_is_gone(job.ledger, folder.name):
            log.info("Removing %s, which this worker left when it died", folder)
            shutil.rmtree(folder)


def _require_mark(conn: psycopg.Connection, name: str) -> None:
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = conn.execute(query, [name]).fetchone()
    if row is not None and row[0] is not None and not str(row[0]).startswith(MARK):
        raise NotOurs(f"Database {name} carries the comment {row[0]!r}, not ours: it is not dropped.")


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in "_-.:+")
