"""The two pictures of the README, taken in a real Chromium from the running stack.

They go to `.local/test/pictures`; with OFITEC_PICTURES=docs/images they renew the README's.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dev.stack.local_stack import LocalStack
from dev.stack.services.airflow import Airflow
from dev.stack.services.browser import Complaints, odoo_page, sign_in_to_airflow
from ofitec.f29.message import form_url

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pictures() -> Path:
    folder = ROOT / os.environ.get("OFITEC_PICTURES", ".local/test/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def closed(local_stack: LocalStack, airflow: Airflow) -> str:
    """A successful run's id."""
    return str(airflow.api.run("f29_monthly", {"period": local_stack.period}).run_id)


def open_form(stack: LocalStack) -> int:
    """The month's form that people still work on: the newest, or a rectification of it when another test filed it."""
    odoo = stack.odoo.rpc()
    [newest] = odoo.execute("of.sii.f29", "search", [("period", "=", stack.period)], 0, 1)
    [row] = odoo.execute("of.sii.f29", "read", [newest], ["status", "company_id"])
    if row["status"] in ("filed", "paid"):
        odoo.execute("of.sii.f29", "action_rectify", [newest])
        return int(odoo.execute("of.sii.f29", "compute_period", row["company_id"][0], stack.period)["id"])
    return int(newest)


def test_the_form_in_odoo(local_stack: LocalStack, browser: Browser, closed: str, pictures: Path) -> None:
    form = open_form(local_stack)
    page = odoo_page(browser, local_stack.odoo)
    complaints = Complaints(page)
    page.goto(form_url(local_stack.odoo.url, form))
    page.wait_for_selector(".o_form_view .o_statusbar_status", timeout=60_000)
    page.wait_for_selector(".o_form_view tr.o_data_row")
    shown = page.inner_text(".o_form_view")
    assert "538" in shown
    assert "Factura" in page.inner_text(".o_main_navbar"), "the link must open inside the accounting app"
    assert "calcular" in shown.casefold()
    page.wait_for_timeout(800)
    page.screenshot(path=pictures / "f29-form.png")
    assert complaints.lines == []
    page.close()


def test_the_run_in_airflow(
    local_stack: LocalStack, browser: Browser, airflow: Airflow, closed: str, pictures: Path
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="es-CL")
    page.goto(f"{airflow.url}/auth/login/")
    sign_in_to_airflow(page, airflow.user, airflow.password)
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"{airflow.url}/dags/f29_monthly/runs/{closed}")
    page.wait_for_selector("text=Cada empresa", timeout=60_000)
    page.wait_for_timeout(1500)
    page.screenshot(path=pictures / "f29-run.png")
    page.close()
