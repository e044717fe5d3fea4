"""The real restore: into a free place, over an old one with an approval, never over a live one."""

import dataclasses
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ofitec.backup import nightly, proof, restore, scratch, switching
from ofitec.backup.job import Job
from ofitec.backup.restore import LiveDatabase, Plan
from ofitec.clients.postgres import administer
from ofitec.errors import InputError
from ofitec.ledger import backups, switches
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import nothing_left


def planned(job: Job, database: str, *, key: str = "", filestore: str = "") -> Plan:
    return restore.plan(job, key=key, database=database, filestore=filestore, neutralise=False)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_restore_into_a_free_place(job: Job, cluster: Cluster) -> None:
    key = back_up(job)
    target = f"{job.database.name}_vuelta"
    done = restore.restore(job, planned(job, target, key=key), run_id="r", approved=False)
    try:
        assert done["kept"] == []
        assert Path(done["filestore"]) == job.filestore.parent / target
        assert content(Path(done["filestore"])) == content(job.filestore)
        with job.database.on(target).connect() as conn:
            assert conn.execute("SELECT count(*) FROM account_move_line").fetchone() == (20000,)
            assert conn.execute("SELECT nextval('folio_33')").fetchone() == (4712,)
        nothing_left(job)
    finally:
        cluster.drop(target)


def test_restore_over_an_old_one_keeps_it_under_another_name(job: Job, cluster: Cluster) -> None:
    key = back_up(job)
    with job.database.connect() as conn:
        conn.execute("DELETE FROM account_move")
    before = content(job.filestore)
    next(job.filestore.rglob("*/*")).unlink()
    plan = planned(job, job.database.name, key=key, filestore=str(job.filestore))
    assert plan.replaces == [f"database {job.database.name}", f"folder {job.filestore}"]
    with pytest.raises(InputError, match="the restore needs an approval"):
        restore.restore(job, plan, run_id="r", approved=False)
    done = restore.restore(job, plan, run_id="r", approved=True)
    folder, database = done["kept"]
    try:
        with job.database.connect() as conn:
            assert conn.execute("SELECT count(*) FROM account_move").fetchone() == (2000,)
        with job.database.on(database).connect() as conn:
            assert conn.execute("SELECT count(*) FROM account_move").fetchone() == (0,)
        assert content(job.filestore) == before
        assert len(content(Path(folder))) == len(before) - 1
        nothing_left(job)
    finally:
        cluster.drop(database)


def test_never_over_a_live_database(job: Job) -> None:
    key = back_up(job)
    plan = planned(job, job.database.name, key=key, filestore=str(job.filestore))
    before = content(job.filestore)
    with job.database.connect() as conn:
        conn.execute("SET application_name = 'odoo-4711'")
        with pytest.raises(LiveDatabase, match=r"in use by 1 sessions.*odoo-4711"):
            restore.restore(job, plan, run_id="r", approved=True)
        assert conn.execute("SELECT count(*) FROM account_move").fetchone() == (2000,)
    assert content(job.filestore) == before
    nothing_left(job)


