"""Days that were read before count like days that are read now, whoever changed them since."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from service.causes import LENSES
from service.domain.conversations import Conversation
from service.domain.people import SYSTEM
from service.query import Dimension, Filter, Query, Window
from service.stores import Column, Columns
from storage import day_marks
from storage.columnar import Read
from storage.database import SqlDatabase
from storage.remembered import RememberedDays
from tests.builders import ACME, BOLT, NOON, a_conversation, a_page, a_tag, an_analysis
from tests.databases import Databases, opened

DAYS = 30
FIRST = NOON.date() - timedelta(days=DAYS - 1)
ALL = Window(FIRST, FIRST + timedelta(days=DAYS))
LAST_TWO = (ALL.end - timedelta(days=2), ALL.end)
RATES = ("negative_rate", "churn_risk_rate")
SENTIMENTS = ("negative", "positive", None)
DRIVERS = ("Access", "Billing", "Bugs")
FILTERS = [
    Filter.of(Dimension.DRIVER, "Billing"),
    Filter.of(Dimension.DRIVER, "Access", "Bugs"),
    Filter.of(Dimension.TAG, "Billing trouble"),
    Filter.of(Dimension.CHANNEL, "chat"),
    Filter.of(Dimension.ACCOUNT, BOLT.key),
    Filter.of(Dimension.SENTIMENT, "positive"),
]
LENSES_OF = (LENSES, (Dimension.TAG,))
Row = tuple[object, ...]


@pytest.fixture
def here_and_there(databases: Databases) -> Iterator[tuple[SqlDatabase, SqlDatabase]]:
    """One database, opened by two processes."""
    url = databases.migrated_url()
    pair = (opened(url), opened(url))
    yield pair
    for one in pair:
        one.close()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_remembered_is_what_is_read(
    here_and_there: tuple[SqlDatabase, SqlDatabase], seed: int
) -> None:
    here, there = here_and_there
    dice = random.Random(seed)  # noqa: S311 -- nothing secret is drawn
    some = [_talk(dice, number) for number in range(1, 41)]
    _stored(dice, here, some)
    for change in dice.choices(CHANGES, k=12):
        change(dice, dice.choice((here, there)), dice.sample(some, 3))
        for metric in RATES:
            query, lenses, window = _asked(dice, metric), dice.choice(LENSES_OF), _within(dice)
            read = [_read(here, one, lenses, window) for one in (query, _never_kept(query))]
            assert read[0] == read[1], change
    assert _read(here, Query(metric=RATES[0]), LENSES, ALL)


def test_another_tag_of_the_same_driver_is_seen(database: SqlDatabase) -> None:
    talk = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(talk))
    for tag in ("Late refund", "Wrong total"):
        tags = (a_tag("a raw one", tag, "Billing"),)
        database.analyses.save([an_analysis(talk, sentiment="negative", tags=tags)])
        ((_, _, found),) = _read(database, Query(metric=RATES[0]), (Dimension.TAG,), ALL)
        assert found == tag


def test_what_was_asked_longest_ago_is_forgotten_first(database: SqlDatabase) -> None:
    book, room_for_two = Book(), RememberedDays(most=2 * DAYS * 40)
    read = []
    for asked in ("one", "other", "one", "third", "one", "other"):
        book.asked.clear()
        book.read(database, room_for_two, ALL, asked=asked)
        read += [asked] if book.asked else []
    assert read == ["one", "other", "third", "other"]


def test_only_days_that_changed_are_read_again(database: SqlDatabase) -> None:
    book = Book()
    days = RememberedDays()
    assert book.read(database, days, ALL) == book.read(database, days, ALL)
    assert book.asked == [Window(FIRST, ALL.start + timedelta(days=28)), Window(*LAST_TWO)]
    book.asked.clear()
    with database.engine.writing() as connection:
        day_marks.note(connection, [FIRST.toordinal() + 3, FIRST.toordinal() + 4])
    book.kept[FIRST + timedelta(days=3)] = ["new"]
    assert ("new",) in book.read(database, days, ALL)
    assert book.asked == [Window(FIRST + timedelta(days=3), FIRST + timedelta(days=5))]
    with database.engine.writing() as connection:
        day_marks.note_all(connection)
    book.asked.clear()
    book.read(database, days, Window(*LAST_TWO))
    assert book.asked == [Window(*LAST_TWO)]


def test_more_than_can_be_kept_is_read_all_the_same(database: SqlDatabase) -> None:
    book, few = Book(), RememberedDays(most=DAYS // 2)
    dice = random.Random(9)  # noqa: S311 -- nothing secret is drawn
    for window in [*(_within(dice) for _ in range(20)), ALL]:
        wanted = [(word,) for day in _days(window) for word in book.kept[day]]
        assert book.read(database, few, window) == wanted
    book.asked.clear()
    book.read(database, few, ALL)
    assert len(book.asked) == 2  # it was too much to keep


class Book:
    """Rows of one word, some on most days, and which windows of them were asked for."""

    def __init__(self) -> None:
        self.kept = {day: [f"{day:%d}", "often"][: day.day % 3] for day in _days(ALL)}
        self.asked: list[Window] = []

    def read(
        self, database: SqlDatabase, days: RememberedDays, window: Window, asked: str = "words"
    ) -> list[Row]:
        with database.engine.reading() as connection:
            (words,) = days.columns(connection, asked, ["word"], window, self._rows)
        return [(words.known[place],) for place in words.places.tolist()]

    def _rows(self, window: Window) -> Read:
        self.asked.append(window)
        pairs = [(day.toordinal(), word) for day in _days(window) for word in self.kept[day]]
        return Read([day for day, _ in pairs], [[word for _, word in pairs]])


# --- What is there, and what happens to it -------------------------------------------------------


def _talk(dice: random.Random, number: int) -> Conversation:
    return a_conversation(
        number,
        created_at=NOON - timedelta(days=dice.randrange(DAYS)),
        channel=dice.choice(("email", "chat")),
        account=dice.choice((ACME.key, BOLT.key, None)),
    )


def _stored(dice: random.Random, database: SqlDatabase, some: list[Conversation]) -> None:
    database.conversations.save_page("zendesk", a_page(*some, accounts=(ACME, BOLT)))
    _measure(dice, database, some)


def _measure(dice: random.Random, database: SqlDatabase, some: list[Conversation]) -> None:
    database.analyses.save(
        [
            an_analysis(
                one,
                sentiment=dice.choice(SENTIMENTS),
                drivers=tuple(dice.sample(DRIVERS, dice.randrange(3))),
            )
            for one in some
        ]
    )


def _correct(dice: random.Random, database: SqlDatabase, some: list[Conversation]) -> None:
    for one in some:
        if database.conversations.exists([one.key]):
            database.analyses.set_by_person(one.key, "sentiment", dice.choice(SENTIMENTS))


def _move(dice: random.Random, database: SqlDatabase, some: list[Conversation]) -> None:
    """They come again with another account, and some with other words."""
    for one in some:
        again = replace(_talk(dice, 1), messages=one.messages).head
        moved = replace(one.head, account=again.account, channel=again.channel)
        database.conversations.save_page("zendesk", a_page(replace(one, head=moved)))


def _purge(_dice: random.Random, database: SqlDatabase, some: list[Conversation]) -> None:
    database.conversations.purge([some[0].key], why="retention")


def _rebuild(_dice: random.Random, database: SqlDatabase, _some: list[Conversation]) -> None:
    database.analyses.rebuild()


def _come(dice: random.Random, database: SqlDatabase, _some: list[Conversation]) -> None:
    """New conversations, which nobody has measured yet."""
    new = [_talk(dice, dice.randrange(1_000, 9_999)) for _ in range(3)]
    database.conversations.save_page("zendesk", a_page(*new))


CHANGES: tuple[Callable[[random.Random, SqlDatabase, list[Conversation]], None], ...] = (
    *(_measure, _correct, _move, _purge, _rebuild, _come),
)


# --- What is read --------------------------------------------------------------------------------


def _within(dice: random.Random) -> Window:
    start, end = sorted(dice.sample(range(DAYS + 1), 2))
    return Window(FIRST + timedelta(days=start), FIRST + timedelta(days=end))


def _days(window: Window) -> Iterator[date]:
    for day in range((window.end - window.start).days):
        yield window.start + timedelta(days=day)


def _asked(dice: random.Random, metric: str) -> Query:
    filters = dice.sample(FILTERS, dice.randrange(3))
    excluded = dice.sample(FILTERS, dice.randrange(2))
    return Query(metric=metric, filters=tuple(filters), exclude=tuple(excluded))


def _never_kept(query: Query) -> Query:
    """The same question, as what one conversation's name narrows is never remembered."""
    return replace(query, exclude=(*query.exclude, Filter.of(Dimension.CONVERSATION, "none")))


def _read(
    database: SqlDatabase, query: Query, lenses: tuple[Dimension, ...], window: Window
) -> Counter[Row]:
    return _rows(database.facts.columns(query, SYSTEM, lenses, window))


def _rows(found: Columns) -> Counter[Row]:
    columns: list[Column[Any]] = [found.accounts, found.kinds, *found.values.values()]
    words = [[one.known[place] for place in one.places.tolist()] for one in columns]
    return Counter(zip(*words, strict=True))
