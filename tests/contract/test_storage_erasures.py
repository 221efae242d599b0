"""Erasure on request: nothing of a person is left in any table, and nothing brings it back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel

from service.domain.conversations import IncomingMessage, Page, conversation_key
from service.domain.erasures import Subject, SubjectKind
from service.domain.follows import Wish
from service.domain.people import SYSTEM
from service.query import Dimension, Query, Window
from service.receipts import Receipts
from storage.database import SqlDatabase
from storage.purge import _OF_A_CONVERSATION
from tests.builders import (
    ACME,
    BOLT,
    NOON,
    Clockwork,
    a_conversation,
    a_head,
    a_message,
    a_page,
    a_quote,
    an_analysis,
)
from tests.forgotten import CANARY, KEY, LATE, PERSON, POST, SAID, fill, rows, tables_with

REQUESTER = Subject(kind=SubjectKind.REQUESTER, id=PERSON)
ACCOUNT = Subject(kind=SubjectKind.ACCOUNT, id=ACME.key)
LATER = NOON + timedelta(hours=1)
FILLED = {"message", "analysis", "assigned_tag", "flag_change", "feedback", "memory", "inbox"}


@pytest.fixture
def filled(database: SqlDatabase) -> SqlDatabase:
    fill(database)
    assert tables_with(database, CANARY) >= FILLED | {"outbox", "ledger", "waiting_message"}
    return database


def test_no_table_holds_a_word_of_an_erased_person(filled: SqlDatabase) -> None:
    erased = filled.erasures.erase(REQUESTER, at=LATER)
    late = a_head(9, requester=PERSON)  # whose message came before it: only now is it known whose
    filled.conversations.save_page("zendesk", a_page(heads=(late,)))
    # Names of themes are the service's to forget; a test of it stands beside it.
    assert tables_with(filled, CANARY) <= {"memory"}
    assert erased.conversations == 1
    assert {n for n, count in erased.removed.items() if count} >= {
        "messages",
        "analyses",
        "quotes",
        "tags",
        "spot checks",
        "notes on answers",
        "reasons of flags",
        "remembered states",
        "waiting events",
        "outgoing payloads",
    }
    assert filled.facts.count(Query(), SYSTEM).total == 2


def test_only_ids_hashes_and_counts_are_kept(filled: SqlDatabase) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    kept = {table for table, found in rows(filled) if KEY in str(found)}
    assert kept == {"tombstone", "flag_change", "receipt", "memory"}
    assert PERSON not in str(dict(rows(filled)))


def test_a_post_that_showed_the_words_is_named_until_it_was_withdrawn(filled: SqlDatabase) -> None:
    assert filled.erasures.erase(REQUESTER, at=LATER).posts == (POST,)
    assert filled.erasures.erase(REQUESTER, at=LATER).posts == (POST,)
    filled.erasures.withdrawn(POST)
    assert filled.erasures.erase(REQUESTER, at=LATER).posts == ()


def test_a_receipt_counts_what_was_erased(filled: SqlDatabase, clock: Clockwork) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    receipts = Receipts(filled, clock)
    (only,) = receipts.recount_all(SYSTEM)
    assert (only.receipt.n, only.now_n, only.left, only.erased) == (1, 0, (KEY,), 1)


@pytest.mark.parametrize(
    "page",
    [
        a_page(a_conversation(1, SAID, requester=PERSON, updated_at=NOON + timedelta(days=9))),
        a_page(a_conversation(1, SAID, requester=None, updated_at=NOON + timedelta(days=9))),
        a_page(messages=(IncomingMessage(conversation=KEY, message=a_message(7, SAID)),)),
        a_page(
            a_conversation(1, SAID, requester="somebody", updated_at=NOON + timedelta(days=9)),
            complete=frozenset({KEY}),
        ),
        a_page(a_conversation(4, SAID, requester=PERSON)),  # begun before, and not known until now
    ],
    ids=["newer", "without the person", "a message", "of another person", "unknown until now"],
)
def test_no_page_brings_an_erased_person_back(filled: SqlDatabase, page: Page) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    for _ in range(2):
        assert filled.conversations.save_page("zendesk", page).conversations == 0
    assert tables_with(filled, CANARY) <= {"memory", "waiting_message"}  # of conversation 9
    assert filled.facts.count(Query(), SYSTEM).total == 2


def test_what_a_person_begins_after_the_erasure_is_taken_in(filled: SqlDatabase) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    again = a_conversation(5, requester=PERSON, created_at=LATER + timedelta(minutes=1))
    assert filled.conversations.save_page("zendesk", a_page(again)).conversations == 1


def test_a_conversation_that_turns_out_to_be_an_erased_persons_goes_too(
    filled: SqlDatabase,
) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    given = a_conversation(2, requester=PERSON, updated_at=NOON + timedelta(days=1))
    filled.conversations.save_page("zendesk", a_page(given))
    assert filled.facts.count(Query(), SYSTEM).total == 1
    assert filled.conversations.get(given.key) is None


def test_words_that_waited_for_their_conversation_go_with_it(filled: SqlDatabase) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    page = a_page(heads=(a_head(9, requester=PERSON),))
    filled.conversations.save_page("zendesk", page)
    assert "waiting_message" not in tables_with(filled, CANARY)
    assert filled.conversations.exists([LATE]) == set()


def test_an_account_is_erased_with_its_name_until_it_begins_anew(filled: SqlDatabase) -> None:
    filled.work.remember("slack-thread:C1:2.0", '[{"text": "what is going on with acme?"}]')
    filled.work.remember("slack-question:2", '{"text": "brief Acme"}')
    filled.work.remember("second-reading:3", '{"names": [{"said": "acme people"}]}')
    filled.follows.wish("olga@example.com", ACME.key, Wish.FOLLOW)
    filled.work.remember("slack-shows:C1", '{"shows": "counts", "by": "olga@acme.example"}')
    erased = filled.erasures.erase(ACCOUNT, at=LATER)
    assert erased.conversations == 2
    filled.conversations.save_page("zendesk", a_page(a_conversation(3, account=BOLT.key)))
    assert filled.work.recall("slack-shows:C1")  # not the account's, though it sounds like it
    filled.work.remember("slack-shows:C1", "")
    assert tables_with(filled, ACME.name) | tables_with(filled, "acme") == set()
    assert [one.key for one in filled.conversations.accounts()] == [BOLT.key]
    assert filled.flags.changes() == {}
    assert filled.follows.of_person("olga@example.com") == {}
    anew = a_conversation(6, created_at=LATER + timedelta(minutes=1))
    filled.conversations.save_page("zendesk", a_page(anew))
    assert {one.key for one in filled.conversations.accounts()} == {ACME.key, BOLT.key}


def test_what_was_erased_explains_the_helpdesks_count(filled: SqlDatabase) -> None:
    day = Window(NOON.date(), NOON.date() + timedelta(days=1))
    filled.coverage.record("zendesk", {day.start: 4}, at=NOON)
    assert filled.coverage.missing(day) == {"zendesk": 1}
    filled.erasures.erase(REQUESTER, at=LATER)
    filled.conversations.save_page("zendesk", a_page(a_conversation(4, requester=PERSON)))
    (row,) = filled.coverage.days("zendesk", day)
    assert (row.helpdesk, row.stored, row.erased, row.missing) == (4, 2, 2, 0)
    assert filled.coverage.missing(day) == {"zendesk": 0}
    assert filled.coverage.erased_keys("zendesk", day.start) == {
        KEY,
        conversation_key("zendesk", "4"),
    }
    filled.conversations.save_page("zendesk", a_page(gone=(KEY,)))  # now there too
    assert filled.coverage.erased("zendesk") == 1


def test_erasing_twice_or_nobody_changes_nothing(filled: SqlDatabase) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    before = dict(rows(filled))
    again = filled.erasures.erase(REQUESTER, at=LATER)
    assert (again.conversations, sum(again.removed.values())) == (0, 0)
    nobody = filled.erasures.erase(Subject(kind=SubjectKind.REQUESTER, id="nobody"), at=LATER)
    assert nobody.conversations == 0
    after = dict(rows(filled))
    changed = {"erasure", *(name for name in after if name.startswith("voice_search"))}
    assert {n for n in after if after[n] != before[n]} <= changed


def test_held_tells_what_would_go_and_changes_nothing(filled: SqlDatabase) -> None:
    before = dict(rows(filled))
    held = filled.erasures.held(REQUESTER)
    assert (held.conversations, held.removed["messages"], held.removed["quotes"]) == (1, 1, 1)
    assert dict(rows(filled)) == before


def test_an_analysis_that_ends_after_the_erasure_is_dropped(filled: SqlDatabase) -> None:
    one = a_conversation(1, SAID, requester=PERSON)
    filled.erasures.erase(REQUESTER, at=LATER)
    late: Any = an_analysis(one, quotes=(a_quote(one),), summary=SAID)
    filled.analyses.save([late])
    assert "analysis" not in tables_with(filled, CANARY)


def test_rollups_follow_an_erasure(filled: SqlDatabase) -> None:
    filled.erasures.erase(REQUESTER, at=LATER)
    by_driver = Query(metric="negative_rate", group_by=(Dimension.DRIVER,))
    before = filled.facts.groups(by_driver, SYSTEM)
    filled.analyses.rebuild()
    assert filled.facts.groups(by_driver, SYSTEM) == before


def test_conversations_in_which_nobody_wrote_for_long_go_and_stay_away(
    database: SqlDatabase,
) -> None:
    old, new = a_conversation(1, SAID), a_conversation(2, "Hi.", "Hello?")
    since = new.messages[1].created_at
    database.conversations.save_page("zendesk", a_page(old, new))
    database.analyses.save([an_analysis(old), an_analysis(new)])
    for day in (since.date() - timedelta(days=1), since.date()):
        database.work.remember(f"second-reading:case:{day}:1", f'{{"at": "{day}"}}')
    assert database.erasures.silent_since(since) == 1
    assert database.erasures.purge_silent_since(since) == 1
    assert database.erasures.purge_silent_since(since) == 0
    kept = database.work.recall_all("second-reading:case:")
    assert kept == [f'{{"at": "{since.date()}"}}']
    assert tables_with(database, CANARY) == set()
    assert database.conversations.save_page("zendesk", a_page(old)).conversations == 0
    assert database.facts.count(Query(), SYSTEM).total == 1
    assert database.coverage.erased("zendesk") == 1


def test_every_table_of_a_conversation_is_emptied_with_it() -> None:
    """Whoever adds a table has to say what an erasure does with it."""
    derived = {"fact", "touch"}  # they follow with the rollups
    named = {table.name for table in _OF_A_CONVERSATION}
    tables = SQLModel.metadata.tables.values()
    having = {table.name for table in tables if "conversation_id" in table.columns}
    assert having - derived == named
