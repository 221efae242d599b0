"""Inbox, outbox, the ledger of scheduled jobs, small remembered state and kept secrets."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class InboxRow(SQLModel, table=True):
    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_open", "source", "finished", "received_at"),)

    source: str = words(key=True)
    event_id: str = words(key=True)
    payload: str = words()  # blank once finished
    received_at: int = number()
    finished: bool


class OutboxRow(SQLModel, table=True):
    __tablename__ = "outbox"

    key: str = words(key=True)
    payload: str = words()
    state: str = words()
    remote_id: str | None = words(empty=True)
    created_at: int = number()


class JobRunRow(SQLModel, table=True):
    __tablename__ = "job_run"

    job: str = words(key=True)
    due: int = number(key=True)
    owner: str = words()
    lease_until: int = number()
    done_at: int | None = number(empty=True)
    result: str | None = words(empty=True)


class MemoryRow(SQLModel, table=True):
    __tablename__ = "memory"

    name: str = words(key=True)
    value: str = words()


class KeptSecretRow(SQLModel, table=True):
    """A connector's own small secret, such as a rotated token; encrypted."""

    __tablename__ = "kept_secret"

    name: str = words(key=True)
    value: str = words()


inbox = table_of(InboxRow)
outbox = table_of(OutboxRow)
job_run = table_of(JobRunRow)
memory = table_of(MemoryRow)
kept_secret = table_of(KeptSecretRow)
