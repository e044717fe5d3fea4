"""Opens the ledger and brings its schema up to date."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ofitec.connections import connection
from ofitec.errors import PermanentError, TransientError
from ofitec.ledger.tables import SCHEMA

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x0F17EC  # advisory lock: one process migrates, the others wait


class Keepalive(NamedTuple):
    """How soon a connection whose other end fell silent is given up: `idle` + `probes` * `interval` seconds at most.

    Without it Linux waits for two hours, and a router between forgets a connection that is quiet for a long backup.
    """

    idle: int = 30
    interval: int = 10
    probes: int = 3

    def client(self) -> dict[str, int]:
        """Options of libpq: our end."""
        return {
            "keepalives": 1,
            "keepalives_idle": self.idle,
            "keepalives_interval": self.interval,
            "keepalives_count": self.probes,
            "tcp_user_timeout": self._milliseconds,
        }

    def server(self) -> dict[str, str]:
        """Settings of PostgreSQL for a session: its end."""
        return {
            "tcp_keepalives_idle": str(self.idle),
            "tcp_keepalives_interval": str(self.interval),
            "tcp_keepalives_count": str(self.probes),
            "tcp_user_timeout": str(self._milliseconds),
        }

    @property
    def _milliseconds(self) -> int:
        return 1000 * (self.idle + self.interval * self.probes)


KEEPALIVE = Keepalive()


class LedgerDown(TransientError):
    """The ledger's PostgreSQL does not answer."""


class Ledger:
    """Transactions on an up-to-date ledger."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back on an error.

        :raises LedgerDown: if PostgreSQL does not answer
        """
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
        except OperationalError as error:
            raise _down(error) from None


def open_ledger(dsn: str | None = None) -> Ledger:
    """Open the ledger and migrate its schema to this package's version if it is behind.

    :param dsn: postgresql:// address; by default the Airflow connection `ofitec_ledger`
    :raises InputError: if that connection does not exist
    :raises LedgerDown: if PostgreSQL does not answer
    :raises PermanentError: if the schema is newer than this package
    """
    return _opened(dsn or connection("ofitec_ledger").get_uri())


@lru_cache(maxsize=4)
def _opened(dsn: str) -> Ledger:
    url = make_url(dsn.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+psycopg")
    connect = {"connect_timeout": 10, "application_name": "ofitec", **KEEPALIVE.client()}
    engine = create_engine(url, pool_pre_ping=True, pool_size=2, connect_args=connect)
    try:
        migrate(engine)
    except OperationalError as error:
        raise _down(error) from None
    return Ledger(engine)


def migrate(engine: Engine) -> None:
    """Upgrade schema `ofitec` to the newest revision; does nothing when it is there already.

    :raises PermanentError: if the schema's revision is unknown to this package
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    with engine.begin() as conn:
        if revision(conn) == head:
            return
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        current = revision(conn)
        if current == head:
            return
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise PermanentError(
                f"The ledger's schema is at revision {current}, which this package does not know: "
                "it was made by a newer one. Deploy that version again, or restore the ledger's backup."
            )
        conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        log.info("Ledger schema migrated from %s to %s", current or "nothing", head)


def revision(conn: Connection) -> str | None:
    """The schema's revision, None before the first migration."""
    if not inspect(conn).has_table("alembic_version", schema=SCHEMA):
        return None
    version = conn.execute(text("SELECT version_num FROM ofitec.alembic_version")).scalar()
    return None if version is None else str(version)


def _down(error: OperationalError) -> LedgerDown:
    # libpq's text names host, port and user, never the password
    reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
    return LedgerDown(
        f"The ledger (connection ofitec_ledger) does not answer: {reason}. Check its PostgreSQL, then run again."
    )
