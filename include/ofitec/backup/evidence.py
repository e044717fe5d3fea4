"""What a proof or a restore learns, step by step."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

log = logging.getLogger(__name__)

# a person who needs Odoo back waits for these
RTO_STEPS = ("fetch_database", "load_database", "fetch_filestore", "boot")


@dataclass
class Evidence:
    """A proof or a restore in the making.

    :param on_step: told the steps so far after each one
    :param steps: seconds of each step
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

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measure a step, and tell of it."""
        log.info("Step %s ...", step)
        start = time.monotonic()
        yield
        self.steps[step] = round(time.monotonic() - start, 2)
        log.info("Step %s: %.1f s", step, self.steps[step])
        self.on_step(self.steps)

    @property
    def rto_seconds(self) -> float | None:
        """From nothing to an Odoo that answers; None if a step is missing."""
        if not self.booted:
            return None
        return round(sum(self.steps[step] for step in RTO_STEPS), 2)
