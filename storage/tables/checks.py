"""Conversations that people were asked about, to learn how often a metric is right."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class SpotCheckRow(SQLModel, table=True):
    __tablename__ = "spot_check"
    __table_args__ = (Index("ix_spot_check_waiting", "metric", "answered_at"),)

    conversation_id: int = number(key=True)
    metric: str = words(key=True)
    analyser: str = words(key=True)
    measured: str = words()
    weight: float
    drawn_at: int = number()
    place: int = number()  # in the order of review, which mixes the classes
    answered_by: str | None = words(empty=True)
    answer: str | None = words(empty=True)  # null with a person beside it: could not tell
    answered_at: int | None = number(empty=True)


class QuoteReportRow(SQLModel, table=True):
    """A quote that somebody named wrong; it is no spot check, for nobody drew it by chance."""

    __tablename__ = "quote_report"
    __table_args__ = (Index("ix_quote_report_waiting", "metric", "answered_at"),)

    conversation_id: int = number(key=True)
    metric: str = words(key=True)
    message: str = words(key=True)
    start: int = number(key=True)
    end: int = number()
    reported_by: str = words()
    reported_at: int = number()
    answered_by: str | None = words(empty=True)
    answered_at: int | None = number(empty=True)


spot_check = table_of(SpotCheckRow)
quote_report = table_of(QuoteReportRow)
