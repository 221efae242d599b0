"""People, their sign-in links and sessions. Secrets are stored only as hashes."""

from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class PersonRow(SQLModel, table=True):
    __tablename__ = "person"

    email: str = words(key=True)  # lower case
    name: str = words()
    role: str = words()
    slack_user: str | None = words(empty=True, index=True)
    accounts: str | None = words(empty=True)  # JSON list; NULL is every account


class LinkRow(SQLModel, table=True):
    __tablename__ = "sign_in_link"

    token_hash: str = words(key=True)
    email: str = words()
    expires_at: int = number()
    used_at: int | None = number(empty=True)


class SessionRow(SQLModel, table=True):
    __tablename__ = "session"

    session_hash: str = words(key=True)
    email: str = words()
    expires_at: int = number()


person = table_of(PersonRow)
sign_in_link = table_of(LinkRow)
session = table_of(SessionRow)
