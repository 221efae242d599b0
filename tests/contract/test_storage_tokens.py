"""API tokens on both databases: counted a minute, revoked at once, never stored in plain."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from service.stores import ApiToken
from service.tokens import Tokens
from storage.database import SqlDatabase
from storage.tables.people import api_token
from tests.builders import NOON, Clockwork
from tests.people import CARLA

TOKEN = ApiToken(
    id="t1",
    email="Carla@example.com",
    name="dashboard",
    created_at=NOON,
    expires_at=NOON + timedelta(days=1),
)


def test_a_token_comes_back_as_it_was_saved(database: SqlDatabase) -> None:
    database.tokens.save(TOKEN, token_hash="h1")
    saved = replace(TOKEN, email="carla@example.com")
    assert database.tokens.find("h1") == saved
    assert database.tokens.all() == [saved]
    assert database.tokens.find("h2") is None


def test_calls_are_counted_by_the_minute(database: SqlDatabase) -> None:
    database.tokens.save(TOKEN, token_hash="h1")
    spent = [database.tokens.spend("h1", at=NOON, most=2) for _ in range(3)]
    assert spent == [True, True, False]
    assert database.tokens.spend("h1", at=NOON + timedelta(minutes=1), most=2)
    assert not database.tokens.spend("h2", at=NOON, most=2)


def test_the_last_use_is_noted(database: SqlDatabase) -> None:
    database.tokens.save(TOKEN, token_hash="h1")
    at = NOON + timedelta(minutes=3)
    database.tokens.spend("h1", at=at, most=1)
    database.tokens.spend("h1", at=at + timedelta(seconds=1), most=1)  # refused: no use
    found = database.tokens.find("h1")
    assert found is not None
    assert found.last_used_at == at


def test_a_token_that_is_revoked_or_over_counts_nothing(database: SqlDatabase) -> None:
    database.tokens.save(TOKEN, token_hash="h1")
    database.tokens.save(replace(TOKEN, id="t2"), token_hash="h2")
    assert database.tokens.revoke("t1", at=NOON)
    assert not database.tokens.revoke("t1", at=NOON)
    assert not database.tokens.revoke("unknown", at=NOON)
    assert not database.tokens.spend("h1", at=NOON, most=9)
    assert database.tokens.spend("h2", at=NOON, most=9)
    assert not database.tokens.spend("h2", at=NOON + timedelta(days=1), most=9)


def test_only_a_hash_of_the_secret_is_stored(database: SqlDatabase, clock: Clockwork) -> None:
    database.people.save(CARLA)
    _, secret = Tokens(database, clock).make(CARLA.email)
    with database.engine.reading() as connection:
        stored = str(connection.execute(select(api_token)).all())
    assert secret not in stored
    assert secret.removeprefix("vbt_") not in stored
