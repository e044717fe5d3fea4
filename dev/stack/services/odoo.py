"""A real Odoo: template databases made once, copies of them in half a second, and servers on loopback ports."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import odoorpc

from dev.stack.errors import StackError
from dev.stack.machine import ports, process, progress
from dev.stack.machine.credentials import Credentials
from dev.stack.machine.paths import Place, cache_lock
from dev.stack.machine.process import Processes
from dev.stack.services import addon, odoo_saved
from dev.stack.services.odoo_source import OdooSource
from dev.stack.services.postgres import Postgres
from ofitec.whole_file import write_whole

BOT = "ofitec_bot"
_PREPARE = Path(__file__).parents[1] / "company" / "odoo_shell" / "prepare.py"
_LOADING = r"(?:Loading module|module) (\S+ \(\d+/\d+\))"


@dataclass(frozen=True)
class OdooServer:
    """A running Odoo on one database."""

    host: str
    port: int
    database: str
    series: str
    credentials: Credentials

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def rpc(self, login: str = "admin", timeout: float = 600) -> odoorpc.ODOO:
        """A logged-in client: as `admin`, or as the robot `ofitec_bot` that Airflow uses. `timeout` in seconds."""
        password = self.credentials.odoo_bot if login == BOT else self.credentials.odoo_admin
        client = odoorpc.ODOO(self.host, port=self.port, timeout=timeout)
        client.login(self.database, login, password)
        return client


class Odoo:
    """Odoo's databases and servers in one stack."""

    def __init__(self, place: Place, processes: Processes, source: OdooSource, postgres: Postgres) -> None:
        self.place = place
        self.processes = processes
        self.source = source
        self.postgres = postgres
        self.addon = addon.render(place, source.series)
        self.data_dir = place.dir / "odoo" / source.series
        self.config = place.dir / "odoo" / f"odoo-{source.series}.conf"
        self._write_config()

    def _write_config(self) -> None:
        tree = self.source.pythonpath
        places = (tree / "odoo" / "addons", tree / "addons", self.addon.folder)
        paths = [place for place in places if any(place.glob("*/__manifest__.py"))]
        # No crons: nothing runs, mails or calls home on its own. Long RPC calls (the demo company) must not be cut.
        text = f"""[options]
db_host = {self.postgres.host}
db_port = {self.postgres.port}
db_user = odoo
db_password = {self.postgres.password("odoo")}
admin_passwd = {self.postgres.credentials.odoo_master}
data_dir = {self.data_dir}
addons_path = {",".join(map(str, paths))}
http_interface = 127.0.0.1
list_db = False
max_cron_threads = 0
limit_time_cpu = 3600
limit_time_real = 3600
limit_memory_soft = 0
limit_memory_hard = 0
"""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir.parent.chmod(0o700)  # the filestore holds the company's documents
        write_whole(self.config, text)

    def filestore(self, database: str) -> Path:
        return self.data_dir / "filestore" / database

    def command(self, *args: str) -> list[str]:
        """An Odoo command line (a subcommand first, if any) with this stack's configuration, for `source.env()`."""
        subcommand = [arg for arg in args[:1] if not arg.startswith("-")]
        return self.source.command(*subcommand, "-c", str(self.config), *args[len(subcommand) :])

    def command_line(self) -> str:
        """The same as one line with its environment, as the setting OFITEC_ODOO_COMMAND wants it."""
        needed = {name: value for name, value in self.source.env().items() if name.startswith("PYTHON")}
        return shlex.join(["env", *(f"{name}={value}" for name, value in needed.items()), *self.command()])

    def run(
        self,
        database: str,
        *args: str,
        what: str,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 900,
    ) -> str:
        """Runs an Odoo command on `database` to its end: `run(db, "-i", "l10n_cl", "--stop-after-init", what=...)`."""
        port = ports.pick(set(ports.recorded(self.place).values()))
        command = self.command(*args, "-d", database, "--http-port", str(port), "--max-cron-threads", "0")
        given = {**self.source.env(), **(env or {})}
        return process.run(command, log=self.log, env=given, stdin=stdin, what=what, timeout=timeout)

    @property
    def log(self) -> Path:
        return self.place.logs / "odoo-setup.log"

    def shell(
        self, database: str, script: str, *, what: str, env: Mapping[str, str] | None = None, timeout: float = 900
    ) -> str:
        """Runs Python text with `env` (Odoo's environment) in `odoo shell`, and returns what it printed. Seconds."""
        return self.run(database, "shell", "--no-http", what=what, stdin=script, env=env, timeout=timeout)

    # Templates

    def base_template(self) -> str:
        """The template with l10n_cl, Spanish of Chile, the two users and compiled page assets."""
        return self._template("l10n_cl", self._base_key(), lambda: "template0", self._fill_base)

    def _base_key(self) -> str:
        return _key(self.source.series, self.source.version, _PREPARE.read_text())

    def _fill_base(self, database: str) -> None:
        with progress.step(f"Odoo {self.source.series}: database with l10n_cl, es_CL") as step:
            step.follow(self.log, _LOADING)
            install = ("-i", "l10n_cl", "--without-demo=all", "--load-language", "es_CL", "--stop-after-init")
            self.run(database, *install, what="installing l10n_cl")
        with progress.step("Odoo: users, language and page assets"):
            self._prepare(database)

    def _prepare(self, database: str) -> None:
        passwords = {
            "OFITEC_ODOO_ADMIN_PASSWORD": self.postgres.credentials.odoo_admin,
            "OFITEC_ODOO_BOT_PASSWORD": self.postgres.credentials.odoo_bot,
        }
        output = self.shell(database, _PREPARE.read_text(), what="preparing the Odoo template", env=passwords)
        if "prepared" not in output:
            raise StackError(f"preparing the Odoo template ended early; see {self.log}.")

    def addon_template(self) -> str:
        """The base template plus the project's add-on as it is in the working copy."""
        return self._template(addon.NAME, self._addon_key(), self.base_template, self._fill_addon)

    def _addon_key(self) -> str:
        return _key(self._base_key(), self.addon.digest)

    def _fill_addon(self, database: str) -> None:
        with progress.step(f"Odoo: add-on {addon.NAME} {self.addon.digest}") as step:
            step.follow(self.log, _LOADING)
            self.run(
                database, "-i", addon.NAME, "--without-demo=all", "--stop-after-init", what=f"installing {addon.NAME}"
            )
        # Once more: the add-on's own views and scripts belong to the bundles, its groups to the users.
        self._prepare(database)

    def filled_template(self, key: str, fill: Callable[[odoorpc.ODOO], None], title: str) -> str:
        """The add-on's template plus what `fill` writes through RPC; `key` names that data (source hash, period)."""

        def serve_and_fill(database: str) -> None:
            with progress.step(title):
                server = self.serve(database, "odoo-template")
                try:
                    fill(server.rpc())
                finally:
                    self.processes.stop("odoo-template")

        return self._template("filled", _key(self._addon_key(), key), self.addon_template, serve_and_fill)

    def _template(self, kind: str, key: str, base: Callable[[], str], fill: Callable[[str], None]) -> str:
        """The template of that kind and key, made from `base()` by `fill` on first use.

        It replaces older ones of its kind; a half-made one never gets the name. Only the first stack of this clone
        makes it; others wait for that one and copy it.
        """
        stem = f"template_{kind}_{self.source.series.partition('.')[0]}_"
        name = stem + key
        if self.postgres.exists(name) and self.filestore(name).is_dir():
            return name
        self.drop(name)
        building = f"making_{name}"
        self.drop(building)
        with cache_lock(f"odoo-{self.source.series}-{kind}"):
            if taken := odoo_saved.is_there(name):
                with progress.step(f"Odoo {self.source.series}: {kind}, as another stack made it"):
                    odoo_saved.restore(self.postgres, name, building, self.filestore(building), log=self.log)
            else:
                self.copy(base(), building)
                fill(building)
                odoo_saved.save(self.postgres, building, self.filestore(building), name, log=self.log)
                odoo_saved.forget_others(stem, name)
        if taken:
            with progress.step("Odoo: this stack's users"):
                self._prepare(building)
        shutil.move(self.filestore(building), self.filestore(name))
        self.postgres.rename(building, name)
        self.postgres.freeze(name)
        for other in self.postgres.names_like(stem.replace("_", r"\_") + "%"):
            if other != name:
                self.drop(other)
        return name

    # Databases

    def copy(self, template: str, database: str) -> None:
        """Makes `database` with its filestore as a copy of `template`."""
        self.postgres.create(database, "odoo", template)
        self.filestore(database).mkdir(parents=True, exist_ok=True)
        if self.filestore(template).is_dir():
            shutil.copytree(self.filestore(template), self.filestore(database), dirs_exist_ok=True)

    @contextmanager
    def scratch(self, template: str, database: str) -> Iterator[str]:
        """A copy of `template` called `database`, dropped at the end of the block."""
        self.drop(database)
        self.copy(template, database)
        try:
            yield database
        finally:
            self.drop(database)

    def drop(self, database: str) -> None:
        """Drops `database` and its filestore; no-op when there is none."""
        self.postgres.drop(database)
        shutil.rmtree(self.filestore(database), ignore_errors=True)

    # Servers

    def serve(self, database: str, name: str = "odoo") -> OdooServer:
        """Starts (or keeps) the server `name` on `database` and waits until it answers."""
        port = ports.port_of(self.place, name, in_use_by_us=self.processes.find(name) is not None)
        server = OdooServer("127.0.0.1", port, database, self.source.series, self.postgres.credentials)
        with self.postgres.admin(database) as cursor:
            cursor.execute("UPDATE ir_config_parameter SET value = %s WHERE key = 'web.base.url'", [server.url])
        command = self.command("-d", database, "--http-port", str(port))
        self.processes.start(
            name,
            command,
            env=self.source.env(),
            cwd=self.data_dir,
            depends_on=self.config.read_text() + self.addon.digest,
        )
        self.processes.wait(name, lambda: _healthy(server.url), timeout=120)
        return server


def _key(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:10]


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/web/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
