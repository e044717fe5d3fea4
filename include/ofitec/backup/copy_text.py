"""Reads what pg_restore writes of a dump: rows of tables as COPY's text format, and which tables belong to which.

Sources: PostgreSQL's documentation, COPY, *Text Format*; the form of pg_dump's own statements.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_COPY = re.compile(r"^COPY (?:\"?(\w+)\"?\.)?\"?(\w+)\"? \((.*)\) FROM stdin;$")
_END = "\\."
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CASCADE = re.compile(
    r"ALTER TABLE ONLY (?:\w+\.)?\"?(\w+)\"?\s+ADD CONSTRAINT \S+ FOREIGN KEY \(\"?(\w+)\"?\) "
    r"REFERENCES (?:\w+\.)?\"?(\w+)\"?\(id\)[^;]*ON DELETE CASCADE"
)

Row = Sequence[str | None]  # None is SQL's null


@dataclass(frozen=True)
class Table:
    """A table of the dump: its name and columns, in the order of its rows."""

    name: str
    columns: tuple[str, ...]

    def value(self, row: Row, column: str) -> str | None:
        """A column's value in a row; None if it is null or there is no such column."""
        return row[self.columns.index(column)] if column in self.columns else None


class Reader:
    """Takes pg_restore's lines and gives each row of each table, as it comes.

    :param on_row: told each row
    :param on_table: told each table before its rows
    """

    def __init__(
        self, on_row: Callable[[Table, Row], None], on_table: Callable[[Table], None] = lambda _: None
    ) -> None:
        self._on_row, self._on_table = on_row, on_table
        self._table: Table | None = None

    def take(self, line: str) -> bool:
        """Read one line; True if it was a row."""
        if self._table is None:
            if found := _COPY.match(line):
                columns = tuple(name.strip().strip('"') for name in found[3].split(","))
                self._table = Table(found[2], columns)
                self._on_table(self._table)
            return False
        if line == _END:
            self._table = None
            return False
        self._on_row(self._table, fields(line))
        return True


def fields(line: str) -> list[str | None]:
    """A row's values."""
    return [None if text == "\\N" else _plain(text) for text in line.split("\t")]


def children(schema: str, table: str) -> dict[str, str]:
    """The tables whose rows go when a row of `table` is deleted, and the column by which: what is part of it, as an
    invoice's lines are.

    :param schema: pg_restore's --schema-only
    """
    return {child: column for child, column, parent in _CASCADE.findall(schema) if parent == table and child != table}


def _plain(text: str) -> str:
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code[0] in "01234567" else _PLAIN.get(code, code)
