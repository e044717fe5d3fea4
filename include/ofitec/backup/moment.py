"""One moment of Odoo's data: what ties database, filestore and figures together.

Odoo writes a file before it commits its row, and removes files only in `_gc_file_store`, which locks ir_attachment IN
SHARE MODE. So the files are held first: a transaction of their own keeps ir_attachment locked IN ROW EXCLUSIVE MODE
until the filestore is saved. That stops the cleaning (which gives up after 10 s and tries again next day), and neither
users nor pg_dump; it has no snapshot, so VACUUM goes on. The database's snapshot is taken after that lock and ends with
the dump: each file that its rows name is there then, and stays. The lock also stops a module upgrade's ALTER TABLE;
hence the lock shared with deploys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from ofitec.backup import attachments, figures
from ofitec.backup.attachments import Attachment
from ofitec.backup.figures import Figures
from ofitec.clients.postgres import Database
from ofitec.errors import PermanentError, TransientError

_BASE = """
    SELECT latest_version FROM public.ir_module_module WHERE name = 'base' AND state IN ('installed', 'to upgrade')
"""


class NotOdoo(PermanentError):
    """The database is not an Odoo with installed modules: most likely the wrong or an empty one."""


class OdooWorking(TransientError):
    """Odoo cleans its files, or a module upgrade runs."""


@dataclass(frozen=True)
class Moment:
    """What the transaction saw.

    :param snapshot: name of the exported snapshot, valid while the transaction is open
    :param at: when, by the database's clock (UTC)
    :param series: Odoo's, e.g. "19.0"
    :param bytes: size of the database on disk
    """

    snapshot: str
    at: datetime
    series: str
    bytes: int
    figures: Figures
    attachments: list[Attachment]


def series(conn: psycopg.Connection) -> str:
    """The series of the Odoo in this database, e.g. "19.0".

    :raises NotOdoo: if there is none
    """
    found = conn.execute(
        "SELECT to_regclass('public.ir_module_module'), to_regclass('public.ir_attachment')"
    ).fetchone()
    if found is None or None in found:
        raise NotOdoo(f"Database {conn.info.dbname} holds no Odoo (no ir_module_module). Check connection odoo_db.")
    row = conn.execute(_BASE).fetchone()
    if row is None or not row[0]:
        raise NotOdoo(f"The Odoo in database {conn.info.dbname} has no installed module base: it is empty.")
    return ".".join(str(row[0]).split(".")[:2])


@contextmanager
def files_kept(database: Database, *, lock_timeout: int) -> Iterator[None]:
    """No file of the filestore is removed by Odoo until the end.

    :param lock_timeout: seconds to wait for Odoo's cleaning or an upgrade to end
    :raises OdooWorking: if they do not
    :raises NotOdoo: if this is no Odoo
    :raises PostgresDown: if the connection broke before the end: then the filestore was not protected
    """
    with database.connect(autocommit=False) as conn:
        # no snapshot outlives its statement, so rows that die meanwhile can be cleaned away
        conn.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        conn.execute(f"SET LOCAL lock_timeout = '{int(lock_timeout)}s'")  # type: ignore[arg-type, unused-ignore]
        try:
            conn.execute("LOCK TABLE public.ir_attachment IN ROW EXCLUSIVE MODE")
        except psycopg.errors.LockNotAvailable:
            raise OdooWorking(
                f"Table ir_attachment of {database.name} stayed locked for {lock_timeout} s: Odoo cleans its files or "
                "upgrades a module. It is tried again."
            ) from None
        except psycopg.errors.UndefinedTable:
            raise NotOdoo(
                f"Database {database.name} holds no Odoo (no ir_attachment). Check connection odoo_db."
            ) from None
        yield
        # the files were kept to the end only if the connection still lives
        conn.execute("SELECT 1")
        conn.rollback()


@contextmanager
def of(database: Database) -> Iterator[Moment]:
    """Keep one moment of the database open, for pg_dump to see the same. Take it while the files are kept.

    :raises NotOdoo: if this is no Odoo
    """
    with database.connect(autocommit=False) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        row = conn.execute(
            "SELECT pg_export_snapshot(), clock_timestamp(), pg_database_size(current_database())"
        ).fetchone()
        assert row is not None
        yield Moment(
            snapshot=row[0],
            at=row[1].astimezone(UTC),
            bytes=row[2],
            series=series(conn),
            attachments=attachments.stored(conn),
            figures=figures.take(conn),
        )
        conn.rollback()
