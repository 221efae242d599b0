"""Inbox, outbox, leases, people and receipts: what makes repeating harmless."""

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.answers import Receipt
from service.domain.conversations import conversation_key
from service.query import Dimension, Filter, Query, Window
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork
from tests.people import CARLA, EVERYBODY, LEE, NED

DUE = NOON - timedelta(minutes=1)


def test_an_event_is_accepted_once(database: SqlDatabase) -> None:
    assert database.work.accept("zendesk", "e1", "{}", at=NOON)
    assert not database.work.accept("zendesk", "e1", "{}", at=NOON)
    assert database.work.accept("intercom", "e1", "{}", at=NOON)


def test_unfinished_events_come_oldest_first_until_they_are_finished(
    database: SqlDatabase,
) -> None:
    database.work.accept("zendesk", "young", "b", at=NOON)
    database.work.accept("zendesk", "old", "a", at=NOON - timedelta(hours=1))
    assert database.work.unfinished("zendesk") == [("old", "a"), ("young", "b")]
    database.work.finish("zendesk", "old")
    assert database.work.unfinished("zendesk") == [("young", "b")]
    assert not database.work.accept("zendesk", "old", "a", at=NOON)


def test_a_lease_can_be_taken_over_only_after_its_end(
    database: SqlDatabase, clock: Clockwork
) -> None:
    work = database.work
    assert work.claim("digest", DUE, "A", at=clock.now, lease=60)
    assert not work.claim("digest", DUE, "B", at=clock.now, lease=60)
    assert work.claim("digest", DUE + timedelta(days=7), "B", at=clock.now, lease=60)
    clock.advance(seconds=61)
    assert work.claim("digest", DUE, "B", at=clock.now, lease=60)
    assert not work.claim("digest", DUE, "A", at=clock.now, lease=60)
    assert not work.done("digest", DUE, "A", "posted")
    assert work.last_done("digest") is None
    assert work.done("digest", DUE, "B", "posted")
    assert not work.done("digest", DUE, "B", "posted twice")
    assert work.last_done("digest") == DUE


def test_a_run_that_is_done_is_never_claimed_again(database: SqlDatabase, clock: Clockwork) -> None:
    database.work.claim("digest", DUE, "A", at=clock.now, lease=1)
    database.work.done("digest", DUE, "A", "posted")
    clock.advance(days=1)
    assert not database.work.claim("digest", DUE, "B", at=clock.now, lease=1)


def test_a_lease_is_renewed_only_by_who_holds_it(database: SqlDatabase, clock: Clockwork) -> None:
    work = database.work
    assert not work.renew("sync", DUE, "A", at=clock.now, lease=60)
    work.claim("sync", DUE, "A", at=clock.now, lease=60)
    clock.advance(seconds=50)
    assert work.renew("sync", DUE, "A", at=clock.now, lease=60)
    assert not work.renew("sync", DUE, "B", at=clock.now, lease=60)
    clock.advance(seconds=50)
    assert not work.claim("sync", DUE, "B", at=clock.now, lease=60)
    clock.advance(seconds=11)
    assert work.claim("sync", DUE, "B", at=clock.now, lease=60)
    assert not work.renew("sync", DUE, "A", at=clock.now, lease=60)
    work.done("sync", DUE, "B", "ran")
    assert not work.renew("sync", DUE, "B", at=clock.now, lease=60)


def test_old_finished_work_is_forgotten_and_nothing_else(
    database: SqlDatabase, clock: Clockwork
) -> None:
    work, once = database.work, datetime(2000, 1, 1, tzinfo=UTC)
    for job, due in (("slack:1", once), ("digest", DUE - timedelta(days=7)), ("digest", DUE)):
        work.claim(job, due, "A", at=clock.now, lease=60)
        work.done(job, due, "A", "ran")
    work.claim("slack:2", once, "A", at=clock.now, lease=60)
    for event in ("finished", "open"):
        work.accept("slack", event, "{}", at=clock.now)
    work.finish("slack", "finished")
    assert work.forget_done(clock.now) == 0
    assert work.forget_done(clock.now + timedelta(seconds=1)) == 3
    assert work.last_done("digest") == DUE
    assert not work.claim("digest", DUE, "B", at=clock.advance(days=1), lease=60)
    assert work.last_done("slack:1") is None
    assert work.done("slack:2", once, "A", "ran late")
    assert work.unfinished("slack") == [("open", "{}")]
    assert work.accept("slack", "finished", "{}", at=clock.now)


