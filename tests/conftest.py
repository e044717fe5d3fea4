"""Real services for the tests, each started when a test first asks for it and ended with the session.

    postgres     the test stack's PostgreSQL (dev.stack.services.postgres.Postgres)
    odoo_parts   Odoo's templates, scratch copies and commands (dev.stack.services.odoo.Odoo)
    odoo         a running Odoo with the add-on and the demo company's month (dev.stack.services.odoo.OdooServer)
    s3           moto as S3, with the export bucket (dev.stack.services.s3.S3)
    slack_sink   takes what is posted to Slack (dev.stack.services.slack_sink.SlackSink)
    airflow      the whole Airflow, connected to all of these (dev.stack.services.airflow.Airflow)
    browser      a headless Chromium (playwright.sync_api.Browser)

Drills (marker `drill`: a docker engine with real images, faults put into a running stack) take many minutes and are run
by `make drill`. Nothing else is left out or skipped silently: where a part cannot be had its tests fail with the
reason. `--without odoo,airflow` names parts off on purpose. `-m "not services"` leaves the tests that need none.

`make test` runs several worker processes (pytest-xdist). Tests that share a stack stay together, in order, in a worker
with a stack of its own (_GROUP_OF says which). The rest goes to whoever idles. `make drill` runs two: the drills on the
docker engine, of which there is one, stay together, and so do those of a file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import pytest

from dev.stack.machine import progress
from dev.stack.machine.paths import Place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dev.stack.local_stack import LocalStack
    from dev.stack.services.airflow import Airflow
    from dev.stack.services.odoo import Odoo, OdooServer
    from dev.stack.services.postgres import Postgres
    from dev.stack.services.s3 import S3
    from dev.stack.services.slack_sink import SlackSink

PARTS = ("postgres", "odoo_parts", "odoo", "s3", "slack_sink", "airflow", "browser")
# one for each worker that needs a stack; a group has the same one each time, for its templates are kept there
PLACES = (Place("test"), *(Place(f"test-{number}") for number in range(2, 9)))
GROUPS = ("stack", "second stack", "third stack")
# which part of the tests has which, so that the three end at about the same time; all others have the first
_GROUP_OF = {
    "tests/e2e/test_backup.py": "second stack",
    "tests/monitoring/": "second stack",
    "tests/odoo_addon/test_in_odoo.py": "third stack",
    "tests/ofitec/backup/test_real_odoo.py": "third stack",
    "tests/ofitec/clients/test_odoo.py": "third stack",
    "tests/ofitec/staging/": "third stack",
    "tests/stack/test_odoo_pages.py": "third stack",
}
T = TypeVar("T")
_GROUP = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without", default="", help=f"parts to do without, comma-separated: {', '.join(PARTS)}")
    parser.addoption("--drills", action="store_true", help="run the drills too (`make drill` runs them alone)")


def pytest_configure(config: pytest.Config) -> None:
    unknown = set(_named_off(config)) - set(PARTS)
    if unknown:
        raise pytest.UsageError(f"--without names no part: {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        PLACES[0].make()
        lock = _lock(PLACES[0].dir / "run.lock")
        if lock is None:
            pytest.exit("another test run is using .local/test: wait for its end.", returncode=3)
        config.add_cleanup(lock.close)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    needs = set(getattr(item, "fixturenames", ()))
    if "docker" in needs:
        item.add_marker(pytest.mark.xdist_group("docker engine"))
    if {"local_stack", *PARTS} & needs:
        item.add_marker("services")
        if item.get_closest_marker("xdist_group") is None:
            groups = [group for path, group in _GROUP_OF.items() if item.nodeid.startswith(path)]
            item.add_marker(pytest.mark.xdist_group(groups[0] if groups else GROUPS[0]))
    elif item.get_closest_marker("drill") and item.get_closest_marker("xdist_group") is None:
        item.add_marker(pytest.mark.xdist_group(item.path.name))  # its fixtures are made once


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--drills"):
        return
    drills = [item for item in items if item.get_closest_marker("drill")]
    config.hook.pytest_deselected(items=drills)
    items[:] = [item for item in items if item not in drills]


def _lock(file: Path) -> IO[str] | None:
    """The file, held by this process until it is closed; None if another holds it."""
    handle = file.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _named_off(config: pytest.Config) -> list[str]:
    return [name.strip() for name in config.getoption("--without").split(",") if name.strip()]


def _places(group: str) -> tuple[Place, ...]:
    """All of them, the group's own first."""
    first = GROUPS.index(group) if group in GROUPS else 0
    return PLACES[first:] + PLACES[:first]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marker = item.get_closest_marker("xdist_group")
    item.config.stash[_GROUP] = str(marker.args[0]) if marker else ""


