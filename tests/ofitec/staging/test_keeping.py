"""Today's copy takes yesterday's name: in one transaction, and a kill at any step leaves one of the two."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ofitec.backup import handover, proof, scratch
from ofitec.backup.job import Job
from ofitec.backup.scratch import NotOurs, Scratch
from ofitec.clients import postgres
from ofitec.ledger import backups
from ofitec.staging import keeping
from tests.ofitec.backup.cluster import Cluster
from tests.ofitec.backup.nights import back_up
from tests.ofitec.backup.proofs import nothing_left


@pytest.fixture
def place(job: Job, cluster: Cluster) -> Iterator[Job]:
    yield job
    with cluster.admin() as conn:
        for row in conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'ofitec_scratch_%'").fetchall():
            conn.execute(f'DROP DATABASE "{row[0]}" WITH (FORCE)')
    cluster.drop(keeping.name(job))


def copy_of(job: Job, day: str) -> Scratch:
    """A small copy with a row and a file that say which day it is of."""
    copy = scratch.make(job, purpose=keeping.NEW, run_id=day)
    with copy.database.connect() as conn:
        conn.execute("CREATE TABLE day (name text)")
        conn.execute("INSERT INTO day VALUES (%s)", [day])
    copy.filestore.mkdir(parents=True)
    (copy.filestore / "day").write_text(day)
    return copy


def stands(job: Job) -> tuple[str | None, str | None]:
    """Which day's database and which day's files an Odoo would find under the name."""
    try:
        with job.scratch.on(keeping.name(job)).connect() as conn:
            row = conn.execute("SELECT name FROM day").fetchone()
    except Exception as error:
        assert "does not exist" in str(error), error
        row = None
    file = keeping.data_dir(job) / "filestore" / keeping.name(job) / "day"
    return (row[0] if row else None), (file.read_text() if file.exists() else None)


def left(job: Job) -> tuple[list[str], list[str]]:
    """Scratch databases on the server, and folders on the disk."""
    with job.scratch.maintenance().connect() as conn:
        found = conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'ofitec_scratch_%'").fetchall()
    return [row[0] for row in found], [path.name for path in (job.work / "scratch").glob("*")]


def test_today_takes_the_name_and_yesterday_is_dropped(place: Job) -> None:
    for day in ("lunes", "martes"):
        copy = copy_of(place, day)
        keeping.take_place(place, copy)
        assert keeping.settle(place) == copy.database.name
        assert stands(place) == (day, day)
        assert left(place) == ([], [copy.database.name])
    assert keeping.remove(place)
    assert stands(place) == (None, None)
    nothing_left(place)
    assert not keeping.remove(place)


def test_users_of_yesterday_s_copy_do_not_hinder_today_s(place: Job) -> None:
    keeping.take_place(place, copy_of(place, "lunes"))
    keeping.settle(place)
    with psycopg.connect(
        host=place.scratch.host,
        port=place.scratch.port,
        user=place.scratch.user,
        password=place.scratch.password,
        dbname=keeping.name(place),
    ) as odoo:
        odoo.execute("SELECT 1")
        keeping.take_place(place, copy_of(place, "martes"))
        keeping.settle(place)
        with pytest.raises(psycopg.OperationalError):
            odoo.execute("SELECT 1")
    assert stands(place) == ("martes", "martes")


def test_a_database_that_we_did_not_make_is_left_alone(place: Job, cluster: Cluster) -> None:
    cluster.create(keeping.name(place))
    with pytest.raises(NotOurs, match="was not made by us"):
        keeping.take_place(place, copy_of(place, "lunes"))
    with pytest.raises(NotOurs):
        keeping.remove(place)
    assert keeping.name(place) in cluster.names()


class Killed(BaseException):
    """Instead of the undoing that a SIGKILL leaves no time for."""


def killing(patch: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Kills at the n-th change, and all that the same process would do after it; says whether it came to that."""
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

    for owner, name in (
        (keeping, "administer"),
        (Path, "rename"),
        (Path, "replace"),
        (Path, "symlink_to"),
        (backups, "hand_over"),
        (scratch, "drop"),
        (postgres, "drop"),
        (shutil, "rmtree"),
        (backups, "scratch_dropped"),
    ):
        patch.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: dead


def test_a_morning_killed_at_any_step_leaves_yesterday_s_or_today_s(place: Job) -> None:
    yesterday, step, outcomes = "0", 0, []
    keeping.take_place(place, copy_of(place, yesterday))
    keeping.settle(place)
    while True:
        step += 1
        today = str(step)
        copy = copy_of(place, today)
        with pytest.MonkeyPatch.context() as patch:
            came_there = killing(patch, step)
            with suppress(Killed):
                keeping.take_place(place, copy)
                keeping.settle(place)
            killed = came_there()
        # as the kill left it: a database stands under the name, of one of the two days
        assert stands(place)[0] in (yesterday, today)
        keeping.settle(place)  # the next run
        database, files = stands(place)
        assert database == files
        assert database in (yesterday, today)
        outcomes.append(database == today)
        assert len(left(place)[1]) == 1
        assert left(place)[0] == []
        yesterday = database
        if not killed:
            break
    assert outcomes[0] is False
    assert outcomes[-1] is True
    # once it stands at some step, it does at every later one
    assert outcomes == sorted(outcomes)
    assert step > 8


def test_a_proof_hands_its_copy_over_and_only_the_newest_waits(place: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    booted(monkeypatch)
    key = back_up(place)
    proof.prove(place, key, run_id="first", keep=True)
    first = handover.waiting(place)
    assert first is not None
    proof.prove(place, key, run_id="second", keep=True)
    second = handover.waiting(place)
    assert second is not None
    assert second.name != first.name
    assert left(place) == ([second.name], [second.name])
    proven = backups.proven_by(place.ledger, second.run_id)
    assert proven is not None
    assert proven.key == key
    assert handover.take(place, second.name, purpose=keeping.NEW)
    assert not handover.take(place, second.name, purpose=keeping.NEW)
    keeping.settle(place)
    nothing_left(place)


def test_without_anybody_who_wants_it_a_proof_leaves_nothing(place: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    booted(monkeypatch)
    key = back_up(place)
    proof.prove(place, key, run_id="kept", keep=True)
    assert handover.waiting(place) is not None
    proof.prove(place, key, run_id="switched off since")
    nothing_left(place)


def booted(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no Odoo here: its copy counts as booted. A real one: test_mornings."""

    def boot(job: Job, row: object, copy: Scratch, evidence: Any) -> None:
        with evidence.timed("boot"):
            evidence.booted = True

    monkeypatch.setattr(proof, "_boot", boot)


def test_only_files_that_an_attachment_names_stay(tmp_path: Path) -> None:
    for name in ("aa/uno", "bb/dos", "checklist/aa/uno"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert keeping.prune(tmp_path, {"aa/uno"}) == 2
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == ["aa/uno"]
