"""The looks at the continuous backup: what was saved each few minutes, and which moments could be reached."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "continuous_look",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False, comment="running, done, failed or off"),
        _at("mark_at", "what was committed up to then is in the WAL up to mark"),
        sa.Column("mark", sa.BigInteger, comment="number of the WAL segment that holds the mark"),
        sa.Column("segment_bytes", sa.BigInteger, comment="of one WAL segment"),
        sa.Column("system_id", sa.Text, comment="of the PostgreSQL server, as it names itself"),
        sa.Column("waiting_bytes", sa.BigInteger, comment="WAL that is written and not archived"),
        _at("failed_at", "when a push last failed, if none succeeded since"),
        sa.Column("repository", sa.Text, comment="of the WAL"),
        sa.Column("repository_up", sa.Boolean, comment="whether it could be read"),
        sa.Column("free_ratio", sa.Double, comment="free part of its disk, 0 to 1, if it is a folder"),
        sa.Column("archive", sa.Text, comment="pgBackRest's id of the server's archive"),
        sa.Column("base", sa.Text, comment="label of the newest base backup"),
        _at("base_at"),
        _at("first_at", "the first moment that can be reached"),
        _at("archived_at", "the last moment whose WAL is in the archive"),
        sa.Column("missing", sa.BigInteger, comment="segments missing since the newest base backup"),
        _at("files_at", "when the filestore was saved; null: not in this look"),
        sa.Column("files_snapshot", sa.Text),
        sa.Column("files_path", sa.Text),
        sa.Column("files_repository", sa.Text),
        sa.Column("kind", sa.Text, comment="class of the error"),
        sa.Column("error", sa.Text),
        sa.Column("said", sa.Text, comment="the error as people are told it, in Spanish"),
        sa.Column("told", sa.Boolean, nullable=False, server_default=sa.false(), comment="whether people were told"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        _at("finished_at"),
        schema="ofitec",
    )
    op.create_index("continuous_look_env", "continuous_look", ["env", "id"], schema="ofitec")


def _at(name: str, comment: str | None = None) -> "sa.Column[datetime]":
    return sa.Column(name, sa.DateTime(timezone=True), comment=comment)


def downgrade() -> None:
    op.drop_table("continuous_look", schema="ofitec")
