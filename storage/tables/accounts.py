"""Customer companies and agents, as the helpdesks name them."""

from sqlmodel import SQLModel

from storage.tables.columns import table_of, words


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"

    key: str = words(key=True)
    name: str = words()
    segment: str | None = words(empty=True)
    owner: str | None = words(empty=True)
    aliases: str = words()  # JSON list
    renewal: str | None = words(empty=True)


class AgentRow(SQLModel, table=True):
    __tablename__ = "agent"

    key: str = words(key=True)
    name: str = words()


account = table_of(AccountRow)
agent = table_of(AgentRow)
