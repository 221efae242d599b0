"""Remember whom we were asked to forget, and count what was erased among what a helpdesk counts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sa.Column("done_at", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("subject"),
    )
    with op.batch_alter_table("tombstone") as tombstone:
        tombstone.add_column(sa.Column("source", sa.Text(), nullable=True))
        tombstone.add_column(sa.Column("day", _BIG, nullable=True))
        tombstone.add_column(sa.Column("erasure", sa.Text(), nullable=True))
    op.create_index("ix_tombstone_day", "tombstone", ["source", "day"])
    op.create_index("ix_tombstone_erasure", "tombstone", ["erasure"])


def downgrade() -> None:
    op.drop_index("ix_tombstone_erasure", table_name="tombstone")
    op.drop_index("ix_tombstone_day", table_name="tombstone")
    with op.batch_alter_table("tombstone") as tombstone:
        tombstone.drop_column("erasure")
        tombstone.drop_column("day")
        tombstone.drop_column("source")
    op.drop_table("erasure")
