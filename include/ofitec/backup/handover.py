"""A proof's copy that is handed over instead of dropped. Who wants it takes it; one waits at most.

Whose a copy is follows from its purpose in the ledger, changed in one step: of two that reach for it one gets it.
"""

import logging

from ofitec.backup import scratch
from ofitec.backup.job import Job
from ofitec.ledger import backups
from ofitec.ledger.tables import ScratchDatabase

log = logging.getLogger(__name__)

WAITING = "waiting_for_staging"


def keep(job: Job, copy: scratch.Scratch, *, purpose: str) -> None:
    """Let a copy wait for whoever wants it, instead of being dropped with those of its purpose."""
    if backups.hand_over(job.ledger, copy.database.name, was=purpose, to=WAITING):
        log.info("The copy %s is kept: it waits for odoo_staging", copy.database.name)


def take_back(job: Job, *, purpose: str) -> None:
    """Copies that nobody took have that purpose again, and are dropped with those of it."""
    for row in backups.scratches(job.ledger, server=job.scratch.server, purpose=WAITING):
        backups.hand_over(job.ledger, row.name, was=WAITING, to=purpose)


def waiting(job: Job) -> ScratchDatabase | None:
    """The copy that waits, if its folder is on this machine."""
    rows = backups.scratches(job.ledger, server=job.scratch.server, purpose=WAITING)
    return next((row for row in rows if scratch.named(job, row.name).filestore.is_dir()), None)


def take(job: Job, name: str, *, purpose: str) -> bool:
    """Make a waiting copy one's own. False if another was faster."""
    return backups.hand_over(job.ledger, name, was=WAITING, to=purpose)
