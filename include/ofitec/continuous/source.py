"""How far Odoo's server is with its archive, asked of the server itself by the role of connection odoo_db."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ofitec.clients.postgres import Database
from ofitec.continuous import wal

log = logging.getLogger(__name__)

_STATE = """
    SELECT pg_current_wal_insert_lsn()::text, pg_walfile_name(pg_current_wal_insert_lsn()),
           current_setting('archive_mode') <> 'off', pg_size_bytes(current_setting('wal_segment_size')),
           (SELECT system_identifier FROM pg_control_system()), last_archived_wal, last_archived_time, last_failed_wal,
           last_failed_time, failed_count, has_function_privilege('pg_switch_wal()', 'EXECUTE'), clock_timestamp()
    FROM pg_stat_archiver
"""


@dataclass(frozen=True)
class Archiving:
    """What the server says.

    :param mark_at: by its clock; everything that was committed up to then is in the WAL up to `mark`
    :param mark: name of the segment that holds the commit made at `mark_at`
    :param on: archive_mode
    :param size: bytes of a segment
    :param waiting: bytes of WAL that are written and not archived
    :param failing: since when no push succeeded while one failed; None if the newest one succeeded
    :param failed_wal: the segment that cannot be pushed
    :param switched: whether the segment of the mark was ended, so that it is pushed now
    """

    mark_at: datetime
    mark: str
    on: bool
    size: int
    system_id: int
    waiting: int
    failing: datetime | None
    failed_wal: str
    switched: bool


def look(database: Database) -> Archiving:
    """Commit a mark, and say how far the archive is.

    The mark is an empty transaction with a number of its own: a commit in the WAL, and nothing in any table. Where our
    role may, the segment is ended, so that the archive has it within seconds and not after archive_timeout.

    :raises PostgresDown: if the server does not answer
    """
    with database.connect(autocommit=False) as conn:
        row = conn.execute("SELECT clock_timestamp() FROM txid_current()").fetchone()
        assert row is not None
        mark_at: datetime = row[0].astimezone(UTC)
        conn.commit()
        conn.autocommit = True
        state = conn.execute(_STATE).fetchone()
        assert state is not None
        may_switch = bool(state[10]) and bool(state[2])
        if may_switch:
            conn.execute("SELECT pg_switch_wal()")
    return _archiving(mark_at, state, switched=may_switch)


def _archiving(mark_at: datetime, state: tuple[Any, ...], *, switched: bool) -> Archiving:
    lsn, segment, on, size, system_id, archived, archived_at, failed, failed_at = state[:9]
    waiting = 0
    # after a change of the timeline the newest thing archived is its history, which is no segment
    if archived and wal.is_segment(archived[:24]):
        done = (wal.number(archived[:24], size) + 1) * size
        waiting = max(wal.position(lsn) - done, 0)
    failing = failed_at if failed_at and (archived_at is None or failed_at > archived_at) else None
    return Archiving(
        mark_at=mark_at,
        mark=str(segment),
        on=bool(on),
        size=int(size),
        system_id=int(system_id),
        waiting=waiting,
        failing=failing.astimezone(UTC) if failing else None,
        failed_wal=str(failed or ""),
        switched=switched,
    )
