"""Shows each step with its seconds: one line that counts up on a terminal, plain lines in a log."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

# In a log, a step that takes long is announced after the first of these seconds and then says that it is alive.
ANNOUNCE, HEARTBEAT = 2.0, 15.0


class Step:
    """A step under way; `detail` may be set from outside and is shown beside the seconds."""

    def __init__(self, title: str, out: TextIO) -> None:
        self.title = title
        self.detail = ""
        self._out = out
        self._follow: tuple[Path, re.Pattern[str], int] | None = None
        self._tty = out.isatty()
        self._begun = time.monotonic()
        self._next_line = self._begun + ANNOUNCE
        self._ended = threading.Event()
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
            if self._tty:
                self._write(f"\r\033[K  … {self._label()}  {self.seconds:.0f} s")
            elif time.monotonic() >= self._next_line:
                self._next_line = time.monotonic() + HEARTBEAT
                self._write(f"  … {self._label()}  {self.seconds:.0f} s\n")

    def _label(self) -> str:
        detail = self.detail or ("" if self._ended.is_set() else self._followed())
        return f"{self.title} ({detail})" if detail else self.title

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def end(self, failed: bool) -> None:
        self._ended.set()
        self._ticker.join()
        mark = "✗" if failed else "✓"
        start = "\r\033[K" if self._tty else ""
        self._write(f"{start}  {mark} {self._label()}  {self.seconds:.1f} s\n")


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Shows `title` while the block runs, then a tick or a cross and the seconds it took."""
    shown = Step(title, sys.stderr)
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
