"""The real restore: into a free place, over an old one with an approval, never over a live one."""

import dataclasses
from pathlib import Path

import pytest

from ofitec.backup import proof, recovery
from ofitec.backup.job import Job
from ofitec.backup.recovery import LiveDatabase, Plan
from ofitec.errors import InputError
from ofitec.ledger import backups
from tests.backup.cluster import Cluster
from tests.backup.test_nightly import back_up
from tests.backup.test_proof import nothing_left


def planned(job: Job, database: str, *, key: str = "", filestore: str = "") -> Plan:
    return recovery.plan(job, key=key, database=database, filestore=filestore, neutralise=False)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_restore_into_a_free_place(job: Job, cluster: Cluster) -> None:
    key = back_up(job)
    target = f"{job.database.name}_vuelta"
    done = recovery.restore(job, planned(job, target, key=key), run_id="r", approved=False)
    try:
        assert done["kept"] == []
        assert Path(done["filestore"]) == job.filestore.parent / target
        assert content(Path(done["filestore"])) == content(job.filestore)
        with job.database.on(target).connect() as link:
            assert link.execute("SELECT count(*) FROM account_move_line").fetchone() == (20000,)
            assert link.execute("SELECT nextval('folio_33')").fetchone() == (4712,)
        nothing_left(job)
    finally:
        cluster.drop(target)


def test_restore_over_an_old_one_keeps_it_under_another_name(job: Job, cluster: Cluster) -> None:
    key = back_up(job)
    with job.database.connect() as link:
        link.execute("DELETE FROM account_move")
    before = content(job.filestore)
    next(job.filestore.rglob("*/*")).unlink()
    plan = planned(job, job.database.name, key=key, filestore=str(job.filestore))
    assert plan.replaces == [f"database {job.database.name}", f"folder {job.filestore}"]
    with pytest.raises(InputError, match="the restore needs an approval"):
        recovery.restore(job, plan, run_id="r", approved=False)
    done = recovery.restore(job, plan, run_id="r", approved=True)
    folder, database = done["kept"]
    try:
        with job.database.connect() as link:
            assert link.execute("SELECT count(*) FROM account_move").fetchone() == (2000,)
        with job.database.on(database).connect() as link:
            assert link.execute("SELECT count(*) FROM account_move").fetchone() == (0,)
        assert content(job.filestore) == before
        assert len(content(Path(folder))) == len(before) - 1
        nothing_left(job)
    finally:
        cluster.drop(database)


def test_never_over_a_live_database(job: Job) -> None:
    key = back_up(job)
    plan = planned(job, job.database.name, key=key, filestore=str(job.filestore))
    before = content(job.filestore)
    with job.database.connect() as link:
        link.execute("SET application_name = 'odoo-4711'")
        with pytest.raises(LiveDatabase, match=r"in use by 1 sessions.*odoo-4711"):
            recovery.restore(job, plan, run_id="r", approved=True)
        assert link.execute("SELECT count(*) FROM account_move").fetchone() == (2000,)
    assert content(job.filestore) == before
    nothing_left(job)


def test_user_who_connects_meanwhile_saves_the_old_database(
    job: Job, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    """Idle at the start, in use at the switch: the rename is refused and the old files are back."""
    key = back_up(job)
    plan = planned(job, job.database.name, key=key, filestore=str(job.filestore))
    before = content(job.filestore)
    monkeypatch.setattr(recovery, "_require_idle", lambda job, name: None)
    with job.database.connect() as link:
        with pytest.raises(Exception, match="being accessed by other users"):
            recovery.restore(job, plan, run_id="r", approved=True)
        assert link.execute("SELECT count(*) FROM account_move").fetchone() == (2000,)
    assert content(job.filestore) == before
    nothing_left(job)


@pytest.mark.parametrize(
    ("database", "filestore", "neutralise", "message"),
    [
        ("postgres", "", False, "no name for a restored database"),
        ('x"; DROP', "", False, "no name for a restored database"),
        ("ofitec_scratch_1", "", False, "for throw-away copies"),
        ("bien", "/no/existe/x", False, "must be an absolute path in a folder that exists"),
        ("bien", "", True, "Neutralising needs an Odoo"),
        ("bien", "", False, "No backup of prueba is proven yet"),
    ],
)
def test_wrong_input_changes_nothing(job: Job, database: str, filestore: str, neutralise: bool, message: str) -> None:
    with pytest.raises(InputError, match=message):
        recovery.plan(job, key="", database=database, filestore=filestore, neutralise=neutralise)


def test_default_is_the_newest_proven_backup(job: Job) -> None:
    proven, unproven = back_up(job), ""
    proof.prove(job, proven, run_id="r")
    unproven = back_up(job)
    assert planned(job, "nueva").backup == proven
    assert planned(job, "nueva", key=unproven).backup == unproven
    with pytest.raises(InputError, match="knows no backup nada of otra"):
        planned(dataclasses.replace(job, env="otra"), "nueva", key="nada")
    backups.change(job.ledger, unproven, status=backups.REMOVED)
    with pytest.raises(InputError, match="is removed: it cannot be restored"):
        planned(job, "nueva", key=unproven)
