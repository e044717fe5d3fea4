"""A headless Chromium for tests and pictures of real pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from dev.stack.machine import system_packages
from dev.stack.services.odoo import OdooServer


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium (Debian's is installed when there is none), closed at the end of the block."""
    program = system_packages.chromium()
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses root; the pages are our own servers on loopback.
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Complaints:
    """What a page complained about: errors on its console and answers of status 400 and above."""

    def __init__(self, page: Page) -> None:
        self.lines: list[str] = []
        page.on("console", lambda message: self.lines.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.lines.append(str(error)))
        page.on(
            "response",
            lambda answer: self.lines.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )


def sign_in_to_airflow(page: Page, user: str, password: str) -> None:
    """Fills Airflow's own login form, to which `page` was sent."""
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")


def odoo_page(browser: Browser, server: OdooServer, login: str = "admin") -> Page:
    """A page logged in to Odoo through its own login form, showing the first app."""
    page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="es-CL")
    page.goto(f"{server.url}/web/login")
    credentials = server.credentials
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", credentials.odoo_admin if login == "admin" else credentials.odoo_bot)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=60_000)
    return page