@pytest.fixture(scope="session")
def local_stack(pytestconfig: pytest.Config) -> Iterator[LocalStack]:
    """This worker's own stack under `.local/test*`, new data each session, ended with it.

    Its board asks an Alertmanager that answers once tests/monitoring has started one.
    """
    from dev.stack.local_stack import LocalStack
    from dev.stack.machine.process import Processes
    from dev.stack.services import monitoring

    group = pytestconfig.stash[_GROUP]
    if not group:
        # it would run in whichever worker idles, and start one more stack there
        pytest.fail("It asks for a stack while it runs: name the part among its fixtures, then it has a group.")
    for place in _places(group):
        place.make()
        lock = _lock(place.dir / "session.lock")
        if lock is not None:
            break
    else:
        pytest.exit(f"all of {', '.join(place.name for place in PLACES)} are in use.", returncode=3)
    with ExitStack() as after:
        after.callback(lock.close)
        processes = Processes(place)
        processes.stop_all()  # what a killed session left behind
        alerts = {"OFITEC_ALERTMANAGER_URL": monitoring.alertmanager_url(place, processes)}
        stack = LocalStack(place, extra_dags=Path(__file__).parent / "stack" / "dags", extra_settings=alerts)
        after.callback(stack.down)
        yield stack


@pytest.fixture(scope="session")
def start(request: pytest.FixtureRequest) -> Callable[[str, Callable[[], Any]], Any]:
    """Starts a part with its progress on the terminal, or skips the test when the part is named off."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def _start(part: str, make: Callable[[], T]) -> T:
        if part in _named_off(request.config):
            pytest.skip(f"{part} is named off by --without")
        with capture.global_and_fixture_disabled():
            progress.say()
            return make()

    return _start


@pytest.fixture(scope="session")
def postgres(local_stack: LocalStack, start: Callable[..., Postgres]) -> Postgres:
    return start("postgres", lambda: local_stack.postgres)


@pytest.fixture(scope="session")
def odoo_parts(local_stack: LocalStack, start: Callable[..., Odoo]) -> Odoo:
    return start("odoo_parts", lambda: local_stack.odoo_parts)


@pytest.fixture(scope="session")
def odoo(local_stack: LocalStack, start: Callable[..., OdooServer]) -> OdooServer:
    return start("odoo", lambda: local_stack.odoo)


@pytest.fixture(scope="session")
def s3(local_stack: LocalStack, start: Callable[..., S3]) -> S3:
    return start("s3", lambda: local_stack.s3)


@pytest.fixture(scope="session")
def slack_sink(local_stack: LocalStack, start: Callable[..., SlackSink]) -> SlackSink:
    return start("slack_sink", lambda: local_stack.slack_sink)


@pytest.fixture(scope="session")
def airflow(local_stack: LocalStack, start: Callable[..., Airflow]) -> Airflow:
    return start("airflow", lambda: local_stack.airflow)


@pytest.fixture(scope="module")
def browser(start: Callable[..., Any]) -> Iterator[Browser]:
    # A module's own: while it is open, playwright holds an asyncio loop in this thread that other tests trip over.
    from dev.stack.services.browser import chromium

    running = chromium()
    yield start("browser", running.__enter__)
    running.__exit__(None, None, None)
