"""Make room for the accounts that people follow, and those that they want to hear nothing of."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "followed_account",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "account"),
    )
    op.create_index("ix_followed_account_account", "followed_account", ["account"])


def downgrade() -> None:
    op.drop_index("ix_followed_account_account", table_name="followed_account")
    op.drop_table("followed_account")
