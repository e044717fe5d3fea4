"""The ledger's table of staging copies."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from ofitec.ledger.base import Base


class StagingCopy(Base):
    """One morning's staging copy: of which backup it is, how it was masked, and whether it stands."""

    __tablename__ = "staging_copy"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    env: Mapped[str]
    server: Mapped[str] = mapped_column(comment="host:port")
    database: Mapped[str] = mapped_column(comment="the name under which it stands")
    copy: Mapped[str | None] = mapped_column(comment="the scratch database that got the name")
    backup: Mapped[str | None] = mapped_column(comment="key of the backup it was restored from")
    snapshot_at: Mapped[datetime | None] = mapped_column(comment="the moment of the data")
    run_id: Mapped[str]
    outcome: Mapped[str] = mapped_column(comment="running, standing, replaced, removed or failed")
    steps: Mapped[dict[str, Any]] = mapped_column(comment="step to seconds; kept up to date while it runs")
    masked: Mapped[dict[str, Any]] = mapped_column(comment="table to rows that were changed or removed")
    findings: Mapped[list[Any]] = mapped_column(comment="columns that look like people's data and have no rule")
    error: Mapped[str | None]
    said: Mapped[str | None] = mapped_column(comment="the error as people are told it, in Spanish")
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]
