"""What failed tasks said, by run."""

from sqlalchemy import select

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import TaskError


def remember(ledger: Ledger, error: TaskError) -> None:
    """Keep what a failed task said."""
    with ledger.transaction() as session:
        session.add(error)


def of_run(ledger: Ledger, dag_id: str, run_id: str) -> list[TaskError]:
    """What the failed tasks of a run said, oldest first."""
    with ledger.transaction() as session:
        query = select(TaskError).where(TaskError.dag_id == dag_id, TaskError.run_id == run_id)
        return list(session.scalars(query.order_by(TaskError.id)))
