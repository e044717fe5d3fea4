"""What each run set out to do and what of it it reached: so a failure is closed by what failed, and by nothing else.

A task that begins something says `aim`; the task that ends it well says `reached`. A run that only asked and was told
no reaches nothing.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import RunTarget


def aim(ledger: Ledger, dag_id: str, run_id: str, targets: Mapping[str, str]) -> None:
    """Write down what a run is about to do; a run that was cleared and begins anew has reached nothing yet.

    :param targets: target ("76123456-0/2026-08", a database's name) to the same as people read it
    """
    if not targets:
        return
    rows = [{"dag_id": dag_id, "run_id": run_id, "target": t, "label": label} for t, label in targets.items()]
    new = insert(RunTarget).values(rows)
    again = {"label": new.excluded.label, "aimed_at": func.clock_timestamp(), "reached_at": None}
    with ledger.transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["dag_id", "run_id", "target"], set_=again))


def reached(ledger: Ledger, dag_id: str, run_id: str, *targets: str) -> None:
    """Write down that these ended well; without any named, all that the run set out to do."""
    done = update(RunTarget).where(RunTarget.dag_id == dag_id, RunTarget.run_id == run_id)
    if targets:
        done = done.where(RunTarget.target.in_(targets))
    with ledger.transaction() as session:
        session.execute(done.values(reached_at=func.clock_timestamp()))


def of_run(ledger: Ledger, dag_id: str, run_id: str) -> list[RunTarget]:
    """What a run set out to do, in its order."""
    query = select(RunTarget).where(RunTarget.dag_id == dag_id, RunTarget.run_id == run_id)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(RunTarget.id)))


def reached_since(ledger: Ledger, dag_id: str, since: datetime) -> list[RunTarget]:
    """What any run of a DAG reached after that moment."""
    query = select(RunTarget).where(RunTarget.dag_id == dag_id, RunTarget.reached_at > since)
    with ledger.transaction() as session:
        return list(session.scalars(query.order_by(RunTarget.reached_at)))
