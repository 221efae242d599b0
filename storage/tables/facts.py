"""The narrow tables that answer questions. Everything here can be rebuilt from the other rows.

A row's key begins with its place in time, so that a window is one stretch of the table and the
newest rows of anything are found without sorting. Keys come before the other columns for that.
"""

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words

NOT_ANALYSED = ""  # the driver of a conversation nobody has measured yet
EVERYTHING = ""  # the lens and the name of rollup rows that count every conversation once
# SQLite keeps the rows in the order of the key itself, without a second copy of it.
_BY_KEY = {"sqlite_with_rowid": False}


class FactRow(SQLModel, table=True):
    """One row per conversation and driver; exactly one of a conversation's rows has rank 0.

    A conversation's rows differ in rank, driver and nothing else.
    """

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_conversation", "conversation_id", "driver", "sentiment"),
        Index("ix_fact_driver", "driver", "day", "created_at", "conversation_id", "sentiment"),
        Index("ix_fact_account", "account", "day", "created_at", "conversation_id"),
        Index("ix_fact_agent", "agent", "day", "created_at", "conversation_id"),
        Index(
            "ix_fact_at_risk",
            "account",
            "created_at",
            sqlite_where=text("rank = 0 AND churn_risk = 'yes'"),
            postgresql_where=text("rank = 0 AND churn_risk = 'yes'"),
        ),
        _BY_KEY,
    )

    day: int = number(key=True)
    created_at: int = number(key=True)
    conversation_id: int = number(key=True)
    rank: int = number(key=True)  # 0 is the strongest driver
    driver: str = words()
    m: int = number()  # drivers that the conversation touches
    month: int = number()
    source: str = words()
    channel: str = words()
    status: str = words()
    account: str = words()
    segment: str = words()
    owner: str = words()
    agent: str = words()
    sentiment: str = words()  # a value, "empty" or "unmeasured"; so are the next two
    effort: str = words()
    churn_risk: str = words()
    sentiment_why: str = words()  # why the value is empty; "" when it is not
    effort_why: str = words()
    churn_risk_why: str = words()
    analysed: int = number()  # 1 when it has a current analysis


class TouchRow(SQLModel, table=True):
    """The canonical and raw tags that a conversation touches, with how many there are of each."""

    __tablename__ = "touch"
    __table_args__ = (
        Index("ix_touch_conversation", "conversation_id", "dimension", "value", "m"),
        _BY_KEY,
    )

    dimension: str = words(key=True)
    value: str = words(key=True)
    day: int = number(key=True)
    created_at: int = number(key=True)
    conversation_id: int = number(key=True)
    m: int = number()


class RollupRow(SQLModel, table=True):
    """Conversations of one day by a metric's value, and by the name they have in one lens.

    `m` is how many drivers they touch when the lens is the driver, else 0.
    """

    __tablename__ = "rollup_day"
    __table_args__ = (_BY_KEY,)

    metric: str = words(key=True)
    lens: str = words(key=True)
    name: str = words(key=True)
    day: int = number(key=True)
    m: int = number(key=True)
    value: str = words(key=True)
    month: int = number()
    n: int = number()


fact = table_of(FactRow)
touch = table_of(TouchRow)
rollup_day = table_of(RollupRow)
