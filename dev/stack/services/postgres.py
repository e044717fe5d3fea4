"""A PostgreSQL cluster of our own, on a loopback port, owned by an unprivileged user, with template databases."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from dev.stack.errors import StackError
from dev.stack.machine import ports, process, progress, system_packages
from dev.stack.machine.credentials import Credentials
from dev.stack.machine.paths import Place
from dev.stack.machine.process import Processes

# Throw-away data: no fsync makes template copies and installs several times faster. Clients see a real server.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class Postgres:
    """A running server and how to reach it. `admin` is the superuser; the roles below it own one database each."""

    host: str
    port: int
    credentials: Credentials
    bin: Path
    data: Path

    def dsn(self, database: str, role: str = "postgres") -> str:
        """A connection URL for `role`: postgres (superuser), odoo, airflow or ofitec (the ledger)."""
        return f"postgresql://{role}:{quote(self.password(role), safe='')}@{self.host}:{self.port}/{database}"

    def password(self, role: str) -> str:
        known = {
            "postgres": self.credentials.postgres,
            "odoo": self.credentials.odoo_db,
            "airflow": self.credentials.airflow_db,
            "ofitec": self.credentials.ledger_db,
        }
        return known[role]

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[psycopg2.extensions.cursor]:
        """A superuser's cursor with autocommit (CREATE DATABASE cannot run in a transaction)."""
        connection = psycopg2.connect(self.dsn(database))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def exists(self, database: str) -> bool:
        with self.admin() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return cursor.fetchone() is not None

    def create(self, database: str, owner: str, template: str = "template0") -> None:
        """Makes `database`, a copy of `template`. A database of that name must not exist."""
        statement = sql.SQL(
            "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY"
            if template != "template0"
            else "CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'"
        )
        with self.admin() as cursor:
            cursor.execute(statement.format(*map(sql.Identifier, (database, owner, template))))

    def drop(self, database: str) -> None:
        """Ends the database's connections and drops it; no-op when it is not there."""
        with self.admin() as cursor:
            cursor.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [database])
            if (row := cursor.fetchone()) is None:
                return
            if row[0]:
                cursor.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(database)))
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def rename(self, database: str, name: str) -> None:
        with self.admin() as cursor:
            cursor.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(database), sql.Identifier(name))
            )

    def freeze(self, database: str) -> None:
        """Makes `database` a template: nobody can connect to it and change it."""
        statement = sql.SQL("ALTER DATABASE {} IS_TEMPLATE true ALLOW_CONNECTIONS false")
        with self.admin() as cursor:
            cursor.execute(statement.format(sql.Identifier(database)))

    def names_like(self, pattern: str) -> list[str]:
        with self.admin() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1", [pattern])
            return [name for (name,) in cursor.fetchall()]


def unprivileged_user() -> str:
    """The user that runs the server, which refuses root: the one of Debian's package, or ourselves."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def up(place: Place, processes: Processes, credentials: Credentials) -> Postgres:
    """Starts the cluster of `place`, made on first use, and returns it; keeps a running one."""
    binaries = system_packages.postgres_bin()
    major = binaries.parent.name
    data = place.dir / "postgres" / major
    if not (data / "PG_VERSION").exists():
        with progress.step(f"PostgreSQL {major}: new cluster"):
            new_cluster(binaries, data, "postgres", credentials.postgres, place.logs / "initdb.log")
    port = ports.port_of(place, "postgres", in_use_by_us=processes.find("postgres") is not None)
    server = Postgres("127.0.0.1", port, credentials, binaries, data)
    argv = command(binaries, data, {**_SETTINGS, "port": str(port)})
    with progress.step(f"PostgreSQL {major}"):
        processes.start("postgres", argv, env=_env(), cwd=Path("/"), stop_signal=signal.SIGINT)
        processes.wait("postgres", lambda: _answers(server), timeout=60)
    _ensure_roles(server)
    return server


def new_cluster(binaries: Path, data: Path, superuser: str, password: str, log: Path) -> None:
    """Makes an empty cluster in `data`, owned by the unprivileged user, whose roles sign in with passwords."""
    shutil.rmtree(data, ignore_errors=True)
    user = unprivileged_user()
    folder = data.parent
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".password") as file:
        file.write(password)
        file.flush()
        if os.geteuid() == 0:
            shutil.chown(folder, user)
            shutil.chown(file.name, user)
        argv = [str(binaries / "initdb"), "-D", str(data), "-U", superuser, "--auth=scram-sha-256"]
        argv += [f"--pwfile={file.name}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        process.run(process.as_user(user, argv, data), log=log, env=_env(), cwd=Path("/"), what="initdb")


def command(binaries: Path, data: Path, settings: Mapping[str, str], before: Sequence[str] = ()) -> list[str]:
    """The command line of a server on `data` with `settings`, as the unprivileged user; `before` is what runs it."""
    argv = [*before, str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return process.as_user(unprivileged_user(), argv, data)


def _env() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def _answers(server: Postgres) -> bool:
    try:
        psycopg2.connect(server.dsn("postgres")).close()
    except psycopg2.OperationalError as error:
        if "password authentication failed" in str(error):
            raise StackError(
                f"the PostgreSQL cluster in {server.data} was made with other passwords: "
                f"delete {server.data.parent} and start again."
            ) from error
        return False
    return True


def _ensure_roles(server: Postgres) -> None:
    """Roles odoo (may create databases, as Odoo does), airflow and ofitec (the ledger), with this stack's passwords."""
    with server.admin() as cursor:
        for role, rights in (("odoo", "CREATEDB"), ("airflow", ""), ("ofitec", "")):
            values: dict[str, Any] = {"role": sql.Identifier(role), "password": sql.Literal(server.password(role))}
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            cursor.execute(sql.SQL(verb + " ROLE {role} LOGIN " + rights + " PASSWORD {password}").format(**values))
