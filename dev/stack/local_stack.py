"""The whole local stack of one place: each part is started when it is first asked for, with what it depends on."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import odoorpc

from dev.stack.company.company import fill
from dev.stack.machine import credentials, debian, progress
from dev.stack.machine.paths import Place, require_disk
from dev.stack.machine.process import Processes
from dev.stack.services import airflow, odoo_source, postgres, s3, slack_sink
from dev.stack.services.odoo import BOT, Odoo, OdooServer
from ofitec.f29.period import resolve
from ofitec.whole_file import write_whole

ODOO_DATABASE = "ofitec"
LEDGER_DATABASE = "ofitec_ledger"
EXPORT_PREFIX = "entregas"
COMPANY = Path(__file__).with_name("company")


class LocalStack:
    """Real services of one place (`demo` or `test`).

    `extra_dags` is a folder of DAGs beside the project's own, `extra_settings` more OFITEC_* settings for Airflow,
    `withheld` what a component of Airflow does without (component to variables).
    """

    def __init__(
        self,
        place: Place,
        extra_dags: Path | None = None,
        extra_settings: Mapping[str, str] | None = None,
        withheld: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        place.make()
        # A machine behind a web proxy must not ask that proxy for its own loopback services.
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(
            filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1", "localhost"])
        )
        self.place = place
        self.extra_dags = extra_dags
        self.extra_settings = dict(extra_settings or {})
        self.withheld = withheld
        self.processes = Processes(place)
        self.credentials = credentials.of(place)
        # A stack that starts from nothing starts with new data; one that is up keeps its data.
        self.fresh = not any(record.alive() for record in self.processes.records())

    @cached_property
    def postgres(self) -> postgres.Postgres:
        """The PostgreSQL cluster, with an empty ledger database when the stack is fresh."""
        require_disk()
        server = postgres.up(self.place, self.processes, self.credentials)
        if self.fresh:
            # with the ledger goes the only record of copies that a proof was working on when all was ended
            for name in (LEDGER_DATABASE, *server.names_like("ofitec\\_scratch%")):
                server.drop(name)
        if not server.exists(LEDGER_DATABASE):
            server.create(LEDGER_DATABASE, "ofitec")
        return server

    @cached_property
    def odoo_parts(self) -> Odoo:
        """Odoo's templates, copies and servers."""
        return Odoo(self.place, self.processes, odoo_source.find(), self.postgres)

    @cached_property
    def period(self) -> str:
        """The month the demo company's books are filled for, "YYYY-MM": the last one that has ended in Santiago."""
        return str(resolve(None, datetime.now(UTC)))

    def odoo_template(self) -> str:
        """The template of this stack's Odoo database: the add-on and the demo company's month."""
        sources = (COMPANY / name for name in ("company.py", "documents.py"))
        key = "".join(file.read_text(encoding="utf-8") for file in sources) + self.period

        def fill_month(odoo: odoorpc.ODOO) -> None:
            fill(odoo, self.period)

        return self.odoo_parts.filled_template(key, fill_month, f"Odoo: demo company's documents of {self.period}")

    @cached_property
    def odoo(self) -> OdooServer:
        """The Odoo server, on a copy of the template; the copy is made anew when the template changed."""
        parts = self.odoo_parts
        template = self.odoo_template()
        origin = self.place.dir / "odoo" / f"{ODOO_DATABASE}.template"
        unchanged = origin.exists() and origin.read_text() == template and parts.postgres.exists(ODOO_DATABASE)
        if self.fresh or not unchanged:
            self.processes.stop("odoo")
            parts.drop(ODOO_DATABASE)
            parts.copy(template, ODOO_DATABASE)
            write_whole(origin, template)
        with progress.step(f"Odoo {parts.source.series} ({parts.source.origin})"):
            return parts.serve(ODOO_DATABASE)

    @cached_property
    def s3(self) -> s3.S3:
        with progress.step("S3 (moto)"):
            return s3.up(self.place, self.processes, self.credentials)

    @cached_property
    def slack_sink(self) -> slack_sink.SlackSink:
        sink = slack_sink.up(self.place, self.processes)
        if self.fresh:
            sink.clear()
        return sink

    @property
    def export_url(self) -> str:
        return f"s3://aws_default@{s3.EXPORT_BUCKET}/{EXPORT_PREFIX}"

    @property
    def restic_repository(self) -> Path:
        return self.place.dir / "restic"

    @property
    def restic_password_file(self) -> Path:
        """The repository's password, in a 0600 file in a folder of its own: `secrets_rotate` changes it there."""
        file = self.place.dir / "restic-key" / "password"
        if not file.exists():
            write_whole(file, self.credentials.restic)
        return file

    @cached_property
    def metrics_token_file(self) -> Path:
        """The token that reading /ofitec/metrics needs, in a 0600 file of its own: Prometheus reads it too."""
        file = self.place.dir / "metrics-token"
        if not file.exists():
            write_whole(file, secrets.token_urlsafe(24))
        return file

    @cached_property
    def airflow(self) -> airflow.Airflow:
        """Airflow, with connections and settings that lead to the other parts (all of which it starts)."""
        if self.fresh:
            shutil.rmtree(self.restic_repository, ignore_errors=True)
            shutil.rmtree(self.restic_password_file.parent)
        return airflow.up(
            self.place,
            self.processes,
            self.postgres,
            connections=self.connections(),
            settings=self.settings(),
            extra_dags=self.extra_dags,
            withheld=self.withheld,
        )

    def connections(self) -> dict[str, dict[str, object]]:
        """Airflow's connections, as in the README's table."""
        sink = urlsplit(self.slack_sink.webhook)
        return {
            "odoo_default": {
                "conn_type": "generic",
                "host": self.odoo.host,
                "port": self.odoo.port,
                "login": BOT,
                "password": self.credentials.odoo_bot,
                "extra": {"database": self.odoo.database, "protocol": "jsonrpc"},
            },
            "aws_default": {
                "conn_type": "aws",
                "login": self.credentials.s3_access_key,
                "password": self.credentials.s3_secret_key,
                "extra": {"endpoint_url": self.s3.url, "region_name": s3.REGION},
            },
            "slack_default": {
                "conn_type": "slackwebhook",
                "host": f"{sink.scheme}://{sink.netloc}/services",
                "password": sink.path.removeprefix("/services/"),
            },
            "ofitec_ledger": self._database("ofitec", LEDGER_DATABASE),
            "odoo_db": self._database("odoo", self.odoo.database),
            "restic_default": {
                "conn_type": "generic",
                "extra": {"password_file": str(self.restic_password_file)},
            },
        }

    def _database(self, role: str, database: str) -> dict[str, object]:
        server = self.postgres
        return {
            "conn_type": "postgres",
            "host": server.host,
            "port": server.port,
            "login": role,
            "password": server.password(role),
            "schema": database,
        }

    def settings(self) -> dict[str, str]:
        """The OFITEC_* settings of this stack's Airflow."""
        return {
            "OFITEC_ENV": self.place.name,
            "OFITEC_EXPORT_URL": self.export_url,
            "OFITEC_EXPORT_LINK_BASE": f"{self.s3.url}/{s3.EXPORT_BUCKET}/{EXPORT_PREFIX}",
            "OFITEC_ODOO_URL": self.odoo.url,
            "OFITEC_RESTIC_REPOSITORY": str(self.restic_repository),
            "OFITEC_FILESTORE": str(self.odoo_parts.filestore(self.odoo.database)),
            "OFITEC_WORK_DIR": str(self.place.dir / "work"),
            "OFITEC_ODOO_COMMAND": self.odoo_parts.command_line(),
            "OFITEC_METRICS_TOKEN_FILE": str(self.metrics_token_file),
            "PATH": f"{debian.restic().parent}:{self.postgres.bin}:{airflow.search_path()}",
            **self.extra_settings,
        }

    def down(self) -> list[str]:
        """Ends what this place started and returns the names of the servers that were running."""
        return self.processes.stop_all()
