"""Figures of a database: what a restored copy must have to the last row.

Taken in the transaction whose snapshot pg_dump uses, so that both see the same instant. A table's figure is the sum of
its rows' hashes: it finds loss and change, it is no cryptographic proof, and it may only be compared between servers of
the same major version (PostgreSQL promises no more for its hash functions).

The hash is of the row's values ("values") where each column's type is one whose hash is made of what is written into a
dump. Else it is of the row's text ("text"), which takes twice the time: an enum's hash, say, is made of a number that
each database gives it anew. A copy is read in the way in which its source was.
"""

import logging
import time
from decimal import Decimal
from typing import Literal

import psycopg
from psycopg import sql
from pydantic import BaseModel

log = logging.getLogger(__name__)

# pins what the text of a row depends on
_SESSION = """
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C';
    SET LOCAL search_path = pg_catalog; SET LOCAL row_security = off; SET LOCAL statement_timeout = 0
"""
# all that pg_dump carries data of: ordinary tables and partitions, without those that belong to an extension
# the last column: whether all columns have a hash of their written value (hash_record_extended is new in PostgreSQL 14)
_TABLES = """
    SELECT n.nspname, c.relname, current_setting('server_version_num')::int >= 140000 AND NOT EXISTS (
        SELECT FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.atttypid <> ALL (%s::regtype[]) OR NOT coalesce(l.collisdeterministic, true)))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, 2
"""
_BY_VALUE = [
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "text", "character varying",
    "date", "timestamp", "timestamptz", "bytea", "uuid", "jsonb",
]  # fmt: skip
_HASHES = {
    # the alias must not be a column's name, or it would mean that column
    "values": "hash_record_extended(ofitec_row_, 0)",
    "text": "hashtextextended(ofitec_row_::text, 0)",
}
_SEQUENCES = "SELECT schemaname || '.' || sequencename, coalesce(last_value, 0) FROM pg_sequences ORDER BY 1"
_EVERY = 5.0  # seconds between two lines in the log


class Table(BaseModel):
    """One table: its rows and the sum of their hashes."""

    rows: int
    sum: str  # a decimal integer; JSON numbers would lose digits
    of: Literal["values", "text"] = "text"  # what the hashes are of


class Figures(BaseModel):
    """A database's figures. Names are "schema.table"."""

    server_major: int
    tables: dict[str, Table]
    sequences: dict[str, int]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def take(conn: psycopg.Connection, like: Figures | None = None) -> Figures:
    """The figures of the database, in the transaction that is open on this connection.

    :param like: the source's, if this is its copy
    """
    conn.execute(_SESSION)
    names: list[tuple[str, str, bool]] = conn.execute(_TABLES, [_BY_VALUE]).fetchall()
    known = like.tables if like else {}
    tables: dict[str, Table] = {}
    told = time.monotonic()
    for schema, name, by_value in names:
        full = f"{schema}.{name}"
        tables[full] = _table(conn, schema, name, known[full].of if full in known else "values" if by_value else "text")
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            log.info("Figures: %d of %d tables", len(tables), len(names))
    sequences: dict[str, int] = dict(conn.execute(_SEQUENCES).fetchall())
    return Figures(server_major=conn.info.server_version // 10000, tables=tables, sequences=sequences)


def _table(conn: psycopg.Connection, schema: str, name: str, of: Literal["values", "text"]) -> Table:
    # a sum of bigints is a numeric and cannot overflow
    query = sql.SQL("SELECT count(*), coalesce(sum({}), 0) FROM {} ofitec_row_").format(
        sql.SQL(_HASHES[of]), sql.Identifier(schema, name)
    )
    row: tuple[int, Decimal] | None = conn.execute(query).fetchone()
    assert row is not None
    return Table(rows=row[0], sum=str(row[1]), of=of)


def differences(expected: Figures, found: Figures) -> list[str]:
    """What a restored database lacks or has otherwise, a sentence each; empty if it is the same.

    A sequence may be ahead: pg_dump reads it a moment later, outside the snapshot. Behind it would give a number twice.
    """
    findings = []
    for name, table in expected.tables.items():
        other = found.tables.get(name)
        if other is None:
            findings.append(f"table {name} is missing ({table.rows} rows)")
        elif other.rows != table.rows:
            findings.append(f"table {name} has {other.rows} rows instead of {table.rows}")
        elif other.sum != table.sum:
            findings.append(f"table {name} has {table.rows} rows as it should, but with other contents")
    findings += [f"table {name} should not be there" for name in found.tables.keys() - expected.tables.keys()]
    for name, value in expected.sequences.items():
        other_value = found.sequences.get(name)
        if other_value is None:
            findings.append(f"sequence {name} is missing")
        elif other_value < value:
            findings.append(f"sequence {name} stands at {other_value}, before {value}: numbers would be given twice")
    return findings
