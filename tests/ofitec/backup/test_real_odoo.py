"""What a real Odoo does to its own files. Its backup, proof and restore: tests/e2e/test_backup.py."""

import dataclasses
import shlex
from collections.abc import Iterator

import pytest

from ofitec.backup import boot
from ofitec.backup.job import Job
from ofitec.backup.moment import files_kept
from ofitec.clients.postgres import Database
from stack.odoo import Odoo


@pytest.fixture
def real(job: Job, odoo_parts: Odoo) -> Iterator[Job]:
    """The job on a copy of a real Odoo's database and filestore."""
    server, environment = odoo_parts.postgres, odoo_parts.source.env()
    command = shlex.join(["env", *(f"{name}={value}" for name, value in environment.items()), *odoo_parts.command()])
    with odoo_parts.scratch(odoo_parts.base_template(), "respaldo_real") as name:
        database = Database(server.host, server.port, "odoo", server.password("odoo"), name)
        rules = dataclasses.replace(job.rules, min_bytes=1_000_000, restore_timeout=600)
        yield dataclasses.replace(
            job,
            database=database,
            scratch=database,
            filestore=odoo_parts.filestore(name),
            odoo_command=command,
            rules=rules,
        )


def test_real_odoo_keeps_its_files_while_the_moment_is_held(real: Job, odoo_parts: Odoo) -> None:
    """Odoo's own cleaning, not a stand-in: what it wants to remove is still there while the backup runs."""
    clean = "print('CLEANED', env['ir.attachment']._gc_file_store()); env.cr.commit()\n"
    # a file without a row, and its mark for the cleaning: what a deleted attachment leaves
    doomed = real.filestore / "aa" / f"aa{'0' * 38}"
    for path in (doomed, real.filestore / "checklist" / "aa" / doomed.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"borrable" if path == doomed else b"")
    files = {path for path in real.filestore.rglob("*") if path.is_file() and "checklist" not in path.parts}
    with files_kept(real.database, lock_timeout=5):
        odoo_parts.shell(real.database.name, clean, what="cleaning while a backup runs")
        assert all(path.exists() for path in files)
    odoo_parts.shell(real.database.name, clean, what="cleaning after it")
    assert [path for path in files if not path.exists()] == [doomed]


def test_command_with_options_takes_the_verb_in_between() -> None:
    assert boot.split_command("env A=1 python odoo-bin -c /x --addons-path=/a,/b") == (
        ["env", "A=1", "python", "odoo-bin"],
        ["-c", "/x", "--addons-path=/a,/b"],
    )
