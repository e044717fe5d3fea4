"""What runs in production and since when, and whether a deploy hangs, from the ledger."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ofitec.ledger.deployments import DONE, RUNNING, STUCK
from ofitec.ledger.tables import Deployment


@dataclass(frozen=True)
class Deploys:
    """An installation's deploys: `served` is the newest that was done, `newest` the newest of all."""

    env: str
    newest: Deployment
    served: Deployment | None

    @property
    def digest(self) -> str:
        """The served image's digest, "" if nothing was deployed yet."""
        return self.served.image.rpartition("@")[2] if self.served else ""

    @property
    def served_since(self) -> datetime | None:
        return self.served.finished_at if self.served else None

    @property
    def running_since(self) -> datetime | None:
        """When the run that is under way was planned; None if none is."""
        return self.newest.planned_at if self.newest.status == RUNNING else None

    @property
    def stuck(self) -> bool:
        """Whether the newest run could neither be finished nor undone."""
        return self.newest.status == STUCK


def read(session: Session) -> list[Deploys]:
    """Every installation's deploys, by name."""
    newest = select(Deployment).ext(distinct_on(Deployment.env)).order_by(Deployment.env, Deployment.id.desc())
    done = {row.env: row for row in session.scalars(newest.where(Deployment.status == DONE))}
    return [Deploys(row.env, row, done.get(row.env)) for row in session.scalars(newest)]
