"""Keys of programs to the API: who they stand for, when they were used, how often this minute.

Sees only hashes of them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select, update

from service.stores import ApiToken
from storage.bulk import insert
from storage.engine import Engine
from storage.moments import from_ms, to_ms
from storage.tables.people import api_token

_MINUTE = 60_000  # milliseconds


class SqlTokens:
    """Implements TokenStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, token: ApiToken, *, token_hash: str) -> None:
        row = {
            "token_hash": token_hash,
            "public_id": token.id,
            "email": token.email.lower(),
            "name": token.name,
            "created_at": to_ms(token.created_at),
            "expires_at": to_ms(token.expires_at) if token.expires_at else None,
            "minute": 0,
            "calls": 0,
        }
        with self._engine.writing() as connection:
            insert(connection, api_token, [row])

    def spend(self, token_hash: str, *, at: datetime, most: int) -> bool:
        """The update and its row count decide, so two processes cannot exceed the limit."""
        now, token = to_ms(at), api_token.c
        minute = now // _MINUTE
        calls = case((token.minute == minute, token.calls + 1), else_=1)
        valid = token.revoked_at.is_(None) & (token.expires_at.is_(None) | (token.expires_at > now))
        free = (token.minute != minute) | (token.calls < most)
        with self._engine.writing() as connection:
            spent = connection.execute(
                update(api_token)
                .where(token.token_hash == token_hash, valid, free)
                .values(minute=minute, calls=calls, last_used_at=now)
            )
            return spent.rowcount == 1

    def find(self, token_hash: str) -> ApiToken | None:
        query = select(api_token).where(api_token.c.token_hash == token_hash)
        with self._engine.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _token(row)

    def all(self) -> list[ApiToken]:
        query = select(api_token).order_by(api_token.c.created_at, api_token.c.public_id)
        with self._engine.reading() as connection:
            return [_token(row) for row in connection.execute(query)]

    def revoke(self, token_id: str, *, at: datetime) -> bool:
        token = api_token.c
        mine = (token.public_id == token_id) & token.revoked_at.is_(None)
        with self._engine.writing() as connection:
            done = connection.execute(update(api_token).where(mine).values(revoked_at=to_ms(at)))
            return done.rowcount == 1


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.public_id,
        email=row.email,
        name=row.name,
        created_at=from_ms(row.created_at),
        expires_at=_moment(row.expires_at),
        revoked_at=_moment(row.revoked_at),
        last_used_at=_moment(row.last_used_at),
    )


def _moment(stored: int | None) -> datetime | None:
    return None if stored is None else from_ms(stored)
