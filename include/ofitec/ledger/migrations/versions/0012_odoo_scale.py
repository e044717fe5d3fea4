"""What was decided of Odoo's number of processes, and how it turned out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "odoo_scale",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("run", sa.Text, nullable=False, comment="its name on the host"),
        sa.Column("env", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False, comment="stay, grow, shrink or return"),
        sa.Column("workers", sa.BigInteger, nullable=False, comment="processes that served; 0: not known"),
        sa.Column("target", sa.BigInteger, nullable=False, comment="processes decided on"),
        sa.Column("reason", sa.Text, nullable=False, comment="Spanish"),
        sa.Column("readings", JSONB, nullable=False, comment="what was measured; bytes and seconds"),
        sa.Column(
            "status",
            sa.Text,
            nullable=False,
            comment="stay, proposed, planned, running, done, undone, stuck, or dropped: nothing was begun",
        ),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("decided_at", moment, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("switched_at", moment),
        sa.Column("verdict", sa.Text, comment="worse, fine or unknown: people's waiting after against before"),
        sa.Column("judgement", sa.Text, comment="why, Spanish"),
        sa.Column("judged_at", moment),
        sa.Column("p95_before", sa.Double, comment="seconds"),
        sa.Column("p95_after", sa.Double, comment="seconds"),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("run", name="odoo_scale_run_unique"),
        schema="ofitec",
    )
    op.create_index("odoo_scale_env", "odoo_scale", ["env", "id"], schema="ofitec")


def downgrade() -> None:
    op.drop_table("odoo_scale", schema="ofitec")
