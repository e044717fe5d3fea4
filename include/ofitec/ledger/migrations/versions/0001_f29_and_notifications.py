"""F29 deliveries, notifications, and what failed tasks said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "f29_delivery",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("rut", sa.Text, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False, comment="YYYY-MM"),
        sa.Column("odoo_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("casillas", JSONB, nullable=False, comment="código to whole pesos or count"),
        sa.Column("warnings", JSONB, nullable=False),
        sa.Column("files", JSONB, nullable=False, comment="file name to sha256"),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("due_date", sa.Date),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        schema="ofitec",
    )
    op.create_index("f29_delivery_rut_period", "f29_delivery", ["rut", "period", "id"], schema="ofitec")
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, comment="pending, sent or failed"),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("key", name="notification_key_unique"),
        schema="ofitec",
    )
    op.create_table(
        "task_error",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False, comment="the mapped branch as people see it, else empty"),
        sa.Column("error", sa.Text, nullable=False, comment="redacted"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        schema="ofitec",
    )
    op.create_index("task_error_run", "task_error", ["dag_id", "run_id"], schema="ofitec")


def downgrade() -> None:
    op.drop_table("task_error", schema="ofitec")
    op.drop_table("notification", schema="ofitec")
    op.drop_table("f29_delivery", schema="ofitec")
