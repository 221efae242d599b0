"""What a saved page changes, and what it must never change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.conversations import (
    Account,
    IncomingMessage,
    Rating,
    Role,
    Status,
    conversation_key,
)
from service.domain.people import SYSTEM
from service.query import Dimension, Query
from service.stores import Stored
from storage.database import SqlDatabase
from tests.builders import (
    ACME,
    NOON,
    TAXONOMY,
    VERSION,
    a_conversation,
    a_head,
    a_message,
    a_page,
    a_state,
    an_analysis,
)

LATER = NOON + timedelta(hours=1)
KEY = conversation_key("zendesk", "1")


def test_a_conversation_is_read_back_as_it_was_saved(database: SqlDatabase) -> None:
    saved = a_conversation(
        1,
        "Hello",
        "I was charged twice",
        helpdesk_tags=("vip", "Ünïcode"),
        rating=Rating(score="bad", comment="slow"),
        url="https://example.com/1",
    )
    stored = database.conversations.save_page("zendesk", a_page(saved))
    read = database.conversations.get(KEY)
    assert stored == Stored(conversations=1, messages=2, gone=0)
    assert read is not None
    assert replace(read.head, requester="r1") == saved.head
    assert read.messages == saved.messages
    assert read.fingerprint() == saved.fingerprint()


def test_a_requester_is_stored_only_as_a_keyed_hash(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1, requester="r-4711")))
    read = database.conversations.get(KEY)
    assert read is not None
    assert read.head.requester == database.requester_hash("r-4711")
    assert "4711" not in str(read.head.requester)


def test_ids_above_32_bits_and_odd_characters_survive(database: SqlDatabase) -> None:
    text = "zero\u200bwidth \U0001f600 ﷽ \u202eright-to-left %s :name \\ ' \" ; --"
    huge = a_conversation(2**40, text, account=f"zendesk:{2**41}", agent=f"zendesk:{2**42}")
    database.conversations.save_page("zendesk", a_page(huge))
    read = database.conversations.get(huge.key)
    assert read is not None
    assert read.messages[0].text == text
    assert read.head.account == f"zendesk:{2**41}"


def test_a_page_that_repeats_what_is_stored_changes_nothing(database: SqlDatabase) -> None:
    page = a_page(a_conversation(1), a_conversation(2))
    database.conversations.save_page("zendesk", page)
    assert database.conversations.save_page("zendesk", page) == Stored()


def test_the_cursor_is_kept_for_each_source(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(cursor="z9"))
    database.conversations.save_page("intercom", a_page(cursor="i9"))
    assert database.conversations.cursor("zendesk") == "z9"
    assert database.conversations.cursor("intercom") == "i9"
    assert database.conversations.cursor("other") is None


def test_a_page_that_fails_inside_leaves_neither_rows_nor_cursor(database: SqlDatabase) -> None:
    broken = replace(a_message(2), created_at="yesterday")  # type: ignore[arg-type]  # the point
    messages = (IncomingMessage(conversation=KEY, message=broken),)
    with pytest.raises(TypeError):
        database.conversations.save_page("zendesk", a_page(a_conversation(1), messages=messages))
    assert database.conversations.get(KEY) is None
    assert database.conversations.cursor("zendesk") is None
    assert database.conversations.accounts() == []


def test_a_sync_keeps_its_finish_time_beside_its_cursor(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(cursor="z9"))
    database.conversations.sync_finished("zendesk", NOON)
    database.conversations.save_page("zendesk", a_page(cursor="z10"))
    assert database.conversations.synced_at() == {"zendesk": NOON}
    assert database.conversations.cursor("zendesk") == "z10"


def test_an_older_head_never_wins(database: SqlDatabase) -> None:
    new = a_conversation(1, updated_at=LATER, subject="new", status=Status.SOLVED)
    old = a_conversation(1, "words from before", updated_at=NOON, subject="old")
    database.conversations.save_page("zendesk", a_page(new))
    stored = database.conversations.save_page("zendesk", a_page(old))
    read = database.conversations.get(KEY)
    assert stored == Stored()
    assert read is not None
    assert (read.head.subject, read.messages) == ("new", new.messages)


def test_a_head_of_the_same_moment_that_says_something_else_is_taken(
    database: SqlDatabase,
) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1)))
    closed = a_conversation(1, status=Status.CLOSED)
    assert database.conversations.save_page("zendesk", a_page(closed)).conversations == 1
    read = database.conversations.get(KEY)
    assert read is not None
    assert read.head.status is Status.CLOSED


def test_a_changed_state_under_the_same_head_is_taken(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1)))
    page = a_page(a_conversation(1), states={KEY: a_state("vip")})
    assert database.conversations.save_page("zendesk", page).conversations == 1
    assert database.conversations.save_page("zendesk", page) == Stored()


def test_messages_wait_for_their_conversation(database: SqlDatabase) -> None:
    whole = a_conversation(1, "first", "second")
    page = a_page(whole)
    early = replace(page, heads=(), states={})
    assert database.conversations.save_page("zendesk", early).messages == 2
    assert database.conversations.save_page("zendesk", early) == Stored()
    assert database.conversations.get(KEY) is None
    database.conversations.save_page("zendesk", replace(page, messages=()))
    read = database.conversations.get(KEY)
    assert read is not None
    assert read.messages == whole.messages
    assert database.conversations.save_page("zendesk", page) == Stored()


def test_messages_come_in_the_order_of_time(database: SqlDatabase) -> None:
    late = a_message(1, "late", created_at=NOON + timedelta(minutes=9))
    soon = a_message(2, "soon", created_at=NOON)
    database.conversations.save_page(
        "zendesk", a_page(replace(a_conversation(1), messages=(late, soon)))
    )
    read = database.conversations.get(KEY)
    assert read is not None
    assert [message.text for message in read.messages] == ["soon", "late"]


def test_a_complete_page_removes_messages_that_it_does_not_hold(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1, "one", "two")))
    shorter = a_page(a_conversation(1, "one"), complete=frozenset({KEY}))
    assert database.conversations.save_page("zendesk", shorter).messages == 1
    read = database.conversations.get(KEY)
    assert read is not None
    assert [message.text for message in read.messages] == ["one"]
    assert database.conversations.save_page("zendesk", shorter) == Stored()


def test_what_is_gone_leaves_no_word_behind(database: SqlDatabase) -> None:
    one = a_conversation(1, "a secret word")
    database.conversations.save_page("zendesk", a_page(one, a_conversation(2)))
    database.analyses.save([an_analysis(one)])
    database.analyses.set_by_person(KEY, "sentiment", "negative")
    gone = a_page(cursor="c2", gone=(KEY,))
    assert database.conversations.save_page("zendesk", gone).gone == 1
    assert database.conversations.save_page("zendesk", gone) == Stored()
    assert database.conversations.get(KEY) is None
    assert database.analyses.get(KEY) is None
    assert database.analyses.history(KEY) == []
    assert database.conversations.exists([KEY, conversation_key("zendesk", "2")]) == {
        conversation_key("zendesk", "2")
    }
    assert database.facts.count(Query(), SYSTEM).total == 1
    assert database.facts.count(Query(text=("secret",)), SYSTEM).total == 0


def test_an_old_page_cannot_bring_back_what_is_gone(database: SqlDatabase) -> None:
    page = a_page(a_conversation(1))
    database.conversations.save_page("zendesk", page)
    database.conversations.save_page("zendesk", a_page(gone=(KEY,)))
    assert database.conversations.save_page("zendesk", page) == Stored()
    only_messages = replace(page, heads=(), states={})
    assert database.conversations.save_page("zendesk", only_messages) == Stored()
    assert database.conversations.get(KEY) is None


def test_a_newer_head_brings_back_what_was_gone(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1)))
    database.conversations.save_page("zendesk", a_page(gone=(KEY,)))
    restored = a_page(a_conversation(1, "again", updated_at=LATER))
    database.conversations.save_page("zendesk", restored)
    read = database.conversations.get(KEY)
    assert read is not None
    assert read.messages[0].text == "again"


def test_a_page_that_says_both_stores_nothing_of_it(database: SqlDatabase) -> None:
    page = a_page(a_conversation(1), gone=(KEY,))
    assert database.conversations.save_page("zendesk", page).gone == 1
    assert database.conversations.get(KEY) is None


def test_an_account_that_moves_to_another_segment_takes_its_conversations_along(
    database: SqlDatabase,
) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1)))
    moved = replace(ACME, segment="startup", owner=None)
    database.conversations.save_page("zendesk", a_page(accounts=(moved,)))
    by_segment = Query(group_by=(Dimension.SEGMENT, Dimension.OWNER))
    assert [values for values, _ in database.facts.groups(by_segment, SYSTEM)] == [
        ("startup", "none")
    ]
    assert moved in database.conversations.accounts()


def test_days_are_those_of_the_workspace(database: SqlDatabase) -> None:
    before_midnight_in_berlin = NOON.replace(hour=22, minute=59)
    after = NOON.replace(hour=23, minute=1)
    database.conversations.save_page(
        "zendesk",
        a_page(
            a_conversation(1, created_at=before_midnight_in_berlin),
            a_conversation(2, created_at=after),
        ),
    )
    counts = database.conversations.daily_counts("zendesk")
    assert [(day.isoformat(), n) for day, n in counts.items()] == [
        ("2026-11-18", 1),
        ("2026-11-19", 1),
    ]


def test_only_what_is_not_measured_waits(database: SqlDatabase) -> None:
    one, two = a_conversation(1), a_conversation(2)
    database.conversations.save_page("zendesk", a_page(one, two))
    database.analyses.save([an_analysis(one)])
    waiting = [c for batch in database.conversations.unmeasured(VERSION, TAXONOMY) for c in batch]
    assert [conversation.key for conversation in waiting] == [two.key]
    assert database.conversations.unmeasured_count(VERSION, TAXONOMY) == 1
    assert database.conversations.unmeasured_count("local-2", TAXONOMY) == 2
    assert database.conversations.unmeasured_count(VERSION, "tax-2") == 2


def test_what_changed_after_the_words_that_are_here_is_not_measured_yet(
    database: SqlDatabase,
) -> None:
    one, two = a_conversation(1, updated_at=NOON), a_conversation(2, updated_at=LATER)
    half_way = replace(a_page(one, two), words_until=LATER)
    database.conversations.save_page("zendesk", half_way)
    waiting = [c for batch in database.conversations.unmeasured(VERSION, TAXONOMY) for c in batch]
    assert [conversation.key for conversation in waiting] == [one.key]
    assert database.conversations.unmeasured_count(VERSION, TAXONOMY) == 1
    assert database.conversations.awaiting_words() == {"zendesk": 1}
    database.conversations.save_page("zendesk", a_page())
    assert database.conversations.unmeasured_count(VERSION, TAXONOMY) == 2
    assert database.conversations.awaiting_words() == {}


def test_every_waiting_conversation_is_handed_out_once_while_analyses_are_saved(
    database: SqlDatabase,
) -> None:
    many = [a_conversation(number) for number in range(450)]
    database.conversations.save_page("zendesk", a_page(*many))
    seen: list[str] = []
    for batch in database.conversations.unmeasured(VERSION, TAXONOMY):
        seen += [conversation.key for conversation in batch]
        database.analyses.save([an_analysis(conversation) for conversation in batch[::2]])
    assert sorted(seen) == sorted(conversation.key for conversation in many)


def test_a_conversation_that_failed_waits_only_for_new_words_or_a_new_version(
    database: SqlDatabase,
) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.fail(KEY, one.fingerprint(), VERSION, "too long")
    assert database.conversations.unmeasured_count(VERSION, TAXONOMY) == 0
    assert database.conversations.unmeasured_count("local-2", TAXONOMY) == 1
    assert database.analyses.failures() == [(KEY, "too long")]
    assert database.facts.coverage(Query(), SYSTEM).failed == 1
    longer = a_conversation(1, "I was charged twice.", "And again.", updated_at=LATER)
    database.conversations.save_page("zendesk", a_page(longer))
    assert database.conversations.unmeasured_count(VERSION, TAXONOMY) == 1
    assert database.analyses.failures() == []


def test_a_private_note_of_an_agent_is_no_voice_of_the_customer(database: SqlDatabase) -> None:
    note = a_message(1, "refund granted", role=Role.AGENT, public=False)
    database.conversations.save_page(
        "zendesk", a_page(replace(a_conversation(1), messages=(note,)))
    )
    assert database.facts.count(Query(text=("refund",)), SYSTEM).total == 0


def test_a_message_that_is_edited_is_found_by_the_words_it_has_now(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1, "old words")))
    database.conversations.save_page(
        "zendesk", a_page(a_conversation(1, "new words", updated_at=LATER))
    )
    found = {
        word: database.facts.count(Query(text=(word,)), SYSTEM).total
        for word in ("old", "new", "words")
    }
    assert found == {"old": 0, "new": 1, "words": 1}


def test_the_stored_time_of_a_conversation_can_be_asked_for(database: SqlDatabase) -> None:
    one = a_conversation(1, updated_at=LATER)
    database.conversations.save_page("zendesk", a_page(one))
    unknown = conversation_key("zendesk", "2")
    assert database.conversations.updated_at([KEY, unknown]) == {KEY: LATER}


def test_accounts_and_agents_are_listed_by_name(database: SqlDatabase) -> None:
    named = Account(key=ACME.key, name="Aardvark", aliases=("AV", "aa"), renewal="2027-01-01")
    page = a_page(accounts=(named,))
    database.conversations.save_page("zendesk", page)
    assert database.conversations.accounts() == [named]
    assert [agent.name for agent in database.conversations.agents()] == ["Gus"]
    assert database.conversations.get_many([a_head(9).key]) == []
