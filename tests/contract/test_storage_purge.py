"""Purging leaves keys and counts, and not one word: neither in the tables nor in the file."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from service.domain.conversations import IncomingMessage, conversation_key
from service.domain.people import SYSTEM
from service.domain.writeback import FieldChange, WriteOutcome
from service.query import Dimension, Query
from service.receipts import Receipts
from service.stores import Stored
from storage.database import SqlDatabase
from tests.builders import (
    NOON,
    Clockwork,
    a_conversation,
    a_message,
    a_page,
    a_quote,
    an_analysis,
)
from tests.databases import opened

KEY = conversation_key("zendesk", "1")
WORD = "qzyxwvut"  # no other word begins like it: an index stores shared beginnings once
NEGATIVE = Query(metric="negative_rate")


@pytest.fixture
def filled(database: SqlDatabase) -> SqlDatabase:
    """A database with everything that can depend on conversation 1, and two other ones."""
    _fill(database)
    return database


def _fill(database: SqlDatabase) -> None:
    one = a_conversation(1, f"I was charged twice, {WORD}.", subject=WORD)
    others = [a_conversation(number) for number in (2, 3)]
    waiting = IncomingMessage(
        conversation=conversation_key("zendesk", "8"), message=a_message(1, WORD)
    )
    database.conversations.save_page("zendesk", a_page(one, *others))
    database.conversations.save_page("zendesk", a_page(messages=(waiting,)))
    analysis = an_analysis(one, sentiment="negative", quotes=(a_quote(one),), summary=WORD)
    database.analyses.save([analysis, *(an_analysis(other) for other in others)])
    database.analyses.set_by_person(KEY, "sentiment", "negative")
    database.analyses.fail(KEY, one.fingerprint(), "local-2", "too odd")
    change = FieldChange(conversation=KEY, fields={"topic": WORD})
    database.write_back.record([WriteOutcome(change=change, written=True)])
    database.write_back.begin([change])


def test_a_purge_leaves_a_tombstone_without_a_word(filled: SqlDatabase) -> None:
    assert filled.conversations.purge([KEY], why="retention") == 1
    assert filled.conversations.purge([KEY], why="another reason") == 0
    filled.conversations.purge([conversation_key("zendesk", "8")], why="retention")
    rows = dict(_rows(filled))
    assert {table for table, found in rows.items() if WORD in str(found)} == set()
    kept = {table for table, found in rows.items() if KEY in str(found)}
    assert kept == {"tombstone"}
    assert ("zendesk:1", "retention") in {(row.key, row.why) for row in rows["tombstone"]}


def test_no_row_of_a_purged_conversation_is_left(filled: SqlDatabase) -> None:
    before = {table for table, n in _numbers(filled).items() if n}
    filled.conversations.purge(
        [conversation_key("zendesk", str(n)) for n in (1, 2, 3, 8)], why="retention"
    )
    after = {table for table, n in _numbers(filled).items() if n}
    assert {"message", "quote", "analysis", "fact", "touch", "rollup_day", "ledger"} <= before
    assert after - {"memory"} == {"account", "agent", "alembic_version", "source", "tombstone"}


def test_numbers_follow_a_purge_without_a_rebuild(filled: SqlDatabase) -> None:
    filled.conversations.purge([KEY], why="retention")
    by_driver = Query(metric="negative_rate", group_by=(Dimension.DRIVER,))
    ((_, tally),) = filled.facts.groups(by_driver, SYSTEM)
    assert (tally.total, tally.numerator) == (2, 0)
    filled.analyses.rebuild()
    assert filled.facts.groups(by_driver, SYSTEM) == [(("Billing",), tally)]
    assert filled.facts.count(Query(text=(WORD,)), SYSTEM).total == 0


def test_a_receipt_still_counts_what_was_purged_as_erased(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    receipts = Receipts(filled, clock)
    published = receipts.publish(NEGATIVE, SYSTEM, (1, 3), versions={}, as_of=NOON)
    filled.conversations.purge([KEY], why="retention")
    recount = receipts.recount(published, SYSTEM)
    assert (recount.receipt.n, recount.now_n, recount.left, recount.erased) == (1, 0, (KEY,), 1)


def test_an_old_page_cannot_bring_back_what_was_purged(filled: SqlDatabase) -> None:
    filled.conversations.purge([KEY], why="retention")
    assert filled.conversations.save_page("zendesk", a_page(a_conversation(1))) == Stored()
    newer = a_page(a_conversation(1, updated_at=NOON + timedelta(days=1)))
    assert filled.conversations.save_page("zendesk", newer).conversations == 1


def test_keys_come_in_batches_while_they_are_purged(database: SqlDatabase) -> None:
    many = [a_conversation(number) for number in range(2_100)]
    database.conversations.save_page("zendesk", a_page(*many, a_conversation(1, source="intercom")))
    seen: list[str] = []
    sizes: list[int] = []
    for batch in database.conversations.stored_keys("zendesk"):
        seen += batch
        sizes.append(len(batch))
        database.conversations.purge(batch[-2:], why="no longer in the helpdesk")
    assert sizes == [1_000, 1_000, 100]
    assert sorted(seen) == sorted(one.key for one in many)
    assert len(set(seen)) == 2_100
    assert database.facts.count(Query(), SYSTEM).total == 2_095


def test_purged_words_are_nowhere_in_the_file(tmp_path: Path) -> None:
    with _file(tmp_path) as database:
        _fill(database)
    assert WORD.encode() in _bytes(tmp_path)
    with _file(tmp_path) as database:
        database.conversations.purge(
            [KEY, conversation_key("zendesk", "8")], why="asked by the customer"
        )
        assert WORD.encode() not in _bytes(tmp_path)  # also while it is open
        assert database.facts.count(Query(text=("charged",)), SYSTEM).total == 2
        with database.engine.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO voice_search(voice_search, rank) VALUES ('integrity-check', 1)"
            )
    assert WORD.encode() not in _bytes(tmp_path)


@pytest.mark.parametrize("how", ["gone", "edited", "private"])
def test_words_that_a_page_erased_leave_the_file_by_the_end_of_the_sync(
    tmp_path: Path, how: str
) -> None:
    later: dict[str, Any] = {"updated_at": NOON + timedelta(hours=1), "subject": "?"}
    pages = {
        "gone": a_page(gone=(KEY, conversation_key("zendesk", "8"))),
        "edited": a_page(a_conversation(1, "I was charged.", **later)),
        "private": a_page(a_conversation(1, **later), complete=frozenset({KEY})),
    }
    with _file(tmp_path) as database:
        _fill(database)
        database.conversations.purge([conversation_key("zendesk", "8")], why="retention")
        change = FieldChange(conversation=KEY, fields={"topic": "Billing"})
        database.write_back.record([WriteOutcome(change=change, written=True)])
        database.conversations.save_page("zendesk", pages[how])
    with _file(tmp_path) as database:  # as after a crash between the page and the end
        database.conversations.sync_finished("zendesk", NOON)
        assert WORD.encode() not in _bytes(tmp_path)
        assert database.facts.count(Query(text=("charged",)), SYSTEM).total >= 2


def test_a_sync_that_erased_nothing_does_not_rewrite_the_index(tmp_path: Path) -> None:
    with _file(tmp_path) as database:
        _fill(database)
        for number in (4, 5, 6):
            database.conversations.save_page("zendesk", a_page(a_conversation(number)))
        before = _segments(database)
        database.conversations.sync_finished("zendesk", NOON)
        assert _segments(database) == before
        database.conversations.purge([KEY], why="retention")
        assert _segments(database) != before


class _file:
    """A SQLite database in a folder, closed at the end."""

    def __init__(self, folder: Path) -> None:
        self._database = opened(f"sqlite:///{folder / 'verbatim.db'}")

    def __enter__(self) -> SqlDatabase:
        self._database.migrate()
        return self._database

    def __exit__(self, *_error: object) -> None:
        self._database.close()


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("verbatim.db*")))


def _segments(database: SqlDatabase) -> list[int]:
    with database.engine.reading() as connection:
        query = "SELECT id FROM voice_search_data ORDER BY id"
        return list(connection.exec_driver_sql(query).scalars())


def _rows(database: SqlDatabase) -> Iterator[tuple[str, list[Any]]]:
    with database.engine.reading() as connection:
        for table in inspect(connection).get_table_names():
            if not table.startswith("voice_search"):
                rows = connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 -- names of ours
                yield table, list(rows)


def _numbers(database: SqlDatabase) -> dict[str, int]:
    return {table: len(found) for table, found in _rows(database)}
