"""People, their sign-in links, sessions and API tokens. Secrets are stored only as hashes."""

from sqlalchemy import Index
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


class ApiTokenRow(SQLModel, table=True):
    """A program's key to the API, in the name of a person."""

    __tablename__ = "api_token"
    __table_args__ = (Index("ix_api_token_public_id", "public_id", unique=True),)

    token_hash: str = words(key=True)
    public_id: str = words()  # names it without opening anything
    email: str = words(index=True)
    name: str = words()
    created_at: int = number()
    expires_at: int | None = number(empty=True)
    revoked_at: int | None = number(empty=True)
    last_used_at: int | None = number(empty=True)
    minute: int = number()  # minutes since 1970 of the last call
    calls: int = number()  # calls within that minute


person = table_of(PersonRow)
sign_in_link = table_of(LinkRow)
session = table_of(SessionRow)
api_token = table_of(ApiTokenRow)
