"""Receipts: one number of one state of the data is one receipt."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.answers import Intent, Receipt, Recount, Tally
from service.domain.conversations import Conversation, account_key
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Filter, Query, Window
from service.receipts import MEMBERS, n_of, receipt_id, scoped, told
from storage.database import SqlDatabase
from tests.builders import a_conversation, a_page, an_analysis
from tests.unit.answering_world import TODAY, answers_over
from tests.unit.test_answers import opened

QUERY = Query(metric="negative_rate", window=Window(date(2026, 11, 9), date(2026, 11, 16)))
VERSIONS = {"analyser": "local-1", "taxonomy": "t1"}
ACME, BOLT = account_key("zendesk", "1"), account_key("zendesk", "2")


def csm(*accounts: str) -> Viewer:
    keys = frozenset(account_key("zendesk", one) for one in accounts)
    return Viewer(person="c@example.com", role=PersonRole.CSM, accounts=keys)


@given(st.integers(0, 999), st.integers(0, 999))
def test_the_id_is_short_and_the_same_for_the_same_number(n: int, of: int) -> None:
    one = receipt_id(QUERY, VERSIONS, n=n, of=of, as_of="2026-11-16")
    assert one == receipt_id(
        QUERY, dict(reversed(VERSIONS.items())), n=n, of=of, as_of="2026-11-16"
    )
    assert len(one) == 12
    assert one != receipt_id(QUERY, VERSIONS, n=n + 1, of=of, as_of="2026-11-16")
    assert one != receipt_id(QUERY, VERSIONS, n=n, of=of, as_of="2026-11-17")


def test_a_receipt_counts_only_what_its_reader_could_see() -> None:
    assert scoped(QUERY, csm("1")).values_of(Dimension.ACCOUNT) == (ACME,)


def test_who_asks_for_foreign_accounts_gets_a_receipt_of_her_own() -> None:
    asked = Query(filters=(Filter.of(Dimension.ACCOUNT, BOLT),))
    assert scoped(asked, csm("1")).values_of(Dimension.ACCOUNT) == (ACME,)


def test_each_metric_publishes_its_own_number() -> None:
    tally = Tally(numerator=3, complement=5, empty=2, unmeasured=1)
    assert n_of("negative_rate", tally) == (3, 8)
    assert n_of(CONVERSATIONS, tally) == (11, 11)
    assert n_of(ACCOUNTS, tally) == (3, 3)


WEEK = Window(date(2026, 11, 9), date(2026, 11, 16))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    made = opened(tmp_path / "receipts.db")
    yield made
    made.close()


def test_a_difference_is_named_row_by_row_and_erasure_without_text(database: SqlDatabase) -> None:
    day = TODAY - timedelta(days=1)
    first = [a_conversation(n, "my secret words", created_at=day) for n in (1, 2)]
    database.conversations.save_page("zendesk", a_page(*first))
    answers = answers_over(database)
    answer = answers.ask(Query(window=WEEK), SYSTEM, intent=Intent.COUNT)
    assert answer.headline is not None
    receipt = answer.headline.current.receipt.rpartition("/")[2]
    late = a_conversation(3, created_at=day)
    database.conversations.save_page("zendesk", a_page(late, cursor="c2"))
    database.conversations.purge([first[0].key], why="erasure request")
    recount = answers.recount(receipt, SYSTEM)
    assert recount.erased == 1
    lines = answers.recount_told(recount)
    assert lines == (
        "Then 2, now 2.",
        f"Arrived since: {late.key} (arrived late)",
        "Erased since: 1, of which nothing is stored any more.",
    )
    assert first[0].key not in " ".join(lines)


def recounted(query: Query, then: int, now: int) -> Recount:
    receipt = Receipt(id="r", query=query, as_of=TODAY, versions={}, n=then, of=then, members=())
    return Recount(receipt=receipt, now_n=now, now_of=now, arrived=(), left=(), erased=0)


def test_more_than_can_be_kept_is_counted_and_says_so() -> None:
    large = recounted(Query(window=WEEK), MEMBERS + 1, MEMBERS + 4)
    assert told(large, ()) == (
        "Then 2001, now 2004: more than 2,000 conversations are counted and not listed one by one.",
    )
    accounts = recounted(Query(metric=ACCOUNTS, window=WEEK), 7, 8)
    assert told(accounts, ()) == ("Then 7, now 8: accounts are counted and not listed.",)


def test_nothing_changed_is_the_same_conversations() -> None:
    assert told(recounted(Query(window=WEEK), 0, 0), ()) == (
        "Then 0, now 0: the same conversations.",
    )


def test_what_a_share_is_counted_out_of_is_named_row_by_row_too(database: SqlDatabase) -> None:
    day = TODAY - timedelta(days=1)
    calm = [a_conversation(number, created_at=day) for number in range(1, 6)]
    database.conversations.save_page("zendesk", a_page(*calm))

    def labelled(one: Conversation, sentiment: str | None, driver: str) -> None:
        database.analyses.save([an_analysis(one, sentiment=sentiment, drivers=(driver,))])

    kept, moved, blank, gone, came = calm
    for one in (kept, moved, blank, gone):
        labelled(one, "neutral", "Billing")
    labelled(came, "neutral", "Login")
    answers = answers_over(database)
    billing = (Filter.of(Dimension.DRIVER, "Billing"),)
    share = Query(metric="negative_rate", window=WEEK, filters=billing)
    answer = answers.ask(share, SYSTEM, intent=Intent.COUNT)
    assert answer.headline is not None
    receipt = answer.headline.current.receipt.rpartition("/")[2]
    assert not answers.recount(receipt, SYSTEM).differs

    labelled(moved, "neutral", "Login")  # known then and now, and asked about no more
    labelled(blank, None, "Billing")
    labelled(came, "neutral", "Billing")  # known then too, and not asked about
    database.conversations.purge([gone.key], why="erasure request")
    recount = answers.recount(receipt, SYSTEM)
    assert ((recount.receipt.n, recount.receipt.of), (recount.now_n, recount.now_of)) == (
        (0, 4),
        (0, 2),
    )
    assert recount.joined == (came.key,)
    assert set(recount.parted) == {moved.key, blank.key} == set(recount.reasons) - {came.key}
    assert recount.unnamed == -1
