"""What a backup's history must tell besides: failed nights in words, keys, losses that are known, journals."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ADDED = {
    "backup_run": (
        sa.Column("said", sa.Text, comment="the error as people are told it, in Spanish"),
        sa.Column("key_id", sa.Text, comment="the restic key that opened the repository for it"),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), comment="when a person took note that it is lost"),
        sa.Column("acknowledged_by", sa.Text),
    ),
    "restore_proof": (sa.Column("key_id", sa.Text, comment="the restic key that opened the repository for it"),),
}


def upgrade() -> None:
    for table, columns in _ADDED.items():
        for column in columns:
            op.add_column(table, column, schema="ofitec")
    op.alter_column(
        "restore_proof",
        "outcome",
        comment="running, passed, refuted (the backup is bad) or failed (nothing was learnt)",
        schema="ofitec",
    )
    op.alter_column("restore_proof", "steps", comment="step to seconds; kept up to date while it runs", schema="ofitec")
    op.create_table(
        "password_rotation",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("repository", sa.Text, nullable=False, comment="its address without credentials"),
        sa.Column("old_key", sa.Text, nullable=False, comment="id of the restic key that is to go"),
        sa.Column("new_key", sa.Text, nullable=False, comment="id of the restic key that takes its place"),
        sa.Column("outcome", sa.Text, nullable=False, comment="pending, done or abandoned (the new password was lost)"),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        schema="ofitec",
    )
    op.create_table(
        "restore_switch",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False, comment="host:port"),
        sa.Column("database", sa.Text, nullable=False, comment="the name that the copy gets"),
        sa.Column("copy", sa.Text, nullable=False, comment="the scratch database"),
        sa.Column("old_database", sa.Text, comment="what the database there is renamed to; null: none there"),
        sa.Column("place", sa.Text, nullable=False, comment="the folder that the files get"),
        sa.Column("incoming", sa.Text, nullable=False, comment="the folder beside it where they wait"),
        sa.Column("old_place", sa.Text, comment="what the folder there is renamed to; null: none there"),
        sa.Column("outcome", sa.Text, nullable=False, comment="running, done or undone"),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        schema="ofitec",
    )


def downgrade() -> None:
    op.drop_table("restore_switch", schema="ofitec")
    op.drop_table("password_rotation", schema="ofitec")
    for table, columns in _ADDED.items():
        for column in columns:
            op.drop_column(table, column.name, schema="ofitec")
