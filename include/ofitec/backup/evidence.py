"""What a proof or a restore learns, step by step."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

log = logging.getLogger(__name__)

# a person who needs Odoo back waits from the first of these to the last, and for the boot
RESTORING = ("fetch_database", "load_database", "fetch_filestore")


@dataclass
class Evidence:
    """A proof or a restore in the making.

    :param on_step: told the steps so far after each one
    :param steps: seconds of each step. Some run beside each other: their sum is more than the time that passed
    :param key_id: the restic key that opened the repository
    :param fetched: files that restic gave back
    :param findings: what is wrong with the backup, a sentence each
    :param repository_error: what is wrong with the repository elsewhere (found by reading all of it)
    """

    backup: str
    started_at: datetime
    on_step: Callable[[dict[str, float]], None] = lambda steps: None
    key_id: str = ""
    read_data: bool = False
    repository_error: str = ""
    booted: bool = False
    tables: int = 0
    rows: int = 0
    files: int = 0
    fetched: int = 0
    steps: dict[str, float] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    _spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measure a step, and tell of it. Several may run at once, each in a thread of its own."""
        log.info("Step %s ...", step)
        start = time.monotonic()
        yield
        with self._lock:
            self._spans[step] = (start, time.monotonic())
            self.steps[step] = round(self._spans[step][1] - start, 2)
            log.info("Step %s: %.1f s", step, self.steps[step])
            self.on_step(dict(self.steps))

    @property
    def elapsed(self) -> float:
        """Seconds from the beginning of the first step to the end of the last one so far."""
        with self._lock:
            return max(end for _, end in self._spans.values()) - min(start for start, _ in self._spans.values())

    @property
    def rto_seconds(self) -> float | None:
        """From nothing to an Odoo that answers: the time that passed, not the sum of steps; None if a step is missing.

        What only the proof needs, the comparison and neutralising, is left out, but where it ran beside other steps.
        """
        if not self.booted:
            return None
        spans = [self._spans[step] for step in RESTORING]
        restored = max(end for _, end in spans) - min(start for start, _ in spans)
        return round(restored + self.steps["boot"], 2)
