"""Connectors' own secrets: encrypted, durable, and nobody else's."""

import pytest

from service.errors import TellPerson
from storage.database import SqlDatabase
from storage.secrets import SqlKeeper
from tests.databases import SECRET


def test_a_secret_is_kept_and_replaced(database: SqlDatabase) -> None:
    keeper = database.keeper("zendesk")
    assert keeper.load("refresh_token") is None
    keeper.save("refresh_token", "first")
    keeper.save("refresh_token", "sécond \U0001f511")
    assert keeper.load("refresh_token") == "sécond \U0001f511"
    assert database.keeper("zendesk").load("refresh_token") == "sécond \U0001f511"


def test_a_connector_sees_no_others_secrets(database: SqlDatabase) -> None:
    database.keeper("zendesk").save("refresh_token", "a")
    database.keeper("intercom").save("refresh_token", "b")
    assert database.keeper("zendesk").load("refresh_token") == "a"
    assert database.keeper("intercom").load("refresh_token") == "b"
    assert database.keeper("zen").load("desk/refresh_token") is None


def test_a_secret_is_stored_only_encrypted(database: SqlDatabase) -> None:
    database.keeper("zendesk").save("refresh_token", "top secret")
    with database.engine.reading() as connection:
        ((name, value),) = connection.exec_driver_sql("SELECT name, value FROM kept_secret")
    assert name == "zendesk/refresh_token"
    assert "secret" not in value


def test_another_key_gets_one_clear_sentence_and_no_secret(database: SqlDatabase) -> None:
    database.keeper("zendesk").save("refresh_token", "top secret")
    stranger = SqlKeeper(database.engine, b"another secret").within("zendesk")
    with pytest.raises(TellPerson, match="another VERBATIM_SECRET_KEY") as refused:
        stranger.load("refresh_token")
    assert "top" not in str(refused.value)
    stranger.save("refresh_token", "anew")
    assert stranger.load("refresh_token") == "anew"


def test_the_workspaces_secret_is_not_used_as_it_is(database: SqlDatabase) -> None:
    keeper = SqlKeeper(database.engine, SECRET)
    keeper.save("x", "y")
    assert SqlKeeper(database.engine, SECRET + b"\0").within("").load("x") is None
    assert SqlKeeper(database.engine, SECRET).load("x") == "y"


def test_a_secret_is_on_the_disk_before_it_is_used(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's durable block is proven with the outbox; here it has to be the one used."""
    monkeypatch.setattr(database.engine, "writing", None)
    monkeypatch.setattr(database.engine, "changing", None)
    database.keeper("zendesk").save("refresh_token", "a")
    assert database.keeper("zendesk").load("refresh_token") == "a"
