"""Backups, their proofs, and the scratch databases that proofs use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    now = sa.func.clock_timestamp()
    op.create_table(
        "backup_run",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("key", sa.Text, nullable=False, comment="the snapshots' tag run=..., e.g. 20261124T053000Z-3f9a"),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("repository", sa.Text, nullable=False, comment="its address without credentials"),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column(
            "status", sa.Text, nullable=False, comment="running, stored, checked, failed, refuted, lost or removed"
        ),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), comment="the moment of the data"),
        sa.Column("snapshots", JSONB, nullable=False, comment="part to {id, processed, added, files, seconds}; bytes"),
        sa.Column("figures", JSONB, comment="what a restored copy is compared with"),
        sa.Column("repository_bytes", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("key", name="backup_run_key_unique"),
        schema="ofitec",
    )
    op.create_index("backup_run_env_status", "backup_run", ["env", "status", "snapshot_at"], schema="ofitec")
    op.create_table(
        "restore_proof",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("backup_id", sa.BigInteger, sa.ForeignKey("ofitec.backup_run.id"), nullable=False),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column(
            "outcome",
            sa.Text,
            nullable=False,
            comment="passed, refuted (the backup is bad) or failed (nothing was learnt)",
        ),
        sa.Column("read_data", sa.Boolean, nullable=False, comment="every byte of the repository was read as well"),
        sa.Column("booted", sa.Boolean, nullable=False, comment="Odoo ran on the restored copy"),
        sa.Column("tables", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("files", sa.BigInteger, nullable=False),
        sa.Column("steps", JSONB, nullable=False, comment="step to seconds"),
        sa.Column("rto_seconds", sa.Double, comment="fetch, load and boot"),
        sa.Column("findings", JSONB, nullable=False, comment="sentences: what differs or failed"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        schema="ofitec",
    )
    op.create_index("restore_proof_backup", "restore_proof", ["backup_id", "id"], schema="ofitec")
    op.create_table(
        "scratch_database",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False, comment="host:port"),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("dropped_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("name", name="scratch_database_name_unique"),
        schema="ofitec",
    )


def downgrade() -> None:
    op.drop_table("scratch_database", schema="ofitec")
    op.drop_table("restore_proof", schema="ofitec")
    op.drop_table("backup_run", schema="ofitec")
