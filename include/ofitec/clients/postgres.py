"""The client of PostgreSQL as a foreign system: psycopg for questions, pg_dump and pg_restore for whole databases."""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from ofitec.connections import connection
from ofitec.errors import InputError, PermanentError, TransientError
from ofitec.process import Finished, run
from ofitec.settings import settings

log = logging.getLogger(__name__)


_SERVER_FAILED = re.compile(
    "could not connect|connection to server|server closed|terminating connection|No space left|out of memory|"
    "permission denied to create"
)
# what only a dump that is cut or holds no valid database makes PostgreSQL say
_DUMP_WRONG = re.compile(
    "violates [a-z -]+ constraint|could not create unique index|duplicate key value|invalid input syntax|"
    "invalid byte sequence|missing data for column|extra data after last expected column|value too long for type|"
    "could not read from input file: end of file|unexpected end of file|did not find magic string|"
    "does not appear to be a valid archive|unexpected block|could not uncompress data|input file is too short|"
    "corrupt|malformed array literal|is out of range for type"
)


class PostgresDown(TransientError):
    """The server does not answer, or the connection broke."""


class RestoreRefused(PermanentError):
    """pg_restore could not rebuild the database: the dump does not hold a valid one."""


class RestoreFailed(PermanentError):
    """pg_restore failed by what says nothing about the dump: a program, an extension or a right is missing."""


