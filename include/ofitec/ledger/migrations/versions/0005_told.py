"""What was said, so that it can be said again; each failure of a run; who answered an approval."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

_STATUS = "planned, running, done, undone, stuck, dropped or rejected"
_STATUS_BEFORE = "planned, running, done, undone, stuck or dropped"


def upgrade() -> None:
    now = sa.func.clock_timestamp()
    op.add_column("notification", sa.Column("text", sa.Text, comment="what was said, redacted"), schema="ofitec")
    op.add_column("notification", sa.Column("blocks", JSONB, comment="the same as Block Kit"), schema="ofitec")
    made = sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=now)
    op.add_column("notification", made, schema="ofitec")
    number = sa.Column("clear_number", sa.BigInteger, nullable=False, server_default="0", comment="clears of the run")
    op.add_column("task_error", number, schema="ofitec")
    by_hand = "a mistake in what somebody typed who triggered the run"
    typed = sa.Column("typed", sa.Boolean, nullable=False, server_default=sa.false(), comment=by_hand)
    op.add_column("task_error", typed, schema="ofitec")
    op.add_column("deployment", sa.Column("answered_by", sa.Text, comment="who approved or rejected"), schema="ofitec")
    op.add_column("deployment", sa.Column("answered_at", sa.DateTime(timezone=True)), schema="ofitec")
    op.alter_column("deployment", "status", comment=_STATUS, schema="ofitec")


def downgrade() -> None:
    op.alter_column("deployment", "status", comment=_STATUS_BEFORE, schema="ofitec")
    for table, column in (
        ("deployment", "answered_at"), ("deployment", "answered_by"), ("task_error", "typed"),
        ("task_error", "clear_number"), ("notification", "made_at"), ("notification", "blocks"),
        ("notification", "text"),
    ):  # fmt: skip
        op.drop_column(table, column, schema="ofitec")
