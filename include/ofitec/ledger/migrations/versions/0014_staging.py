"""The staging copies: which stands, of which backup, and how each was masked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "staging_copy",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False, comment="host:port"),
        sa.Column("database", sa.Text, nullable=False, comment="the name under which it stands"),
        sa.Column("copy", sa.Text, comment="the scratch database that got the name"),
        sa.Column("backup", sa.Text, comment="key of the backup it was restored from"),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), comment="the moment of the data"),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False, comment="running, standing, replaced, removed or failed"),
        sa.Column("steps", JSONB, nullable=False, comment="step to seconds; kept up to date while it runs"),
        sa.Column("masked", JSONB, nullable=False, comment="table to rows that were changed or removed"),
        sa.Column("findings", JSONB, nullable=False, comment="columns that look like people's data and have no rule"),
        sa.Column("error", sa.Text),
        sa.Column("said", sa.Text, comment="the error as people are told it, in Spanish"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        schema="ofitec",
    )
    op.create_index("staging_copy_env", "staging_copy", ["env", "id"], schema="ofitec")


def downgrade() -> None:
    op.drop_table("staging_copy", schema="ofitec")
