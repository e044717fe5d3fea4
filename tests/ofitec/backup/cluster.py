"""A PostgreSQL cluster of the tests' own, with passwords, so that a fault can be done to it without harm to others."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from dev.stack.machine import ports, system_packages
from dev.stack.services import postgres
from ofitec.clients.postgres import Database
from ofitec.settings import settings

SUPER, ODOO, LEDGER = "superclave-9f2k", "odoo&clave=7/xq", "ledgerclave-55zz"

_DIES_WITH_US = ("setpriv", "--pdeathsig=INT", "--")


class Cluster:
    """One server on a free loopback port, data in a temporary folder."""

    def __init__(self, address: str = "") -> None:
        """`address`: one more of this machine's, on which it listens to that network's neighbours."""
        self.bin, self._address = system_packages.postgres_bin(), address
        self.folder = Path(tempfile.mkdtemp(prefix="ofitec-pg-", dir="/var/tmp"))
        self.port = ports.pick(set())
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        data = self.folder / "data"
        postgres.new_cluster(self.bin, data, "super", SUPER, self.folder / "log")
        if self._address:
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet scram-sha-256\n")
        settings = {
            "port": str(self.port),
            "listen_addresses": ",".join(filter(None, ["127.0.0.1", self._address])),
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "80",
        }
        argv = postgres.command(self.bin, data, settings, before=_DIES_WITH_US)
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(argv, stdout=log, stderr=log, cwd="/", start_new_session=True)
        until = time.monotonic() + 60
        while True:
            with suppress(psycopg.OperationalError):
                self.admin().close()
                break
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.1)
        with self.admin() as conn:
            conn.execute(f"CREATE ROLE odoo LOGIN CREATEDB PASSWORD '{ODOO}'")
            conn.execute(f"CREATE ROLE ledger LOGIN CREATEDB PASSWORD '{LEDGER}'")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once, as after a crash
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self, name: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="super", password=SUPER, dbname=name, autocommit=True
        )

    def database(self, name: str) -> Database:
        return Database("127.0.0.1", self.port, "odoo", ODOO, name)

    def create(self, name: str, template: str = "template0", owner: str = "odoo") -> Database:
        with self.admin() as conn:
            conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {owner} STRATEGY FILE_COPY')
        return self.database(name)

    def drop(self, name: str) -> None:
        with self.admin() as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def names(self) -> set[str]:
        with self.admin() as conn:
            return {row[0] for row in conn.execute("SELECT datname FROM pg_database")}


@contextmanager
def running() -> Iterator[Cluster]:
    """A server that is up, whose programs are those of OFITEC_PG_BIN meanwhile."""
    server = Cluster()
    try:
        server.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OFITEC_PG_BIN", str(server.bin))
            settings.cache_clear()
            yield server
    finally:
        server.stop()
        settings.cache_clear()
