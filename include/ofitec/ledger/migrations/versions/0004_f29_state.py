"""Where each F29 stands in Odoo, for the board and the metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "f29_state",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("rut", sa.Text, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False, comment="YYYY-MM"),
        sa.Column("status", sa.Text, nullable=False, comment="missing, draft, ready, approved, filed or paid"),
        sa.Column("due_date", sa.Date, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("rut", "period", name="f29_state_rut_period_unique"),
        schema="ofitec",
    )


def downgrade() -> None:
    op.drop_table("f29_state", schema="ofitec")
