"""Lists, quotes, words and scopes, each by an example."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from service.domain.conversations import Role, conversation_key
from service.domain.measurements import EmptyReason
from service.domain.people import SYSTEM
from service.errors import Misused
from service.query import ACCOUNTS, EMPTY_BECAUSE, Dimension, Filter, Query, Window
from storage.database import SqlDatabase
from storage.in_force import LEFT_BLANK
from tests.builders import (
    ACME,
    BOLT,
    NOON,
    a_conversation,
    a_measurement,
    a_message,
    a_page,
    a_quote,
    an_analysis,
)
from tests.people import CARLA, LEE, NED, viewer

EVERYTHING = Query()


@pytest.fixture
def filled(database: SqlDatabase) -> SqlDatabase:
    """Six conversations, an hour apart, the newest first; the even ones are Bolt's."""
    many = [
        a_conversation(
            number,
            f"Charged twice for item{number}",
            created_at=NOON - timedelta(hours=number),
            account=(BOLT if number % 2 == 0 else ACME).key,
        )
        for number in range(1, 7)
    ]
    database.conversations.save_page("zendesk", a_page(*many))
    database.analyses.save(
        [
            an_analysis(
                one,
                sentiment="negative" if place < 2 else "neutral",
                quotes=(a_quote(one), a_quote(one), a_quote(one, "driver")),
            )
            for place, one in enumerate(many)
        ]
    )
    return database


def _mentions(database: SqlDatabase, *texts: str) -> int:
    return database.facts.count(Query(text=texts), SYSTEM).total


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        ("I was CHARGED twice.", "charged twice", True),
        ("I was charged twice.", "twice charged", False),
        ("I was charged\n\ntwice", "charged twice", True),
        ("recharged twice", "charged twice", False),
        ('He said "50% off"!', '"50%', True),
        ("500 off", "50%", False),
        ("a_b", "a%b", True),  # neither sign is a word
        ("axb", "a_b", False),
        ("Straße gesperrt", "STRASSE", True),
        ("ÉCOLE fermée", "école", True),
        ("ecole", "école", False),
        ("école", "ecole", False),
        ("Мой платёж не прошёл", "ПЛАТЁЖ не", True),
        ("我要退款", "退款", True),
        ("我要退款", "款退", False),
        ("foo OR bar", "foo OR bar", True),
        ("foo bar", "foo OR bar", False),
        ("foo", "NOT foo", False),
        ("near(foo bar)", "NEAR(foo bar)", True),
        ("it's a 'quote'", "it's a 'quote'", True),
        ("words:foo", "words:foo", True),
        ("foo*", "fo*", False),
        ("foo & bar | baz", "foo & bar | baz", True),
        ("back\\slash", "back\\slash", True),
        ("\U0001f621 angry", "\U0001f621", False),  # a sign is no word
        ("foo", "%", False),
        ("x" * 70, "x" * 70, True),
    ],
)
def test_words_are_found_alike_on_every_database(
    database: SqlDatabase, text: str, asked: str, found: bool
) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1, text)))
    assert _mentions(database, asked) == int(found)


def test_every_text_must_be_mentioned_but_not_in_one_message(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1, "a refund", "now please")))
    assert _mentions(database, "refund", "please") == 1
    assert _mentions(database, "refund now") == 0
    assert _mentions(database, "refund", "later") == 0


