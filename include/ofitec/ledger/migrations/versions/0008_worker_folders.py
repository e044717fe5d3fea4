"""Which folder each worker has under a path that all of them must share."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "worker_folder",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column(
            "mark", sa.Text, primary_key=True, comment="what the folder itself holds: another folder, another mark"
        ),
        sa.Column("host", sa.Text, primary_key=True, comment="the worker that used it"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        schema="ofitec",
    )


def downgrade() -> None:
    op.drop_table("worker_folder", schema="ofitec")
