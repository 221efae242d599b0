"""Make room for the history of churn-risk flags and for how accounts ended."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "flag_change",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("nth", _BIG, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", _BIG, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("until", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "nth", name="uq_flag_change_nth"),
    )
    op.create_table(
        "account_outcome",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("day", _BIG, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "day"),
    )
    op.create_index(
        "ix_fact_at_risk",
        "fact",
        ["account", "created_at"],
        sqlite_where=sa.text("rank = 0 AND churn_risk = 'yes'"),
        postgresql_where=sa.text("rank = 0 AND churn_risk = 'yes'"),
    )


def downgrade() -> None:
    op.drop_index("ix_fact_at_risk", table_name="fact")
    op.drop_table("account_outcome")
    op.drop_table("flag_change")