def test_words_are_found_alike_by_whichever_way_is_the_cheapest(database: SqlDatabase) -> None:
    """Common and rare words, among many conversations and few: each way is the cheapest of some."""
    said = {
        number: "invoice" + " refund" * (number % 7 == 0) + " zugzwang" * (number == 9)
        for number in range(1, 41)
    }
    begun = {number: NOON - timedelta(days=number // 4) for number in said}
    of = {number: (BOLT if number % 13 == 0 else ACME).key for number in said}
    many = [
        a_conversation(number, text, text, created_at=begun[number], account=of[number])
        for number, text in said.items()
    ]
    database.conversations.save_page("zendesk", a_page(*many))
    with database.engine.changing() as connection:
        connection.exec_driver_sql("ANALYZE")  # PostgreSQL knows then how common a word is
    last = NOON.date() + timedelta(days=1)
    days = (None, Window(last - timedelta(days=2), last))
    words = ("invoice", "refund", "zugzwang", "invoice refund")
    for window, account, word in product(days, (ACME, BOLT, None), words):
        expected = [
            conversation_key("zendesk", str(number))
            for number, text in sorted(said.items(), key=lambda one: (begun[one[0]], one[0]))
            if word in text
            and (account is None or of[number] == account.key)
            and (window is None or window.start <= begun[number].date() < window.end)
        ][::-1]
        query = Query(window=window, text=(word,))
        if account is not None:
            query = query.narrowed(Dimension.ACCOUNT, account.key)
        for limit in (1, 3, 50):
            listed = database.facts.conversations(query, SYSTEM, limit=limit).rows
            assert [row.head.key for row in listed] == expected[:limit]
        assert database.facts.count(query, SYSTEM).total == len(expected)


def test_very_long_messages_are_stored_and_searched(database: SqlDatabase) -> None:
    said = [f"unique word{m} " + " ".join(f"w{m}x{n}" for n in range(20_000)) for m in range(11)]
    long = a_conversation(1, *said)  # together more than PostgreSQL's index takes
    database.conversations.save_page("zendesk", a_page(long))
    read = database.conversations.get(long.key)
    assert read is not None
    assert read.messages == long.messages
    assert _mentions(database, "unique word0") == 1


def test_a_list_can_be_read_forth_and_back(filled: SqlDatabase) -> None:
    facts = filled.facts
    first = facts.conversations(EVERYTHING, SYSTEM, limit=2)
    second = facts.conversations(EVERYTHING, SYSTEM, limit=2, after=first.next)
    third = facts.conversations(EVERYTHING, SYSTEM, limit=2, after=second.next)
    back = facts.conversations(EVERYTHING, SYSTEM, limit=2, after=third.previous)
    start = facts.conversations(EVERYTHING, SYSTEM, limit=2, after=back.previous)
    keys = [row.head.key for page in (first, second, third) for row in page.rows]
    assert keys == [conversation_key("zendesk", str(number)) for number in range(1, 7)]
    assert (first.previous, third.next, start.previous) == (None, None, None)
    assert (back.rows, start.rows) == (second.rows, first.rows)
    assert (back.next, start.next) == (second.next, first.next)


@pytest.mark.parametrize("sort", ["-created", "created"])
def test_rows_that_come_and_go_meanwhile_move_no_others(database: SqlDatabase, sort: str) -> None:
    def store(*numbers: int) -> None:
        many = [
            a_conversation(number, created_at=NOON - timedelta(minutes=number))
            for number in numbers
        ]
        database.conversations.save_page("zendesk", a_page(*many))

    store(*range(100, 200, 10))
    listed: list[str] = []
    after: str | None = None
    while not listed or after:
        page = database.facts.conversations(Query(sort=sort), SYSTEM, after=after, limit=3)
        listed += [row.head.key for row in page.rows]
        after = page.next
        place = len(listed)
        store(99 - place, 101 + 10 * place, 201 + place)  # newest, in between and oldest
        database.conversations.purge([conversation_key("zendesk", "150")], why="asked")
    stood = [f"zendesk:{number}" for number in range(100, 200, 10) if number != 150]
    kept = [key for key in listed if key in stood]
    assert kept == (stood if sort == "-created" else stood[::-1])
    assert len(listed) == len(set(listed))


def test_a_list_can_start_with_the_oldest(filled: SqlDatabase) -> None:
    oldest = filled.facts.conversations(Query(sort="created"), SYSTEM, limit=1)
    assert [row.head.key for row in oldest.rows] == ["zendesk:6"]


def test_a_row_says_who_and_what(filled: SqlDatabase) -> None:
    row = filled.facts.conversations(EVERYTHING, SYSTEM, limit=1).rows[0]
    assert (row.account, row.agent_name) == (ACME, "Gus")
    assert row.labels["sentiment"] == "negative"
    assert (row.drivers, row.tags) == (("Billing",), ("Billing trouble",))
    assert row.summary == "The customer asks about a charge."


@pytest.mark.parametrize("token", ["", "x", "é", "bi4x", "bi54LnkueA", "eC4xLjI", "9" * 99])
def test_a_bad_token_is_refused_with_a_sentence(filled: SqlDatabase, token: str) -> None:
    with pytest.raises(Misused, match="list"):
        filled.facts.conversations(EVERYTHING, SYSTEM, after=token)


def test_a_page_without_rows_is_refused(filled: SqlDatabase) -> None:
    with pytest.raises(Misused):
        filled.facts.conversations(EVERYTHING, SYSTEM, limit=0)


def test_an_unknown_number_or_day_is_refused_with_a_sentence(filled: SqlDatabase) -> None:
    with pytest.raises(Misused, match="no number"):
        filled.facts.count(Query(metric="happiness"), SYSTEM)
    someday = Query(filters=(Filter.of(Dimension.DAY, "someday"),))
    with pytest.raises(Misused, match="date"):
        filled.facts.count(someday, SYSTEM)


def test_quotes_come_newest_first_and_once_for_each_thing_they_show(filled: SqlDatabase) -> None:
    found = filled.facts.quotes(EVERYTHING, SYSTEM, shows=["sentiment", "driver"], limit=3)
    assert [(row.conversation, row.quote.shows) for row in found] == [
        ("zendesk:1", "sentiment"),
        ("zendesk:1", "driver"),
        ("zendesk:2", "sentiment"),
    ]
    first = found[0]
    assert first.quote.text == first.message_text == "Charged twice for item1"
    assert (first.account, first.channel) == (ACME, "email")
    assert first.created_at == NOON - timedelta(hours=1)


def test_accounts_are_counted_once(filled: SqlDatabase) -> None:
    tally = filled.facts.count(Query(metric=ACCOUNTS), SYSTEM)
    assert (tally.numerator, tally.total) == (2, 6)


def test_keys_of_the_numerator_are_those_that_the_rate_counts(filled: SqlDatabase) -> None:
    negative = Query(metric="negative_rate")
    assert filled.facts.keys(negative, SYSTEM, numerator=True, limit=9) == (
        "zendesk:1",
        "zendesk:2",
    )
    assert len(filled.facts.keys(negative, SYSTEM, numerator=False, limit=4)) == 4


def test_values_in_use_come_most_frequent_first(filled: SqlDatabase) -> None:
    facts = filled.facts
    assert facts.values(Dimension.SENTIMENT, SYSTEM) == ["neutral", "negative"]
    assert facts.values(Dimension.ACCOUNT, viewer(CARLA)) == [ACME.key]
    assert facts.values(Dimension.RAW_TAG, SYSTEM) == ["raw Billing"]


@pytest.mark.parametrize("metric", ["sentiment", "custom_legal_threat"])
def test_each_reason_of_an_empty_metric_lists_what_it_counts(
    database: SqlDatabase, metric: str
) -> None:
    whys = [EmptyReason.LANGUAGE, EmptyReason.TOO_SHORT, EmptyReason.TOO_SHORT, None]
    many = [a_conversation(number) for number, _ in enumerate(whys, start=1)]
    database.conversations.save_page("zendesk", a_page(*many))
    database.analyses.save(
        [
            an_analysis(one, measurements=(a_measurement(metric, None, reason=why),))
            for one, why in zip(many, whys, strict=True)
        ]
    )
    for why, n in ((EmptyReason.LANGUAGE, 1), (EmptyReason.TOO_SHORT, 2), (LEFT_BLANK, 1)):
        asked = Query().narrowed(Dimension(metric), f"{EMPTY_BECAUSE}{why}")
        assert database.facts.count(asked, SYSTEM).total == n
        assert Query.from_params(asked.to_params()) == asked
    either = Query().narrowed(Dimension(metric), "yes", f"{EMPTY_BECAUSE}{EmptyReason.LANGUAGE}")
    assert database.facts.count(either, SYSTEM).total == 1
    others = replace(Query(), exclude=either.filters)
    assert database.facts.count(others, SYSTEM).total == 3


def test_the_days_in_use_span_every_conversation(filled: SqlDatabase) -> None:
    assert filled.facts.days() == Window(NOON.date(), NOON.date() + timedelta(days=1))


def test_an_empty_database_answers_with_nothing(database: SqlDatabase) -> None:
    facts = database.facts
    assert facts.days() is None
    assert facts.count(Query(metric="negative_rate"), SYSTEM).total == 0
    assert facts.groups(Query(group_by=(Dimension.DRIVER,)), SYSTEM) == []
    assert facts.groups(Query(metric=ACCOUNTS, group_by=(Dimension.TAG,)), SYSTEM) == []
    assert facts.conversations(EVERYTHING, SYSTEM).rows == ()
    assert facts.coverage(EVERYTHING, SYSTEM).total == 0


def test_an_agents_message_is_never_quoted_or_found(database: SqlDatabase) -> None:
    one = a_conversation(1)
    said = a_message(1, "Refund done", role=Role.AGENT)
    database.conversations.save_page("zendesk", a_page(replace(one, messages=(said,))))
    stored = database.conversations.get(one.key)
    assert stored is not None
    database.analyses.save([an_analysis(stored, quotes=(a_quote(stored),))])
    assert database.facts.quotes(EVERYTHING, SYSTEM, shows=["sentiment"], limit=1) == []
    assert _mentions(database, "refund") == 0


@pytest.mark.parametrize("metric", ["conversations", ACCOUNTS, "negative_rate"])
def test_a_person_without_accounts_sees_nothing(filled: SqlDatabase, metric: str) -> None:
    ned, query, facts = viewer(NED), Query(metric=metric), filled.facts
    window = facts.days()
    assert window is not None
    assert facts.count(query, ned).total == 0
    assert facts.conversations(query, ned).rows == ()
    assert facts.keys(query, ned, numerator=False, limit=9) == ()
    assert facts.quotes(query, ned, shows=["sentiment"], limit=9) == []
    assert facts.coverage(query, ned).total == 0
    for dimension in Dimension:
        grouped = Query(metric=metric, group_by=(dimension,))
        assert facts.groups(grouped, ned) == []
        assert facts.values(dimension, ned) == []
        assert facts.columns(query, ned, [dimension], window).accounts.known == []


def test_a_leader_sees_what_the_system_sees(filled: SqlDatabase) -> None:
    lee = viewer(LEE)
    assert filled.facts.count(EVERYTHING, lee) == filled.facts.count(EVERYTHING, SYSTEM)
