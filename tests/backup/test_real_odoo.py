"""A real Odoo with the Chilean localisation: backed up, proven with a boot, and restored neutralised."""

import dataclasses
import shlex
from collections.abc import Iterator

import pytest

from ofitec.backup import boot, proof, recovery
from ofitec.backup.evidence import RTO_STEPS
from ofitec.backup.job import Job
from ofitec.backup.moment import hold
from ofitec.clients.postgres import Database
from ofitec.ledger import backups
from stack.odoo import Odoo
from tests.backup.test_nightly import back_up
from tests.backup.test_proof import nothing_left

# a stack of its own: it would be the longest part of the other's time
pytestmark = pytest.mark.xdist_group("second stack")


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


def test_real_odoo_is_proven_by_a_boot_and_restored_neutralised(real: Job, odoo_parts: Odoo) -> None:
    key = back_up(real)
    evidence = proof.prove(real, key, run_id="r")
    (row,) = backups.proofs(real.ledger, key)
    assert (row.outcome, row.booted) == (backups.PASSED, True)
    assert row.tables > 200
    assert row.files > 20
    assert row.rto_seconds == round(sum(evidence.steps[step] for step in RTO_STEPS), 2)
    nothing_left(real)

    plan = recovery.plan(real, key=key, database="respaldo_vuelta", filestore="", neutralise=True)
    recovery.restore(real, plan, run_id="r", approved=False)
    try:
        with real.database.on("respaldo_vuelta").connect() as link:
            query = "SELECT value FROM ir_config_parameter WHERE key = 'database.is_neutralized'"
            said = link.execute(query).fetchone()
        assert said is not None
    finally:
        odoo_parts.drop("respaldo_vuelta")


def test_real_odoo_keeps_its_files_while_the_moment_is_held(real: Job, odoo_parts: Odoo) -> None:
    """Odoo's own cleaning, not a stand-in: what it wants to remove is still there while the backup runs."""
    clean = "print('CLEANED', env['ir.attachment']._gc_file_store()); env.cr.commit()\n"
    # a file without a row, and its mark for the cleaning: what a deleted attachment leaves
    doomed = real.filestore / "aa" / f"aa{'0' * 38}"
    for path in (doomed, real.filestore / "checklist" / "aa" / doomed.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"borrable" if path == doomed else b"")
    files = {path for path in real.filestore.rglob("*") if path.is_file() and "checklist" not in path.parts}
    with hold(real.database, lock_timeout=5):
        odoo_parts.shell(real.database.name, clean, what="cleaning while a backup runs")
        assert all(path.exists() for path in files)
    odoo_parts.shell(real.database.name, clean, what="cleaning after it")
    assert [path for path in files if not path.exists()] == [doomed]


def test_command_with_options_takes_the_verb_in_between() -> None:
    assert boot.split_command("env A=1 python odoo-bin -c /x --addons-path=/a,/b") == (
        ["env", "A=1", "python", "odoo-bin"],
        ["-c", "/x", "--addons-path=/a,/b"],
    )
