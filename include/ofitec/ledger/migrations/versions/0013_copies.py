"""Backups that were copied into a second repository: a row of their own, which names the one it is a copy of."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    of = sa.Column("copy_of", sa.Text, comment="the key of the backup that this is a copy of, in another repository")
    op.add_column("backup_run", of, schema="ofitec")
    # the few copies among years of nights
    op.create_index(
        "backup_run_copies", "backup_run", ["env", "id"], schema="ofitec",
        postgresql_where=sa.text("copy_of IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("backup_run_copies", "backup_run", schema="ofitec")
    op.drop_column("backup_run", "copy_of", schema="ofitec")
