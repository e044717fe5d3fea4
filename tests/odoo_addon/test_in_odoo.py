"""The add-on's own tests, run by a real Odoo: 19.0 by default, the tree in ODOO_HOME when there is one."""

import re

import pytest

from dev.stack.services.odoo import Odoo


@pytest.mark.timeout(3600)  # seconds; two slow processors that other tests share need a quarter of it
def test_the_add_ons_own_tests(odoo_parts: Odoo) -> None:
    """Odoo exits with 0 when no test matched, so its closing line must name tests, and none failed."""
    database = "addon_tests"
    odoo_parts.drop(database)
    odoo_parts.copy(odoo_parts.addon_template(), database)
    begun = odoo_parts.log.stat().st_size
    try:
        tests = ("--test-tags", "/of_sii_cl", "--stop-after-init")
        odoo_parts.run(database, *tests, what="the add-on's tests", timeout=3000)
    finally:
        odoo_parts.drop(database)
    with odoo_parts.log.open(errors="replace") as log:
        log.seek(begun)
        output = log.read()
    closing = re.findall(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", output)
    assert closing, f"Odoo printed no closing line; see {odoo_parts.log}"
    failed, errors, ran = map(int, closing[-1])
    assert (failed, errors) == (0, 0)
    assert ran >= 90
