"""What the host program keeps on disk: lock, journal, record. And what it refuses to be called with."""

import json
import multiprocessing
from pathlib import Path

import pytest

from ofitec.deploy import bundle
from ofitec.deploy.host import lock, plan, releases
from ofitec.deploy.host.engine import check_reference
from ofitec.deploy.host.home import Home, parse_env
from ofitec.deploy.host.journal import Journal
from ofitec.deploy.host.releases import Release
from ofitec.errors import InputError, PermanentError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "docker-compose.yml").touch()
    return Home.open(tmp_path)


def _grab(root: str, name: str, results: "multiprocessing.Queue[str]") -> None:
    try:
        lock.acquire(Home.open(Path(root)), run=name, who=name, why="race")
        results.put(name)
    except lock.Locked:
        results.put("")


def test_of_many_at_once_one_gets_the_lock(home: Home) -> None:
    results: multiprocessing.Queue[str] = multiprocessing.Queue()
    racers = [multiprocessing.Process(target=_grab, args=(str(home.root), f"r{n}", results)) for n in range(8)]
    for racer in racers:
        racer.start()
    got = [results.get(timeout=20) for _ in racers]
    for racer in racers:
        racer.join()
    assert len([name for name in got if name]) == 1


def test_the_lock_can_be_taken_again_by_its_own_run_and_given_back_by_no_other(home: Home) -> None:
    lock.acquire(home, run="a", who="Ana", why="deploy")
    lock.acquire(home, run="a", who="Ana", why="deploy")
    with pytest.raises(lock.Locked, match=r"Ana holds the lock .* run a \(deploy\) since .* ago"):
        lock.acquire(home, run="b", who="Beto", why="deploy")
    with pytest.raises(InputError):
        lock.release(home, "b")
    assert lock.release(home, "a")
    assert not lock.release(home, "a")


def test_an_unsettled_journal_lets_no_other_run_begin(home: Home) -> None:
    journal = Journal.begin(home, "first", "CODE", plan={})
    with journal.step("start_new"):
        pass
    with pytest.raises(PermanentError, match=r"Run first was interrupted after step start_new .* `recover`"):
        Journal.begin(home, "second", "CODE")
    journal.settle("undone", "why")
    assert Journal.begin(home, "second", "CODE").run == "second"
    kept = json.loads((home.state / "journals/first.json").read_text())
    assert (kept["status"], kept["error"]) == ("undone", "why")


def test_a_step_that_failed_stays_begun(home: Home) -> None:
    journal = Journal.begin(home, "run", "CODE")
    with pytest.raises(ZeroDivisionError), journal.step("smoke"):
        raise ZeroDivisionError
    again = Journal.load(home)
    assert again is not None
    assert again.begun("smoke")
    assert not again.finished("smoke")


def test_the_record_knows_current_and_previous_and_counts_a_run_once(home: Home) -> None:
    with pytest.raises(PermanentError, match="Nothing was ever released"):
        _ = releases.load(home).current
    for run in ("a", "b", "b"):
        releases.add(home, Release(run=run, image=f"i@{run}", colour="blue", mode="CODE", at="", who=""))
    record = releases.load(home)
    assert (record.previous.run, record.current.run, len(record.releases)) == ("a", "b", 2)


@pytest.mark.parametrize("wrong", ["odoo", "ghcr.io/a/odoo:latest", "registry:5000/odoo", "-v /:/x", "a;b:1", "A B"])
def test_what_may_mean_another_image_tomorrow_is_refused(wrong: str) -> None:
    with pytest.raises(InputError):
        check_reference(wrong)


@pytest.mark.parametrize("right", ["ghcr.io/a/odoo:19.0-abc", f"127.0.0.1:5000/odoo@sha256:{'a' * 64}"])
def test_digests_and_tags_of_builds_are_taken(right: str) -> None:
    assert check_reference(right) == right


def test_too_little_disk_is_foreseen_with_both_figures() -> None:
    gib = 1024**3
    plan.require_disk(gib, 3 * gib)
    with pytest.raises(PermanentError, match=r"has 2\.90 GiB free and the upgrade needs 3\.00 GiB"):
        plan.require_disk(gib, int(2.9 * gib))


def test_environment_files_are_read_as_compose_reads_them() -> None:
    assert parse_env("# no=1\nA=1\n\nB = 'two words'\nC=x=y\n") == {"A": "1", "B": "two words", "C": "x=y"}


def test_the_bundle_is_the_same_every_time_and_named_after_its_content() -> None:
    program = bundle.build()
    assert program == bundle.build()
    assert bundle.name(program) != bundle.name(program + b"x")
