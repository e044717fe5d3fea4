"""An interrupted run is settled, also one that an earlier version of the program began."""

import pytest

from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy
from ofitec.deploy.host.record import lock, releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import Journal
from ofitec.deploy.host.run import prune
from ofitec.deploy.host.run.recover import recover
from tests.ofitec.deploy.host.examples import BLUE, journal_of_before, plan_of_before


@pytest.fixture
def interrupted(home: Home, proxy: Proxy) -> Home:
    """An upgrade that a version without terms began, and whose process is gone."""
    releases.add(home, BLUE)
    lock.acquire(home, run="run1", who="Paula", why="deploy")
    proxy.switch("blue")
    Journal(Journal.file(home), journal_of_before()).save()
    return home


def test_a_run_of_an_earlier_version_is_undone(interrupted: Home) -> None:
    settled = recover(interrupted)
    assert settled == {"run": "run1", "status": "undone", "serves": "blue"}
    assert lock.holder(interrupted) is None


def test_a_run_of_an_earlier_version_is_finished(interrupted: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [{"name": name, "state": "done", "at": "", "seconds": 1.0} for name in ("switch", "watch")]
    facts = journal_of_before()["facts"] | {"switched_at": "2026-11-24T01:20:00+00:00", "live_oid": 7, "kept_name": "k"}
    Journal(Journal.file(interrupted), journal_of_before(steps=steps, facts=facts)).save()
    for called in ("set_image", "start", "stop"):
        monkeypatch.setattr(Engine, called, lambda *_: None)
    monkeypatch.setattr(Proxy, "drain", lambda *_: True)
    monkeypatch.setattr(prune, "prune", lambda *_: [])
    Proxy(interrupted).switch("green")
    assert recover(interrupted)["status"] == "done"
    now = releases.load(interrupted).current
    assert (now.image, now.colour, now.mode) == (plan_of_before()["image"], "green", "MIGRATE")
    assert (now.kept_database, now.kept_oid, now.sources) == ("k", 7, {"of_sii_cl": "0f"})
