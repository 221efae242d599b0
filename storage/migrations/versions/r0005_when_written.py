"""Make room for when a conversation was last written to, and how often that was refused since."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("ledger") as ledger:
        ledger.add_column(sa.Column("written_at", _BIG, nullable=True))
        ledger.add_column(sa.Column("refused", _BIG, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ledger") as ledger:
        ledger.drop_column("refused")
        ledger.drop_column("written_at")
