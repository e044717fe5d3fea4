"""A PostgreSQL server of our own on a recovered data directory, reached by a socket in a folder of ours only.

It replays the archive up to the moment and then takes connections. It ends with the block, and with us.
"""

import logging
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from ofitec import unprivileged
from ofitec.backup.beside import beside
from ofitec.clients import postgres
from ofitec.clients.pgbackrest import Pgbackrest
from ofitec.clients.postgres import Database, PostgresDown
from ofitec.errors import InputError, PermanentError
from ofitec.process import Finished, ProgramStopped, run

log = logging.getLogger(__name__)

PREFIX = "recovered-"
_POLL = 0.2
_TOLD = 10.0  # seconds between two lines in the log
# what replaying may need as much of as the source had (PostgreSQL's CheckRequiredParameterValues)
_FROM_SOURCE = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}


# not that a connection came too early
_SAYS_WHY = re.compile(r"(FATAL|ERROR|PANIC): +(?!the database system is|terminating)")


class NotRecovered(PermanentError):
    """The server did not come to the moment: its WAL ends before, or it does not run here."""


@contextmanager
def recovered(
    archive: Pgbackrest, label: str, until: datetime | None, *, work: Path, like: Database, version: str, timeout: float
) -> Iterator[Database]:
    """Odoo's database as it was at a moment, on a server that lives as long as the block.

    :param label: the base backup
    :param until: what was committed at it is in; None: as far as the archive goes
    :param work: folder for its data directory
    :param like: Odoo's database: of the same name and role
    :param version: PostgreSQL's major version
    :param timeout: seconds for the replay
    :raises NotRecovered: with PostgreSQL's own words
    :raises InputError: if this machine has no server of that version
    """
    programs = programs_of(version)
    sweep(work)
    user = unprivileged.user_of()
    folder = Path(mkdtemp(prefix=PREFIX, dir=work))
    try:
        # a socket's path has 107 bytes at most
        with TemporaryDirectory(prefix="ofitec-pg-", dir="/tmp") as socket:
            unprivileged.give(user, folder, Path(socket))
            data = folder / "data"
            data.mkdir(mode=0o700)
            unprivileged.give(user, data)
            with archive.configured(folder, user=user) as config:
                archive.restore(label, until, data, config, user=user)
                argv = [*unprivileged.prefix(user), *_command(programs, folder, data, socket)]
                yield from _running(argv, Database(socket, 5432, like.user, "", like.name, "disable"), archive, timeout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(work: Path) -> None:
    """Remove what killed recoveries left. Nobody else recovers: the caller holds Odoo's lock."""
    for folder in work.glob(f"{PREFIX}*"):
        log.info("Removing %s, which a killed recovery left", folder)
        shutil.rmtree(folder, ignore_errors=True)


def programs_of(version: str) -> Path:
    """The folder of a PostgreSQL server's programs of that major version.

    :raises InputError: if this machine has none
    """
    named = Path(postgres.program("postgres"))
    for folder in (named.parent, Path(f"/usr/lib/postgresql/{version}/bin"), Path(f"/usr/pgsql-{version}/bin")):
        program = folder / "postgres"
        if program.is_file() and re.search(rf"\b{version}[.\w]*", run([str(program), "--version"], timeout=30).stdout):
            return folder
    raise InputError(
        f"To restore a moment this worker needs the server programs of PostgreSQL {version}: install "
        f"postgresql-{version}, or name their folder in OFITEC_PG_BIN."
    )


def _command(programs: Path, folder: Path, data: Path, socket: str) -> list[str]:
    # the source's own may name files that are not here, and let others in
    (folder / "postgresql.conf").write_text("")
    (folder / "pg_hba.conf").write_text("local all all trust\n")  # whoever comes to the socket's folder: we
    (folder / "pg_ident.conf").write_text("")
    settings = {
        **_needed(programs, data),
        "config_file": str(folder / "postgresql.conf"),
        "hba_file": str(folder / "pg_hba.conf"),
        "ident_file": str(folder / "pg_ident.conf"),
        "listen_addresses": "",
        "unix_socket_directories": socket,
        "port": "5432",
        "hot_standby": "off",  # no connection before the moment is reached
        "archive_mode": "off",
        "ssl": "off",
        "shared_preload_libraries": "",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_min_messages": "warning",
        "fsync": "off",  # it is thrown away
        "full_page_writes": "off",
        "shared_buffers": "128MB",
        "autovacuum": "off",
        "max_wal_size": "4GB",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *options]


def _needed(programs: Path, data: Path) -> dict[str, str]:
    told = run([str(programs / "pg_controldata"), "-D", str(data)], timeout=60, env={"LC_ALL": "C"}).stdout
    found = dict(re.findall(r"(?m)^(\w+) setting: +(\d+)$", told))
    return {setting: found[name] for name, setting in _FROM_SOURCE.items() if name in found}


def _running(argv: list[str], database: Database, archive: Pgbackrest, timeout: float) -> Iterator[Database]:
    stop = threading.Event()

    def serve() -> Finished:
        return run(argv, timeout=float("inf"), env={"LC_ALL": "C"}, hide=[archive.passphrase], stop=stop, grace=30)

    over = False
    try:
        with beside(serve, stop) as server:
            until, told = time.monotonic() + timeout, time.monotonic()
            while not _answers(database):
                if server.done():
                    raise NotRecovered(
                        f"The recovered PostgreSQL ended before it came to the moment: {_words(server.result())}"
                    )
                if time.monotonic() > until:
                    raise NotRecovered(
                        f"The recovered PostgreSQL was not done after {timeout:.0f} s (OFITEC_BACKUP_TIMEOUT)."
                    )
                if time.monotonic() - told > _TOLD:
                    told = time.monotonic()
                    log.info("Replaying the archive ...")
                time.sleep(_POLL)
            yield database
            over = True
            stop.set()
    except ProgramStopped:
        if not over:
            raise


def _answers(database: Database) -> bool:
    try:
        with database.maintenance().connect() as conn:
            row = conn.execute("SELECT pg_is_in_recovery()").fetchone()
            return row is not None and not row[0]
    except PostgresDown:
        return False


def _words(done: Finished) -> str:
    lines = [line for line in done.stderr.splitlines() if _SAYS_WHY.search(line)]
    return " ".join(lines[-3:])[-400:] or done.stderr[-300:] or "it said nothing"
