"""Figures of a database: what a restored copy must have to the last row.

Taken in the transaction whose snapshot pg_dump uses, so that both see the same instant. The row hash is a sum of
hashtextextended over each row's text: it finds loss and change, it is no cryptographic proof, and it may only be
compared between servers of the same major version (PostgreSQL promises no more for its hash functions).
"""

import logging
import time
from decimal import Decimal

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
_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, 2
"""
_SEQUENCES = "SELECT schemaname || '.' || sequencename, coalesce(last_value, 0) FROM pg_sequences ORDER BY 1"
_EVERY = 5.0  # seconds between two lines in the log


class Table(BaseModel):
    """One table: its rows and the sum of their hashes."""

    rows: int
    sum: str  # a decimal integer; JSON numbers would lose digits


class Figures(BaseModel):
    """A database's figures. Names are "schema.table"."""

    server_major: int
    tables: dict[str, Table]
    sequences: dict[str, int]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def take(conn: psycopg.Connection) -> Figures:
    """The figures of the database, in the transaction that is open on this connection."""
    conn.execute(_SESSION)
    names: list[tuple[str, str]] = conn.execute(_TABLES).fetchall()
    tables: dict[str, Table] = {}
    told = time.monotonic()
    for schema, name in names:
        tables[f"{schema}.{name}"] = _table(conn, schema, name)
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            log.info("Figures: %d of %d tables", len(tables), len(names))
    sequences: dict[str, int] = dict(conn.execute(_SEQUENCES).fetchall())
    return Figures(server_major=conn.info.server_version // 10000, tables=tables, sequences=sequences)


def _table(conn: psycopg.Connection, schema: str, name: str) -> Table:
    # a sum of bigints is a numeric and cannot overflow
    # the alias must not be a column's name, or it would mean that column
    query = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(ofitec_row_::text, 0)), 0) FROM {} ofitec_row_")
    row: tuple[int, Decimal] | None = conn.execute(query.format(sql.Identifier(schema, name))).fetchone()
    assert row is not None
    return Table(rows=row[0], sum=str(row[1]))


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
