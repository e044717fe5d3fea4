"""Requests that wait while one version takes the other's place: real HAProxy and PostgreSQL, a stand-in for Odoo."""

import json
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ofitec.deploy.host.machine.proxy import LONGEST_HOLD
from tests.ofitec.deploy.installation import Installation
from tests.ofitec.deploy.load import Load

PAGE = "503 <!doctype html>"


@pytest.fixture
def patient(small: Installation) -> Iterator[Installation]:
    """An installation whose visitors wait during an upgrade."""
    small.choose(OFITEC_HOLD_SECONDS=f"{LONGEST_HOLD:.0f}")
    yield small
    small.choose(OFITEC_HOLD_SECONDS="0")


def there_and_back(installation: Installation, image: str, run: str) -> float:
    """An upgrade and its return; the longer of the two windows, in seconds."""
    done = installation.deploy(image, "--watch-seconds=0.5", run=f"{run}up")
    assert done.get("status") == "done", done
    since = f"--discard-writes-since={installation.status()['current']['at']}"
    planned = installation.host("plan-rollback", "--who=test", f"--run={run}back", since, "--watch-seconds=0")
    assert planned.get("mode") == "RETURN", planned
    back = installation.host("apply", "--here", f"--run={run}back")
    assert back.get("status") == "done", back
    return float(max(one["facts"]["maintenance_seconds"] for one in (done, back)))


def test_an_upgrade_and_its_return_show_nobody_a_page(patient: Installation, tiny: dict[str, str]) -> None:
    with Load(patient.http) as load:
        window = there_and_back(patient, tiny["newer"], "held")
    assert dict(load.failed) == {}, f"the window took {window} s"
    assert min(load.answers["1"], load.answers["7"]) > 20
    assert load.slowest < LONGEST_HOLD + 2


def test_whoever_chose_nothing_gets_the_page_at_once(small: Installation, tiny: dict[str, str]) -> None:
    with Load(small.http) as load:
        there_and_back(small, tiny["newer"], "page")
    assert set(load.failed) == {"HTTP 503"}
    assert load.slowest < 5


def test_a_window_that_is_longer_ends_in_the_page_and_a_form_is_sent_once(
    patient: Installation, tiny: dict[str, str]
) -> None:
    before = patient.get("/release")
    assert patient.host("plan", "--who=test", "--run=long", f"--image={tiny['newer']}")["mode"] == "MIGRATE"
    assert patient.killed_after("stop_old", "apply", "--here", "--run=long", told=True) == -9
    begun = time.monotonic()
    assert patient.get("/release").startswith(PAGE)
    waited = time.monotonic() - begun
    assert LONGEST_HOLD - 5 < waited < LONGEST_HOLD + 5
    begun = time.monotonic()
    assert patient.get("/release").startswith(PAGE), "the hold is over: who comes now does not wait"
    assert time.monotonic() - begun < 2
    with ThreadPoolExecutor() as pool:
        going_back = pool.submit(patient.host, "recover")
        # the way back is a window of its own
        while patient.get("/release").startswith(PAGE):
            time.sleep(0.2)
        assert going_back.result()["status"] == "undone"
    assert patient.get("/release") == before


def test_a_form_that_waits_arrives(patient: Installation, tiny: dict[str, str]) -> None:
    body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": {"service": "common", "method": "version"}})
    answers = []

    def send() -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{patient.http}/jsonrpc", body.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            answers.append(answer.status)

    with ThreadPoolExecutor() as pool:
        upgrading = pool.submit(there_and_back, patient, tiny["newer"], "form")
        sent = []
        while not upgrading.done():
            sent.append(pool.submit(send))
            time.sleep(1)
        for one in sent:
            one.result()
    assert answers == [200] * len(sent)
