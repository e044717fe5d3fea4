"""The ledger's tables of the SII's register (RCV)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from ofitec.ledger.base import Base


class RcvFile(Base):
    """A file of the SII's register that Odoo took in. The same bytes for the same month are taken in once."""

    __tablename__ = "rcv_file"
    __table_args__ = (UniqueConstraint("rut", "period", "sha256", name="rcv_file_sha256_unique"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    rut: Mapped[str]
    period: Mapped[str] = mapped_column(comment="YYYY-MM")
    path: Mapped[str] = mapped_column(comment="below the export root")
    sha256: Mapped[str]
    section: Mapped[str] = mapped_column(
        comment="sales, purchases, pending, not_included, claimed, summary or honorarios"
    )
    rows: Mapped[int] = mapped_column(comment="lines read")
    refused: Mapped[int] = mapped_column(comment="lines not read")
    run_id: Mapped[str]
    loaded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class RcvReconciliation(Base):
    """How a month compared with the SII's register, one row each time that it came out differently.

    The newest of a RUT and period counts; without `told_at` people have not been told of it yet. No personal data.
    """

    __tablename__ = "rcv_reconciliation"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    rut: Mapped[str]
    company: Mapped[str]
    period: Mapped[str] = mapped_column(comment="YYYY-MM")
    certified: Mapped[bool]
    outcome: Mapped[dict[str, Any]] = mapped_column(comment="counts by cause, registers, files not taken in")
    run_id: Mapped[str]
    reconciled_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    told_at: Mapped[datetime | None]
