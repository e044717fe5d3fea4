"""Odoo's database host of the tests: a PostgreSQL that archives by pgBackRest, a filestore, Odoo's way to write both.

What is done to it is logged with the time of its commit, as PostgreSQL itself keeps it.
"""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from dev.stack.machine import ports, system_packages
from dev.stack.services import postgres
from ofitec import unprivileged
from ofitec.clients.pgbackrest import Cluster, Pgbackrest
from ofitec.clients.postgres import Database
from tests.ofitec.backup import odoo_like

SUPER, ODOO, PHRASE = "superclave-4h7s", "odoo&clave=3/pw", "frase del archivo, larga & secreta = 1"
NAME = "odoo"
_DIES_WITH_US = ("setpriv", "--pdeathsig=INT", "--")


class Host:
    """One server on a free loopback port, with its archive in a folder beside it."""

    def __init__(self, *, archive_timeout: int = 60, may_switch: bool = True, disk: int = 0) -> None:
        """:param disk: bytes of a disk of its own for the repository; only root can mount one"""
        self.bin, self.port = system_packages.postgres_bin(), ports.pick(set())
        self.folder = Path(tempfile.mkdtemp(prefix="ofitec-pitr-", dir="/var/tmp"))
        self.data, self.socket, self.filestore = (self.folder / name for name in ("pg/data", "socket", "filestore"))
        self._timeout, self._may_switch, self._disk = archive_timeout, may_switch, disk
        self.process: subprocess.Popen[bytes] | None = None
        self.cluster = Cluster(self.data, self.port, str(self.socket))
        self.archive = Pgbackrest(
            {"path": str(self.folder / "repository")}, PHRASE, binary=str(system_packages.pgbackrest()), whole=300
        )

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def push(self) -> Path:
        return self.folder / "pgbackrest"

    @property
    def database(self) -> Database:
        return Database("127.0.0.1", self.port, "odoo", ODOO, NAME)

    def make(self) -> None:
        """A new server with an Odoo in it, its archive and a first base backup."""
        postgres.new_cluster(self.bin, self.data, "postgres", SUPER, self.log)
        self.folder.chmod(0o755)
        rules = self.data / "pg_hba.conf"
        rules.write_text("local all all trust\n" + rules.read_text())
        owner = postgres.unprivileged_user() if os.geteuid() == 0 else ""
        for name in ("socket", "repository", "push"):
            (self.folder / name).mkdir(mode=0o755)
        if self._disk:
            where = self.folder / "repository"
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self._disk}", "tmpfs", where], check=True)
        for name in ("socket", "repository", "push"):
            unprivileged.give(owner, self.folder / name)
        # what archive_command runs: a drill puts another in its place
        self.push.write_text(f'#!/bin/sh\nexec {self.archive.binary} "$@"\n')
        self.push.chmod(0o755)
        self.configure(self.archive)
        self.start()
        self.archive.create(self.cluster)
        with self.admin() as conn:
            conn.execute(f"CREATE ROLE odoo LOGIN CREATEDB PASSWORD '{ODOO}'")
            conn.execute(f"CREATE DATABASE {NAME} OWNER odoo TEMPLATE template0 ENCODING 'UTF8'")
        if self._may_switch:
            with self.admin(NAME) as conn:
                conn.execute("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO odoo")
        with self.database.connect() as conn:
            odoo_like.fill(conn, self.filestore)
        self.archive.backup("full", self.cluster)

    def configure(self, archive: Pgbackrest) -> None:
        """What archive_command pushes by."""
        path = self.folder / "push" / "pgbackrest.conf"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(archive.configuration(cluster=self.cluster, folder=str(path.parent)) + "archive-timeout=5\n")
        unprivileged.give(postgres.unprivileged_user() if os.geteuid() == 0 else "", path)

    def start(self) -> None:
        config = self.folder / "push" / "pgbackrest.conf"
        push = f"{self.push} --config={config} --stanza={self.archive.stanza} archive-push %p"
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.socket),
            "fsync": "off",
            "max_connections": "80",
            "shared_buffers": "64MB",
            "track_commit_timestamp": "on",
            "archive_mode": "on",
            "archive_timeout": str(self._timeout),
            "archive_command": push,
        }
        argv = postgres.command(self.bin, self.data, settings, before=_DIES_WITH_US)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, cwd="/", start_new_session=True)
        until = time.monotonic() + 60
        while True:
            with suppress(psycopg.OperationalError):
                self.admin().close()
                return
            assert time.monotonic() < until, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def die(self) -> None:
        """As when its machine burns: the server is killed, and its WAL is gone."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        self.process = None
        shutil.rmtree(self.data)

    def stop(self) -> None:
        """End it and remove all of it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        if self._disk:
            subprocess.run(["umount", "--lazy", self.folder / "repository"], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self, name: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=SUPER, dbname=name, autocommit=True
        )


