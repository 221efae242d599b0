"""Keep facts, touched tags and rollups in the order of time, with what long windows need.

They are derived from the other rows: here they are made anew and empty, and filled after the
migration, as a database without any is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_RISK = sa.text("rank = 0 AND churn_risk = 'yes'")
_NOTHING = sa.text("n = 0")
_PLACE = ("day", "created_at", "conversation_id")


def upgrade() -> None:
    for table in ("fact", "touch", "rollup_day"):
        op.drop_table(table)
    op.create_table(
        "fact",
        *(_number(name) for name in (*_PLACE, "rank")),
        sa.Column("driver", sa.Text(), nullable=False),
        _number("m"),
        _number("month"),
        *(_words(name) for name in ("source", "channel", "status", "account", "segment")),
        *(_words(name) for name in ("owner", "agent", "sentiment", "effort", "churn_risk")),
        *(_words(name) for name in ("sentiment_why", "effort_why", "churn_risk_why")),
        _number("analysed"),
        sa.PrimaryKeyConstraint(*_PLACE, "rank"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_fact_conversation", "fact", ["conversation_id", "driver"])
    op.create_index("ix_fact_driver", "fact", ["driver", *_PLACE, "sentiment"])
    op.create_index("ix_fact_account", "fact", ["account", *_PLACE])
    op.create_index("ix_fact_agent", "fact", ["agent", *_PLACE])
    op.create_index(
        "ix_fact_at_risk",
        "fact",
        ["account", "created_at"],
        sqlite_where=_AT_RISK,
        postgresql_where=_AT_RISK,
    )
    op.create_table(
        "touch",
        *(_words(name) for name in ("dimension", "value")),
        *(_number(name) for name in (*_PLACE, "m")),
        sa.PrimaryKeyConstraint("dimension", "value", *_PLACE),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_touch_conversation", "touch", ["conversation_id", "dimension", "value", "m"]
    )
    op.create_table(
        "rollup_day",
        *(_words(name) for name in ("metric", "lens", "name")),
        *(_number(name) for name in ("day", "m")),
        _words("value"),
        *(_number(name) for name in ("month", "n")),
        sa.PrimaryKeyConstraint("metric", "lens", "name", "day", "m", "value"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_rollup_nothing",
        "rollup_day",
        ["day"],
        sqlite_where=_NOTHING,
        postgresql_where=_NOTHING,
    )


def downgrade() -> None:
    """The tables as they were; `verbatim rollup` of that version fills them again."""
    for table in ("fact", "touch", "rollup_day"):
        op.drop_table(table)
    op.create_table(
        "fact",
        *(_number(name) for name in ("conversation_id", "rank")),
        _words("driver"),
        *(_number(name) for name in ("m", "day", "month", "created_at")),
        *(_words(name) for name in ("source", "channel", "status", "account", "segment")),
        *(_words(name) for name in ("owner", "agent", "sentiment", "effort", "churn_risk")),
        _number("analysed"),
        sa.PrimaryKeyConstraint("conversation_id", "rank"),
    )
    op.create_index("ix_fact_account", "fact", ["account", "day"])
    op.create_index("ix_fact_day", "fact", ["rank", "day", "channel", "sentiment"])
    op.create_index("ix_fact_driver", "fact", ["driver", "day", "sentiment", "m"])
    op.create_index("ix_fact_newest", "fact", ["rank", "created_at", "conversation_id"])
    op.create_index(
        "ix_fact_at_risk",
        "fact",
        ["account", "created_at"],
        sqlite_where=_AT_RISK,
        postgresql_where=_AT_RISK,
    )
    op.create_table(
        "touch",
        _number("conversation_id"),
        *(_words(name) for name in ("dimension", "value")),
        _number("m"),
        sa.PrimaryKeyConstraint("conversation_id", "dimension", "value"),
    )
    op.create_index("ix_touch_value", "touch", ["dimension", "value", "conversation_id"])
    op.create_table(
        "rollup_day",
        *(_words(name) for name in ("metric", "driver")),
        *(_number(name) for name in ("day", "m")),
        _words("value"),
        _number("n"),
        sa.PrimaryKeyConstraint("metric", "driver", "day", "m", "value"),
    )
    op.create_index(
        "ix_rollup_nothing",
        "rollup_day",
        ["day"],
        sqlite_where=_NOTHING,
        postgresql_where=_NOTHING,
    )


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=False)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)
