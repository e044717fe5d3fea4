"""Answers to what waited for a yes, in the ledger."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ofitec.ledger.approval_table import ApprovalAnswer
from ofitec.ledger.store import Ledger

APPROVED, REJECTED, SILENCE, REFUSED = "approved", "rejected", "silence", "refused"


def record(ledger: Ledger, **values: Any) -> None:
    """Write an answer down; the same answer again changes nothing.

    :param values: columns of `ApprovalAnswer`
    """
    with ledger.transaction() as session:
        session.execute(insert(ApprovalAnswer).values(**values).on_conflict_do_nothing())


def newest(session: Session, most: int) -> list[ApprovalAnswer]:
    """The last answers, newest first."""
    query = select(ApprovalAnswer).order_by(ApprovalAnswer.answered_at.desc(), ApprovalAnswer.id.desc())
    return list(session.scalars(query.limit(most)))


def of_run(ledger: Ledger, dag_id: str, run_id: str) -> list[ApprovalAnswer]:
    """A run's answers, oldest first."""
    query = select(ApprovalAnswer).where(ApprovalAnswer.dag_id == dag_id, ApprovalAnswer.run_id == run_id)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(ApprovalAnswer.answered_at)))
