"""The files of the SII's register that were taken in, and how each month compared with it."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp())


def upgrade() -> None:
    op.create_table(
        "rcv_file",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("rut", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False, comment="YYYY-MM"),
        sa.Column("path", sa.Text, nullable=False, comment="below the export root"),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column(
            "section",
            sa.Text,
            nullable=False,
            comment="sales, purchases, pending, not_included, claimed, summary or honorarios",
        ),
        sa.Column("rows", sa.BigInteger, nullable=False, comment="lines read"),
        sa.Column("refused", sa.BigInteger, nullable=False, comment="lines not read"),
        sa.Column("run_id", sa.Text, nullable=False),
        _moment("loaded_at"),
        sa.UniqueConstraint("rut", "period", "sha256", name="rcv_file_sha256_unique"),
        schema="ofitec",
    )
    op.create_table(
        "rcv_reconciliation",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("rut", sa.Text, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False, comment="YYYY-MM"),
        sa.Column("certified", sa.Boolean, nullable=False),
        sa.Column(
            "outcome", postgresql.JSONB, nullable=False, comment="counts by cause, registers, files not taken in"
        ),
        sa.Column("run_id", sa.Text, nullable=False),
        _moment("reconciled_at"),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        schema="ofitec",
    )
    op.create_index("rcv_reconciliation_month", "rcv_reconciliation", ["rut", "period"], schema="ofitec")


def downgrade() -> None:
    op.drop_table("rcv_reconciliation", schema="ofitec")
    op.drop_table("rcv_file", schema="ofitec")
