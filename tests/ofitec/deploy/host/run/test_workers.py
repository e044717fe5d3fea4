"""Another number of processes for the release that serves: by the same switch, and the release stays what it is."""

import time

import pytest

from ofitec.deploy.host.record import lock
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.host.run.workers import resize
from ofitec.errors import InputError
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load


@pytest.mark.parametrize("number", [-1, 0, 65])
def test_a_number_that_cannot_be_meant_is_refused_before_anything_is_locked(home: Home, number: int) -> None:
    with pytest.raises(InputError, match=f"{number} workers cannot be meant"):
        resize(home, run="run1", who="Paula", number=number, terms=Terms())
    assert lock.holder(home) is None


def resized(made: Installation, number: int, run: str, watch: float = 0.5) -> dict[str, object]:
    planned = made.host("plan-workers", "--who=test", f"--run={run}", f"--workers={number}", f"--watch-seconds={watch}")
    return planned if "error" in planned else made.host("apply", "--here", f"--run={run}")


def test_more_and_fewer_under_load_fail_no_request_and_a_rollback_leads_where_it_led(
    small: Installation, tiny: dict[str, str]
) -> None:
    assert small.host("workers") == {"workers": 2, "cron_threads": 1}
    assert small.deploy(tiny["two"], "--watch-seconds=0.5", run="second")["status"] == "done"
    before = small.status()
    with Load(small.http) as load:
        assert resized(small, 4, "grow")["status"] == "done"
        assert small.host("workers")["workers"] == 4
        time.sleep(0.5)
        assert resized(small, 3, "shrink")["status"] == "done"
    assert small.host("workers")["workers"] == 3
    assert dict(load.failed) == {}
    assert small.get("/release") == "200 2"
    after = small.status()
    # twice over: on the colour that it served from, and the release of before is still the one to go back to
    assert after["current"] == before["current"]
    assert after["previous"] == before["previous"]
    assert "already" in str(resized(small, 3, "again")["error"])

    back = small.host("plan-rollback", "--who=test", "--run=rollback", "--watch-seconds=0.5")
    assert back["image"] == before["previous"]["image"]
    assert small.host("apply", "--here", "--run=rollback")["status"] == "done"
    assert small.get("/release") == "200 1"
    assert small.host("workers")["workers"] == 3  # the number is the installation's, not the release's


@pytest.mark.parametrize(
    ("step", "told", "new_number"), [("start_new", False, False), ("switch", True, True), ("record", False, True)]
)
def test_a_kill_at_any_moment_leaves_the_old_number_or_the_new_one(
    small: Installation, step: str, told: bool, new_number: bool
) -> None:
    number = small.host("workers")["workers"]
    run = f"kill-{step}"
    planned = small.host("plan-workers", "--who=test", f"--run={run}", f"--workers={number + 1}", "--watch-seconds=0")
    assert "error" not in planned, planned
    with Load(small.http, clients=4) as load:
        assert small.killed_after(step, "apply", "--here", f"--run={run}", told=told) == -9
        assert "error" not in small.host("recover")
    assert small.host("workers")["workers"] == (number + 1 if new_number else number)
    assert dict(load.failed) == {}
    assert small.status()["lock"] is None
