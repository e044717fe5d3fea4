"""Masks a copy: one transaction, set by set. Either the whole copy is masked, or nothing of it changed."""

import hashlib
import logging
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from ofitec.clients.postgres import Database
from ofitec.errors import PermanentError
from ofitec.staging import columns, harmless, scan
from ofitec.staging.columns import Tables
from ofitec.staging.masks import MAPPED, Kind, Masks, plain_name
from ofitec.staging.rules import EMPTIED, SECRET_COLUMN, Rules
from ofitec.staging.scan import Finding

log = logging.getLogger(__name__)

_TOLD = 2.0  # seconds after which a table's time is worth a line


class UnknownColumns(PermanentError):
    """Columns look like people's data and have no rule. The copy was dropped.

    :param columns: "table.column"
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.columns = [finding.column for finding in findings]
        listed = "; ".join(map(str, findings[:10]))
        more = f" and {len(findings) - 10} more" if len(findings) > 10 else ""
        super().__init__(
            f"{len(findings)} columns look like people's data and have no rule: {listed}{more}. Write one for each "
            "into the file of OFITEC_STAGING_RULES (table,column,kind)."
        )


@dataclass
class Masked:
    """What was done to a copy.

    :param rows: rows changed or removed, by table
    :param findings: columns that look like people's data and have no rule
    """

    rows: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def mask(
    copy: Database, rules: Rules, logins: harmless.Logins, *, refuse: bool = False, key: bytes | None = None
) -> Masked:
    """Mask people's data in a copy, and take out of it whatever could reach the outside.

    :param refuse: whether columns that look like people's data without a rule are an error
    :param key: of the masks; None: drawn now, and forgotten
    :raises UnknownColumns: if `refuse` and there are such columns; nothing was changed
    :raises InputError: if a rule does not fit its column
    """
    done = Masked()
    with copy.connect(autocommit=False) as conn:
        # dates and the order of texts must not depend on who asks
        conn.execute("SET LOCAL search_path = public, pg_temp")
        tables = columns.read(conn)
        wanted = {
            table: {name: kind for name, kind in found.items() if name in tables[table]}
            for table, found in rules.items()
            if table in tables
        }
        _note(done, harmless.empty(conn, [*(t for t in EMPTIED if t in tables), *harmless.transient(conn, tables)]))
        _note(done, harmless.attachments(conn, tables))
        _draw(conn, tables, wanted, Masks(key or secrets.token_bytes(32)))
        _update(conn, tables, wanted, done)
        _secrets(conn, tables, wanted, done)
        _note(done, harmless.shut(conn, tables))
        harmless.log_in(conn, tables, logins)
        done.findings = scan.unruled(conn, tables, wanted)
        if refuse and done.findings:
            raise UnknownColumns(done.findings)
        conn.commit()
    log.info("Masked %d rows in %d tables", sum(done.rows.values()), len(done.rows))
    for finding in done.findings:
        log.warning("No rule, and it looks like people's data: %s", finding)
    return done


def _draw(conn: psycopg.Connection, tables: Tables, wanted: Rules, masks: Masks) -> None:
    """Read all values that need a mask of their own, and put their masks where the updates find them."""
    found: dict[Kind, set[str]] = {kind: set() for kind in MAPPED}
    for table, kinds in wanted.items():
        for name, kind in kinds.items():
            if kind in found and tables[table][name].holds_text:
                found[kind].update(row[0] for row in conn.execute(columns.values(table, tables[table][name])))
    drawn = masks.of(found)
    log.info("Masks: %s", ", ".join(f"{len(of)} {kind.value}" for kind, of in drawn.items()))
    conn.execute(columns.MASK_TABLE)
    with conn.cursor() as cursor, cursor.copy("COPY ofitec_mask FROM STDIN") as copy:
        for kind, of in drawn.items():
            for value, masked in of.items():
                digest = hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
                copy.write_row((kind.value, digest, masked, _telling(kind, value, masked)))
    conn.execute("ANALYZE ofitec_mask")


def _telling(kind: Kind, value: str, masked: str) -> bool:
    """Whether finding it elsewhere says that a person's data are there. "Chile" may be a partner, and a country."""
    if value == masked:
        return False
    if kind in (Kind.NAME, Kind.NAMES):
        return len(plain_name(value).split()) > 1
    return len(value) > 6


def _update(conn: psycopg.Connection, tables: Tables, wanted: Rules, done: Masked) -> None:
    for number, (table, kinds) in enumerate(wanted.items(), 1):
        if not kinds:
            continue
        start = time.monotonic()
        rows = conn.execute(columns.update(table, tables[table], kinds)).rowcount
        _note(done, {table: rows})
        if (seconds := time.monotonic() - start) > _TOLD:
            log.info("Masked %s (%d of %d): %d rows in %.1f s", table, number, len(wanted), rows, seconds)


def _secrets(conn: psycopg.Connection, tables: Tables, wanted: Rules, done: Masked) -> None:
    """Empty every column whose name says that it opens a door, whatever the add-on."""
    for table, known in tables.items():
        found = [
            column
            for column in known.values()
            if SECRET_COLUMN.search(column.name)
            and (column.holds_text or column.type == "bytea")
            and column.name not in wanted.get(table, {})
        ]
        if not found or table.startswith("ir_model"):
            continue
        assigned = [sql.SQL("{} = {}").format(sql.Identifier(c.name), columns.scrambled(c)) for c in found]
        held = [sql.SQL("{} IS NOT NULL").format(sql.Identifier(c.name)) for c in found]
        statement = sql.SQL("UPDATE {} SET {} WHERE {}").format(
            sql.Identifier(table), sql.SQL(", ").join(assigned), sql.SQL(" OR ").join(held)
        )
        _note(done, {table: conn.execute(statement).rowcount})


def _note(done: Masked, rows: Mapping[str, int] | Iterable[tuple[str, int]]) -> None:
    for table, count in dict(rows).items():
        if count:
            done.rows[table] = done.rows.get(table, 0) + count
