"""Whom we were asked to forget: a keyed hash or an account's key, and never a word of theirs."""

from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class ErasureRow(SQLModel, table=True):
    __tablename__ = "erasure"

    subject: str = words(key=True)  # "requester:<keyed hash>" or "account:<key>"
    at: int = number()  # what was begun until then is not taken in again
    done_at: int | None = number(empty=True)  # null while it was cut off in the middle


erasure = table_of(ErasureRow)
