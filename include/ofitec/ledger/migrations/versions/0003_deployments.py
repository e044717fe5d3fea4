"""Deploys and rollbacks of Odoo."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    now = sa.func.clock_timestamp()
    op.create_table(
        "deployment",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("run", sa.Text, nullable=False, comment="its name on the host, part of names of databases"),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, comment="deploy or rollback"),
        sa.Column("requested", sa.Text, nullable=False, comment="what was asked for"),
        sa.Column("image", sa.Text, nullable=False, comment="repository@sha256:..."),
        sa.Column("before", sa.Text, nullable=False, comment="the image that served"),
        sa.Column("mode", sa.Text, nullable=False, comment="CODE, MIGRATE or RETURN"),
        sa.Column("modules", JSONB, nullable=False, comment="[{name, before, after}] of an upgrade"),
        sa.Column("status", sa.Text, nullable=False, comment="planned, running, done, undone, stuck or dropped"),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("steps", JSONB, nullable=False, comment="[{name, state, at, seconds}] of the host's journal"),
        sa.Column("rehearsal", JSONB, comment="part to seconds; predicted is the time without service"),
        sa.Column("maintenance_seconds", sa.Double, comment="time without service"),
        sa.Column("error", sa.Text),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("run", name="deployment_run_unique"),
        schema="ofitec",
    )
    op.create_index("deployment_env", "deployment", ["env", "id"], schema="ofitec")


def downgrade() -> None:
    op.drop_table("deployment", schema="ofitec")
