"""The columns of a copy, and the SQL that masks one. Everything is quoted by psycopg; no value of a person is in it."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ofitec.errors import InputError
from ofitec.staging.masks import MAPPED, REMOVED, Kind

TEXTUAL = frozenset({"varchar", "text", "bpchar"})
_JSON = frozenset({"jsonb", "json"})
_EMPTY = {**dict.fromkeys(TEXTUAL, "''"), **dict.fromkeys(_JSON, "'{}'"), "bytea": "''"}

# Of the copy: what became of each value. Gone when the transaction ends, and never on a disk that is kept.
MASK_TABLE = """
    CREATE TEMPORARY TABLE ofitec_mask (
        kind text, digest text, masked text, telling boolean, PRIMARY KEY (kind, digest)
    ) ON COMMIT DROP
"""

_COLUMNS = """
    SELECT c.relname, a.attname, t.typname, a.attnotnull
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relkind IN ('r', 'p')
     ORDER BY c.relname, a.attnum
"""


@dataclass(frozen=True)
class Column:
    """:param type: PostgreSQL's own name of it, e.g. "varchar", "jsonb"
    :param required: NOT NULL
    """

    name: str
    type: str
    required: bool

    @property
    def holds_text(self) -> bool:
        return self.type in TEXTUAL

    @property
    def holds_json(self) -> bool:
        return self.type in _JSON


Tables = Mapping[str, Mapping[str, Column]]


def read(conn: psycopg.Connection) -> Tables:
    """The tables of the copy and their columns."""
    found: dict[str, dict[str, Column]] = {}
    for table, name, kind, required in conn.execute(_COLUMNS):
        found.setdefault(table, {})[name] = Column(name, kind, required)
    return found


def values(table: str, column: Column) -> sql.Composed:
    """The distinct texts of a column."""
    name = sql.Identifier(column.name)
    return sql.SQL("SELECT DISTINCT {c}::text FROM {t} WHERE {c} <> ''").format(c=name, t=sql.Identifier(table))


def update(table: str, columns: Mapping[str, Column], kinds: Mapping[str, Kind]) -> sql.Composed:
    """One statement that masks these columns of a table, in the rows that hold something."""
    numbered = "id" in columns
    assigned = [
        sql.SQL("{} = {}").format(sql.Identifier(name), masked(table, columns[name], kind, numbered=numbered))
        for name, kind in kinds.items()
    ]
    held = [sql.SQL("{} IS NOT NULL").format(sql.Identifier(name)) for name in kinds]
    return sql.SQL("UPDATE {} SET {} WHERE {}").format(
        sql.Identifier(table), sql.SQL(", ").join(assigned), sql.SQL(" OR ").join(held)
    )


def masked(table: str, column: Column, kind: Kind, *, numbered: bool = True) -> sql.Composable:
    """What a column becomes.

    :param numbered: the table has a column `id`, from which labels take their number
    :raises InputError: if the rule does not fit the column
    """
    name = sql.Identifier(column.name)
    if kind in MAPPED and column.holds_text:
        return sql.SQL(
            "CASE WHEN {c} <> '' THEN (SELECT m.masked FROM ofitec_mask m WHERE m.kind = {kind} "
            "AND m.digest = md5({c})) ELSE {c} END"
        ).format(c=name, kind=sql.Literal(kind.value))
    if kind is Kind.LABEL and numbered:
        return _written(column, sql.SQL("'registro-' || id"))
    if kind in (Kind.TEXT, Kind.LABEL):
        return _written(column, sql.Literal(REMOVED))
    if kind is Kind.HTML:
        return _written(column, sql.Literal(f"<p>{REMOVED}</p>"))
    return emptied(table, column)


def emptied(table: str, column: Column) -> sql.Composable:
    """NULL, or what comes next to it.

    :raises InputError: if the column must hold something and nothing is nothing there
    """
    if not column.required:
        return sql.SQL("NULL")
    if column.type not in _EMPTY:
        raise InputError(f"The rule for {table}.{column.name} cannot be: the column is {column.type} and NOT NULL.")
    return sql.SQL(_EMPTY[column.type])  # one of three constants


def scrambled(column: Column) -> sql.Composable:
    """What a secret becomes: nothing, or where something must be, what nobody knows and no other row has."""
    if not column.required:
        return sql.SQL("NULL")
    return sql.SQL("''::bytea") if column.type == "bytea" else sql.SQL("gen_random_uuid()::text")


def _written(column: Column, text: sql.Composable) -> sql.Composable:
    """A text, kept empty where it was; in a column that is translated, for every language."""
    name = sql.Identifier(column.name)
    if column.holds_json:
        return sql.SQL("CASE WHEN {} IS NULL THEN NULL ELSE jsonb_build_object('en_US', {}) END").format(name, text)
    if not column.holds_text:
        return sql.SQL("NULL")
    return sql.SQL("CASE WHEN {c} <> '' THEN {text} ELSE {c} END").format(c=name, text=text)
