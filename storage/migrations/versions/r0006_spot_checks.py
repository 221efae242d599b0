"""Make room for the conversations that people are asked about."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "spot_check",
        sa.Column("conversation_id", _BIG, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Text(), nullable=False),
        sa.Column("measured", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("drawn_at", _BIG, nullable=False),
        sa.Column("place", _BIG, nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", "metric", "analyser"),
    )
    op.create_index("ix_spot_check_waiting", "spot_check", ["metric", "answered_at"])


def downgrade() -> None:
    op.drop_index("ix_spot_check_waiting", table_name="spot_check")
    op.drop_table("spot_check")
