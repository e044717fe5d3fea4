"""Who answered what waited for a yes, and how; an answer that did not count, too."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False, comment="what was asked, in one line"),
        sa.Column("requested_by", sa.Text, comment="the account that triggered the run"),
        sa.Column(
            "answer",
            sa.Text,
            nullable=False,
            comment="approved, rejected, silence, or refused: a yes that did not count",
        ),
        sa.Column("answered_by", sa.Text, comment="the account that answered; none: silence"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, comment="why a yes did not count"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.UniqueConstraint("dag_id", "run_id", "answered_at", name="approval_answer_unique"),
        schema="ofitec",
    )


def downgrade() -> None:
    op.drop_table("approval", schema="ofitec")
