"""Spot checks over stored conversations, on both databases."""

from dataclasses import replace

import pytest

from service.domain.measurements import SetBy
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.domain.validation import GateState
from service.errors import Forbidden, Misused
from service.spotchecks import SpotChecks
from storage.database import SqlDatabase
from tests.builders import ACME, BOLT, VERSION, Clockwork, a_conversation, a_page, an_analysis

RITA = Viewer(person="rita@example.com", role=PersonRole.ANALYST)
CARLA = Viewer(person="carla@example.com", role=PersonRole.CSM, accounts=frozenset({ACME.key}))
LEADER = Viewer(person="lee@example.com", role=PersonRole.LEADER)


@pytest.fixture
def checks(database: SqlDatabase, clock: Clockwork) -> SpotChecks:
    """Forty conversations: ten negative ones, the others neutral."""
    conversations = [a_conversation(number) for number in range(40)]
    conversations[0] = replace(
        conversations[0], head=replace(conversations[0].head, account=BOLT.key)
    )
    database.conversations.save_page("zendesk", a_page(*conversations))
    database.analyses.save(
        [
            an_analysis(one, sentiment="negative" if place < 10 else "neutral")
            for place, one in enumerate(conversations)
        ]
    )
    return SpotChecks(database=database, analyser=VERSION, clock=clock)


def test_a_draw_is_even_over_the_classes_and_draws_nothing_twice(
    database: SqlDatabase, checks: SpotChecks
) -> None:
    assert checks.draw("sentiment", size=30, seed=1) == 30
    drawn = database.checks.checks("sentiment")
    assert sorted(one.measured for one in drawn).count("negative") == 10
    assert {one.weight for one in drawn if one.measured == "neutral"} == {30 / 20}
    assert checks.draw("sentiment", size=30, seed=1) == 10
    assert checks.draw("sentiment", size=30, seed=1) == 0
    assert len({one.conversation for one in database.checks.checks()}) == 40


def test_the_same_seed_draws_the_same(database: SqlDatabase, checks: SpotChecks) -> None:
    def drawn(seed: int) -> list[str]:
        found = [one.conversation for one in database.checks.checks()]
        checks.draw("sentiment", size=6, seed=seed)
        return sorted(
            c.conversation for c in database.checks.checks() if c.conversation not in found
        )

    assert not set(drawn(1)) & set(drawn(1))


def test_an_answer_is_a_label_and_is_asked_once(
    database: SqlDatabase, checks: SpotChecks, clock: Clockwork
) -> None:
    checks.draw("sentiment", size=2, seed=1)
    clock.advance(hours=1)
    key = checks.next("sentiment", RITA)
    assert key is not None
    assert checks.answer(key, "sentiment", "positive", viewer=RITA)
    assert not checks.answer(key, "sentiment", "neutral", viewer=RITA)
    analysis = database.analyses.get(key)
    measured = analysis.measured("sentiment") if analysis else None
    assert measured is not None
    assert (measured.value, measured.set_by) == ("positive", SetBy.REVIEWER)
    other = checks.next("sentiment", RITA)
    assert other not in {None, key}
    (answered,) = [one for one in database.checks.checks() if one.counts]
    assert (answered.answered_by, answered.answered_at) == ("rita@example.com", clock.now)
    assert not answered.agrees


def test_what_nobody_could_tell_changes_no_value(database: SqlDatabase, checks: SpotChecks) -> None:
    checks.draw("sentiment", size=1, seed=1)
    key = checks.next("sentiment", RITA)
    assert key is not None
    checks.answer(key, "sentiment", None, viewer=RITA)
    analysis = database.analyses.get(key)
    measured = analysis.measured("sentiment") if analysis else None
    assert measured is not None
    assert measured.set_by is SetBy.ANALYSER
    assert checks.standing()[0].agreement.skipped == 1


def test_reviewers_are_shown_only_conversations_of_their_accounts(checks: SpotChecks) -> None:
    checks.draw("sentiment", size=40, seed=1)
    seen = set()
    while (key := checks.next("sentiment", CARLA)) is not None:
        seen.add(key)
        checks.answer(key, "sentiment", "neutral", viewer=CARLA)
    assert len(seen) == 39
    assert checks.next("sentiment", SYSTEM) == a_conversation(0).key


def test_a_value_that_the_metric_lacks_and_a_leaders_answer_are_refused(
    checks: SpotChecks,
) -> None:
    checks.draw("sentiment", size=1, seed=1)
    key = checks.next("sentiment", RITA)
    assert key is not None
    with pytest.raises(Misused):
        checks.answer(key, "sentiment", "furious", viewer=RITA)
    with pytest.raises(Forbidden):
        checks.answer(key, "sentiment", "neutral", viewer=LEADER)
    with pytest.raises(Misused):
        checks.draw("mood")


def test_enough_agreement_opens_a_metric_to_leaders_and_a_new_version_closes_it(
    database: SqlDatabase, clock: Clockwork
) -> None:
    conversations = [a_conversation(number) for number in range(120)]
    database.conversations.save_page("zendesk", a_page(*conversations))
    values = ("negative", "neutral", "positive")
    database.analyses.save(
        [an_analysis(one, sentiment=values[n % 3]) for n, one in enumerate(conversations)]
    )
    checks = SpotChecks(database=database, analyser=VERSION, clock=clock)
    assert checks.draw("sentiment", seed=1) == 120
    for one in database.checks.checks():
        assert checks.validated() == frozenset() or one.waits
        checks.answer(one.conversation, "sentiment", one.measured, viewer=RITA)
    assert checks.validated() == {"sentiment"}
    assert checks.standing()[0].agreement.state is GateState.VALIDATED
    newer = SpotChecks(database=database, analyser="local-2", clock=clock)
    assert newer.validated() == frozenset()


def test_a_purged_conversation_takes_its_checks_with_it(
    database: SqlDatabase, checks: SpotChecks
) -> None:
    checks.draw("sentiment", size=40, seed=1)
    database.conversations.purge([a_conversation(1).key], why="deleted")
    assert len(database.checks.checks()) == 39
