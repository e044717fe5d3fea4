"""Odoo's pages in a real browser: every JavaScript library, style and font of the unpacked package is there."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dev.stack.machine.paths import LOCAL
from dev.stack.services.browser import Complaints, odoo_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dev.stack.services.odoo import OdooServer

PICTURES = LOCAL / "test" / "pictures"
INVOICES = "account.action_move_out_invoice_type"


@pytest.fixture(scope="module", autouse=True)
def pictures() -> Path:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES


def test_the_login_page_is_complete(browser: "Browser", odoo: "OdooServer") -> None:
    page = browser.new_page(locale="es-CL")
    complaints = Complaints(page)
    page.goto(f"{odoo.url}/web/login")
    page.wait_for_selector("input[name=password]", state="visible")
    page.screenshot(path=PICTURES / "odoo-login.png")
    assert "Contraseña" in page.inner_text("form.oe_login_form")
    assert complaints.lines == []
    page.close()


def test_lists_and_forms_open_in_spanish(browser: "Browser", odoo: "OdooServer") -> None:
    page = odoo_page(browser, odoo)
    complaints = Complaints(page)
    page.goto(f"{odoo.url}/web#action={INVOICES}")
    page.wait_for_selector(".o_list_view", timeout=60_000)
    assert "Número" in page.inner_text(".o_list_view thead")
    page.screenshot(path=PICTURES / "odoo-list.png")
    page.click(".o_list_button_add")
    page.wait_for_selector(".o_form_view .o_field_x2many")
    assert "Borrador" in page.inner_text(".o_form_view")
    page.screenshot(path=PICTURES / "odoo-form.png")
    assert complaints.lines == []
    page.close()
