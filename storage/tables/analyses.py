"""What was measured, by whom, with which quotes, and what was written back.

An analysis row exists exactly while it is current: a changed conversation loses it.
"""

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from storage.tables.columns import number, row_id, table_of, words

ANALYSER = 0
PERSON = 1  # origins of a measurement; the higher one is in force


class AnalysisRow(SQLModel, table=True):
    __tablename__ = "analysis"
    __table_args__ = (
        Index(
            "ix_analysis_other_language",
            "language",
            "conversation_id",
            sqlite_where=text("language != 'en'"),
            postgresql_where=text("language != 'en'"),
        ),
    )

    conversation_id: int = number(key=True)
    fingerprint: str = words()
    analyser: str = words()
    taxonomy: str = words()
    language: str | None = words(empty=True)
    summary: str = words()
    tone_start: str | None = words(empty=True)
    tone_end: str | None = words(empty=True)
    created_at: int = number()


class MeasurementRow(SQLModel, table=True):
    __tablename__ = "measurement"

    conversation_id: int = number(key=True)
    metric: str = words(key=True)
    origin: int = number(key=True)
    nth: int = number()  # its place in the analysis
    value: str | None = words(empty=True)
    reason: str | None = words(empty=True)
    confidence: float | None
    detail: str | None = words(empty=True)
    set_by: str = words()
    analyser: str | None = words(empty=True)
    fingerprint: str = words()
    created_at: int = number()


class HistoryRow(SQLModel, table=True):
    """Who set which value when; never changed, and holds no text."""

    __tablename__ = "measurement_history"
    __table_args__ = (Index("ix_history_conversation", "conversation_id", "id"),)

    id: int | None = row_id()
    conversation_id: int = number()
    metric: str = words()
    value: str | None = words(empty=True)
    reason: str | None = words(empty=True)
    set_by: str = words()
    analyser: str | None = words(empty=True)
    created_at: int = number()


class TagRow(SQLModel, table=True):
    __tablename__ = "assigned_tag"

    conversation_id: int = number(key=True)
    nth: int = number(key=True)  # 0 is the strongest
    raw: str = words()
    canonical: str | None = words(empty=True)
    driver: str | None = words(empty=True)
    confidence: float


class QuoteRow(SQLModel, table=True):
    """Where a quote stands. Its words are read from the message; the hash tells if they moved."""

    __tablename__ = "quote"

    conversation_id: int = number(key=True)
    nth: int = number(key=True)
    shows: str = words()
    nth_of_kind: int = number()  # its place among those that show the same
    message: str = words()
    start_at: int = number()
    end_at: int = number()
    text_hash: str = words()


class FailureRow(SQLModel, table=True):
    __tablename__ = "failure"

    conversation_id: int = number(key=True)
    version: str = words(key=True)
    fingerprint: str = words()
    why: str = words()


class LedgerRow(SQLModel, table=True):
    """What we wrote to the helpdesk, what is on its way, what agents set, why a write failed."""

    __tablename__ = "ledger"

    conversation_id: int = number(key=True)
    written: str = words()  # JSON: field -> value
    kept: str = words()  # JSON: field -> the agent's value
    reason: str | None = words(empty=True)
    written_at: int | None = number(empty=True)
    refused: int | None = number(empty=True)  # how often, since the last write
    under_way: str | None = words(empty=True)  # JSON: field -> values whose outcome is not stored


analysis = table_of(AnalysisRow)
measurement = table_of(MeasurementRow)
history = table_of(HistoryRow)
assigned_tag = table_of(TagRow)
quote = table_of(QuoteRow)
failure = table_of(FailureRow)
ledger = table_of(LedgerRow)
