"""The ledger's table of answers to what waited for a yes."""

from datetime import datetime

from sqlalchemy import Identity, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ofitec.ledger.base import Base


class ApprovalAnswer(Base):
    """One answer to what waited for a yes: who, what, when; one that did not count, too."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("dag_id", "run_id", "answered_at", name="approval_answer_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    dag_id: Mapped[str]
    run_id: Mapped[str]
    question: Mapped[str] = mapped_column(comment="what was asked, in one line")
    requested_by: Mapped[str | None] = mapped_column(comment="the account that triggered the run")
    answer: Mapped[str] = mapped_column(comment="approved, rejected, silence, or refused: a yes that did not count")
    answered_by: Mapped[str | None] = mapped_column(comment="the account that answered; none: silence")
    answered_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(comment="why a yes did not count")
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