def test_user_who_connects_meanwhile_saves_the_old_database(
    job: Job, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    """Idle at the start, in use at the switch: the rename is refused and the old files are back."""
    key = back_up(job)
    plan = planned(job, job.database.name, key=key, filestore=str(job.filestore))
    before = content(job.filestore)
    monkeypatch.setattr(restore, "_require_idle", lambda job, name: None)
    with job.database.connect() as conn:
        with pytest.raises(Exception, match="being accessed by other users"):
            restore.restore(job, plan, run_id="r", approved=True)
        assert conn.execute("SELECT count(*) FROM account_move").fetchone() == (2000,)
    assert content(job.filestore) == before
    nothing_left(job)


@pytest.mark.parametrize(
    ("database", "filestore", "neutralise", "message"),
    [
        ("postgres", "", False, "no name for a restored database"),
        ('x"; DROP', "", False, "no name for a restored database"),
        ("ofitec_scratch_1", "", False, "for throw-away copies"),
        ("bien", "/no/existe/x", False, "must be an absolute path in a folder that exists"),
        ("bien", "/proc/x", False, "The folder /proc, where the restored files go, cannot be written here"),
        ("bien", "", True, "Neutralising needs an Odoo"),
        ("bien", "", False, "No backup of prueba in .* is proven yet"),
    ],
)
def test_wrong_input_changes_nothing(job: Job, database: str, filestore: str, neutralise: bool, message: str) -> None:
    with pytest.raises(InputError, match=message):
        restore.plan(job, key="", database=database, filestore=filestore, neutralise=neutralise)


def test_default_is_the_newest_proven_backup(job: Job) -> None:
    proven, unproven = back_up(job), ""
    proof.prove(job, proven, run_id="r")
    unproven = back_up(job)
    assert planned(job, "nueva").backup == proven
    assert planned(job, "nueva", key=unproven).backup == unproven
    with pytest.raises(InputError, match="knows no backup nada of otra"):
        planned(dataclasses.replace(job, env="otra"), "nueva", key="nada")
    backups.change(job.ledger, unproven, status=backups.REMOVED)
    with pytest.raises(InputError, match="was removed by the retention"):
        planned(job, "nueva", key=unproven)


class Killed(BaseException):
    """Instead of the undoing that a SIGKILL leaves no time for."""


@pytest.mark.parametrize("old", [True, False], ids=["over an old one", "into a free place"])
def test_a_switch_killed_at_any_rename_is_undone(job: Job, cluster: Cluster, old: bool) -> None:
    """At no moment has the database's name a database with the other moment's files."""
    target = f"{job.database.name}_meta"
    place = job.filestore.with_name(target)
    if old:
        cluster.create(target)
        (place / "aa").mkdir(parents=True)
        (place / "aa" / "antiguo").write_text("de antes")
    steps = 0
    try:
        while killed_at(job, target, place, steps + 1):
            steps += 1
            # as a kill leaves it: the old pair, or no database of that name
            assert paired(cluster, target, place) in ("old" if old else "nothing", "nothing")
            restore.repair(job, run_id="next")
            assert paired(cluster, target, place) == ("old" if old else "nothing")
            nothing_left(job)
            assert [path.name for path in place.parent.glob(f".{place.name}*")] == []
        assert paired(cluster, target, place) == "new"
        assert content(place) == {"bb/nuevo": b"nuevo"}
        assert steps == (8 if old else 6)
        nothing_left(job)
    finally:
        for name in cluster.names():
            if name.startswith(target):
                cluster.drop(name)


def killed_at(job: Job, target: str, place: Path, step: int) -> bool:
    """Switch a small copy into the place and be killed at the n-th change. False if it came through."""
    copy = scratch.make(job, purpose=restore.PURPOSE, run_id="r")
    with copy.database.connect() as conn:
        conn.execute("CREATE TABLE account_move (id int)")
    (copy.filestore / "bb").mkdir(parents=True)
    (copy.filestore / "bb" / "nuevo").write_bytes(b"nuevo")
    with pytest.MonkeyPatch.context() as patch:
        came_there = killing(patch, step)
        with suppress(Killed):
            switching.take_place(job, database=target, place=place, copy=copy, run_id=f"r{step}")
        return came_there()


def test_a_restore_killed_after_its_last_rename_is_completed(
    job: Job, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = back_up(job)
    target = f"{job.database.name}_meta"
    place = job.filestore.with_name(target)

    def killed(*args: object, **kwargs: object) -> str:
        raise Killed

    try:
        with monkeypatch.context() as patch:
            patch.setattr(switching, "_settle", killed)
            patch.setattr(restore, "_drop_copies", killed)
            with pytest.raises(Killed):
                restore.restore(job, planned(job, target, key=key), run_id="r", approved=False)
        assert paired(cluster, target, place) == "new"
        # the night repairs it, if nobody restores before
        nightly.preflight(job, run_id="night")
        assert switches.half_done(job.ledger, env=job.env, server=job.database.server) == []
        assert content(place) == content(job.filestore)
        nothing_left(job)
    finally:
        cluster.drop(target)


def paired(cluster: Cluster, target: str, place: Path) -> str:
    """Which database with which files stands under the name: "old", "new", or "nothing" if no database has it."""
    if target not in cluster.names():
        return "nothing"
    with cluster.admin(target) as conn:
        row = conn.execute("SELECT to_regclass('public.account_move') IS NOT NULL").fetchone()
    assert row is not None
    new_files = not (place / "aa" / "antiguo").exists() and place.exists()
    assert row[0] == new_files, "a database with the files of another moment"
    return "new" if row[0] else "old"


def killing(patch: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Kills at the n-th change, and all that the same process would do to undo it; says whether it came to that."""
    count, dead = 0, False

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count, dead
            count += 1
            dead = dead or count == step
            if dead:
                raise Killed
            return real(*args, **kwargs)

        return call

    def while_alive(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if dead:
                raise Killed
            return real(*args, **kwargs)

        return call

    patch.setattr(switches, "begin", counted(switches.begin))
    patch.setattr(shutil, "move", counted(shutil.move))
    patch.setattr(Path, "rename", counted(Path.rename))
    patch.setattr(Path, "write_text", counted(Path.write_text))
    patch.setattr(switching, "administer", counted(administer))
    patch.setattr(switching, "_settle", while_alive(switching._settle))
    patch.setattr(scratch, "sweep", while_alive(scratch.sweep))
    return lambda: dead
