"""What a month costs a person, counted in a real browser from month end to filed: docs/month.md says exactly that.

Its pictures go to `.local/test/pictures`; with OFITEC_PICTURES=docs/images they renew the page's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dev.stack.demo import register as planted
from dev.stack.local_stack import LocalStack
from dev.stack.machine import progress
from dev.stack.services.browser import Complaints, odoo_page
from dev.stack.services.odoo import Odoo, OdooServer
from tests.e2e.hand import Step
from tests.e2e.month_by_hand import FOLIO, Accountant

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "month.md"
SERVER = "odoo-month"
# a browser takes its time: a minute or two, and a database of its own
drill = pytest.mark.drill


@pytest.fixture(scope="module")
def server(local_stack: LocalStack, odoo_parts: Odoo) -> Iterator[OdooServer]:
    """An Odoo of one's own with the demo company's month, its form as the robot computed it, three documents wrong."""
    with odoo_parts.scratch(local_stack.odoo_template(), "month_by_hand") as database:
        running = odoo_parts.serve(database, SERVER)
        try:
            execute = running.rpc().execute
            planted.book_late(execute, local_stack.period)
            [company] = execute("res.company", "search", [], 0, 1)
            execute("of.sii.f29", "compute_period", company, local_stack.period)
            yield running
        finally:
            local_stack.processes.stop(SERVER)


@pytest.fixture(scope="module")
def accountant(
    local_stack: LocalStack, server: OdooServer, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Accountant]:
    """She, when the month is done."""
    folder = tmp_path_factory.mktemp("register")
    files = [folder / name for name in planted.files(local_stack.period)]
    for file, content in zip(files, planted.files(local_stack.period).values(), strict=True):
        file.write_bytes(content)
    pictures = ROOT / os.environ.get("OFITEC_PICTURES", ".local/test/pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    page = odoo_page(browser, server)
    page.set_viewport_size({"width": 1400, "height": 1280})
    complaints = Complaints(page)
    she = Accountant(page, local_stack.period, files, pictures)
    try:
        she.month()
    except BaseException:
        page.screenshot(path=pictures / "month-failed.png")
        raise
    assert complaints.lines == []
    yield she
    page.close()


@drill
def test_the_month_is_certified_and_filed(accountant: Accountant, server: OdooServer) -> None:
    assert accountant.told.startswith("Certificado: Odoo = registro del SII = formulario")
    fields = ["status", "folio", "certified", "has_warnings"]
    [form] = server.rpc().execute("of.sii.f29", "search_read", [("period", "=", accountant.period)], fields)
    assert {name: form[name] for name in fields} == {
        "status": "filed",
        "folio": FOLIO,
        "certified": True,
        "has_warnings": False,
    }


@drill
def test_the_page_counts_what_was_counted(accountant: Accountant, server: OdooServer) -> None:
    steps = accountant.hand.steps
    progress.table([_HEADING, *map(_cells, steps), _cells(_sum(steps))], right={1, 2, 3, 4, 5, 6})
    counted = {step.name: (step.clicks, step.fields, step.keys, step.looks) for step in steps}
    said = {name: (now.clicks, now.fields, now.keys, now.looks) for name, (_before, now) in told_steps().items()}
    if server.series == "16.0":  # as the page says: one click into the folio
        clicks, fields, keys, looks = said["mark as filed"]
        said["mark as filed"] = (clicks + 1, fields, keys, looks)
    assert said == counted, "\n".join(f"{name}: {cells}" for name, cells in counted.items())


def test_the_sums_of_the_page_are_those_of_its_steps() -> None:
    sums = [_sum(list(column)) for column in zip(*told_steps().values(), strict=True)]
    assert told_sums() == {
        "clicks": [step.clicks for step in sums],
        "fields typed into": [step.fields for step in sums],
        "seconds of a person, by the model": [round(step.person) for step in sums],
    }
    before, now = sums
    opening = " ".join(PAGE.with_name("f29.md").read_text(encoding="utf-8").split())
    assert f"({now.clicks} clicks and {now.fields} typed fields from month end to filed" in opening
    assert f"{before.clicks} and {before.fields} before the SII's register was read here)" in opening


_HEADING = ("step", "clicks", "fields", "keys", "looks", "person's s", "script's s")


def _cells(step: Step) -> tuple[str, ...]:
    counts = map(str, (step.clicks, step.fields, step.keys, step.looks))
    return step.name, *counts, f"{step.person:.0f}", f"{step.seconds:.0f}"


def _sum(steps: list[Step]) -> Step:
    total = Step("in all")
    for step in steps:
        total.clicks += step.clicks
        total.fields += step.fields
        total.keys += step.keys
        total.looks += step.looks
        total.seconds += step.seconds
    return total


def told_steps() -> dict[str, tuple[Step, Step]]:
    """Step -> what the page says that it cost before and costs now: rows of a name and eight counts."""
    found = re.findall(r"^\| ([^|]+?) \|((?: \d+ \|){8})$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {}
    for name, cells in found:
        counts = [int(cell) for cell in re.findall(r"\d+", cells)]
        told[name] = (Step(name, *counts[:4]), Step(name, *counts[4:]))
    return told


def told_sums() -> dict[str, list[int]]:
    """What the page sums up, before and now: rows of a name and two figures in bold."""
    found = re.findall(r"^\| ([^|]+?) \| (\d+) \| \*\*(\d+)\*\* \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: [int(before), int(now)] for name, before, now in found}
