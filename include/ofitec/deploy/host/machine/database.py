# ruff: noqa: S608  # every name and text in a statement is quoted by `_name` or `_text`
"""Odoo's PostgreSQL, through psql inside its container: the superuser's local socket, so no password passes."""

import re
import time
from collections.abc import Iterable

from ofitec.deploy.host.machine.engine import Engine
from ofitec.errors import PermanentError

# Written by Odoo itself while nobody works: no data of the company's is lost with them.
_NOISE = (
    "bus_bus", "bus_presence", "mail_presence", "res_users_log", "res_device_log", "ir_cron", "ir_cron_trigger",
    "ir_cron_progress", "ir_attachment",
)  # fmt: skip


class Databases:
    """The databases of one PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def query(self, sql: str, database: str = "postgres", *, timeout: float = 600) -> list[list[str]]:
        """Rows of a statement, each a list of texts.

        :raises ProgramFailed: with PostgreSQL's words
        """
        argv = ["psql", "--username", "postgres", "--dbname", database, "--no-psqlrc", "--quiet", "--tuples-only",
                "--no-align", "--field-separator", "\x1f", "--set", "ON_ERROR_STOP=1"]  # fmt: skip
        out = self._engine.execute("db", argv, what="PostgreSQL", stdin=sql, timeout=timeout)
        return [line.split("\x1f") for line in out.splitlines() if line]

    def wait(self, seconds: float) -> None:
        """Wait until PostgreSQL answers.

        :raises PermanentError: with its last words if it does not in that time
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.query("SELECT 1")
            except PermanentError as error:
                if time.monotonic() > deadline:
                    raise
                if "database system" not in str(error) and "No such file" not in str(error):
                    raise
                time.sleep(0.3)
            else:
                return

    def oid(self, name: str) -> int:
        """The identity of a database, which a rename does not change; 0 if there is none of that name."""
        rows = self.query(f"SELECT oid FROM pg_database WHERE datname = {_text(name)}")
        return int(rows[0][0]) if rows else 0

    def name(self, oid: int) -> str:
        """The name a database has now; "" if it is gone."""
        rows = self.query(f"SELECT datname FROM pg_database WHERE oid = {int(oid)}")
        return rows[0][0] if rows else ""

    def size(self, name: str) -> int:
        """Bytes."""
        return int(self.query(f"SELECT pg_database_size({_text(name)})")[0][0])

    def free_bytes(self) -> int:
        """Bytes free where PostgreSQL keeps its data."""
        out = self._engine.execute("db", ["sh", "-c", 'df -PB1 "$PGDATA" | tail -1'], what="free disk")
        return int(out.split()[3])

    def create_empty(self, name: str, owner: str = "odoo") -> None:
        self.query(f"CREATE DATABASE {_name(name)} OWNER {_name(owner)} TEMPLATE template0 ENCODING 'UTF8'")

    def fence(self, name: str) -> None:
        """Let nobody in and put everybody out: the data stands still."""
        self.query(
            f"ALTER DATABASE {_name(name)} ALLOW_CONNECTIONS false;"
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {_text(name)};"
        )
        deadline = time.monotonic() + 15
        while self.query(f"SELECT 1 FROM pg_stat_activity WHERE datname = {_text(name)}"):
            if time.monotonic() > deadline:
                raise PermanentError(f"Sessions of database {name} do not end. See pg_stat_activity.")
            time.sleep(0.1)

    def unfence(self, name: str) -> None:
        """Let everybody in again."""
        self.query(f"ALTER DATABASE {_name(name)} ALLOW_CONNECTIONS true")

    def clone(self, source: str, name: str, comment: str) -> int:
        """Copy an idle database to a new name; returns the copy's oid.

        By file copy: it meets a full disk here, where nothing has happened yet. PostgreSQL's other way (WAL_LOG) was
        seen to succeed on a disk with too little room, and to leave the failure to a later checkpoint. A PostgreSQL
        that can (18 and newer) lets the file system share the blocks (XFS, Btrfs): no second then, whatever the size;
        the room that the copy will need when it is written to is asked for by the plan.

        :raises ProgramFailed: if the name is taken, the source is in use, or the disk is full
        """
        self.query(
            "SELECT set_config(name, 'clone', false) FROM pg_settings "
            "WHERE name = 'file_copy_method' AND 'clone' = ANY(enumvals);"
            f"CREATE DATABASE {_name(name)} OWNER odoo TEMPLATE {_name(source)} STRATEGY FILE_COPY",
            timeout=3600,
        )
        self.describe(name, comment)
        return self.oid(name)

    def copy_live(self, source: str, name: str) -> None:
        """Copy a database that is in use: a dump into a new one."""
        self.create_empty(name)
        pipe = (
            "set -eu; d=$(mktemp -d); trap 'rm -rf \"$d\"' EXIT; "
            'pg_dump -U postgres -Fd -j2 -Z1 -f "$d/dump" -d "$1"; '
            'pg_restore -U postgres -j2 --exit-on-error -d "$2" "$d/dump"'
        )
        argv = ["sh", "-c", pipe, "copy", source, name]
        self._engine.execute("db", argv, what=f"copy of database {source}", timeout=4 * 3600)

    def describe(self, name: str, comment: str) -> None:
        """Say on a database what it is; `\\l+` shows it."""
        self.query(f"COMMENT ON DATABASE {_name(name)} IS {_text(comment)}")

    def rename(self, name: str, to: str) -> None:
        """Rename a database, whoever tries to use it."""
        self.fence(name)
        self.query(f"ALTER DATABASE {_name(name)} RENAME TO {_name(to)}")

    def drop(self, name: str, *, oid: int, never: Iterable[str]) -> None:
        """Drop a database of ours.

        :param oid: the identity it must have: a name alone is no proof that it is ours
        :param never: names that are not dropped in any case
        :raises PermanentError: if it is not the one; nothing was dropped
        """
        if name in set(never) or not oid or self.oid(name) != oid:
            raise PermanentError(f"Database {name} is not the one this run made (oid {oid}): it was not dropped.")
        self.query(f"DROP DATABASE {_name(name)} WITH (FORCE)")

    def modules(self, name: str) -> dict[str, tuple[str, str]]:
        """Module to (state, installed version), those that are installed or on their way."""
        sql = "SELECT name, state, coalesce(latest_version, '') FROM ir_module_module WHERE state NOT IN %s"
        rows = self.query(sql % "('uninstalled', 'uninstallable')", name)
        return {module: (state, version) for module, state, version in rows}

    def mark_moment(self, name: str) -> dict[str, int]:
        """This moment of a database, for `written_since`: {xid, attachments}."""
        xid = int(self.query("SELECT pg_current_xact_id()", name)[0][0])
        return {"xid": xid, "attachments": self._attachments(name), "deleted": self._deleted(name)}

    def written_since(self, name: str, moment: dict[str, int]) -> dict[str, int]:
        """Rows that users wrote since a moment, by table; what Odoo writes by itself does not count.

        Ask when nobody is connected: PostgreSQL's counters are complete then.
        """
        noise = ", ".join(map(_text, _NOISE))
        changed = (
            f"SELECT relname FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd > 0 AND relname NOT IN ({noise})"
        )
        tables = [row[0] for row in self.query(changed, name)]
        found: dict[str, int] = {}
        if tables:
            limit = f"age('{moment['xid'] % 2**32}'::xid)"
            counts = " UNION ALL ".join(
                f"SELECT {_text(table)}, count(*) FROM {_name(table)} WHERE age(xmin) <= {limit}" for table in tables
            )
            found = {table: int(count) for table, count in self.query(counts, name) if int(count)}
        if (more := self._attachments(name) - moment["attachments"]) > 0:
            found["ir_attachment"] = more
        if (gone := self._deleted(name) - moment["deleted"]) > 0:
            found["deleted rows"] = gone
        return found

    def _attachments(self, name: str) -> int:
        """Attachments but those of web assets, which Odoo makes for the first visitor."""
        sql = "SELECT coalesce(max(id), 0) FROM ir_attachment WHERE url IS NULL OR url NOT LIKE '/web/assets/%'"
        return int(self.query(sql, name)[0][0])

    def _deleted(self, name: str) -> int:
        noise = ", ".join(map(_text, _NOISE))
        sql = f"SELECT coalesce(sum(n_tup_del), 0) FROM pg_stat_user_tables WHERE relname NOT IN ({noise})"
        return int(self.query(sql, name)[0][0])


def _name(name: str) -> str:
    """A quoted identifier."""
    if not re.fullmatch(r"[A-Za-z0-9_\-]{1,63}", name):
        raise PermanentError(f"{name!r} is no database or table name of ours.")
    return f'"{name}"'


def _text(value: str) -> str:
    """A quoted text."""
    return "'" + value.replace("'", "''") + "'"