@dataclass
class Truth:
    """What was committed, and when: (time of the commit, kind, key, value), in order.

    `rows` and `files` are what other writers left before.
    """

    rows: set[int] = field(default_factory=set)
    files: dict[int, str] = field(default_factory=dict)
    events: list[tuple[datetime, str, int, str]] = field(default_factory=list)

    def at(self, moment: datetime) -> tuple[set[int], dict[int, str]]:
        """The rows, and the attachments with their files, as they were."""
        rows, files = set(self.rows), dict(self.files)
        for at, kind, key, value in self.events:
            if at > moment:
                break
            if kind == "row":
                rows.add(key)
            elif kind == "attach":
                files[key] = value
            else:
                del files[key]
        return rows, files


class Writer:
    """Commits rows and attachments, and removes some, one transaction after the other, until it is stopped."""

    def __init__(self, host: Host, *, pause: float = 0.02, young: float = 30.0, seed: int = 1) -> None:
        """`young`: seconds before an attachment may be removed again."""
        self.truth, self._host, self._pause, self._young = Truth(), host, pause, young
        self._random, self._stop = random.Random(seed), threading.Event()
        self._mine: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        with self._host.database.connect() as conn:
            self.truth.rows, self.truth.files = written(conn)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        try:
            with self._host.database.connect(autocommit=False) as conn:
                while not self._stop.is_set():
                    self._once(conn)
                    time.sleep(self._pause)
        except Exception as error:
            self.error = error  # the host died, or the test is wrong: it looks

    def _once(self, conn: psycopg.Connection) -> None:
        kind, key, value = self._change(conn)
        xid = _one(conn, "SELECT txid_current()")
        conn.commit()
        at = _one(conn, f"SELECT pg_xact_commit_timestamp('{xid}'::xid)")
        conn.rollback()
        self.truth.events.append((at, kind, key, value))

    def _change(self, conn: psycopg.Connection) -> tuple[str, int, str]:
        old = [key for key, since in self._mine.items() if time.monotonic() - since > self._young]
        what = self._random.random()
        if what < 0.5:
            name = f"escrito {len(self.truth.events)}"
            query = "INSERT INTO account_move (name, date, amount) VALUES (%s, '2026-11-27', 1190) RETURNING id"
            return "row", _one(conn, query, name), name
        if what < 0.9 or not old:
            content = self._random.randbytes(self._random.randrange(50, 3000))
            name = odoo_like.attach(conn, self._host.filestore, content, "escrito")
            key = _one(conn, "SELECT max(id) FROM ir_attachment")
            self._mine[key] = time.monotonic()
            return "attach", key, name
        key = self._random.choice(old)
        del self._mine[key]
        conn.execute("DELETE FROM ir_attachment WHERE id = %s", [key])
        return "remove", key, ""


def clean_files(host: Host, *, young: float = 0) -> int:
    """Odoo's `_gc_file_store`: under its lock, files that no row names go. -1 if somebody keeps them.

    :param young: seconds; younger files stay: one that is written now has no row yet (Odoo's checklist knows them)
    """
    with host.database.connect(autocommit=False) as conn:
        conn.execute("SET LOCAL lock_timeout = '2s'")
        try:
            conn.execute("LOCK ir_attachment IN SHARE MODE")
        except psycopg.errors.LockNotAvailable:
            return -1
        named = {row[0] for row in conn.execute("SELECT store_fname FROM ir_attachment")}
        old = [p for p in host.filestore.glob("*/*") if time.time() - p.stat().st_mtime >= young]
        gone = [p for p in old if f"{p.parent.name}/{p.name}" not in named]
        for path in gone:
            path.unlink()
        conn.commit()
        return len(gone)


def written(conn: psycopg.Connection) -> tuple[set[int], dict[int, str]]:
    """The writers' rows and attachments."""
    rows = {row[0] for row in conn.execute("SELECT id FROM account_move WHERE name LIKE 'escrito %'")}
    return rows, dict(conn.execute("SELECT id, store_fname FROM ir_attachment WHERE name = 'escrito'").fetchall())


def contents(database: Database, folder: Path) -> tuple[set[int], dict[int, str], set[str]]:
    """What a recovered pair holds of the writer's: rows, attachments, and all its files, each with the right bytes."""
    with database.connect() as conn:
        rows, named = written(conn)
    there = {f"{path.parent.name}/{path.name}" for path in folder.glob("*/*")}
    for name in there:
        assert hashlib.sha1((folder / name).read_bytes()).hexdigest() == name[3:]
    return rows, named, there


def _one(conn: psycopg.Connection, query: str, *values: object) -> Any:
    row = conn.execute(query, values).fetchone()  # type: ignore[arg-type, unused-ignore]
    assert row is not None
    return row[0]
