"""Note what is on its way to a helpdesk beside the conversation that it is about."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ledger") as ledger:
        ledger.add_column(sa.Column("under_way", sa.Text(), nullable=True))
    # What was noted before, per helpdesk: it outlived the conversations that it was about.
    op.execute("DELETE FROM memory WHERE name LIKE 'writing:%'")


def downgrade() -> None:
    with op.batch_alter_table("ledger") as ledger:
        ledger.drop_column("under_way")
