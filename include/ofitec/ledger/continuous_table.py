"""The ledger's table of the looks at the continuous backup."""

from datetime import datetime

from sqlalchemy import Double, Identity, false, func
from sqlalchemy.orm import Mapped, mapped_column

from ofitec.ledger.base import Base


class ContinuousLook(Base):
    """One look, every few minutes: what was saved then, and which moments could be reached."""

    __tablename__ = "continuous_look"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    env: Mapped[str]
    run_id: Mapped[str]
    outcome: Mapped[str] = mapped_column(comment="running, done, failed or off")
    mark_at: Mapped[datetime | None] = mapped_column(comment="what was committed up to then is in the WAL up to mark")
    mark: Mapped[int | None] = mapped_column(comment="number of the WAL segment that holds the mark")
    segment_bytes: Mapped[int | None] = mapped_column(comment="of one WAL segment")
    system_id: Mapped[str | None] = mapped_column(comment="of the PostgreSQL server, as it names itself")
    waiting_bytes: Mapped[int | None] = mapped_column(comment="WAL that is written and not archived")
    failed_at: Mapped[datetime | None] = mapped_column(comment="when a push last failed, if none succeeded since")
    repository: Mapped[str | None] = mapped_column(comment="of the WAL")
    repository_up: Mapped[bool | None] = mapped_column(comment="whether it could be read")
    free_ratio: Mapped[float | None] = mapped_column(Double, comment="free part of its disk, 0 to 1, if it is a folder")
    archive: Mapped[str | None] = mapped_column(comment="pgBackRest's id of the server's archive")
    base: Mapped[str | None] = mapped_column(comment="label of the newest base backup")
    base_at: Mapped[datetime | None]
    first_at: Mapped[datetime | None] = mapped_column(comment="the first moment that can be reached")
    archived_at: Mapped[datetime | None] = mapped_column(comment="the last moment whose WAL is in the archive")
    missing: Mapped[int | None] = mapped_column(comment="segments missing since the newest base backup")
    files_at: Mapped[datetime | None] = mapped_column(comment="when the filestore was saved; null: not in this look")
    files_snapshot: Mapped[str | None]
    files_path: Mapped[str | None]
    files_repository: Mapped[str | None]
    kind: Mapped[str | None] = mapped_column(comment="class of the error")
    error: Mapped[str | None]
    said: Mapped[str | None] = mapped_column(comment="the error as people are told it, in Spanish")
    told: Mapped[bool] = mapped_column(server_default=false(), comment="whether people were told")
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]
