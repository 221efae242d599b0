"""The narrow tables that answer questions. Everything here can be rebuilt from the other rows."""

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words

NOT_ANALYSED = ""  # the driver of a conversation nobody has measured yet
ALL_DRIVERS = ""  # the driver of a rollup row that counts every conversation once


class FactRow(SQLModel, table=True):
    """One row per conversation and driver; exactly one of a conversation's rows has rank 0."""

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_day", "rank", "day", "channel", "sentiment"),
        Index("ix_fact_newest", "rank", "created_at", "conversation_id"),
        Index("ix_fact_driver", "driver", "day", "sentiment", "m"),
        Index("ix_fact_account", "account", "day"),
        Index(
            "ix_fact_at_risk",
            "account",
            "created_at",
            sqlite_where=text("rank = 0 AND churn_risk = 'yes'"),
            postgresql_where=text("rank = 0 AND churn_risk = 'yes'"),
        ),
    )

    conversation_id: int = number(key=True)
    rank: int = number(key=True)  # 0 is the strongest driver
    driver: str = words()
    m: int = number()  # drivers that the conversation touches
    day: int = number()
    month: int = number()
    created_at: int = number()
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
    analysed: int = number()  # 1 when it has a current analysis


class TouchRow(SQLModel, table=True):
    """The canonical and raw tags that a conversation touches, with how many there are of each."""

    __tablename__ = "touch"
    __table_args__ = (Index("ix_touch_value", "dimension", "value", "conversation_id"),)

    conversation_id: int = number(key=True)
    dimension: str = words(key=True)
    value: str = words(key=True)
    m: int = number()


class RollupRow(SQLModel, table=True):
    """Conversations of one day by driver, metric value and number of drivers touched."""

    __tablename__ = "rollup_day"
    __table_args__ = (
        Index(
            "ix_rollup_nothing",
            "day",
            sqlite_where=text("n = 0"),
            postgresql_where=text("n = 0"),
        ),
    )

    metric: str = words(key=True)
    driver: str = words(key=True)
    day: int = number(key=True)
    m: int = number(key=True)
    value: str = words(key=True)
    n: int = number()


fact = table_of(FactRow)
touch = table_of(TouchRow)
rollup_day = table_of(RollupRow)
