"""Odoo databases with their files, kept in the cache: what one stack has made, the others of this clone only copy.

A saved database holds the users of the stack that made it: whoever takes it sets passwords of its own.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dev.stack.machine import process
from dev.stack.machine.paths import CACHE
from dev.stack.services.postgres import Postgres

FOLDER = CACHE / "odoo"
_DUMP, _FILES = "database.dump", "filestore"


def is_there(name: str) -> bool:
    return (FOLDER / name).is_dir()


def save(postgres: Postgres, database: str, files: Path, name: str, *, log: Path) -> None:
    """Keeps `database` and its filestore as `name`, whole or not at all."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = FOLDER / f".{name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    dump = [str(postgres.bin / "pg_dump"), "--format=custom", "--compress=1", "--no-owner"]
    process.run([*dump, f"--file={building / _DUMP}", database], log=log, env=_env(postgres), what="pg_dump")
    shutil.copytree(files, building / _FILES)
    building.rename(FOLDER / name)


def restore(postgres: Postgres, name: str, database: str, files: Path, *, log: Path) -> None:
    """Makes `database` with its filestore from what was saved as `name`. A database of that name must not exist."""
    postgres.create(database, "odoo")
    argv = [str(postgres.bin / "pg_restore"), "--no-owner", "--exit-on-error", "--jobs=2", f"--dbname={database}"]
    process.run([*argv, str(FOLDER / name / _DUMP)], log=log, env=_env(postgres), what="pg_restore")
    shutil.copytree(FOLDER / name / _FILES, files, dirs_exist_ok=True)
    with postgres.admin(database) as cursor:
        # two databases with one identity would accept each other's sessions
        cursor.execute(
            "UPDATE ir_config_parameter SET value = gen_random_uuid() WHERE key IN ('database.uuid', 'database.secret')"
        )


def forget_others(stem: str, name: str) -> None:
    """Removes what was saved under names that begin with `stem`, but for `name`."""
    for other in FOLDER.glob(f"{stem}*"):
        if other.name != name:
            shutil.rmtree(other)


def _env(postgres: Postgres) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PGHOST": postgres.host,
        "PGPORT": str(postgres.port),
        "PGUSER": "odoo",
        "PGPASSWORD": postgres.password("odoo"),
    }
