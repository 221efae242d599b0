"""The coverage ledger: what helpdesks count against what is held, by source and day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from service.domain.conversations import Account, Unusable, account_key, conversation_key
from service.domain.measurements import EmptyReason
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.domain.writeback import FieldChange, WriteOutcome
from service.query import Dimension, Filter, Query, Window
from service.stores import DayCoverage
from storage.database import SqlDatabase
from tests.builders import NOON, VERSION, Clockwork, a_conversation, a_page, an_analysis

TODAY = NOON.date()
YESTERDAY = TODAY - timedelta(days=1)
WEEK = Window(TODAY - timedelta(days=6), TODAY + timedelta(days=1))


def _day(day: date, **changed: object) -> DayCoverage:
    values: dict[str, object] = {
        "source": "zendesk",
        "day": day,
        "helpdesk": None,
        "stored": 0,
        "analysed": 0,
        "failed": 0,
        "quarantined": 0,
        "empty": {},
        "not_written": {},
        "asked_at": None,
    }
    return DayCoverage(**(values | changed))  # type: ignore[arg-type]  # the values above


def _unreadable(*numbers: int) -> tuple[Unusable, ...]:
    return tuple(
        Unusable(key=conversation_key("zendesk", str(number)), why="odd") for number in numbers
    )


def test_a_day_adds_up_to_what_the_helpdesk_counts(database: SqlDatabase) -> None:
    many = [a_conversation(number) for number in range(5)]
    database.conversations.save_page("zendesk", a_page(*many, unusable=_unreadable(9)))
    database.analyses.save(
        [an_analysis(many[0]), an_analysis(many[1], sentiment=None, effort=None)]
    )
    database.analyses.fail(many[2].key, many[2].fingerprint(), VERSION, "too odd")
    change = FieldChange(conversation=many[0].key, fields={})
    closed = WriteOutcome(change=change, written=False, reason="closed", permanent=True)
    database.write_back.record([closed])
    database.coverage.record("zendesk", {TODAY: 8, YESTERDAY: 0}, at=NOON)
    (row,) = database.coverage.days("zendesk", WEEK)
    assert row == _day(
        TODAY,
        helpdesk=8,
        stored=5,
        analysed=2,
        failed=1,
        quarantined=1,
        empty={
            "effort": {EmptyReason.TOO_SHORT.value: 1},
            "sentiment": {EmptyReason.TOO_SHORT.value: 1},
        },
        not_written={"closed": 1},
        asked_at=NOON,
    )
    assert row.missing == 2
    assert database.coverage.missing(WEEK) == {"zendesk": 2}


def test_each_day_that_anybody_counts_on_has_a_row_in_order(database: SqlDatabase) -> None:
    earlier = NOON - timedelta(days=3)
    database.conversations.save_page(
        "zendesk",
        a_page(
            a_conversation(1, created_at=earlier),
            a_conversation(2, source="intercom"),
            unusable=_unreadable(9),
        ),
    )
    database.coverage.record("zendesk", {YESTERDAY: 4}, at=NOON)
    assert database.coverage.days("zendesk", WEEK) == [
        _day(earlier.date(), stored=1),
        _day(YESTERDAY, helpdesk=4, asked_at=NOON),
        _day(TODAY, quarantined=1),
    ]
    assert database.coverage.days("intercom", WEEK) == [
        _day(TODAY, source="intercom", stored=1),
    ]
    assert database.coverage.days("zendesk", Window(TODAY, WEEK.end)) == [
        _day(TODAY, quarantined=1)
    ]
    assert database.coverage.days("nowhere", WEEK) == []


def test_the_last_count_of_a_day_stands(database: SqlDatabase, clock: Clockwork) -> None:
    database.coverage.record("zendesk", {TODAY: 3, YESTERDAY: 1}, at=NOON)
    database.coverage.record("zendesk", {TODAY: 2}, at=clock.advance(hours=1))
    database.coverage.record("zendesk", {}, at=clock.now)
    rows = database.coverage.days("zendesk", WEEK)
    assert [(row.day, row.helpdesk, row.asked_at) for row in rows] == [
        (YESTERDAY, 1, NOON),
        (TODAY, 2, clock.now),
    ]


def test_a_value_that_a_person_set_or_blanked_is_the_one_in_force(database: SqlDatabase) -> None:
    one, two = a_conversation(1), a_conversation(2)
    database.conversations.save_page("zendesk", a_page(one, two))
    database.analyses.save([an_analysis(one, sentiment=None), an_analysis(two)])
    database.analyses.set_by_person(one.key, "sentiment", "negative")
    database.analyses.set_by_person(two.key, "effort", None)
    database.analyses.set_by_person(two.key, "driver", None)
    (row,) = database.coverage.days("zendesk", WEEK)
    assert row.empty == {"effort": {"left blank by a person": 1}}


def test_a_failure_of_other_words_or_beside_an_analysis_is_none(database: SqlDatabase) -> None:
    one, two = a_conversation(1), a_conversation(2)
    database.conversations.save_page("zendesk", a_page(one, two))
    database.analyses.save([an_analysis(one)])
    database.analyses.fail(one.key, one.fingerprint(), "local-2", "too odd")
    database.analyses.fail(two.key, "of other words", VERSION, "too odd")
    (row,) = database.coverage.days("zendesk", WEEK)
    assert (row.stored, row.analysed, row.failed) == (2, 1, 0)


def test_what_is_held_in_an_older_form_is_counted_once(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(a_conversation(1)))
    database.conversations.save_page("zendesk", a_page(unusable=_unreadable(1)))
    database.coverage.record("zendesk", {TODAY: 2}, at=NOON)
    (row,) = database.coverage.days("zendesk", WEEK)
    assert (row.stored, row.quarantined, row.missing) == (1, 0, 1)
    assert len(database.conversations.quarantined()) == 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 18, 22, 59, tzinfo=UTC), date(2026, 11, 18)),
        (datetime(2026, 11, 18, 23, 1, tzinfo=UTC), date(2026, 11, 19)),
    ],
)
def test_the_unreadable_count_on_the_workspaces_day_of_their_arrival(
    database: SqlDatabase, clock: Clockwork, moment: datetime, day: date
) -> None:
    clock.now = moment
    database.conversations.save_page("zendesk", a_page(unusable=_unreadable(9)))
    whole = Window(TODAY, TODAY + timedelta(days=2))
    assert [row.day for row in database.coverage.days("zendesk", whole)] == [day]


def test_a_surplus_of_one_day_hides_no_gap_of_another(database: SqlDatabase) -> None:
    yesterday = NOON - timedelta(days=1)
    database.conversations.save_page(
        "zendesk", a_page(*(a_conversation(n, created_at=yesterday) for n in range(3)))
    )
    database.coverage.record("zendesk", {YESTERDAY: 1, TODAY: 2}, at=NOON)
    database.coverage.record("intercom", {TODAY: 0}, at=NOON)
    assert database.coverage.missing(None) == {"intercom": 0, "zendesk": 2}
    assert database.coverage.missing(Window(YESTERDAY, TODAY)) == {"zendesk": 0}


def test_what_arrived_unreadable_on_a_later_day_is_not_missing(database: SqlDatabase) -> None:
    database.conversations.save_page("zendesk", a_page(unusable=_unreadable(9)))
    database.coverage.record("zendesk", {YESTERDAY: 1, TODAY: 0}, at=NOON)
    assert database.coverage.missing(WEEK) == {"zendesk": 0}


def test_what_is_held_of_a_day_is_that_source_and_that_day_alone(database: SqlDatabase) -> None:
    many = [a_conversation(number) for number in range(3)]
    other = a_conversation(7, source="intercom")
    database.conversations.save_page("zendesk", a_page(*many))
    database.conversations.save_page("intercom", a_page(other))
    held = {day: database.coverage.keys("zendesk", day) for day in (YESTERDAY, TODAY)}
    assert held == {YESTERDAY: set(), TODAY: {each.key for each in many}}
    database.conversations.purge([many[0].key], why="gone")
    assert database.coverage.keys("zendesk", TODAY) == {each.key for each in many[1:]}


def test_other_languages_are_counted_among_what_a_viewer_sees(database: SqlDatabase) -> None:
    acme = Account(key=account_key("zendesk", "acme"), name="Acme")
    many = [a_conversation(n, account=acme.key if n < 2 else None) for n in range(5)]
    database.conversations.save_page("zendesk", a_page(*many, accounts=(acme,)))
    spoken = ("de", "und", "de", "en", None)
    database.analyses.save(
        [an_analysis(one, language=code) for one, code in zip(many, spoken, strict=True)]
    )
    assert dict(database.facts.languages(Query(), SYSTEM)) == {"de": 2, "und": 1}
    theirs = Viewer(person="c@d.example", role=PersonRole.CSM, accounts=frozenset({acme.key}))
    assert dict(database.facts.languages(Query(), theirs)) == {"de": 1, "und": 1}
    elsewhere = Query(filters=(Filter.of(Dimension.SOURCE, "intercom"),))
    assert database.facts.languages(elsewhere, SYSTEM) == {}
