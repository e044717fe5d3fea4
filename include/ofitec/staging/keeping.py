"""The copy that stands under the name `<database>_staging`: today's takes it from yesterday's in one transaction.

Which copy stands is written on the database itself, in its comment, in the transaction that gives it the name. All
else follows from that: the folder, the ledger, what is to be dropped. So there is nothing to undo after a kill:
`settle` makes the rest agree, at the next run or at the end of this one.
"""

import logging
import re
import shutil
from pathlib import Path

import psycopg

from ofitec.backup import scratch
from ofitec.backup.job import Job
from ofitec.backup.scratch import MARK, NotOurs, Scratch
from ofitec.clients.postgres import administer, exists
from ofitec.errors import InputError, PermanentError
from ofitec.ledger import backups

log = logging.getLogger(__name__)

NEW, STANDING = (
    "odoo_staging",
    "odoo_staging_standing",
)  # a scratch database's purpose: in the making, and under the name
_LONGEST = 63  # bytes of a database's name in PostgreSQL
_COMMENT = re.compile(rf"{re.escape(MARK)}odoo_staging, stands as ({re.escape(scratch.PREFIX)}[0-9a-f]+)")
_TRIES = 5


class StagingInUse(PermanentError):
    """Sessions on yesterday's staging copy cannot be ended."""


def name(job: Job) -> str:
    """The database's name.

    :raises InputError: if it would be too long
    """
    found = f"{job.database.name}_staging"
    if len(found.encode()) > _LONGEST:
        raise InputError(f"The name {found} is longer than the {_LONGEST} bytes that PostgreSQL takes.")
    return found


def data_dir(job: Job) -> Path:
    """What the staging Odoo calls --data-dir: a link to the folder of the copy that stands."""
    return job.work / "staging" / "data"


def standing(job: Job, conn: psycopg.Connection) -> str | None:
    """The scratch name of the copy that stands, None if none does.

    :raises NotOurs: if the name is taken by a database that we did not make
    """
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = conn.execute(query, [name(job)]).fetchone()
    if row is None:
        return None
    found = _COMMENT.fullmatch(row[0] or "")
    if found is None:
        raise NotOurs(f"Database {name(job)} was not made by us: it is neither replaced nor dropped. Rename it.")
    return found[1]


def take_place(job: Job, copy: Scratch) -> None:
    """Give a copy the name. The one that had it is dropped by `settle`.

    :raises StagingInUse: if sessions on it cannot be ended; it stands as before
    """
    files = copy.filestore.with_name(name(job))
    if copy.filestore.exists():
        copy.filestore.rename(files)
    with job.scratch.maintenance().connect() as conn:
        for left in reversed(range(_TRIES)):
            try:
                with conn.transaction():
                    _rename(job, conn, copy.database.name)
                break
            except psycopg.errors.ObjectInUse:
                if not left:
                    raise StagingInUse(
                        f"Somebody connects to {name(job)} again and again, and it is not replaced. Stop its Odoo, and "
                        "trigger odoo_staging again."
                    ) from None


def _rename(job: Job, conn: psycopg.Connection, new: str) -> None:
    target, old = name(job), standing(job, conn)
    for database in (target, new):
        _end_sessions(conn, database)
    if old is not None:
        administer(conn, "ALTER DATABASE {} RENAME TO {}", target, old)
    administer(conn, "ALTER DATABASE {} RENAME TO {}", new, target)
    administer(conn, f"COMMENT ON DATABASE {{}} IS '{MARK}odoo_staging, stands as {new}'", target)


def settle(job: Job) -> str | None:
    """Make everything agree with the copy that stands: drop the others, link its folder. Harmless to run again.

    :return: the scratch name of the copy that stands
    """
    with job.scratch.maintenance().connect() as conn:
        stands = standing(job, conn)
    for row in backups.scratches(job.ledger, server=job.scratch.server, purpose=NEW):
        if row.name != stands:
            scratch.drop(job, row.name)
        else:
            backups.hand_over(job.ledger, row.name, was=NEW, to=STANDING)
    _link(job, stands)
    for row in backups.scratches(job.ledger, server=job.scratch.server, purpose=STANDING):
        if row.name != stands:
            scratch.drop(job, row.name)
    scratch.sweep_disk(job)
    return stands


def remove(job: Job) -> bool:
    """Drop the copy that stands. False if none does."""
    with job.scratch.maintenance().connect() as conn, conn.transaction():
        stands = standing(job, conn)
        if stands is not None:
            _end_sessions(conn, name(job))
            administer(conn, "ALTER DATABASE {} RENAME TO {}", name(job), stands)
    settle(job)
    return stands is not None


def _link(job: Job, stands: str | None) -> None:
    link = data_dir(job)
    folder = scratch.named(job, stands).data_dir if stands else None
    if folder is None or not folder.is_dir():
        # none, or it is on another machine: a link to yesterday's files would be a lie
        link.unlink(missing_ok=True)
        return
    link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    coming = link.with_name(".data.coming")
    coming.unlink(missing_ok=True)
    coming.symlink_to(folder)
    coming.replace(link)


def _end_sessions(conn: psycopg.Connection, database: str) -> None:
    if not exists(conn, database):
        return
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    try:
        with conn.transaction():
            conn.execute(query, [database])
    except psycopg.errors.InsufficientPrivilege:
        raise StagingInUse(
            f"Sessions of another role are on {database}, and ours may not end them. Let the staging Odoo connect as "
            "the role of OFITEC_SCRATCH_CONNECTION, or stop it before odoo_staging runs."
        ) from None


def prune(files: Path, named: set[str]) -> int:
    """Remove the files of a copy that no attachment names any more; returns how many."""
    gone = 0
    for path in [path for path in files.rglob("*") if path.is_file() and not path.is_symlink()]:
        if str(path.relative_to(files)) not in named:
            path.unlink()
            gone += 1
    shutil.rmtree(files / "checklist", ignore_errors=True)
    return gone
