"""Facts, touched tags and rollups follow every change, and are then what a rebuild makes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from service.domain.conversations import Account, Conversation
from service.domain.measurements import Analysis, SetBy
from service.domain.people import SYSTEM
from service.measures import all_metrics
from service.query import Dimension, Filter, Query
from storage import rollups
from storage.database import SqlDatabase, open_database
from tests.builders import (
    ACME,
    BOLT,
    NOON,
    UNSAID,
    Clockwork,
    a_conversation,
    a_page,
    a_quote,
    a_tag,
    an_analysis,
)
from tests.databases import SECRET, ZONE

DRIVERS = ("Access", "Billing", "Bugs", None)
STEPS, MANY = 24, 12
Change = Callable[[SqlDatabase, random.Random], None]


def derived(database: SqlDatabase) -> list[set[tuple[object, ...]]]:
    with database.engine.reading() as connection:
        return [
            {tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}")}  # noqa: S608 -- names of ours
            for table in ("fact", "touch", "rollup_day")
        ]


def _some(chance: random.Random) -> Conversation:
    return a_conversation(
        chance.randrange(MANY),
        *chance.choices(("Charged twice", "A bug", "Öl", ""), k=chance.randint(1, 3)),
        created_at=NOON - timedelta(days=chance.randrange(3)),
        updated_at=NOON + timedelta(minutes=chance.randrange(60)),
        channel=chance.choice(["email", "chat"]),
        account=chance.choice([ACME.key, BOLT.key, None]),
    )


def _measured(one: Conversation, chance: random.Random) -> Analysis:
    tags = [
        a_tag(f"raw {chance.randrange(3)}", chance.choice(["Tag", None]), driver)
        for driver in chance.choices(DRIVERS, k=chance.randrange(4))
    ]
    return an_analysis(
        one,
        sentiment=chance.choice(["negative", "positive", None, UNSAID]),
        effort=chance.choice(["high", None, UNSAID]),
        churn_risk=chance.choice(["yes", "no"]),
        tags=tuple(tags),
        quotes=(a_quote(one),) if one.messages[0].text else (),
    )


def _of_words(one: Analysis, fingerprint: str) -> Analysis:
    return replace(one, fingerprint=fingerprint)


def _arrive(database: SqlDatabase, chance: random.Random) -> None:
    """News, or old news that comes late; accounts may have moved meanwhile."""
    owner = chance.choice(["carla@example.com", None])
    moved: Account = replace(ACME, segment=chance.choice(["small", "enterprise"]), owner=owner)
    page = a_page(*(_some(chance) for _ in range(chance.randint(1, 4))))
    database.conversations.save_page("zendesk", replace(page, accounts=(moved, BOLT)))


def _arrive_labelled(database: SqlDatabase, chance: random.Random) -> None:
    arrived = [_some(chance) for _ in range(3)]
    labels = {one.key: partial(_of_words, _measured(one, chance)) for one in arrived}
    database.conversations.save_page("file:import", a_page(*arrived), labels)


def _measure(database: SqlDatabase, chance: random.Random) -> None:
    stored = database.conversations.get_many([_some(chance).key for _ in range(4)])
    database.analyses.save([_measured(one, chance) for one in stored])


def _say(database: SqlDatabase, chance: random.Random) -> None:
    metric = chance.choice(["sentiment", "driver", "topic", "churn_risk"])
    value = chance.choice([*DRIVERS]) if metric == "driver" else chance.choice(["negative", None])
    for key in database.conversations.exists([_some(chance).key]):
        database.analyses.set_by_person(key, metric, value)


def _go(database: SqlDatabase, chance: random.Random) -> None:
    database.conversations.purge([_some(chance).key], why="a test")


CHANGES: Sequence[Change] = (_arrive, _arrive, _arrive_labelled, _measure, _measure, _say, _go)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happened_a_rebuild_changes_no_row(database: SqlDatabase, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- data of a test, not a secret
    for _ in range(4):
        for change in chance.choices(CHANGES, k=STEPS // 4):
            change(database, chance)
        before = derived(database)
        database.analyses.rebuild()
        assert derived(database) == before


def test_saving_the_same_again_changes_no_row(database: SqlDatabase) -> None:
    chance = random.Random(1)  # noqa: S311 -- as above
    arrived = [a_conversation(number, "Charged twice") for number in range(8)]
    measured = [_measured(one, chance) for one in arrived]
    labels = {one.conversation: partial(_of_words, one) for one in measured}
    database.conversations.save_page("file:import", a_page(*arrived), labels)
    before = derived(database)
    database.conversations.save_page("file:import", a_page(*arrived), labels)
    database.analyses.save(measured)
    assert derived(database) == before


def test_labels_that_come_with_a_page_are_as_if_saved_after_it(
    database: SqlDatabase, clock: Clockwork
) -> None:
    one, other = a_conversation(1, "A bug"), a_conversation(2, "A bug")
    of_one = an_analysis(one, sentiment="negative", created_at=clock.now)
    of_other = replace(of_one, conversation=other.key)
    database.conversations.save_page("import", a_page(one), {one.key: partial(_of_words, of_one)})
    database.conversations.save_page("import", a_page(other))
    database.analyses.save([of_other])
    with database.engine.reading() as connection:
        left, right = (
            connection.exec_driver_sql(
                "SELECT day, rank, driver, m, sentiment, sentiment_why, effort, churn_risk,"  # noqa: S608 -- a number of ours
                f" analysed FROM fact ORDER BY conversation_id LIMIT 1 OFFSET {place}"
            ).one()
            for place in (0, 1)
        )
    assert left == right
    read = database.analyses.get(one.key)
    assert read is not None
    assert replace(read, conversation=other.key) == database.analyses.get(other.key)


def test_labels_are_of_the_words_that_are_stored_already(database: SqlDatabase) -> None:
    """Also of a conversation that the page does not mention; of an unknown one they are nothing."""
    one = a_conversation(1, "Charged twice", "And again")
    database.conversations.save_page("zendesk", a_page(one))
    labels = {
        key: partial(_of_words, replace(an_analysis(one, sentiment="negative"), conversation=key))
        for key in (one.key, a_conversation(2).key)
    }
    database.conversations.save_page("file:import", a_page(), labels)
    stored = database.analyses.get(one.key)
    assert stored is not None
    assert stored.fingerprint == one.fingerprint()
    negative = Query(filters=(Filter.of(Dimension.SENTIMENT, "negative"),))
    assert database.facts.keys(negative, SYSTEM, numerator=False, limit=9) == (one.key,)


def test_what_a_person_set_outlives_labels(database: SqlDatabase) -> None:
    one = a_conversation(1, "Charged twice")
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.set_by_person(one.key, "sentiment", "positive", set_by=SetBy.REVIEWER)
    labels = {one.key: partial(_of_words, an_analysis(one, sentiment="negative"))}
    database.conversations.save_page("file:import", a_page(one), labels)
    positive = Query(filters=(Filter.of(Dimension.SENTIMENT, "positive"),))
    assert database.facts.count(positive, SYSTEM).total == 1


def test_another_time_zone_moves_the_days(
    database: SqlDatabase, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_SLICE", 2)
    late = [a_conversation(n, created_at=NOON + timedelta(hours=5)) for n in range(3)]
    database.conversations.save_page("zendesk", a_page(*late, a_conversation(9, created_at=NOON)))
    assert _by_day(database) == [("2026-11-18", 4)]
    tokyo = _opened_again(database, clock, ZoneInfo("Asia/Tokyo"))
    assert tokyo.analyses.rebuild() == 4
    tokyo.close()
    assert _by_day(database) == [("2026-11-18", 1), ("2026-11-19", 3)]


def test_others_write_while_everything_is_rebuilt(
    database: SqlDatabase, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_SLICE", 2)
    chance = random.Random(7)  # noqa: S311 -- as above
    for _ in range(MANY):
        _arrive_labelled(database, chance)
    with database.engine.writing() as connection:
        connection.exec_driver_sql("DELETE FROM touch")
        connection.exec_driver_sql("UPDATE fact SET sentiment = 'positive', m = 9")
    beside = _opened_again(database, clock, ZONE)
    waiting = chance.choices(CHANGES, k=6)

    def write(*_connection: object) -> None:
        if waiting:
            waiting.pop()(beside, chance)

    event.listen(database.engine.raw, "checkout", write)  # before each of its transactions begins
    database.analyses.rebuild()
    event.remove(database.engine.raw, "checkout", write)
    beside.close()
    assert not waiting
    mended = derived(database)
    with database.engine.changing() as connection:
        rollups.build(connection)
    assert derived(database) == mended


def _opened_again(database: SqlDatabase, clock: Clockwork, zone: ZoneInfo) -> SqlDatabase:
    return open_database(
        database.engine.url.render_as_string(hide_password=False),
        metrics=all_metrics,
        zone=zone,
        secret=SECRET,
        clock=clock,
    )


def _by_day(database: SqlDatabase) -> list[tuple[str, int]]:
    groups = database.facts.groups(Query(group_by=(Dimension.DAY,)), SYSTEM)
    return sorted((day, tally.total) for (day,), tally in groups)