@dataclass(frozen=True)
class Database:
    """One database and how to reach it. The password never shows."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    sslmode: str = "prefer"

    @classmethod
    def from_connection(cls, conn_id: str) -> "Database":
        """The database of an Airflow connection: host, port, login, password, schema (its name), extra `sslmode`.

        :raises InputError: if the connection is missing or lacks a part
        """
        conn = connection(conn_id)
        lacking = [name for name, value in (("login", conn.login), ("schema", conn.schema)) if not value]
        if lacking:
            raise InputError(f"Airflow connection {conn_id} lacks {', '.join(lacking)}.")
        sslmode = str(conn.extra_dejson.get("sslmode") or "prefer")
        name = str(conn.schema)
        return cls(conn.host or "", conn.port or 5432, conn.login or "", conn.password or "", name, sslmode)

    def on(self, name: str) -> "Database":
        """Another database of the same server."""
        return replace(self, name=name)

    @property
    def server(self) -> str:
        """host:port"""
        return f"{self.host}:{self.port}"

    def maintenance(self) -> "Database":
        """The server's own database `postgres`, from which others are made, renamed and dropped."""
        return self.on("postgres")

    def environment(self) -> dict[str, str]:
        """libpq's variables without the password, for pg_dump, pg_restore and Odoo."""
        found = {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": self.name,
            "PGSSLMODE": self.sslmode,
            "PGCONNECT_TIMEOUT": "15",
            "PGAPPNAME": "ofitec",
        }
        return {name: value for name, value in found.items() if value}

    def secrets(self) -> dict[str, str]:
        """libpq's password variable."""
        return {"PGPASSWORD": self.password} if self.password else {}

    @contextmanager
    def connect(self, *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
        """A connection, closed at the end.

        :raises PostgresDown: if the server does not answer or the connection breaks
        :raises InputError: if it refuses our login or has no such database
        """
        try:
            conn = psycopg.connect(
                host=self.host or None,
                port=self.port,
                user=self.user,
                password=self.password or None,
                dbname=self.name,
                sslmode=self.sslmode,
                connect_timeout=15,
                application_name="ofitec",
                keepalives_idle=60,
                autocommit=autocommit,
            )
        except psycopg.OperationalError as error:
            raise self._translated(error) from None
        try:
            with conn:
                yield conn
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(error, psycopg.errors.LockNotAvailable):
                raise
            raise self._translated(error) from None
        finally:
            conn.close()

    def _translated(self, error: Exception) -> PermanentError | TransientError:
        # libpq's text names host, port, user and database, never the password
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        if re.search(r"authentication failed|does not exist|no password supplied|permission denied", str(error)):
            return InputError(f"PostgreSQL refused {self.user} at {self.host}:{self.port}/{self.name}: {reason}")
        return PostgresDown(f"PostgreSQL at {self.host}:{self.port}/{self.name} failed us: {reason}")


def program(name: str) -> str:
    """pg_dump or pg_restore, from the folder in the settings or from PATH."""
    folder = settings().pg_bin
    return str(Path(folder) / name) if folder else name


def client_major(name: str = "pg_dump") -> int:
    """The major version of a client program, e.g. 15."""
    version = run([program(name), "--version"], timeout=30).stdout
    match = re.search(r"\) (\d+)", version)
    if match is None:
        raise PermanentError(f"{program(name)} does not say its version: {version[:100]!r}.")
    return int(match[1])


def server_major(conn: psycopg.Connection) -> int:
    """The major version of the server, e.g. 15."""
    return conn.info.server_version // 10000


def dump_command(snapshot: str) -> list[str]:
    """pg_dump's command for the exported snapshot. Uncompressed, so that restic can deduplicate; -Fc notices a cut.

    The table locks it needs are waited for one minute, not for ever.
    """
    return [program("pg_dump"), "-Fc", "-Z0", f"--snapshot={snapshot}", "--lock-wait-timeout=60s", "--no-password"]


def restore(dump: Path, target: Database, *, jobs: int, timeout: float, stop: threading.Event | None = None) -> None:
    """Load a custom-format dump file into an empty database, stopping at the first error.

    Ownership and grants are left out: everything belongs to the role that loads.

    :param timeout: seconds
    :param stop: once set, it is ended
    :raises RestoreRefused: with PostgreSQL's own words, if they show that the dump is wrong
    :raises RestoreFailed: with them, if they show nothing of the kind
    """
    argv = [program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--no-password"]
    argv += [f"--jobs={jobs}", f"--dbname={target.name}", str(dump)]
    done = run(argv, timeout=timeout, env=target.environment(), secrets=target.secrets(), stop=stop)
    if done.returncode < 0:
        # the kernel for want of memory, or a person: it says nothing about the dump
        raise PostgresDown(f"pg_restore into {target.name} was killed by signal {-done.returncode}. It is tried again.")
    if done.returncode and _SERVER_FAILED.search(done.stderr):
        raise PostgresDown(f"pg_restore into {target.name} failed for want of the server: {done.stderr.strip()[-300:]}")
    if done.returncode:
        errors = " ".join(line for line in done.stderr.splitlines() if "error:" in line or "DETAIL" in line)[:500]
        what = f"pg_restore into {target.name} failed with exit {done.returncode}: {errors or done.stderr[-300:]}"
        if _DUMP_WRONG.search(done.stderr):
            raise RestoreRefused(what)
        raise RestoreFailed(f"{what}. That says nothing about the dump: mend what is named, then prove it again.")


def read_tables(dump: Path, tables: Sequence[str], on_line: Callable[[str], bool], *, timeout: float) -> None:
    """Give the rows of some tables of a custom-format dump, as SQL of which COPY's lines are the rows. No database is
    needed, and a table that the dump does not have gives nothing.

    :param timeout: seconds
    :raises RestoreRefused: if the dump cannot be read
    """
    named = [word for table in tables for word in ("--table", table)]
    argv = [program("pg_restore"), "--data-only", "--schema=public", *named, "--file=-", str(dump)]
    _readable(run(argv, timeout=timeout, on_line=on_line))


def read_schema(dump: Path, *, timeout: float) -> str:
    """The statements that make the tables of a custom-format dump, and their keys.

    :raises RestoreRefused: if the dump cannot be read
    """
    argv = [program("pg_restore"), "--schema-only", "--schema=public", "--file=-", str(dump)]
    return _readable(run(argv, timeout=timeout)).stdout


def _readable(done: Finished) -> Finished:
    if done.returncode < 0:
        raise PostgresDown(f"pg_restore was killed by signal {-done.returncode}. It is tried again.")
    if done.returncode:
        raise RestoreRefused(f"pg_restore cannot read the dump (exit {done.returncode}): {done.stderr.strip()[-300:]}")
    return done


def exists(conn: psycopg.Connection, name: str) -> bool:
    """Whether the server has a database of that name."""
    return conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def sessions(conn: psycopg.Connection, name: str) -> list[str]:
    """Who is connected to a database: "user/application from address"."""
    query = """
        SELECT usename || '/' || coalesce(nullif(application_name, ''), '?')
               || ' from ' || coalesce(client_addr::text, 'here')
        FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    """
    return [row[0] for row in conn.execute(query, [name])]


def administer(conn: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    """Run a statement about databases with their names quoted, e.g. `ALTER DATABASE {} RENAME TO {}`."""
    conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def drop(conn: psycopg.Connection, name: str) -> None:
    """Drop a database and end its sessions.

    :raises psycopg.errors.ObjectInUse: if a session that is not ours comes between
    """
    try:
        administer(conn, "DROP DATABASE {} WITH (FORCE)", name)
    except psycopg.errors.InsufficientPrivilege:
        # an autovacuum worker is at it, which belongs to no role: FORCE refuses before it ends any session, while the
        # plain form has the server stop the worker, and waits for that
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()",
            [name],
        )
        administer(conn, "DROP DATABASE {}", name)
