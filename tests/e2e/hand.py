"""A person's hand on a page: what it does is done by a real browser and counted, step by step.

Counted are clicks, fields typed into, and keys. What these cost a person is estimated by the keystroke-level model of
S. K. Card, T. P. Moran and A. Newell, "The Keystroke-Level Model for User Performance Time with Interactive Systems",
Communications of the ACM 23 (7), 1980: their operators K, P, H and M, with a mouse button's press and release (B, 0.1 s
each) as in D. Kieras, "Using the Keystroke-Level Model to Estimate Execution Times" (2001).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, Request

# seconds
K = 0.28  # a key, average skilled typist
P = 1.1  # pointing at something with the mouse
B = 0.1  # pressing or letting go of the mouse's button
H = 0.4  # moving a hand between mouse and keyboard
M = 1.35  # thinking what to do next, or comparing two things seen

# In the file chooser of the machine, which no script of a page sees: the first file, the last one with Shift, Open.
FILE_CHOOSER = 3
# A page is done that has waited for no answer this many times in a row, looked at after so many milliseconds.
_QUIET, _LOOK = 3, 60
PATIENCE = 60.0  # seconds


@dataclass
class Step:
    """What one step cost: clicks, fields typed into, keys pressed in all, things looked at; the script's seconds."""

    name: str
    clicks: int = 0
    fields: int = 0
    keys: int = 0
    looks: int = 0
    seconds: float = 0.0

    @property
    def person(self) -> float:
        """Seconds of a person by the keystroke-level model, without waiting for the machine.

        A click is M P B B, a field M H (keys) H, whatever is compared or read an M.
        """
        return self.clicks * (M + P + 2 * B) + self.fields * (M + 2 * H) + self.keys * K + self.looks * M


class Hand:
    """Works a page and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: list[Step] = []
        self._under_way: set[Request] = set()
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)

    def _asked(self, request: Request) -> None:
        self._under_way.add(request)

    def _answered(self, request: Request) -> None:
        self._under_way.discard(request)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """What is done within belongs to the step of this name."""
        step = Step(name)
        self.steps.append(step)
        begun = time.monotonic()
        yield step
        self.settle()
        step.seconds = time.monotonic() - begun

    @property
    def now(self) -> Step:
        """The step under way."""
        return self.steps[-1]

    def click(self, what: Locator) -> None:
        """One click, and what it starts comes to its end."""
        what.click(timeout=30_000)
        self.now.clicks += 1
        self.settle()

    def type(self, text: str) -> None:
        """One field: the text goes where the cursor is, in place of what is there."""
        focused = self.page.evaluate("document.activeElement.tagName")
        assert focused in ("INPUT", "TEXTAREA"), f"{self.now.name}: the cursor is in no field, but in {focused}"
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.now.fields += 1
        self.now.keys += len(text)

    def press(self, key: str) -> None:
        """A key that leaves a field or confirms it, as Tab and Enter."""
        self.page.keyboard.press(key)
        self.now.keys += 1
        self.settle()

    def choose(self, button: Locator, files: Sequence[Path]) -> None:
        """The click that opens the machine's file chooser, and in it the files of one folder."""
        with self.page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files(files)
        self.now.clicks += 1 + FILE_CHOOSER
        self.settle()

    def look(self, things: int) -> None:
        """So many things that are read or compared with the eyes before going on."""
        self.now.looks += things

    def settle(self) -> None:
        """Waits until the page has all its answers and has asked nothing more for a moment."""
        quiet, end = 0, time.monotonic() + PATIENCE
        while quiet < _QUIET:
            if time.monotonic() > end:
                waiting = ", ".join(sorted(request.url for request in self._under_way))
                raise AssertionError(f"{self.now.name}: {PATIENCE:.0f} s later the page still waits for {waiting}")
            self.page.wait_for_timeout(_LOOK)
            quiet = 0 if self._under_way else quiet + 1
