"""When a month that is not computed is due without payment: the SII extends that date too."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_COMMENT = "of a month without a form: when it is due at the latest, paid or not; null where Odoo does not say"


def upgrade() -> None:
    op.add_column("f29_state", sa.Column("last_due_date", sa.Date, comment=_COMMENT), schema="ofitec")


def downgrade() -> None:
    op.drop_column("f29_state", "last_due_date", schema="ofitec")
