"""Reads restic's JSON lines and tells the task log how far it is."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

_EVERY = 5.0  # seconds between two lines in the log


class Progress:
    """Follows one restic command.

    :param what: how the log names it, e.g. "filestore"
    :param expected: bytes it will read, if restic cannot know (a program's output); an estimate
    :param on_restored: told the path below the target of each file or folder that a restore has written. restic waits
        meanwhile if it is told slower than it writes
    """

    def __init__(
        self, what: str, expected: int | None = None, on_restored: Callable[[str], None] | None = None
    ) -> None:
        self.summary: dict[str, Any] = {}
        self._what, self._expected, self._on_restored = what, expected, on_restored
        self._done = -1
        self._start = self._told = time.monotonic()

    @property
    def options(self) -> list[str]:
        """What lets restic tell of each file."""
        return ["--verbose=2"] if self._on_restored else []

    def take(self, line: str) -> bool:
        """Read one line of restic's output. True if restic got further since the last one."""
        try:
            record = json.loads(line)
        except ValueError:
            return False
        kind = record.get("message_type")
        if kind == "summary":
            self.summary = record
            return True
        if kind == "verbose_status" and record.get("action") == "restored" and self._on_restored:
            self._on_restored(str(record["item"]).lstrip("/"))
            return True
        if kind != "status":
            return False
        done = int(record.get("bytes_done") or record.get("bytes_restored") or 0)
        # files without content count too: restoring ten thousand empty files is progress
        mark = done + int(record.get("files_done") or record.get("files_restored") or 0)
        moved, self._done = mark != self._done, mark
        self._tell(done, int(record.get("total_bytes") or 0), record.get("seconds_remaining"))
        return moved

    def _tell(self, done: int, total: int, remaining: int | None) -> None:
        now = time.monotonic()
        if now - self._told < _EVERY:
            return
        self._told = now
        total = max(total, self._expected or 0)
        speed = done / max(now - self._start, 0.001)
        if remaining is None and total > done and speed:
            remaining = int((total - done) / speed)
        share = f"{100 * done / total:.0f} % " if total > done else ""
        left = f", {remaining} s left" if remaining is not None and total > done else ""
        log.info("%s: %s(%s of %s MB, %.0f MB/s%s)", self._what, share, mb(done), mb(total), speed / 1e6, left)


class CopyProgress:
    """Follows `restic copy`, which tells its packs as text."""

    def __init__(self, what: str) -> None:
        self._what, self._last = what, ""
        self._told = time.monotonic()

    @property
    def options(self) -> list[str]:
        """None."""
        return []

    def take(self, line: str) -> bool:
        """Read one line of restic's output. True if restic got further since the last one."""
        # "[0:05] 50.00%  1 / 2 packs copied": the time goes on when nothing else does
        said = line.partition("]")[2].strip() if line.startswith("[") else line.strip()
        if not said or said == self._last:
            return False
        self._last, now = said, time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            log.info("%s: %s", self._what, said)
        return True


def mb(count: int) -> str:
    """Bytes as megabytes (1e6) with one decimal."""
    return f"{count / 1e6:,.1f}"
