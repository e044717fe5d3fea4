"""What people were told of a delivery, the filed figures, when Odoo was asked, and what each run set out to do."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def _delivery() -> list[sa.Column[Any]]:
    return [
        sa.Column("folio", sa.Text, comment="the SII's, once filed"),
        sa.Column("filed_on", sa.Date),
        sa.Column("filed_total", sa.BigInteger, comment="código 91 as filed, whole pesos"),
        sa.Column("points", postgresql.JSONB, comment="what on the form waited for a person"),
        sa.Column("news", postgresql.JSONB, comment="{reasons, changes} to tell people; no reasons: none"),
        sa.Column("told_at", sa.DateTime(timezone=True), comment="moment of the run whose message people got"),
    ]


def _state() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.BigInteger, comment="of the form that counts: the newest filed, else the newest"),
        sa.Column("payable", sa.BigInteger, comment="whole pesos: as filed, else código 91; null without a form"),
        sa.Column("folio", sa.Text),
        sa.Column("filed_on", sa.Date),
        sa.Column("rectifying", sa.Text, comment="status of a newer version that is not filed yet"),
    ]


def upgrade() -> None:
    for column in _delivery():
        op.add_column("f29_delivery", column, schema="ofitec")
    # what was delivered before was told then
    op.execute("UPDATE ofitec.f29_delivery SET told_at = delivered_at")
    for column in _state():
        op.add_column("f29_state", column, schema="ofitec")
    op.create_table(
        "source_reading",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), comment="when it last answered"),
        sa.Column("error", sa.Text, comment="why it did not, redacted; null if the last try went well"),
        schema="ofitec",
    )
    op.create_table(
        "run_target",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False, comment="e.g. a RUT and period, an installation, a database"),
        sa.Column("label", sa.Text, nullable=False, comment="the same as people read it"),
        sa.Column("aimed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("reached_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("dag_id", "run_id", "target", name="run_target_unique"),
        schema="ofitec",
    )


def downgrade() -> None:
    op.drop_table("run_target", schema="ofitec")
    op.drop_table("source_reading", schema="ofitec")
    for column in _state():
        op.drop_column("f29_state", column.name, schema="ofitec")
    for column in _delivery():
        op.drop_column("f29_delivery", column.name, schema="ofitec")
