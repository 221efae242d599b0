"""What happened to the accounts' churn-risk flags, and how accounts ended. Rows without any text of
customers: a flag points at messages.
"""

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from storage.tables.columns import number, row_id, table_of, words


class FlagChangeRow(SQLModel, table=True):
    __tablename__ = "flag_change"
    # Two processes that judge at once cannot both write the nth change.
    __table_args__ = (UniqueConstraint("account", "nth", name="uq_flag_change_nth"),)

    id: int | None = row_id()
    account: str = words()
    nth: int = number()
    event: str = words()
    at: int = number()
    by: str = words()
    reason: str = words()
    signals: str = words()  # JSON list of "conversation#message"
    tier: str | None = words(empty=True)
    until: int | None = number(empty=True)


class OutcomeRow(SQLModel, table=True):
    """How an account's contract ended, as somebody recorded it."""

    __tablename__ = "account_outcome"

    account: str = words(key=True)
    day: int = number(key=True)  # ordinal of the day
    outcome: str = words()


flag_change = table_of(FlagChangeRow)
account_outcome = table_of(OutcomeRow)
