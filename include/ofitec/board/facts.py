"""Everything the board and the metrics tell, read at one moment. What cannot be read is None, never an old value."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from ofitec.board import airflow_state
from ofitec.board.airflow_state import AirflowState
from ofitec.errors import OfitecError
from ofitec.f29 import standing
from ofitec.f29.period import Period, complete
from ofitec.ledger import (
    approvals,
    backup_history,
    continuous,
    deploy_history,
    f29_states,
    open_ledger,
    scalings,
    staging,
)
from ofitec.ledger.backup_history import Backups
from ofitec.ledger.continuous import Continuous
from ofitec.ledger.deploy_history import Deploys
from ofitec.ledger.scalings import Scale
from ofitec.ledger.tables import ApprovalAnswer, F29State, SourceReading, StagingCopy
from ofitec.notify import once
from ofitec.settings import settings

log = logging.getLogger(__name__)

_RECENT = timedelta(days=1)
_MOST_ANSWERS = 5


@dataclass(frozen=True)
class F29:
    """One company's form of one month, as Odoo was last read."""

    rut: str
    company: str
    period: str
    status: str
    due_days: int
    state: F29State

    @property
    def last_due(self) -> date:
        """The last day on which it may be due. Until it is computed nobody knows whether there is something to pay."""
        if self.status != standing.MISSING:
            return self.state.due_date
        return self.state.last_due_date or max(self.state.due_date, standing.latest_due(Period.parse(self.period)))

    @property
    def last_days(self) -> int:
        """Days to that day; negative: late for certain."""
        return self.due_days + (self.last_due - self.state.due_date).days

    @property
    def late_days(self) -> int | None:
        """Days from the due date to the day it was filed, negative if it was in time; None if that is not known."""
        filed_on = self.state.filed_on
        return (filed_on - self.state.due_date).days if filed_on is not None else None


@dataclass(frozen=True)
class LedgerFacts:
    """What the ledger knows. `undelivered` counts the messages of the last day that no channel took.

    `odoo` is when Odoo was last asked where the F29s stand, None if it never was. `answers` are the last to what waited
    for a yes, newest first. `staging` is, of each installation that makes staging copies, the one that stands and the
    newest attempt that ended. `scales` is what was decided of Odoo's number of processes. `continuous` is how the
    backup between two nights stands, of each installation that has it on.
    """

    backups: list[Backups]
    f29: list[F29]
    odoo: SourceReading | None
    deploys: list[Deploys]
    undelivered: int
    answers: list[ApprovalAnswer]
    staging: dict[str, tuple[StagingCopy | None, StagingCopy]] = field(default_factory=dict)
    scales: list[Scale] = field(default_factory=list)
    continuous: dict[str, Continuous] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """All facts of one moment; None for a source that does not answer."""

    now: datetime
    ledger: LedgerFacts | None
    airflow: AirflowState | None


def collect(now: datetime | None = None) -> Facts:
    """Read everything. Never raises: a source that does not answer is itself a fact."""
    moment = now or datetime.now(UTC)
    return Facts(now=moment, ledger=_ledger(moment), airflow=_airflow())


def _ledger(now: datetime) -> LedgerFacts | None:
    try:
        with open_ledger().transaction() as session:
            return read_ledger(session, now)
    except OfitecError as error:
        log.warning("The board cannot read the ledger: %s", error)
        return None


def _airflow() -> AirflowState | None:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return airflow_state.read()
    except SQLAlchemyError as error:
        log.warning("The board cannot read Airflow's database: %s", type(error).__name__)
        return None


def read_ledger(session: Session, now: datetime) -> LedgerFacts:
    """What the ledger says at `now` (aware)."""
    today = now.astimezone(settings().zone).date()
    states, asked = f29_states.read(session, str(complete(today, standing.MONTHS)[0]))
    f29 = [
        F29(
            rut=state.rut,
            company=state.company,
            period=state.period,
            status=state.status,
            due_days=(state.due_date - today).days,
            state=state,
        )
        for state in states
    ]
    return LedgerFacts(
        backups=backup_history.read(session, now),
        f29=f29,
        odoo=asked,
        deploys=deploy_history.read(session),
        undelivered=once.undelivered(session, now, since=now - _RECENT),
        answers=approvals.newest(session, _MOST_ANSWERS),
        staging={last.env: (stands, last) for stands, last in staging.newest(session)},
        scales=scalings.read(session),
        continuous=continuous.read(session),
    )
