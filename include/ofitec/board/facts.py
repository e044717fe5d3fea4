"""Everything the board and the metrics tell, read at one moment. What cannot be read is None, never an old value."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ofitec.board import airflow_state, backups, deploys, f29_reading
from ofitec.board.airflow_state import AirflowState
from ofitec.board.backups import Backups
from ofitec.board.deploys import Deploys
from ofitec.errors import OfitecError
from ofitec.ledger import open_ledger
from ofitec.ledger.tables import F29Delivery, F29State
from ofitec.notify import once
from ofitec.settings import settings

log = logging.getLogger(__name__)

_RECENT = timedelta(days=1)


@dataclass(frozen=True)
class F29:
    """One company's form of one month; `payable` (código 91, whole pesos) is that of the newest delivery."""

    rut: str
    company: str
    period: str
    status: str
    due_days: int
    state: F29State
    payable: int | None


@dataclass(frozen=True)
class LedgerFacts:
    """What the ledger knows. `undelivered` counts the messages of the last day that no channel took."""

    backups: list[Backups]
    f29: list[F29]
    f29_read_at: datetime | None
    deploys: list[Deploys]
    undelivered: int


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
    states = list(
        session.scalars(
            select(F29State)
            .where(F29State.period >= f29_reading.months(today)[0])
            .order_by(F29State.period.desc(), F29State.company)
        )
    )
    payable = _payable(session, sorted({state.period for state in states}))
    f29 = [
        F29(
            rut=state.rut,
            company=state.company,
            period=state.period,
            status=state.status,
            due_days=(state.due_date - today).days,
            state=state,
            payable=payable.get((state.rut, state.period)),
        )
        for state in states
    ]
    return LedgerFacts(
        backups=backups.read(session, now),
        f29=f29,
        f29_read_at=session.scalar(select(func.max(F29State.read_at))),
        deploys=deploys.read(session),
        undelivered=once.undelivered(session, now, since=now - _RECENT),
    )


def _payable(session: Session, periods: list[str]) -> dict[tuple[str, str], int]:
    newest = (
        select(F29Delivery.rut, F29Delivery.period, F29Delivery.casillas["91"].as_integer().label("payable"))
        .where(F29Delivery.period.in_(periods))
        .ext(distinct_on(F29Delivery.rut, F29Delivery.period))
        .order_by(F29Delivery.rut, F29Delivery.period, F29Delivery.id.desc())
    )
    return {(row.rut, row.period): row.payable for row in session.execute(newest)}
