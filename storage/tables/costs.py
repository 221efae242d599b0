"""What paid calls cost, and the batches that are out with a vendor. No words of a customer."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from storage.tables.columns import number, row_id, table_of, words


class PaidCallRow(SQLModel, table=True):
    """Noted before the call at the most it can cost; settled after it. Money in 1e-9 USD."""

    __tablename__ = "paid_call"
    __table_args__ = (Index("ix_paid_call_day", "day", "state"),)

    id: int | None = row_id()
    day: int = number()  # ordinal, UTC
    noted_at: int = number()
    state: str = words()  # out, settled, free or lost
    analyser: str = words()
    batch: str | None = words(empty=True)
    most: int = number()
    cost: int = number()
    answers: int = number()
    tokens_in: int = number()
    tokens_out: int = number()
    cache_read: int = number()
    cache_written: int = number()
    thinking: int = number()
    quotes: int = number()
    quotes_dropped: int = number()
    request: str | None = words(empty=True)


class BatchSentRow(SQLModel, table=True):
    __tablename__ = "batch_sent"

    name: str = words(key=True)
    remote: str | None = words(empty=True)
    state: str = words()
    analyser: str = words()
    taxonomy: str = words()
    call: int = number()
    created_at: int = number()


class BatchRequestRow(SQLModel, table=True):
    __tablename__ = "batch_request"
    __table_args__ = (Index("ix_batch_request_waiting", "state", "conversation"),)

    batch: str = words(key=True)
    custom_id: str = words(key=True)
    conversation: str = words()
    fingerprint: str = words()
    state: str = words()


paid_call = table_of(PaidCallRow)
batch_sent = table_of(BatchSentRow)
batch_request = table_of(BatchRequestRow)
