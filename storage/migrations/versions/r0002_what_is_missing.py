"""Make room for what is unreadable, what helpdesks count, kept secrets, and why something went."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "quarantine",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", _BIG, nullable=False),
        sa.Column("attempts", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "helpdesk_count",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", _BIG, nullable=False),
        sa.Column("n", _BIG, nullable=False),
        sa.Column("asked_at", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("source", "day"),
    )
    op.create_table(
        "kept_secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    with op.batch_alter_table("tombstone") as tombstone:
        tombstone.add_column(sa.Column("why", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tombstone") as tombstone:
        tombstone.drop_column("why")
    op.drop_table("kept_secret")
    op.drop_table("helpdesk_count")
    op.drop_table("quarantine")
