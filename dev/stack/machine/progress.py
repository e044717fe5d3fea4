"""Shows each step with its seconds: one line that counts up on a terminal, plain lines in a log; and tables."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

# In a log, a step that takes long is announced after the first of these seconds and then says that it is alive.
ANNOUNCE, HEARTBEAT = 2.0, 15.0
# a file or a pipe has no width of its own
LOG_WIDTH = 200


class Step:
    """A step under way; `detail` may be set from outside and is shown beside the seconds."""

    def __init__(self, title: str, console: Console) -> None:
        self.title = title
        self.detail = ""
        self._console = console
        self._follow: tuple[Path, re.Pattern[str], int] | None = None
        self._begun = time.monotonic()
        self._next_line = self._begun + ANNOUNCE
        self._ended = threading.Event()
        self._status = console.status(Text(title)) if console.is_terminal else None
        if self._status:
            self._status.start()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def follow(self, log: Path, pattern: str) -> None:
        """Shows as detail the last match of `pattern` (its first group) that a program appends to `log`."""
        self._follow = (log, re.compile(pattern), log.stat().st_size if log.exists() else 0)

    def _followed(self) -> str:
        if self._follow is None:
            return ""
        log, pattern, begin = self._follow
        try:
            with log.open("rb") as lines:
                lines.seek(max(begin, log.stat().st_size - 20_000))
                found = pattern.findall(lines.read().decode(errors="replace"))
        except FileNotFoundError:
            return ""
        return str(found[-1]) if found else ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def _tick(self) -> None:
        while not self._ended.wait(0.5):
            if self._status:
                self._status.update(Text(f"{self._label()}  {self.seconds:.0f} s"))
            elif time.monotonic() >= self._next_line:
                self._next_line = time.monotonic() + HEARTBEAT
                self._say("…", f"{self.seconds:.0f} s")

    def _label(self) -> str:
        detail = self.detail or ("" if self._ended.is_set() else self._followed())
        return f"{self.title} ({detail})" if detail else self.title

    def _say(self, mark: str, seconds: str) -> None:
        self._console.print(Text(f"  {mark} {self._label()}  {seconds}"), soft_wrap=True)

    def end(self, failed: bool) -> None:
        self._ended.set()
        self._ticker.join()
        if self._status:
            self._status.stop()
        self._say("✗" if failed else "✓", f"{self.seconds:.1f} s")


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Shows `title` while the block runs, then a tick or a cross and the seconds it took."""
    shown = Step(title, Console(file=sys.stderr, highlight=False))
    try:
        yield shown
    except BaseException:
        shown.end(failed=True)
        raise
    shown.end(failed=False)


def say(text: str = "") -> None:
    """A plain line between steps."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def table(rows: Iterable[Sequence[str]], right: set[int]) -> None:
    """Print rows (the first is the heading) on standard output; the columns in `right` are aligned to the right."""
    heading, *body = rows
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, name in enumerate(heading):
        made.add_column(name, justify="right" if number in right else "left")
    for row in body:
        made.add_row(*map(Text, row))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=LOG_WIDTH)
    console.print(made)
