"""Remember what a share was counted out of, to tell what happened to those conversations since."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("receipt") as receipt:
        receipt.add_column(sa.Column("others", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("receipt") as receipt:
        receipt.drop_column("others")
