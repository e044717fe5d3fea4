"""One run at a time holds the lock, whoever else tries."""

import multiprocessing
from pathlib import Path

import pytest

from ofitec.deploy.host.record import lock
from ofitec.deploy.host.record.home import Home
from ofitec.errors import InputError


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
