"""What a backup and its proof need: repository, programs, filestore, room, rights in PostgreSQL, an Odoo to boot."""

import shlex
import shutil
from pathlib import Path

from ofitec.backup.job import SECOND_CONNECTION
from ofitec.clients import postgres, restic_copy
from ofitec.clients.postgres import Database
from ofitec.clients.restic_connection import restic
from ofitec.connections import found
from ofitec.doctor.findings import Unused
from ofitec.errors import InputError, PermanentError
from ofitec.process import run
from ofitec.settings import settings

_GIB = 1024**3


def repository_opens(conn_id: str = "restic_default") -> str:
    """Open the repository with its password and count what it holds."""
    repository = restic(conn_id)
    version = ".".join(map(str, repository.version()))
    repository.open()
    count = len(repository.snapshots("ofitec", f"env={settings().env}"))
    return f"restic {version} opens {repository.where}; it holds {count} snapshots of {settings().env!r}"


def second_repository() -> str:
    """The repository of copies, if there is one: it opens, is another one, and one restic can reach both."""
    if found(SECOND_CONNECTION) is None:
        raise Unused("no connection restic_second: backups have no second copy on another storage")
    opened = repository_opens(SECOND_CONNECTION)
    first, second = restic(), restic(SECOND_CONNECTION)
    restic_copy.require_reachable(second, first)
    if first.open() == second.open():
        raise InputError("restic_default and restic_second lead to one repository: that is no second copy.")
    return opened


def programs() -> str:
    """pg_dump against the server that it dumps.

    :raises InputError: if the program is older than the server
    """
    with Database.from_connection("odoo_db").connect() as conn:
        server = postgres.server_major(conn)
    installed = {name: postgres.client_major(name) for name in ("pg_dump", "pg_restore")}
    old = [f"{name} {version}" for name, version in installed.items() if version < server]
    if old:
        raise InputError(
            f"{', '.join(old)} cannot save a PostgreSQL {server}: install postgresql-client-{server} on the workers "
            "and name its folder in OFITEC_PG_BIN."
        )
    return f"pg_dump {installed['pg_dump']} and pg_restore {installed['pg_restore']} for PostgreSQL {server}"


def database_rights() -> str:
    """The role may take the lock that keeps Odoo's file cleaning away, and make databases where copies go.

    :raises InputError: if it lacks one of them
    """
    with Database.from_connection("odoo_db").connect() as conn:
        row = conn.execute(
            "SELECT has_table_privilege('ir_attachment', 'INSERT, UPDATE, DELETE'), current_user"
        ).fetchone()
    assert row is not None
    if not row[0]:
        raise InputError(
            f"Role {row[1]} of connection odoo_db may not write ir_attachment, so it cannot hold Odoo's file cleaning "
            "back while files are saved. Use the role that owns Odoo's database."
        )
    scratch = Database.from_connection(settings().scratch_connection)
    with scratch.maintenance().connect() as conn:
        made = conn.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if made is None or not made[0]:
        raise InputError(
            f"The role of connection {settings().scratch_connection} may not make databases, so nothing can be proven: "
            f"as an administrator run  ALTER ROLE {scratch.user} CREATEDB"
        )
    return f"may save, and may make copies on {scratch.server}"


def filestore() -> str:
    """Odoo's files are there and can be read.

    :raises InputError: if the folder is missing or empty
    """
    folder = settings().filestore
    try:
        first = next(folder.iterdir(), None)
    except OSError as error:
        raise InputError(
            f"The filestore {folder} cannot be read: {error.strerror}. Mount Odoo's data there or set OFITEC_FILESTORE."
        ) from None
    if first is None:
        raise InputError(f"The filestore {folder} is empty: is Odoo's volume mounted? Set OFITEC_FILESTORE.")
    return f"{folder} can be read"


def room() -> str:
    """The work disk holds a copy of database dump and files.

    :raises PermanentError: if a proof would fill it
    """
    with Database.from_connection("odoo_db").connect() as conn:
        row = conn.execute(
            "SELECT pg_database_size(current_database())::bigint, "
            "(SELECT coalesce(sum(file_size), 0)::bigint FROM ir_attachment WHERE store_fname IS NOT NULL)"
        ).fetchone()
    assert row is not None
    needed, work = row[0] + row[1], settings().work_dir
    free = shutil.disk_usage(_existing(work)).free
    if free < needed:
        raise PermanentError(
            f"{work} has {free / _GIB:.1f} GiB free and a proof may need {needed / _GIB:.1f} (database "
            f"{row[0] / _GIB:.1f}, files {row[1] / _GIB:.1f}): free some, or set OFITEC_WORK_DIR to a larger disk."
        )
    return f"{work} has {free / _GIB:.1f} GiB free, a proof may need {needed / _GIB:.1f}"


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def odoo_to_boot() -> str:
    """The Odoo that proofs boot on the copy.

    :raises PermanentError: if the command does not run
    """
    command = settings().odoo_command
    if not command:
        raise Unused("OFITEC_ODOO_COMMAND is empty: proofs restore and compare, but boot no Odoo on the copy")
    done = run([*shlex.split(command), "--version"], timeout=120)
    if done.returncode:
        raise PermanentError(
            f"OFITEC_ODOO_COMMAND does not run (exit {done.returncode}): {done.stderr.strip()[-200:]}. Check the path."
        )
    return (done.stdout.strip() or done.stderr.strip()).splitlines()[0]
