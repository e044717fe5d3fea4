"""Changes of the repository's password in the ledger: which key is new, which one is to go."""

from sqlalchemy import func, select, update

from ofitec.ledger.store import Ledger
from ofitec.ledger.tables import PasswordRotation

PENDING, DONE, ABANDONED = "pending", "done", "abandoned"


def begin(ledger: Ledger, *, env: str, repository: str, old_key: str, new_key: str, run_id: str) -> None:
    """Write down that a new key opens the repository. Writing the same again changes nothing."""
    row = PasswordRotation(
        env=env, repository=repository, old_key=old_key, new_key=new_key, outcome=PENDING, run_id=run_id
    )
    with ledger.transaction() as session:
        known = select(PasswordRotation).where(PasswordRotation.new_key == new_key, PasswordRotation.outcome == PENDING)
        if session.scalars(known).first() is None:
            session.add(row)


def pending(ledger: Ledger, *, env: str, repository: str) -> PasswordRotation | None:
    """The change whose old key has not gone yet."""
    query = select(PasswordRotation).where(
        PasswordRotation.env == env, PasswordRotation.repository == repository, PasswordRotation.outcome == PENDING
    )
    with ledger.transaction() as session:
        return session.scalars(query.order_by(PasswordRotation.id.desc()).limit(1)).first()


def end(ledger: Ledger, rotation: PasswordRotation, outcome: str) -> None:
    """Write down how a change ended: DONE or ABANDONED."""
    statement = update(PasswordRotation).where(PasswordRotation.id == rotation.id)
    with ledger.transaction() as session:
        session.execute(statement.values(outcome=outcome, finished_at=func.clock_timestamp()))
