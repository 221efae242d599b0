"""What people think of answers: one verdict a person and answer, the last one counts."""

from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class FeedbackRow(SQLModel, table=True):
    __tablename__ = "feedback"

    answer: str = words(key=True)  # an opaque id
    person: str = words(key=True)
    verdict: str = words()
    what: str | None = words(empty=True)
    note: str = words()
    receipt: str | None = words(empty=True)
    at: int = number()


feedback = table_of(FeedbackRow)
