"""A proof that could not be carried out says nothing about the backup, and leaves nothing behind."""

import dataclasses
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ofitec.backup import nightly, proof, retrieval, scratch
from ofitec.backup.attachments import Arrived, CopyUnreadable
from ofitec.backup.job import Job
from ofitec.backup.manifest import Manifest
from ofitec.errors import TransientError
from ofitec.ledger import backups
from ofitec.ledger.tables import BackupRun
from ofitec.settings import settings
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import nothing_left
from tests.waiting import wait_until


@pytest.mark.parametrize("program", ["restic", "pg_restore"])
def test_killed_program_leaves_the_backup_unproven_not_refuted(
    job: Job, program: str, tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel kills for want of memory: that says nothing about the backup."""
    key = back_up(job)
    folder = tmp_path / "programs"
    folder.mkdir()
    killed = folder / program
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    if program == "restic":
        dying = dataclasses.replace(job, restic=dataclasses.replace(job.restic, binary=str(killed)))
    else:
        dying = job
        monkeypatch.setenv("OFITEC_PG_BIN", str(folder))
        settings.cache_clear()
    with pytest.raises(TransientError, match="killed by signal 9"):
        proof.prove(dying, key, run_id="r")
    monkeypatch.undo()
    settings.cache_clear()
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.FAILED]
    proof.prove(job, key, run_id="r")
    nothing_left(job)


def test_missing_odoo_leaves_the_backup_unproven_not_refuted(job: Job) -> None:
    job = dataclasses.replace(job, odoo_command="echo Odoo Server 16.0 --x")
    key = back_up(job)
    with pytest.raises(Exception, match=r"backup is of Odoo 19.0, but OFITEC_ODOO_COMMAND runs Odoo Server 16.0"):
        proof.prove(job, key, run_id="r")
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.FAILED]
    assert backups.newest_proven(job.ledger, job.env) is None
    assert proof.choose(job) == key
    nothing_left(job)


def test_foreign_databases_are_never_dropped(job: Job, cluster: Cluster) -> None:
    strangers = [f"{scratch.PREFIX}0123456789abcdef", job.database.name]
    cluster.create(strangers[0])
    try:
        for name in strangers:
            with pytest.raises(scratch.NotOurs, match="was not made by us"):
                scratch.drop(job, name)
        # even if the ledger names it: somebody else's comment protects it
        planned = {"server": job.scratch.server, "folder": "x", "purpose": "p", "run_id": "r"}
        backups.plan_scratch(job.ledger, name=strangers[0], **planned)
        with cluster.admin() as conn:
            conn.execute(f"COMMENT ON DATABASE {strangers[0]} IS 'de contabilidad'")
        with pytest.raises(scratch.NotOurs, match="carries the comment 'de contabilidad'"):
            scratch.drop(job, strangers[0])
        assert set(strangers) <= cluster.names()
    finally:
        cluster.drop(strangers[0])


def test_leftover_of_a_killed_proof_is_dropped_by_the_next_and_told_as_failed(job: Job, cluster: Cluster) -> None:
    key = back_up(job)
    row = backups.get(job.ledger, key)
    assert row is not None
    backups.start_proof(job.ledger, row, run_id="killed", started_at=datetime.now(UTC))
    left = scratch.make(job, purpose=proof.PURPOSE, run_id="killed").database.name
    assert left in cluster.names()
    proof.prove(job, key, run_id="r")
    assert left not in cluster.names()
    nothing_left(job)
    found = backups.proofs(job.ledger, key)
    assert [p.outcome for p in found] == [backups.FAILED, backups.PASSED]
    assert found[0].findings == ["killed before its end"]
    nightly.preflight(job, run_id="r")


def test_a_copy_at_which_autovacuum_works_is_dropped_all_the_same(job: Job, cluster: Cluster) -> None:
    """No role but the server's own may end such a worker, and DROP DATABASE ... WITH (FORCE) gives up before it."""
    copy = scratch.make(job, purpose=proof.PURPOSE, run_id="r")
    with cluster.admin() as conn:
        conn.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        conn.execute("SELECT pg_reload_conf()")
    try:
        with copy.database.connect() as conn:
            conn.autocommit = True
            slow = (
                "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1"
            )
            conn.execute(
                f"CREATE TABLE big WITH ({slow}) AS SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n"
            )
            conn.execute("DELETE FROM big")
        wait_until(lambda: vacuumed(cluster, copy.database.name), "autovacuum at the copy")
        scratch.drop(job, copy.database.name)
    finally:
        with cluster.admin() as conn:
            conn.execute("ALTER SYSTEM RESET autovacuum_naptime")
            conn.execute("SELECT pg_reload_conf()")
    nothing_left(job)


def vacuumed(cluster: Cluster, name: str) -> bool:
    query = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = %s"
    with cluster.admin() as conn:
        return conn.execute(query, [name]).fetchone() is not None


def test_a_copy_that_loses_files_or_its_dump_says_nothing_about_the_backup(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is cleaned, or that is on another worker: the backup itself is good."""
    key = back_up(job)
    real_load, real_compare = retrieval.load, retrieval.compare_files

    def without_dump(job: Job, row: BackupRun, copy: scratch.Scratch, *rest: Any) -> None:
        (copy.folder / "dump" / "odoo.dump").unlink()
        real_load(job, row, copy, *rest)

    def without_files(expected: Manifest, files: Any, arrived: Arrived, copy: scratch.Scratch, *rest: Any) -> None:
        shutil.rmtree(copy.filestore)
        real_compare(expected, files, arrived, copy, *rest)

    for name, spoiled in (("load", without_dump), ("compare_files", without_files)):
        with monkeypatch.context() as patch:
            patch.setattr(retrieval, name, spoiled)
            with pytest.raises(CopyUnreadable, match="says nothing about the backup"):
                proof.prove(job, key, run_id="r")
    assert [p.outcome for p in backups.proofs(job.ledger, key)] == [backups.FAILED, backups.FAILED]
    row = backups.get(job.ledger, key)
    assert row is not None
    assert row.status == backups.CHECKED


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()], ids=["disk", "timeout"])
def test_whatever_ends_a_proof_is_a_row(job: Job, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    key = back_up(job)

    def fails(*args: object) -> None:
        raise error

    monkeypatch.setattr(retrieval, "compare_tables", fails)
    with pytest.raises(type(error)):
        proof.prove(job, key, run_id="r")
    (row,) = backups.proofs(job.ledger, key)
    assert row.outcome == backups.FAILED
    assert type(error).__name__ in row.findings[0]
