"""What arrives unreadable is set aside with its reason until it arrives whole."""

from datetime import timedelta

import pytest

from service.domain.conversations import Page, Unusable, conversation_key
from service.stores import Quarantined
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork, a_conversation, a_page

KEY, OTHER = conversation_key("zendesk", "1"), conversation_key("zendesk", "2")


def _unreadable(*keys: str, why: str = "Its comments have no author.") -> Page:
    found = tuple(Unusable(key=conversation_key("zendesk", key), why=why) for key in keys)
    return a_page(unusable=found)


def test_an_unreadable_conversation_is_set_aside_and_its_page_goes_on(
    database: SqlDatabase,
) -> None:
    unusable = (Unusable(key=KEY, why="Its comments have no author."),)
    page = a_page(a_conversation(2), cursor="c7", unusable=unusable)
    assert database.conversations.save_page("zendesk", page).conversations == 1
    assert database.conversations.cursor("zendesk") == "c7"
    assert database.conversations.quarantined() == [
        Quarantined(
            key=KEY,
            source="zendesk",
            why="Its comments have no author.",
            since=NOON,
            attempts=1,
        )
    ]


def test_each_failed_try_counts_and_the_first_day_stays(
    database: SqlDatabase, clock: Clockwork
) -> None:
    database.conversations.save_page("zendesk", _unreadable("1"))
    clock.advance(days=2)
    database.conversations.save_page("zendesk", _unreadable("1", "2", why="Still odd."))
    first, second = database.conversations.quarantined()
    assert (first.key, first.attempts, first.since, first.why) == (KEY, 2, NOON, "Still odd.")
    assert (second.key, second.attempts, second.since) == (OTHER, 1, clock.now)


def test_what_arrives_whole_leaves_the_quarantine(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", _unreadable("1", "2"))
    database.conversations.save_page("zendesk", a_page(a_conversation(1), cursor=""))
    assert [one.key for one in database.conversations.quarantined()] == [OTHER]


def test_what_is_readable_but_older_or_deleted_does_not_wait_for_ever(
    database: SqlDatabase,
) -> None:
    later = a_conversation(1, updated_at=NOON + timedelta(hours=1))
    database.conversations.save_page("zendesk", a_page(later, a_conversation(2)))
    database.conversations.purge([OTHER], why="retention")
    database.conversations.save_page("zendesk", _unreadable("1", "2"))
    again = a_page(a_conversation(1), a_conversation(2))
    database.conversations.save_page("zendesk", again)
    assert database.conversations.quarantined() == []
    assert database.conversations.get(OTHER) is None


def test_a_head_that_the_same_page_calls_unreadable_stays_aside(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", _unreadable("1"))
    unusable = (Unusable(key=KEY, why="half"), Unusable(key=KEY, why="half"))
    page = a_page(a_conversation(1), unusable=unusable)
    database.conversations.save_page("zendesk", page)
    (waiting,) = database.conversations.quarantined()
    assert (waiting.attempts, waiting.why) == (2, "half")


def test_what_is_gone_waits_no_longer(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", _unreadable("1", "2"))
    gone = a_page(gone=(KEY,), unusable=(Unusable(key=KEY, why="deleted"),))
    database.conversations.save_page("zendesk", gone)
    database.conversations.purge([OTHER], why="no longer in the helpdesk")
    assert database.conversations.quarantined() == []


def test_entries_can_be_released_by_hand(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", _unreadable("1", "2"))
    assert database.conversations.release([KEY, KEY, conversation_key("zendesk", "9")]) == 1
    assert [one.key for one in database.conversations.quarantined()] == [OTHER]


def test_a_page_that_fails_inside_sets_nothing_aside(database: SqlDatabase) -> None:
    unusable = (Unusable(key=KEY, why="odd"), Unusable(key=OTHER, why=None))  # type: ignore[arg-type]  # the point
    with pytest.raises(Exception, match=r"(?i)not.null"):
        database.conversations.save_page("zendesk", a_page(a_conversation(3), unusable=unusable))
    assert database.conversations.quarantined() == []
    assert database.conversations.get(conversation_key("zendesk", "3")) is None


def test_a_page_fetched_by_keys_leaves_the_cursor_where_it_is(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1), cursor="c7"))
    database.conversations.save_page("zendesk", a_page(a_conversation(2), cursor=""))
    database.conversations.save_page("intercom", a_page(cursor=""))
    assert database.conversations.cursor("zendesk") == "c7"
    assert database.conversations.cursor("intercom") is None
    assert database.conversations.get(OTHER) is not None
