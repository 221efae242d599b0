"""Retention: what is silent for long goes every night, and no jumped clock takes more."""

import json
from datetime import datetime, timedelta

import pytest

from service.domain.people import SYSTEM
from service.flags import Flags
from service.forgetting import Forgetting
from service.links import Links
from service.query import Query
from service.retention import LIVED, Retention
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork, a_conversation, a_page

DAYS = 100
YEAR = timedelta(days=365)


class _NothingPosted:
    def withdraw(self, post: str) -> None:
        raise AssertionError(post)


def _retention(database: SqlDatabase, clock: Clockwork, *, days: int | None = DAYS) -> Retention:
    forgetting = Forgetting(
        database=database,
        flags=Flags(database=database, links=Links("http://127.0.0.1"), clock=clock),
        withdrawer=_NothingPosted(),
        clock=clock,
    )
    return Retention(database=database, forgetting=forgetting, days=days, clock=clock)


def _store(database: SqlDatabase, number: int, at: datetime, **changed: object) -> None:
    one = a_conversation(number, **{"created_at": at, "updated_at": at} | changed)  # type: ignore[arg-type]  # of a head
    database.conversations.save_page("zendesk", a_page(one))


def _left(database: SqlDatabase) -> int:
    return database.facts.count(Query(), SYSTEM).total


@pytest.fixture
def filled(sqlite_database: SqlDatabase) -> SqlDatabase:
    """One conversation of long ago, two of a while ago and one of now."""
    _store(sqlite_database, 1, NOON - timedelta(days=DAYS + 1))
    _store(sqlite_database, 2, NOON - timedelta(days=DAYS - 1))
    _store(sqlite_database, 3, NOON - timedelta(days=DAYS - 2))
    _store(sqlite_database, 4, NOON)
    return sqlite_database


def test_by_default_everything_is_kept(filled: SqlDatabase, clock: Clockwork) -> None:
    kept = _retention(filled, clock, days=None).run()
    assert kept.sentence == "everything is kept (VERBATIM_RETENTION_DAYS)"
    assert _left(filled) == 4


def test_what_is_silent_for_longer_goes_and_the_numbers_follow(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    retention = _retention(filled, clock)
    assert retention.preview().conversations == 1
    assert _left(filled) == 4
    assert retention.run().sentence == "1 conversations silent since 2026-08-10"
    assert retention.run().conversations == 0
    assert _left(filled) == 3
    filled.analyses.rebuild()
    assert _left(filled) == 3


def test_a_change_of_the_helpdesks_own_is_no_reason_to_keep_words(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    _store(filled, 1, NOON - timedelta(days=DAYS + 1), updated_at=NOON)
    assert _retention(filled, clock).run().conversations == 1


def test_a_clock_that_jumped_a_year_ahead_purges_nothing_more(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    _retention(filled, clock).run()
    clock.now += YEAR
    ahead = _retention(filled, clock).run()
    assert ahead.horizon is not None
    assert ahead.horizon.held_back
    assert (ahead.conversations, _left(filled)) == (0, 3)
    clock.now -= 2 * YEAR
    assert _retention(filled, clock).run().conversations == 0


def test_an_hour_more_or_less_changes_no_night(filled: SqlDatabase, clock: Clockwork) -> None:
    for hours in (1, -2, 1):
        clock.now += timedelta(hours=hours)
        assert _retention(filled, clock).preview().conversations == 1


def test_news_from_the_future_do_not_vouch_for_a_clock(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    _store(filled, 9, NOON, updated_at=NOON + 2 * YEAR)
    clock.now += YEAR
    horizon = _retention(filled, clock).preview().horizon
    assert horizon is not None
    assert horizon.held_back


def test_a_clock_is_believed_once_it_was_lived_through(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    """A helpdesk that fell silent must not keep words for ever."""
    clock.now += timedelta(days=60)
    sentences = []
    for _ in range(LIVED + 1):
        sentences.append(_retention(filled, clock).run().sentence)
        clock.advance(days=1)
    assert ["far ahead" in one for one in sentences] == [True] * LIVED + [False]


def test_a_clock_that_came_back_has_lived_through_nothing(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    clock.now += YEAR
    for _ in range(3):
        _retention(filled, clock).run()
        clock.advance(days=1)
    clock.now = NOON
    _retention(filled, clock).run()
    assert json.loads(filled.work.recall("retention:days") or "") == [NOON.date().isoformat()]


def test_a_night_finishes_an_erasure_that_was_cut_off(
    filled: SqlDatabase, clock: Clockwork
) -> None:
    hashed = filled.requester_hash("r1")
    with filled.engine.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO erasure(subject, at) VALUES (?, ?)",
            (f"requester:{hashed}", int(NOON.timestamp() * 1000)),
        )
    done = _retention(filled, clock, days=None).run()
    assert done.resumed == 4
    assert _left(filled) == 0
