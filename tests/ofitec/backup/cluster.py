"""A PostgreSQL cluster of the tests' own, with passwords, so that a fault can be done to it without harm to others."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from ofitec.clients.postgres import Database

SUPER, ODOO, LEDGER = "superclave-9f2k", "odoo&clave=7/xq", "ledgerclave-55zz"


class Cluster:
    """One server on a free loopback port, data in a temporary folder."""

    def __init__(self, address: str = "") -> None:
        """`address`: one more of this machine's, on which it listens to that network's neighbours."""
        self.bin, self._address = _binaries(), address
        self.folder = Path(tempfile.mkdtemp(prefix="ofitec-pg-", dir="/var/tmp"))
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            self.user = "postgres"
            shutil.chown(self.folder, self.user)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        password = self.folder / "password"
        password.write_text(SUPER)
        if os.geteuid() == 0:
            shutil.chown(password, self.user)
        self._run("initdb", "-D", f"{self.folder}/data", "-U", "super", "-A", "scram-sha-256", f"--pwfile={password}",
                  "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        addresses = ",".join(["127.0.0.1", *([self._address] if self._address else [])])
        settings = [f"port={self.port}", f"listen_addresses={addresses}", "unix_socket_directories=", "fsync=off",
                    "full_page_writes=off", "max_connections=80"]  # fmt: skip
        if self._address:
            with (self.folder / "data/pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet scram-sha-256\n")
        argv = [str(self.bin / "postgres"), "-D", f"{self.folder}/data"]
        for setting in settings:
            argv += ["-c", setting]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(self._as_user(argv), stdout=log, stderr=log, cwd="/", start_new_session=True)
        until = time.monotonic() + 60
        while True:
            with suppress(psycopg.OperationalError):
                self.admin().close()
                break
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.1)
        with self.admin() as link:
            link.execute(f"CREATE ROLE odoo LOGIN CREATEDB PASSWORD '{ODOO}'")
            link.execute(f"CREATE ROLE ledger LOGIN CREATEDB PASSWORD '{LEDGER}'")

    def stop(self) -> None:
        if self._process is not None:
            self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self, name: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="super", password=SUPER, dbname=name, autocommit=True
        )

    def database(self, name: str) -> Database:
        return Database("127.0.0.1", self.port, "odoo", ODOO, name)

    def create(self, name: str, template: str = "template0", owner: str = "odoo") -> Database:
        with self.admin() as link:
            link.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {owner} STRATEGY FILE_COPY')
        return self.database(name)

    def drop(self, name: str) -> None:
        with self.admin() as link:
            link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def names(self) -> set[str]:
        with self.admin() as link:
            return {row[0] for row in link.execute("SELECT datname FROM pg_database")}

    def _run(self, program: str, *argv: str) -> None:
        subprocess.run(self._as_user([str(self.bin / program), *argv]), check=True, capture_output=True, cwd="/")

    def _as_user(self, argv: list[str]) -> list[str]:
        """The command as a user that the server accepts; it stops when this process is gone."""
        user = [f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *user, "--pdeathsig=INT", "--", *argv]


def _binaries() -> Path:
    """The newest server on this machine (Debian keeps it out of PATH), or the one in OFITEC_PG_BIN."""
    if named := os.environ.get("OFITEC_PG_BIN"):
        return Path(named)
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    assert versions, "no PostgreSQL server on this machine: apt-get install postgresql, or set OFITEC_PG_BIN"
    return versions[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
