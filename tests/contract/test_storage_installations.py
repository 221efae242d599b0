"""Slack workspaces that installed the app: one row each, tokens encrypted, states used once."""

from dataclasses import replace
from datetime import timedelta

from service.domain.installations import Installation
from storage.database import SqlDatabase
from tests.builders import NOON

ACME = Installation(
    team="T0ACME",
    name="Acme <Support>",
    bot_user="U0BOT",
    scopes=("chat:write", "commands"),
    installed_by="ada@example.com",
    installed_at=NOON,
    token="xoxb-acme-secret",
)


def test_an_installation_comes_back_whole_and_the_newest_counts(database: SqlDatabase) -> None:
    store = database.installations
    assert store.get("T0ACME") is None
    store.save(ACME)
    assert store.get("T0ACME") == ACME
    again = replace(ACME, token="xoxb-newer", installed_by="bob@example.com")
    store.save(again)
    store.save(replace(ACME, team="T0B", installed_at=NOON - timedelta(days=1)))
    assert store.get("T0ACME") == again
    assert [one.team for one in store.all()] == ["T0B", "T0ACME"]


def test_a_token_is_stored_only_encrypted_and_never_listed(database: SqlDatabase) -> None:
    database.installations.save(ACME)
    with database.engine.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM slack_installation").all()
        kept = connection.exec_driver_sql("SELECT name, value FROM kept_secret").all()
    assert "xoxb" not in f"{rows}{kept}"
    assert "xoxb" not in f"{database.installations.all()}{ACME}"
    assert [one.token for one in database.installations.all()] == [""]


def test_an_ended_installation_is_remembered_and_its_token_is_not(database: SqlDatabase) -> None:
    store = database.installations
    store.save(ACME)
    assert store.end("T0ACME", why="uninstalled", at=NOON) is True
    assert store.end("T0ACME", why="again", at=NOON + timedelta(days=1)) is False
    found = store.get("T0ACME")
    assert found == replace(ACME, token="", ended_at=NOON, why_ended="uninstalled")
    store.save(ACME)
    assert store.get("T0ACME") == ACME


def test_a_state_finishes_one_installation_in_time(database: SqlDatabase) -> None:
    store, soon = database.installations, NOON + timedelta(minutes=10)
    store.begin("good", person="ada@example.com", expires_at=soon)
    store.begin("late", person="ada@example.com", expires_at=soon)
    assert store.finish("unknown", at=NOON) is None
    assert store.finish("good", at=NOON) == "ada@example.com"
    assert store.finish("good", at=NOON) is None
    assert store.finish("late", at=soon) is None
