"""The ledger's table of what was decided of Odoo's number of processes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, Identity, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ofitec.ledger.base import Base


class Scaling(Base):
    """One decision. What changes nothing is kept until the next decision; what came into service stays."""

    __tablename__ = "odoo_scale"
    __table_args__ = (UniqueConstraint("run", name="odoo_scale_run_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    run: Mapped[str] = mapped_column(comment="its name on the host")
    env: Mapped[str]
    act: Mapped[str] = mapped_column(comment="stay, grow, shrink or return")
    workers: Mapped[int] = mapped_column(comment="processes that served; 0: not known")
    target: Mapped[int] = mapped_column(comment="processes decided on")
    reason: Mapped[str] = mapped_column(comment="Spanish")
    readings: Mapped[dict[str, Any]] = mapped_column(comment="what was measured; bytes and seconds")
    status: Mapped[str] = mapped_column(
        comment="stay, proposed, planned, running, done, undone, stuck, or dropped: nothing was begun"
    )
    who: Mapped[str]
    dag_id: Mapped[str]
    run_id: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    switched_at: Mapped[datetime | None]
    verdict: Mapped[str | None] = mapped_column(comment="worse, fine or unknown: people's waiting after against before")
    judgement: Mapped[str | None] = mapped_column(comment="why, Spanish")
    judged_at: Mapped[datetime | None]
    p95_before: Mapped[float | None] = mapped_column(Double, comment="seconds")
    p95_after: Mapped[float | None] = mapped_column(Double, comment="seconds")
    error: Mapped[str | None]