def test_an_effect_goes_out_through_its_states(database: SqlDatabase) -> None:
    work = database.work
    assert work.outbox_start("digest:2026-W46", "{}", at=NOON) == "pending"
    work.outbox_sending("digest:2026-W46")
    assert work.outbox_start("digest:2026-W46", "{}", at=NOON) == "sending"
    assert work.outbox_remote("digest:2026-W46") is None
    work.outbox_sent("digest:2026-W46", "1700000000.1")
    assert work.outbox_start("digest:2026-W46", "{}", at=NOON) == "sent"
    assert work.outbox_remote("digest:2026-W46") == "1700000000.1"
    assert work.outbox_remote("other") is None


def test_what_is_not_sent_is_counted_with_its_age(database: SqlDatabase) -> None:
    work = database.work
    assert work.outbox_open() == (0, None)
    work.outbox_start("young", "{}", at=NOON)
    work.outbox_start("old", "{}", at=NOON - timedelta(hours=1))
    work.outbox_sending("old")
    assert work.outbox_open() == (2, NOON - timedelta(hours=1))
    work.outbox_sent("old", "1.2")
    assert work.outbox_open() == (1, NOON)


def test_an_effect_is_on_the_disk_before_anybody_sees_it(database: SqlDatabase) -> None:
    if not database.engine.is_sqlite:
        return  # PostgreSQL always waits for the disk
    with database.engine.writing_for_good() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    with database.engine.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 1


def test_small_state_is_remembered_and_replaced(database: SqlDatabase) -> None:
    assert database.work.recall("thread") is None
    database.work.remember("thread", "a")
    database.work.remember("thread", "b")
    assert database.work.recall("thread") == "b"


def test_people_are_read_back_as_they_were_saved(database: SqlDatabase) -> None:
    for person in EVERYBODY:
        database.people.save(person)
    assert database.people.all() == sorted(EVERYBODY, key=lambda person: person.email)
    assert database.people.get("CARLA@example.com") == CARLA
    assert database.people.by_slack_user("U-LEE") == LEE
    assert database.people.by_slack_user("U-NOBODY") is None
    ned = database.people.get(NED.email)
    assert ned is not None
    assert ned.accounts == frozenset()  # no account, which is not every account


def test_a_sign_in_link_works_once_and_in_time(database: SqlDatabase) -> None:
    people = database.people
    soon = NOON + timedelta(minutes=15)
    people.make_link("Lee@Example.com", token_hash="h1", expires_at=soon)
    people.make_link(LEE.email, token_hash="h2", expires_at=soon)
    assert people.use_link("h1", at=NOON) == LEE.email
    assert people.use_link("h1", at=NOON) is None
    assert people.use_link("h2", at=soon) is None
    assert people.use_link("unknown", at=NOON) is None


def test_a_session_ends_by_time_or_by_hand(database: SqlDatabase) -> None:
    people = database.people
    people.save(LEE)
    tomorrow = NOON + timedelta(days=1)
    people.start_session(LEE.email, session_hash="s1", expires_at=tomorrow)
    assert people.session("s1", at=NOON) == LEE
    assert people.session("s1", at=tomorrow) is None
    assert people.session("unknown", at=NOON) is None
    people.end_session("s1")
    assert people.session("s1", at=NOON) is None


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(
            metric="negative_rate",
            window=Window(NOON.date(), NOON.date() + timedelta(days=7)),
            filters=(Filter.of(Dimension.DRIVER, "A & B"), Filter.of(Dimension.DRIVER, "C=D")),
            exclude=(Filter.of(Dimension.SEGMENT, "none"),),
            text=('say "50%"',),
        ),
    ],
)
def test_a_receipt_is_read_back_and_never_changes(database: SqlDatabase, query: Query) -> None:
    saved = Receipt(
        id="r1",
        query=query,
        as_of=NOON,
        versions={"analyser": "local-1"},
        n=2,
        of=2**40,
        members=(conversation_key("zendesk", "1"),),
    )
    database.receipts.save(saved)
    database.receipts.save(saved)
    assert database.receipts.get("r1") == saved
    assert database.receipts.get("r2") is None
    assert list(database.receipts.all_ids()) == ["r1"]
