"""Make room for alert rules, and for the alerts that they raised."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert_rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("over", sa.Text(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("playbook", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("ended_at", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "alert",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("opened_on", _BIG, nullable=False),
        sa.Column("seen_on", _BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("n0", _BIG, nullable=False),
        sa.Column("x0", _BIG, nullable=False),
        sa.Column("n1", _BIG, nullable=False),
        sa.Column("x1", _BIG, nullable=False),
        sa.Column("z", sa.Float(), nullable=True),
        sa.Column("told_excess", sa.Float(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("rule", "value", "opened_on"),
    )


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_table("alert_rule")
