"""Who may work on Odoo's data or on the backup repository: one at a time, by an advisory lock in the ledger's database.

PostgreSQL gives the lock back when the holder's connection ends, so a killed worker leaves none behind; and a minute
after the holder's machine or network went silent (`store.Keepalive`).
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ofitec.errors import TransientError
from ofitec.ledger import store
from ofitec.ledger.store import Ledger

log = logging.getLogger(__name__)

ODOO = "ofitec_odoo_exclusive"  # shared by backups, proofs, restores and deploys
REPOSITORY = "ofitec_restic_repository"
SECOND = "ofitec_second_repository"

_POLL = 2.0  # seconds
_HOLDER = text("""
    SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended(:name, 0)
""")


class Busy(TransientError):
    """Another one holds the lock."""


class Held:
    """A lock that we hold."""

    def __init__(self, conn: Connection, name: str) -> None:
        self._conn, self._name = conn, name

    def confirm(self) -> None:
        """Make sure that it is still ours.

        :raises Busy: if the ledger's connection broke meanwhile, and with it the lock
        """
        try:
            self._conn.execute(text("SELECT 1"))
        except DBAPIError:
            raise Busy(f"The lock {self._name} was lost: the ledger's connection broke. Run again.") from None


@contextmanager
def held(ledger: Ledger, name: str, *, why: str, wait: float) -> Iterator[Held]:
    """Hold the lock `ODOO`, `REPOSITORY` or `SECOND`, waiting for it if need be.

    :param why: who we are, for those who wait for us; e.g. "backup_nightly scheduled__2026-11-24"
    :param wait: seconds
    :raises Busy: if it is not free by then; says who holds it
    """
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        # a connection of its own, closed at the end, so that the lock cannot live on in the pool
        conn.detach()
        session = {"application_name": why[:63], "idle_session_timeout": "0", **store.KEEPALIVE.server()}
        for setting, value in session.items():
            conn.execute(text("SELECT set_config(:setting, :value, false)"), {"setting": setting, "value": value})
        _wait(conn, name, wait)
        yield Held(conn, name)


def _wait(conn: Connection, name: str, wait: float) -> None:
    until, told = time.monotonic() + wait, False
    while not conn.execute(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name}).scalar():
        who = conn.execute(_HOLDER, {"name": name}).scalar() or "somebody who just let go"
        if time.monotonic() >= until:
            raise Busy(f"{name} is held by {who} for more than {wait:.0f} s. Wait for it to end, then run again.")
        if not told:
            log.info("Waiting up to %.0f s for %s, held by %s", wait, name, who)
            told = True
        time.sleep(min(_POLL, max(until - time.monotonic(), 0.05)))
