"""What failed tasks said, by run."""

from sqlalchemy import select

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import TaskError


def remember(ledger: Ledger, error: TaskError) -> None:
    """Keep what a failed task said."""
    with ledger.transaction() as session:
        session.add(error)


def of_run(ledger: Ledger, dag_id: str, run_id: str, clear_number: int | None = None) -> list[TaskError]:
    """What the failed tasks of a run said, oldest first.

    :param clear_number: since the run was cleared so often; None: all that was ever said
    """
    query = select(TaskError).where(TaskError.dag_id == dag_id, TaskError.run_id == run_id)
    if clear_number is not None:
        query = query.where(TaskError.clear_number == clear_number)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(TaskError.id)))
