"""Bulk writes: few rows and many end the same, on every database."""

import pytest

from service.domain.people import SYSTEM
from service.query import Query
from storage import bulk
from storage.database import SqlDatabase
from storage.tables.accounts import account
from storage.tables.facts import rollup_day
from tests.builders import a_conversation, a_page

NAMES = ("key", "name", "segment", "owner", "aliases", "renewal")
FEW_AND_MANY = pytest.mark.parametrize("size", [1, 7, 60, 1203])
ODD = ("\\N", "a\tb", "a\nb\r", "\\.", "\"'", "Öl \U0001f621", "", "%s ? :name", "\\\\")


def _rows(size: int, name: str) -> list[tuple[str | None, ...]]:
    return [(f"zendesk:a{n}", f"{name} {n}", None, None, "[]", None) for n in range(size)]


def _stored(database: SqlDatabase) -> dict[str, str]:
    return {one.key: one.name for one in database.conversations.accounts()}


@FEW_AND_MANY
def test_an_upsert_adds_what_is_new_and_changes_what_is_there(
    database: SqlDatabase, size: int
) -> None:
    old, new = _rows(size // 2, "Old"), _rows(size, "New")
    for rows in (old, new):
        with database.engine.changing() as connection:
            bulk.upsert_tuples(connection, account, NAMES, rows, key=("key",))
    assert _stored(database) == {str(row[0]): row[1] for row in new}


@FEW_AND_MANY
def test_of_a_key_that_comes_twice_the_last_row_counts(database: SqlDatabase, size: int) -> None:
    first, last = _rows(size, "First"), _rows(size, "Last")
    with database.engine.changing() as connection:
        bulk.upsert_tuples(connection, account, NAMES, first + last, key=("key",))
    assert set(_stored(database).values()) == {str(row[1]) for row in last}


@FEW_AND_MANY
def test_two_batches_of_one_transaction_do_not_mix(database: SqlDatabase, size: int) -> None:
    with database.engine.changing() as connection:
        bulk.upsert_tuples(connection, account, NAMES, _rows(size, "One"), key=("key",))
        connection.exec_driver_sql("UPDATE account SET name = 'Mine' WHERE key = 'zendesk:a0'")
        other = [("zendesk:b", *row[1:]) for row in _rows(size, "Two")]
        bulk.upsert_tuples(connection, account, NAMES, other, key=("key",))
    assert _stored(database)["zendesk:a0"] == "Mine"
    assert len(_stored(database)) == size + 1


@FEW_AND_MANY
def test_a_counter_grows_by_each_row(database: SqlDatabase, size: int) -> None:
    names = ("metric", "lens", "name", "day", "m", "value", "month", "n")
    rows = [("sentiment", "", str(n), 1, 0, "negative", 1, n + 1) for n in range(size)]
    for _ in range(2):
        with database.engine.changing() as connection:
            bulk.add(connection, rollup_day, names, rows, key=names[:6], counter="n")
    with database.engine.reading() as connection:
        total = connection.exec_driver_sql("SELECT count(*), sum(n) FROM rollup_day").one()
    assert tuple(total) == (size, size * (size + 1))


@pytest.mark.parametrize("size", [len(ODD), 40 * len(ODD)])
def test_every_character_arrives_as_it_was_sent(database: SqlDatabase, size: int) -> None:
    rows = [(f"zendesk:a{n}", ODD[n % len(ODD)], ODD[n % 3], None, "[]", None) for n in range(size)]
    with database.engine.changing() as connection:
        bulk.insert_tuples(connection, account, NAMES, rows[::2])
        bulk.upsert_tuples(connection, account, NAMES, rows, key=("key",))
    read = {one.key: (one.name, one.segment) for one in database.conversations.accounts()}
    assert read == {str(row[0]): (row[1], row[2]) for row in rows}


def test_every_message_of_a_large_page_is_found_by_its_words(database: SqlDatabase) -> None:
    """They are put into the search index many at a time."""
    many = [a_conversation(n, f"Charged word{n} twice", f"other{n}") for n in range(560)]
    database.conversations.save_page("zendesk", a_page(*many))
    for n in (0, 17, 499, 500, 559):
        for word in (f"word{n}", f"other{n}"):
            found = database.facts.keys(Query(text=(word,)), SYSTEM, numerator=False, limit=9)
            assert found == (many[n].key,)
    assert database.facts.count(Query(text=("charged",)), SYSTEM).total == len(many)
