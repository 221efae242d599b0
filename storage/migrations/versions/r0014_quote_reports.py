"""Make room for quotes that people named wrong, until somebody has looked at them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "quote_report",
        sa.Column("conversation_id", _BIG, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("start", _BIG, nullable=False),
        sa.Column("end", _BIG, nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("reported_at", _BIG, nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", "metric", "message", "start"),
    )
    op.create_index("ix_quote_report_waiting", "quote_report", ["metric", "answered_at"])


def downgrade() -> None:
    op.drop_index("ix_quote_report_waiting", table_name="quote_report")
    op.drop_table("quote_report")
