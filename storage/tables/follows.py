"""What people want to hear of accounts, beyond those that they own."""

from sqlmodel import SQLModel

from storage.tables.columns import table_of, words


class FollowedAccountRow(SQLModel, table=True):
    __tablename__ = "followed_account"

    person: str = words(key=True)
    account: str = words(key=True, index=True)
    wish: str = words()


followed_account = table_of(FollowedAccountRow)
