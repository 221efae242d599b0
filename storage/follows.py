"""Keeps what people want to hear of accounts: one wish a person and account."""

from collections.abc import Mapping

from sqlalchemy import delete, select

from service.domain.conversations import AccountKey
from service.domain.follows import Wish
from storage.bulk import upsert
from storage.engine import Engine
from storage.tables.follows import followed_account


class SqlFollows:
    """Implements FollowStore. E-mail addresses are the same in any case."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def wish(self, person: str, account: AccountKey, wish: Wish | None) -> None:
        table, email = followed_account.c, person.lower()
        with self._engine.writing() as connection:
            if wish is None:
                mine = (table.person == email) & (table.account == account)
                connection.execute(delete(followed_account).where(mine))
                return
            row = {"person": email, "account": account, "wish": wish.value}
            upsert(connection, followed_account, ["person", "account"], [row])

    def of_person(self, person: str) -> Mapping[AccountKey, Wish]:
        table = followed_account.c
        query = select(table.account, table.wish).where(table.person == person.lower())
        with self._engine.reading() as connection:
            rows = connection.execute(query.order_by(table.account)).all()
        return {AccountKey(row.account): Wish(row.wish) for row in rows}

    def of_account(self, account: AccountKey) -> Mapping[str, Wish]:
        table = followed_account.c
        query = select(table.person, table.wish).where(table.account == account)
        with self._engine.reading() as connection:
            rows = connection.execute(query.order_by(table.person)).all()
        return {row.person: Wish(row.wish) for row in rows}
