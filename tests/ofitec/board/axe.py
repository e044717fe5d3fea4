"""What axe-core finds on a page: how it serves people with a screen reader, a keyboard, weak eyes."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def grave_findings(shown: Page) -> list[str]:
    """What axe-core calls serious or critical on the page."""
    shown.evaluate(AXE)  # by the debugger: the page's own policy allows no script
    found = shown.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{v['id']}: {v['nodes'][0]['target']}" for v in found if v["impact"] in ("serious", "critical")]
