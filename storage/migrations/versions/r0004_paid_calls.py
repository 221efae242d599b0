"""Make room for what paid calls cost, and for batches that are out with a vendor."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "paid_call",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("day", _BIG, nullable=False),
        sa.Column("noted_at", _BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("most", _BIG, nullable=False),
        sa.Column("cost", _BIG, nullable=False),
        sa.Column("answers", _BIG, nullable=False),
        sa.Column("tokens_in", _BIG, nullable=False),
        sa.Column("tokens_out", _BIG, nullable=False),
        sa.Column("cache_read", _BIG, nullable=False),
        sa.Column("cache_written", _BIG, nullable=False),
        sa.Column("thinking", _BIG, nullable=False),
        sa.Column("quotes", _BIG, nullable=False),
        sa.Column("quotes_dropped", _BIG, nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_paid_call_day", "paid_call", ["day", "state"])
    op.create_table(
        "batch_sent",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Text(), nullable=False),
        sa.Column("taxonomy", sa.Text(), nullable=False),
        sa.Column("call", _BIG, nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "batch_request",
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("custom_id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "custom_id"),
    )
    op.create_index("ix_batch_request_waiting", "batch_request", ["state", "conversation"])


def downgrade() -> None:
    op.drop_table("batch_request")
    op.drop_table("batch_sent")
    op.drop_table("paid_call")
