"""Churn-risk flags over stored conversations, on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from service.domain.conversations import Conversation
from service.domain.flags import FlagEvent, FlagState, Outcome, OutcomeKind
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.errors import Misused, NotFound
from service.flags import Flags
from service.links import Links
from storage.database import SqlDatabase
from tests.builders import ACME, BOLT, NOON, Clockwork, a_conversation, a_page, a_risk

WORDS = "We will cancel our contract."
CARLA = Viewer(person="carla@example.com", role=PersonRole.CSM, accounts=frozenset({ACME.key}))


def _flags(database: SqlDatabase, clock: Clockwork) -> Flags:
    return Flags(database=database, links=Links("http://127.0.0.1"), clock=clock)


def _store(
    database: SqlDatabase,
    *conversations: Conversation,
    churn: str = "yes",
    detail: str = "explicit",
) -> None:
    database.conversations.save_page("zendesk", a_page(*conversations))
    database.analyses.save([a_risk(one, churn, detail=detail) for one in conversations])


def test_a_stated_risk_flags_the_account_and_shows_its_words(
    database: SqlDatabase, clock: Clockwork
) -> None:
    clock.advance(hours=1)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS), a_conversation(2, "Hello.", account=BOLT.key))
    database.analyses.set_by_person(a_conversation(2).key, "churn_risk", "no")
    assert [(change.account, change.event) for change in flags.update()] == [
        (ACME.key, FlagEvent.RAISED)
    ]
    assert flags.update() == []
    (shown,) = flags.standing(SYSTEM)
    assert (shown.account, shown.flag.state, shown.drivers) == (ACME, FlagState.OPEN, ("Billing",))
    assert [each.text for each in shown.evidence] == [WORDS]
    assert "zendesk" in shown.evidence[0].url


def test_an_agents_no_clears_the_flag(database: SqlDatabase, clock: Clockwork) -> None:
    clock.advance(hours=1)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS))
    flags.update()
    database.analyses.set_by_person(a_conversation(1).key, "churn_risk", "no")
    assert [change.event for change in flags.update()] == [FlagEvent.CLEARED]
    assert flags.standing(SYSTEM) == []


def test_a_threat_taken_back_in_another_conversation_clears_the_flag(
    database: SqlDatabase, clock: Clockwork
) -> None:
    clock.advance(hours=2)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS))
    flags.update()
    later = a_conversation(2, "We changed our minds.", created_at=NOON + timedelta(hours=1))
    _store(database, later, churn="no", detail="withdrawn later")
    (change,) = flags.update()
    assert change.reason == f"the customer said otherwise in {later.key}"


def test_a_csm_sees_and_changes_only_flags_of_their_own_accounts(
    database: SqlDatabase, clock: Clockwork
) -> None:
    clock.advance(hours=1)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS), a_conversation(2, WORDS, account=BOLT.key))
    flags.update()
    assert [one.account for one in flags.standing(CARLA)] == [ACME]
    with pytest.raises(NotFound):
        flags.act(BOLT.key, FlagEvent.ADDRESSED, viewer=CARLA)
    assert flags.act(ACME.key, FlagEvent.SNOOZED, viewer=CARLA).until == clock.now + timedelta(7)
    _, history = flags.of(ACME.key, CARLA)
    assert [(change.event, change.by) for change in history] == [
        (FlagEvent.RAISED, "rule"),
        (FlagEvent.SNOOZED, "carla@example.com"),
    ]


def test_not_a_risk_needs_a_reason(database: SqlDatabase, clock: Clockwork) -> None:
    clock.advance(hours=1)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS))
    flags.update()
    with pytest.raises(Misused):
        flags.act(ACME.key, FlagEvent.NOT_A_RISK, viewer=SYSTEM, reason=" ")
    flag = flags.act(ACME.key, FlagEvent.NOT_A_RISK, viewer=SYSTEM, reason="a joke")
    assert flag.state is FlagState.NOT_A_RISK
    assert flags.update() == []


def test_of_two_changes_at_once_one_wins(database: SqlDatabase, clock: Clockwork) -> None:
    clock.advance(hours=1)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS))
    (change,) = flags.update()
    assert not database.flags.add(change)
    assert len(database.flags.changes([ACME.key])[ACME.key]) == 1


def test_a_purged_conversation_takes_its_flag_with_it(
    database: SqlDatabase, clock: Clockwork
) -> None:
    clock.advance(hours=1)
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS))
    flags.update()
    database.conversations.purge([a_conversation(1).key], why="deleted")
    assert [change.event for change in flags.update()] == [FlagEvent.CLEARED]


def test_outcomes_are_kept_once_a_day_and_of_known_accounts(
    database: SqlDatabase, clock: Clockwork
) -> None:
    flags = _flags(database, clock)
    _store(database, a_conversation(1, WORDS))
    day = date(2026, 11, 20)
    cancelled = Outcome(account=ACME.key, day=day, kind=OutcomeKind.CANCELLED)
    unknown = replace(cancelled, account=type(ACME.key)("zendesk:nobody"))
    assert flags.record([cancelled, unknown]) == 1
    assert flags.record([replace(cancelled, kind=OutcomeKind.RENEWED)]) == 1
    assert database.flags.outcomes() == [replace(cancelled, kind=OutcomeKind.RENEWED)]
