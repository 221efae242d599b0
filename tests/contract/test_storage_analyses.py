"""Analyses in and out, people's values, and what write-back is handed."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.conversations import conversation_key
from service.domain.measurements import EmptyReason, SetBy
from service.domain.people import SYSTEM
from service.domain.writeback import FieldChange, WriteOutcome
from service.errors import NotFound
from service.query import EMPTY_VALUE, Dimension, Filter, Query
from storage.database import SqlDatabase
from tests.builders import (
    NOON,
    UNSAID,
    Clockwork,
    a_conversation,
    a_measurement,
    a_page,
    a_quote,
    a_state,
    a_tag,
    an_analysis,
)

LATER = NOON + timedelta(hours=1)
KEY = conversation_key("zendesk", "1")
NEGATIVE = Query(metric="negative_rate")


def test_an_analysis_is_read_back_as_it_was_saved(database: SqlDatabase) -> None:
    one = a_conversation(1, "I was charged twice, what a joke \U0001f621 !", "Cancel it.")
    database.conversations.save_page("zendesk", a_page(one))
    saved = an_analysis(
        one,
        sentiment="negative",
        effort=None,
        tags=(a_tag("double", "Double charge", "Billing"), a_tag("odd"), a_tag("x", "X", "Other")),
        quotes=(a_quote(one), a_quote(one, "churn_risk", 1), a_quote(one, "sentiment", 1)),
        tone_start="angry",
    )
    database.analyses.save([saved])
    assert database.analyses.get(KEY) == saved


def test_an_analysis_of_other_words_is_dropped(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    unknown = an_analysis(a_conversation(2))
    database.analyses.save([replace(an_analysis(one), fingerprint="of other words"), unknown])
    assert database.analyses.get(KEY) is None
    assert database.facts.count(NEGATIVE, SYSTEM).unmeasured == 1


def test_new_words_make_a_conversation_unmeasured_again(database: SqlDatabase) -> None:
    one = a_conversation(1, "fine")
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([an_analysis(one, sentiment="negative")])
    assert database.facts.count(NEGATIVE, SYSTEM).numerator == 1
    database.conversations.save_page("zendesk", a_page(a_conversation(1, "fine", "no")))
    assert database.analyses.get(KEY) is None
    assert database.facts.count(NEGATIVE, SYSTEM).unmeasured == 1
    assert database.facts.groups(Query(group_by=(Dimension.DRIVER,)), SYSTEM) == []


def test_a_new_head_alone_keeps_the_analysis(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([an_analysis(one)])
    database.conversations.save_page("zendesk", a_page(a_conversation(1, updated_at=LATER)))
    assert database.analyses.get(KEY) == an_analysis(one)


def test_measured_as_empty_is_neither_known_nor_unmeasured(database: SqlDatabase) -> None:
    one, two = a_conversation(1), a_conversation(2)
    database.conversations.save_page("zendesk", a_page(one, two, a_conversation(3)))
    database.analyses.save([an_analysis(one, sentiment=None), an_analysis(two, sentiment=UNSAID)])
    tally = database.facts.count(NEGATIVE, SYSTEM)
    assert (tally.known, tally.empty, tally.unmeasured) == (0, 1, 2)
    coverage = database.facts.coverage(NEGATIVE, SYSTEM)
    assert (coverage.total, coverage.analysed, coverage.failed) == (3, 2, 0)
    assert coverage.empty == {EmptyReason.TOO_SHORT.value: 1}
    blank = Query(filters=(Filter.of(Dimension.SENTIMENT, EMPTY_VALUE),))
    assert database.facts.keys(blank, SYSTEM, numerator=False, limit=9) == (KEY,)


def test_a_persons_value_wins_and_survives_the_next_analysis(
    database: SqlDatabase, clock: Clockwork
) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([an_analysis(one, sentiment="neutral")])
    clock.advance(hours=1)
    database.analyses.set_by_person(KEY, "sentiment", "negative")
    database.analyses.save([an_analysis(one, sentiment="positive", analyser="local-2")])
    read = database.analyses.get(KEY)
    assert read is not None
    found = read.measured("sentiment")
    assert found is not None
    assert (found.value, found.set_by) == ("negative", SetBy.AGENT)
    assert database.facts.count(NEGATIVE, SYSTEM).numerator == 1
    listed = database.facts.conversations(Query(), SYSTEM).rows[0]
    assert listed.labels == {"sentiment": "negative", "effort": "low", "churn_risk": "no"}
    assert [
        (change.value, change.set_by, change.version)
        for change in database.analyses.history(KEY)
        if change.metric == "sentiment"
    ] == [
        ("neutral", SetBy.ANALYSER, "local-1"),
        ("negative", SetBy.AGENT, None),
        ("positive", SetBy.ANALYSER, "local-2"),
    ]


def test_a_persons_value_stays_known_while_new_words_wait(database: SqlDatabase) -> None:
    one = a_conversation(1, "fine")
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.set_by_person(KEY, "sentiment", "negative")
    database.conversations.save_page("zendesk", a_page(a_conversation(1, "fine", "no")))
    assert database.facts.count(NEGATIVE, SYSTEM).numerator == 1
    days = database.facts.days() or pytest.fail("no days")
    found = database.facts.columns(NEGATIVE, SYSTEM, [Dimension.DRIVER], days)
    assert found.values[Dimension.DRIVER].known == ["Unmapped"]
    assert [kind.counted for kind in found.kinds.known] == [True]


def test_a_person_may_blank_a_value(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([an_analysis(one, sentiment="negative")])
    database.analyses.set_by_person(KEY, "sentiment", None)
    assert database.facts.count(NEGATIVE, SYSTEM).empty == 1
    assert database.facts.coverage(NEGATIVE, SYSTEM).empty == {"left blank by a person": 1}


def test_a_driver_that_a_person_chose_stands_alone(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([an_analysis(one, drivers=("Billing", "Bugs"))])
    by_driver = Query(group_by=(Dimension.DRIVER,))
    assert {values for values, _ in database.facts.groups(by_driver, SYSTEM)} == {
        ("Billing",),
        ("Bugs",),
    }
    database.analyses.set_by_person(KEY, "driver", "Access")
    read = database.analyses.get(KEY)
    assert [values for values, _ in database.facts.groups(by_driver, SYSTEM)] == [("Access",)]
    assert read is not None
    assert read.drivers() == ("Access",)
    assert read.measured("driver") is None


def test_nobody_can_set_a_value_of_an_unknown_conversation(database: SqlDatabase) -> None:
    with pytest.raises(NotFound):
        database.analyses.set_by_person(KEY, "sentiment", "negative")


def test_a_custom_metric_needs_no_new_column(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    measured = (a_measurement("urgency", "high", detail="twice", confidence=0.9),)
    database.analyses.save([an_analysis(one, measurements=measured)])
    read = database.analyses.get(KEY)
    assert read is not None
    assert read.measurements == measured


def test_a_false_quote_is_never_handed_out(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one))
    lie = replace(a_quote(one), text="I love it")
    database.analyses.save([an_analysis(one, quotes=(lie,))])
    assert database.facts.quotes(Query(), SYSTEM, shows=["sentiment"], limit=9) == []


def test_rebuilding_gives_the_same_numbers_and_mends_broken_ones(database: SqlDatabase) -> None:
    many = [a_conversation(number) for number in range(5)]
    database.conversations.save_page("zendesk", a_page(*many))
    database.analyses.save([an_analysis(one) for one in many[:3]])
    by_driver = Query(metric="negative_rate", group_by=(Dimension.DRIVER,))
    before = database.facts.groups(by_driver, SYSTEM)
    with database.engine.writing() as connection:
        connection.exec_driver_sql("DELETE FROM rollup_day")
        connection.exec_driver_sql("DELETE FROM touch")
    assert database.analyses.rebuild() == 5
    assert database.facts.groups(by_driver, SYSTEM) == before


def _entries(database: SqlDatabase) -> list[str]:
    return [
        entry.conversation for batch in database.write_back.entries("zendesk") for entry, _ in batch
    ]


def _outcome(
    *, written: bool, reason: str | None = None, permanent: bool = False, **fields: str | None
) -> WriteOutcome:
    change = FieldChange(conversation=KEY, fields=fields, add_tags=frozenset({"vb_x"}))
    return WriteOutcome(change=change, written=written, reason=reason, permanent=permanent)


@pytest.fixture
def measured(database: SqlDatabase) -> SqlDatabase:
    """A database with one analysed conversation that nothing was written about."""
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one, a_conversation(2)))
    database.analyses.save([an_analysis(one)])
    return database


def test_only_analysed_conversations_are_handed_to_write_back(measured: SqlDatabase) -> None:
    assert _entries(measured) == [KEY]
    assert list(measured.write_back.entries("intercom")) == []


def test_what_was_written_is_not_handed_out_again(measured: SqlDatabase) -> None:
    _entries(measured)
    measured.write_back.record([_outcome(written=True, sentiment="neutral")])
    assert _entries(measured) == []
    echo = a_page(states={KEY: a_state("vb_x", sentiment="neutral")})
    measured.conversations.save_page("zendesk", echo)
    assert _entries(measured) == []


def test_an_agents_edit_in_the_helpdesk_hands_it_out_again(measured: SqlDatabase) -> None:
    _entries(measured)
    measured.write_back.record([_outcome(written=True, sentiment="neutral")])
    edited = a_page(states={KEY: a_state("vb_x", sentiment="negative")})
    measured.conversations.save_page("zendesk", edited)
    measured.write_back.keep(KEY, "sentiment", "negative")
    ((entry, analysis),) = next(iter(measured.write_back.entries("zendesk")))
    assert entry.written == {"sentiment": "neutral"}
    assert entry.state.fields == {"sentiment": "negative"}
    assert entry.kept == {"sentiment": "negative"}
    assert analysis.conversation == KEY


def test_a_change_that_came_while_we_wrote_is_not_settled_with_it(measured: SqlDatabase) -> None:
    _entries(measured)
    measured.conversations.save_page("zendesk", a_page(states={KEY: a_state("urgent")}))
    measured.write_back.record([_outcome(written=True, sentiment="neutral")])
    assert _entries(measured) == [KEY]


def test_a_refused_write_comes_again_unless_it_is_for_good(measured: SqlDatabase) -> None:
    _entries(measured)
    measured.write_back.record([_outcome(written=False, reason="busy")])
    assert _entries(measured) == [KEY]
    assert measured.write_back.not_written("zendesk") == {"busy": 1}
    measured.write_back.record([_outcome(written=False, reason="closed", permanent=True)])
    assert _entries(measured) == []
    assert measured.write_back.not_written("zendesk") == {"closed": 1}
    assert measured.write_back.keys_not_written("zendesk", "closed", limit=9) == [KEY]
    assert measured.write_back.keys_not_written("zendesk", "busy", limit=9) == []
    measured.analyses.set_by_person(KEY, "sentiment", "negative")
    assert _entries(measured) == [KEY]
    measured.write_back.record([_outcome(written=True)])
    assert measured.write_back.not_written("zendesk") == {}


def test_what_is_under_way_is_known_after_a_restart_and_until_an_outcome_is_certain(
    measured: SqlDatabase,
) -> None:
    def under_way() -> Mapping[str, Collection[str | None]]:
        entry = measured.write_back.get(KEY)
        assert entry is not None
        return entry.under_way

    for value in ("neutral", "neutral", None):
        measured.write_back.begin([_outcome(written=True, sentiment=value).change])
    assert under_way() == {"sentiment": ["neutral", None]}
    measured.write_back.record([_outcome(written=False, reason="the answer was lost")])
    assert under_way() == {"sentiment": ["neutral", None]}
    measured.write_back.record([_outcome(written=True, sentiment=None)])
    assert under_way() == {}
    measured.write_back.begin([_outcome(written=True, sentiment="neutral").change])
    measured.write_back.record([_outcome(written=False, reason="closed", permanent=True)])
    assert under_way() == {}


def test_a_conversation_whose_state_is_unknown_is_never_written(database: SqlDatabase) -> None:
    one = a_conversation(1)
    database.conversations.save_page("zendesk", a_page(one, states={}))
    database.analyses.save([an_analysis(one)])
    assert _entries(database) == []


def test_the_helpdesks_own_words_about_a_write_are_believed(measured: SqlDatabase) -> None:
    _entries(measured)
    state = a_state("seen", sentiment="neutral")
    outcome = replace(_outcome(written=True), state=state, updated_at=LATER)
    measured.write_back.record([outcome])
    read = measured.conversations.get(KEY)
    assert read is not None
    assert read.head.updated_at == LATER
    echo = a_page(a_conversation(1, updated_at=LATER), states={KEY: state})
    assert measured.conversations.save_page("zendesk", echo).conversations == 0
