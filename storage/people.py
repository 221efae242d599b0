"""People, sign-in links that work once, and sessions. Sees only hashes of secrets."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from service.domain.conversations import AccountKey
from service.stores import Person
from storage.bulk import insert, upsert
from storage.engine import Engine
from storage.heads import dumped
from storage.moments import to_ms
from storage.tables.people import person, session, sign_in_link


class SqlPeople:
    """Implements PeopleStore. E-mail addresses are the same in any case."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, email: str) -> Person | None:
        return self._one(person.c.email == email.lower())

    def by_slack_user(self, slack_user: str) -> Person | None:
        return self._one(person.c.slack_user == slack_user)

    def save(self, one: Person) -> None:
        accounts = None if one.accounts is None else dumped(sorted(one.accounts))
        row = {
            "email": one.email.lower(),
            "name": one.name,
            "role": one.role,
            "slack_user": one.slack_user,
            "accounts": accounts,
        }
        with self._engine.writing() as connection:
            upsert(connection, person, ["email"], [row])

    def all(self) -> list[Person]:
        with self._engine.reading() as connection:
            rows = connection.execute(select(person).order_by(person.c.email)).all()
        return [_person(row) for row in rows]

    def make_link(self, email: str, *, token_hash: str, expires_at: datetime) -> None:
        row = {"token_hash": token_hash, "email": email.lower(), "expires_at": to_ms(expires_at)}
        with self._engine.writing() as connection:
            insert(connection, sign_in_link, [row])

    def use_link(self, token_hash: str, *, at: datetime) -> str | None:
        """The update and its row count decide, so two clicks cannot both win."""
        now, link = to_ms(at), sign_in_link.c
        mine = (link.token_hash == token_hash) & link.used_at.is_(None) & (link.expires_at > now)
        with self._engine.writing() as connection:
            used = connection.execute(update(sign_in_link).where(mine).values(used_at=now))
            if used.rowcount != 1:
                return None
            query = select(link.email).where(link.token_hash == token_hash)
            return str(connection.execute(query).scalar_one())

    def start_session(self, email: str, *, session_hash: str, expires_at: datetime) -> None:
        row = {
            "session_hash": session_hash,
            "email": email.lower(),
            "expires_at": to_ms(expires_at),
        }
        with self._engine.writing() as connection:
            insert(connection, session, [row])

    def session(self, session_hash: str, *, at: datetime) -> Person | None:
        query = (
            select(person)
            .join(session, session.c.email == person.c.email)
            .where(session.c.session_hash == session_hash, session.c.expires_at > to_ms(at))
        )
        with self._engine.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _person(row)

    def end_session(self, session_hash: str) -> None:
        with self._engine.writing() as connection:
            connection.execute(session.delete().where(session.c.session_hash == session_hash))

    def _one(self, wanted: ColumnElement[bool]) -> Person | None:
        query = select(person).where(wanted).order_by(person.c.email).limit(1)
        with self._engine.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _person(row)


def _person(row: Row[Any]) -> Person:
    accounts = None if row.accounts is None else json.loads(row.accounts)
    return Person(
        email=row.email,
        name=row.name,
        role=row.role,
        slack_user=row.slack_user,
        accounts=None if accounts is None else frozenset(AccountKey(key) for key in accounts),
    )
