"""What a proof learns, step by step; travels between Airflow's tasks as JSON."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pydantic import BaseModel

# a person who needs Odoo back waits for these
RTO_STEPS = ("fetch_database", "load_database", "fetch_filestore", "boot")


class Evidence(BaseModel):
    """A proof in the making.

    :param steps: seconds of each step
    :param findings: what is wrong with the backup, a sentence each
    :param repository_error: what is wrong with the repository elsewhere (found by reading all of it)
    """

    backup: str
    scratch: str = ""
    started_at: datetime
    read_data: bool = False
    repository_error: str = ""
    booted: bool = False
    tables: int = 0
    rows: int = 0
    files: int = 0
    steps: dict[str, float] = {}
    findings: list[str] = []

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Measure a step."""
        start = time.monotonic()
        yield
        self.steps[step] = round(time.monotonic() - start, 2)

    @property
    def rto_seconds(self) -> float | None:
        """From nothing to an Odoo that answers; None if a step is missing."""
        if not self.booted:
            return None
        return round(sum(self.steps[step] for step in RTO_STEPS), 2)
