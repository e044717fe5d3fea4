"""The board in the running, watched Airflow: who may see it, how a person gets there, and how fast it answers.

The picture goes to `.local/test/pictures`; with OFITEC_PICTURES=docs/images it renews the documentation's.
"""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from dev.stack.local_stack import LEDGER_DATABASE, LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.browser import sign_in_to_airflow
from ofitec.clients import alertmanager
from ofitec.ledger import open_ledger
from tests.monitoring.drill import Watch
from tests.monitoring.faults import Nights
from tests.ofitec.board.axe import grave_findings
from tests.ofitec.board.past import fill, forget
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def three_years(watch: Watch) -> Iterator[Airflow]:
    """The running Airflow with three years of ledger rows behind it."""
    ledger = open_ledger(watch.stack.postgres.dsn(LEDGER_DATABASE, "ofitec"))
    fill(ledger, datetime.now(UTC))
    yield watch.airflow
    forget(ledger)


def token(airflow: Airflow) -> str:
    answer = httpx.post(f"{airflow.url}/auth/token", json={"username": airflow.user, "password": airflow.password})
    return str(answer.json()["access_token"])


def get(airflow: Airflow, path: str, bearer: str = "", accept: str = "*/*") -> httpx.Response:
    headers = {"Accept": accept, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    return httpx.get(f"{airflow.url}/ofitec/{path}", headers=headers, timeout=30)


def firing(watch: Watch) -> set[str]:
    return {alert.name for alert in alertmanager.firing(watch.monitoring.alertmanager_url)}


def missing(watch: Watch, env: str) -> bool:
    """Whether the alarm of this installation fires: one of another's, just repaired, may still be there."""
    fire = alertmanager.firing(watch.monitoring.alertmanager_url)
    return any(alert.name == "BackupMissing" and f" de {env} " in alert.description for alert in fire)


def test_nobody_reads_without_login_or_token(airflow: Airflow, local_stack: LocalStack) -> None:
    metrics_token = local_stack.metrics_token_file.read_text()
    for path, bearer in (
        ("board", ""),
        ("metrics", ""),
        ("board", "wrong"),
        ("metrics", "wrong"),
        ("board", metrics_token),
        ("metrics", token(airflow)),
    ):
        answer = get(airflow, path, bearer)
        assert answer.status_code in (401, 403), (path, bearer[:5], answer.status_code)
        assert "ofitec_ledger_up" not in answer.text
        assert "F29" not in answer.text
    for path in ("docs", "redoc", "openapi.json"):
        assert get(airflow, path, token(airflow)).status_code == 404


def test_the_metrics_with_their_token(airflow: Airflow, local_stack: LocalStack) -> None:
    answer = get(airflow, "metrics", local_stack.metrics_token_file.read_text())
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "ofitec_ledger_up 1.0" in answer.text
    assert 'ofitec_airflow_heartbeat_timestamp_seconds{component="scheduler"}' in answer.text


def test_the_board_with_an_airflow_token(three_years: Airflow) -> None:
    answer = get(three_years, "board", token(three_years))
    assert answer.status_code == 200
    assert "Respaldos de production" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.drill  # times say something on a calm machine only, and then beside each other
def test_three_years_of_rows_cost_the_board_less_than_all_the_rest(three_years: Airflow, watch: Watch) -> None:
    bearer, ledger = token(three_years), open_ledger(watch.stack.postgres.dsn(LEDGER_DATABASE, "ofitec"))
    full = fastest(three_years, bearer)
    forget(ledger)
    try:
        empty = fastest(three_years, bearer)
    finally:
        fill(ledger, datetime.now(UTC))
    sys.stderr.write(f"\nboard: {full * 1000:.0f} ms with three years of rows, {empty * 1000:.0f} ms without\n")
    assert full < 2 * empty


def fastest(airflow: Airflow, bearer: str) -> float:
    """Seconds of the quickest of 12 loads: a median would measure what else the machine does."""
    spent = []
    for _ in range(12):
        begun = time.perf_counter()
        assert get(airflow, "board", bearer).status_code == 200
        spent.append(time.perf_counter() - begun)
    return min(spent)


@pytest.fixture(scope="module")
def tab(three_years: Airflow, watch: Watch, browser: Browser) -> Iterator[Page]:
    """The board in a browser, after its login, when the alarms' own sign of life has come."""
    wait_until(lambda: alertmanager.WATCHDOG in firing(watch), "the dead man's switch")
    window = browser.new_context(viewport={"width": 1280, "height": 900}, locale="es-CL")
    page = window.new_page()
    page.goto(f"{three_years.url}/ofitec/board")
    assert "/auth/login" in page.url
    sign_in_to_airflow(page, three_years.user, three_years.password)
    page.wait_for_selector("h1:has-text('Tablero OFITEC')", timeout=60_000)
    assert page.url.endswith("/ofitec/board")
    yield page
    window.close()


def test_a_person_finds_it_in_both_languages_and_in_airflow(three_years: Airflow, tab: Page) -> None:
    assert grave_findings(tab) == []
    pictures = ROOT / os.environ.get("OFITEC_PICTURES", ".local/test/pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=pictures / "board.png", full_page=True)

    tab.click("text=English")
    tab.wait_for_selector("h1:has-text('OFITEC board')")
    tab.goto(three_years.url)
    tab.click("[aria-label=OFITEC]", timeout=60_000)
    framed = tab.frame_locator("iframe")
    framed.locator("h1:has-text('OFITEC')").wait_for(timeout=60_000)
    assert not framed.locator("a.home").is_visible()
    tab.screenshot(path=pictures / "board-in-airflow.png")


def test_it_shows_what_fires_and_opens_its_runbook_from_airflows_frame(watch: Watch, tab: Page) -> None:
    nights = Nights.of(watch)
    nights.add("drill-board", hours_ago=30)
    wait_until(lambda: missing(watch, "drill-board"), "BackupMissing of this installation")
    framed = tab.frame_locator("iframe")
    link = framed.locator("text=Qué hacer: BackupMissing").first
    for _ in range(4):
        # a page is as old as its loading: one that Alertmanager answered too late is loaded again, as people do
        tab.goto(f"{watch.airflow.url}/plugin/ofitec")
        framed.locator("#airflow").wait_for(timeout=60_000)  # it stands below them
        if link.is_visible():
            break
    else:
        pytest.fail(f"the board shows: {framed.locator('section[aria-labelledby=alerts]').inner_text()}")
    with tab.context.expect_page(timeout=30_000) as opened:
        link.click()
    assert opened.value
    nights.forget()


def test_an_alertmanager_that_is_down_is_told_from_one_without_alarms(watch: Watch) -> None:
    wait_until(lambda: alertmanager.WATCHDOG in firing(watch), "the dead man's switch")
    with pytest.raises(alertmanager.AlertmanagerDown):
        alertmanager.firing("http://127.0.0.1:1")
