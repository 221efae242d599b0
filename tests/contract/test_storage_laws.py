"""Laws that hold for every question over every data: numbers, lists and rollups agree."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from service.both_windows import BothWindows
from service.causes import LENSES
from service.domain.conversations import AccountKey, Conversation, Status
from service.domain.measurements import Analysis
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.domain.taxonomy import UNMAPPED
from service.errors import Misused
from service.query import (
    ACCOUNTS,
    CONVERSATIONS,
    EMPTY_VALUE,
    MULTI_VALUED,
    NO_VALUE,
    UNMEASURED_VALUE,
    Dimension,
    Filter,
    Query,
    Window,
)
from service.receipts import scoped
from service.sides import Sides
from service.stores import Column, Columns
from storage.database import SqlDatabase
from tests.builders import (
    ACME,
    BOLT,
    NOON,
    UNSAID,
    a_conversation,
    a_page,
    a_quote,
    a_tag,
    an_analysis,
)
from tests.databases import Databases, opened

SIZE = 60
DRIVERS = ("Access", "Billing", "Bugs")
ACCOUNT_KEYS = (ACME.key, BOLT.key, AccountKey("intercom:unnamed"), None)
TEXTS = ("Charged twice", "a bug, twice", "50% off?", "", "das Öl ist alt")
METRICS = (CONVERSATIONS, ACCOUNTS, "negative_rate", "churn_risk_rate", "high_effort_rate")
SINGLE = [d for d in Dimension if d not in MULTI_VALUED]
VALUES = {
    Dimension.ACCOUNT: ("zendesk:a1", "zendesk:a2", "intercom:unnamed", NO_VALUE),
    Dimension.DRIVER: (*DRIVERS, UNMAPPED),
    Dimension.TAG: ("Access tag", "Bugs tag", UNMAPPED),
    Dimension.RAW_TAG: ("raw 0", "raw 1", "raw 2", UNMAPPED),
    Dimension.SEGMENT: ("enterprise", "small", NO_VALUE),
    Dimension.CHANNEL: ("email", "chat"),
    Dimension.AGENT: ("zendesk:g1", NO_VALUE),
    Dimension.OWNER: ("carla@example.com", NO_VALUE),
    Dimension.SOURCE: ("zendesk", "intercom"),
    Dimension.STATUS: ("open", "closed"),
    Dimension.SENTIMENT: ("negative", "neutral", EMPTY_VALUE, UNMEASURED_VALUE),
    Dimension.EFFORT: ("high", EMPTY_VALUE),
    Dimension.CHURN_RISK: ("yes", UNMEASURED_VALUE),
    Dimension.CONVERSATION: tuple(f"zendesk:{number}" for number in range(0, SIZE, 2)),
    Dimension.DAY: ("2026-11-16", "2026-11-01"),
    Dimension.WEEK: ("2026-11-16", "2026-11-09"),
    Dimension.MONTH: ("2026-10-01", "2026-11-01"),
}

laws = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
World = Callable[[int], SqlDatabase]


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[World]:
    """Databases filled by a seed; each is made once and only read."""
    with ExitStack() as stack:
        yield cache(partial(_world, databases, stack))


def _world(databases: Databases, stack: ExitStack, seed: int) -> SqlDatabase:
    database = opened(databases.migrated_url())
    stack.callback(database.close)
    _fill(database, random.Random(seed))  # noqa: S311 -- data of a test, not a secret
    return database


def _fill(database: SqlDatabase, chance: random.Random) -> None:
    many = [_conversation(number, chance) for number in range(SIZE)]
    for place in range(0, SIZE, 20):
        database.conversations.save_page("zendesk", a_page(*many[place : place + 20]))
    read = database.conversations.get_many([one.key for one in many])
    database.analyses.save([_analysis(one, chance) for one in read if chance.random() < 0.8])
    for one in chance.sample(read, 6):
        value = chance.choice(["negative", "positive", None])
        database.analyses.set_by_person(one.key, "sentiment", value)
    for one in chance.sample(read, 3):
        database.analyses.set_by_person(one.key, "driver", chance.choice([*DRIVERS, None]))
    for one in chance.sample(read, 4):
        database.analyses.fail(one.key, one.fingerprint(), "local-2", "too odd")
    edited = [_edited(one) for one in chance.sample(many, 5)]
    gone = tuple(one.key for one in chance.sample(many, 3))
    database.conversations.save_page("zendesk", a_page(*edited, gone=gone))


def _conversation(number: int, chance: random.Random) -> Conversation:
    return a_conversation(
        number,
        *chance.choices(TEXTS, k=chance.randint(1, 3)),
        source="zendesk" if number % 2 == 0 else "intercom",
        created_at=NOON - timedelta(hours=chance.randint(0, 40 * 24)),
        channel=chance.choice(["email", "chat"]),
        account=chance.choice(ACCOUNT_KEYS),
        agent=chance.choice(["zendesk:g1", None]),
        status=chance.choice([Status.OPEN, Status.CLOSED]),
    )


def _edited(one: Conversation) -> Conversation:
    said = replace(one.messages[0], text=one.messages[0].text + " EDITED")
    head = replace(one.head, updated_at=NOON + timedelta(days=1))
    return replace(one, head=head, messages=(said, *one.messages[1:]))


def _analysis(one: Conversation, chance: random.Random) -> Analysis:
    drivers = chance.sample(DRIVERS, chance.randint(0, 3))
    tags = [
        a_tag(f"raw {place}", chance.choice([f"{driver} tag", None]), driver)
        for place, driver in enumerate(drivers)
    ]
    return an_analysis(
        one,
        sentiment=chance.choice(["negative", "negative", "neutral", "positive", None, UNSAID]),
        effort=chance.choice(["high", "low", None]),
        churn_risk=chance.choice(["yes", "no", None, UNSAID]),
        tags=tuple(tags),
        quotes=(a_quote(one), a_quote(one, "driver")),
    )


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    dimension = draw(st.sampled_from(list(Dimension)))
    values = draw(st.lists(st.sampled_from(VALUES[dimension]), min_size=1, max_size=2))
    return Filter.of(dimension, *values)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = date(2026, 10, 5) + timedelta(days=draw(st.integers(0, 42)))
    return Window(start, start + timedelta(days=draw(st.integers(1, 42))))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    metric = draw(st.sampled_from(METRICS))
    window = draw(st.none() | windows())
    exclude = draw(st.lists(filters(), max_size=1))
    text = draw(st.sampled_from([(), (), (), ("twice",), ("charged twice",), ("öl", "twice")]))
    sort = draw(st.sampled_from(["-created", "created"]))
    found = draw(st.lists(filters(), max_size=2))
    try:
        kept = Query(filters=tuple(found)).filters
    except Misused:  # two filters on one dimension that exclude each other
        kept = (found[0],)
    return Query(
        metric=metric,
        window=window,
        filters=kept,
        exclude=tuple(exclude),
        text=text,
        sort=sort,
    )


seeds = st.sampled_from([1, 2, 3])
viewers = st.sampled_from(
    [
        SYSTEM,
        SYSTEM,
        Viewer(person="one", role=PersonRole.CSM, accounts=frozenset({ACME.key})),
        Viewer(person="two", role=PersonRole.CSM, accounts=frozenset({ACME.key, BOLT.key})),
        Viewer(person="none", role=PersonRole.CSM, accounts=frozenset()),
    ]
)
groupings = st.lists(st.sampled_from(list(Dimension)), min_size=1, max_size=2).map(tuple)


# The lenses of the rollups, whose rows stand for conversations of one value.
ROLLED_UP = (Dimension.DRIVER, Dimension.SEGMENT, Dimension.CHANNEL, Dimension.SOURCE)


@st.composite
def of_one_lens(draw: st.DrawFn) -> Filter:
    lens = draw(st.sampled_from(ROLLED_UP))
    return Filter.of(lens, *draw(st.sets(st.sampled_from(VALUES[lens]), min_size=1, max_size=2)))


@laws
@given(seed=seeds, query=queries(), viewer=viewers)
def test_a_number_is_as_long_as_its_list_and_its_keys(
    world: World, seed: int, query: Query, viewer: Viewer
) -> None:
    facts = world(seed).facts
    tally = facts.count(query, viewer)
    listed: list[str] = []
    after: str | None = None
    while True:
        page = facts.conversations(query, viewer, after=after, limit=7)
        listed += [row.head.key for row in page.rows]
        after = page.next
        if after is None:
            break
    keys = facts.keys(query, viewer, numerator=False, limit=SIZE)
    assert len(listed) == len(set(listed)) == len(keys) == tally.total
    assert set(listed) == set(keys)
    if query.metric != ACCOUNTS:
        assert len(facts.keys(query, viewer, numerator=True, limit=SIZE)) == tally.numerator


@laws
@given(seed=seeds, query=queries(), viewer=viewers, by=groupings)
def test_each_groups_number_is_that_of_the_question_behind_it(
    world: World, seed: int, query: Query, viewer: Viewer, by: tuple[Dimension, ...]
) -> None:
    facts = world(seed).facts
    for values, tally in facts.groups(replace(query, group_by=by), viewer)[:12]:
        behind = query
        for dimension, value in zip(by, values, strict=True):
            behind = behind.narrowed(dimension, value)
        assert facts.count(behind, viewer) == tally, (values, behind)


VALUE_OF = {
    "negative_rate": (Dimension.SENTIMENT, "negative"),
    "churn_risk_rate": (Dimension.CHURN_RISK, "yes"),
    "high_effort_rate": (Dimension.EFFORT, "high"),
}


@laws
@given(seed=seeds, query=queries(), viewer=viewers, metric=st.sampled_from(sorted(VALUE_OF)))
def test_the_four_parts_of_a_number_are_four_lists(
    world: World, seed: int, query: Query, viewer: Viewer, metric: str
) -> None:
    facts = world(seed).facts
    dimension, value = VALUE_OF[metric]
    tally = facts.count(replace(query, metric=metric), viewer)
    covered = facts.coverage(replace(query, metric=metric, group_by=()), viewer)
    assert covered.tally in {None, tally}  # None: the rollups told it
    every, said = replace(query, metric=CONVERSATIONS), (value, EMPTY_VALUE, UNMEASURED_VALUE)
    try:
        parts = [facts.count(every.narrowed(dimension, one), viewer).total for one in said]
    except Misused:
        reject()  # it asks for another value of the metric
    rest = replace(every, exclude=(*query.exclude, Filter.of(dimension, *said)))
    assert parts == [tally.numerator, tally.empty, tally.unmeasured]
    assert facts.count(rest, viewer).total == tally.complement


@laws
@given(seed=seeds, query=queries(), viewer=viewers, by=st.sampled_from(SINGLE))
def test_groups_of_a_single_valued_dimension_sum_to_the_total(
    world: World, seed: int, query: Query, viewer: Viewer, by: Dimension
) -> None:
    facts = world(seed).facts
    total = facts.count(query, viewer)
    groups = [tally for _, tally in facts.groups(replace(query, group_by=(by,)), viewer)]
    assert sum(tally.total for tally in groups) == total.total
    if query.metric != ACCOUNTS:
        assert sum(tally.numerator for tally in groups) == total.numerator
        assert sum(tally.empty for tally in groups) == total.empty
        assert sum(tally.unmeasured for tally in groups) == total.unmeasured


@laws
@given(seed=seeds, query=queries(), viewer=viewers, window=windows())
def test_every_lens_weighs_each_conversation_once(
    world: World, seed: int, query: Query, viewer: Viewer, window: Window
) -> None:
    facts = world(seed).facts
    query = replace(query, metric="negative_rate")
    tally = facts.count(query.during(window), viewer)
    for lens in (None, Dimension.ACCOUNT, Dimension.DRIVER, Dimension.TAG, Dimension.RAW_TAG):
        found = facts.columns(query, viewer, () if lens is None else (lens,), window)
        both = BothWindows.of(found, found).sides((), lens)
        weighed = zip(both.n.tolist(), both.x.tolist(), both.m.tolist(), strict=True)
        parts = [(Fraction(n, m), Fraction(x, m)) for n, x, m in weighed]
        assert sum(n for n, _ in parts) == 2 * tally.known, lens
        assert sum(x for _, x in parts) == 2 * tally.numerator, lens


@laws
@given(
    seed=seeds,
    query=queries(),
    viewer=viewers,
    window=windows(),
    inside=st.sampled_from(
        [(lens, value) for lens in LENSES for value in (*VALUES[lens], "nowhere")]
    ),
)
def test_what_is_counted_in_hand_is_what_a_narrower_question_counts(
    world: World,
    seed: int,
    query: Query,
    viewer: Viewer,
    window: Window,
    inside: tuple[Dimension, str],
) -> None:
    facts = world(seed).facts
    query = replace(query, metric="negative_rate")
    try:
        narrower = query.narrowed(*inside)
    except Misused:
        reject()  # nothing is in two channels at once
    at_hand, asked = (
        BothWindows.of(facts.columns(one, viewer, LENSES, window), NOTHING)
        for one in (query, narrower)
    )
    for lens in (None, *LENSES):
        if lens is not inside[0]:
            there = asked.sides((), lens)
            assert counted(at_hand.sides((inside,), lens)) == counted(there), lens
            alone = () if lens is None else (lens,)
            single = BothWindows.of(facts.columns(narrower, viewer, alone, window), NOTHING)
            assert counted(single.sides((), lens)) == counted(there), lens


NOTHING = Columns(
    accounts=Column([], np.array([], dtype=np.int32)),
    kinds=Column([], np.array([], dtype=np.int32)),
    values={lens: Column([], np.array([], dtype=np.int32)) for lens in LENSES},
)


def counted(sides: Sides) -> Counter[tuple[str, str, int, int, int]]:
    """The rows of a lens by their names, however they are numbered."""
    columns = (sides.value, sides.account, sides.m, sides.weekday, sides.x)
    return Counter(
        (sides.names[value], sides.accounts[account], m, weekday, x)
        for value, account, m, weekday, x in zip(*(one.tolist() for one in columns), strict=True)
    )


@laws
@given(
    seed=seeds,
    metric=st.sampled_from([m for m in METRICS if m != ACCOUNTS]),
    window=st.none() | windows(),
    only=st.none() | of_one_lens(),
    by=st.lists(
        st.sampled_from([*ROLLED_UP, Dimension.DAY, Dimension.WEEK, Dimension.MONTH]),
        max_size=2,
        unique=True,
    ),
)
def test_rollups_and_facts_give_the_same_numbers(
    world: World,
    seed: int,
    metric: str,
    window: Window | None,
    only: Filter | None,
    by: list[Dimension],
) -> None:
    facts = world(seed).facts
    filters = () if only is None else (only,)
    quick = Query(metric=metric, window=window, filters=filters, group_by=tuple(by))
    # Leaving out a source that there is not changes nothing, but the rollups cannot do it.
    slow = replace(quick, exclude=(Filter.of(Dimension.SOURCE, "nowhere"),))
    assert facts.groups(quick, SYSTEM) == facts.groups(slow, SYSTEM)
    assert facts.count(quick, SYSTEM) == facts.count(slow, SYSTEM)
    assert facts.coverage(quick, SYSTEM) == facts.coverage(slow, SYSTEM)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("lens", ROLLED_UP)
def test_rollups_know_every_value_that_the_facts_hold(
    world: World, seed: int, lens: Dimension
) -> None:
    facts = world(seed).facts
    grouped = facts.groups(
        Query(group_by=(lens,), exclude=(Filter.of(Dimension.SOURCE, "nowhere"),)), SYSTEM
    )
    held = {values[0]: tally.total for values, tally in grouped if values[0] != NO_VALUE}
    assert facts.values(lens, SYSTEM) == sorted(held, key=lambda value: (-held[value], value))


@laws
@given(seed=seeds, query=queries())
def test_nothing_outside_a_viewers_accounts_is_ever_shown(
    world: World, seed: int, query: Query
) -> None:
    facts = world(seed).facts
    viewer = Viewer(person="one", role=PersonRole.CSM, accounts=frozenset({ACME.key}))
    for row in facts.conversations(query, viewer, limit=SIZE).rows:
        assert row.head.account == ACME.key
    own = Filter.of(Dimension.ACCOUNT, ACME.key)
    mine = set(facts.keys(Query(filters=(own,)), SYSTEM, numerator=False, limit=SIZE))
    assert set(facts.keys(query, viewer, numerator=False, limit=SIZE)) <= mine
    for quote in facts.quotes(query, viewer, shows=(), limit=SIZE):
        assert quote.conversation in mine
        assert quote.quote.text == quote.message_text[quote.quote.start : quote.quote.end]
    assert facts.coverage(query, viewer).total == facts.count(query, viewer).total <= len(mine)
    assert set(facts.values(Dimension.ACCOUNT, viewer)) <= {ACME.key}
    assert set(facts.values(Dimension.CONVERSATION, viewer)) <= mine


@laws
@given(
    seed=seeds,
    query=queries(),
    viewer=viewers,
    account=st.none() | st.sampled_from(VALUES[Dimension.ACCOUNT]),
)
def test_whoever_opens_a_receipt_counts_what_its_asker_could_see(
    world: World, seed: int, query: Query, viewer: Viewer, account: str | None
) -> None:
    facts = world(seed).facts
    if account is not None and not query.values_of(Dimension.ACCOUNT):
        query = query.narrowed(Dimension.ACCOUNT, account)
    published, seen = scoped(query, viewer), facts.count(query, viewer)
    assert facts.count(published, SYSTEM) == facts.count(published, viewer) == seen


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rebuilding_changes_no_row(world: World, seed: int) -> None:
    database = world(seed)

    def rows() -> list[set[tuple[object, ...]]]:
        with database.engine.reading() as connection:
            return [
                {tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}")}  # noqa: S608 -- names of ours
                for table in ("fact", "touch", "rollup_day")
            ]

    before = rows()
    assert database.analyses.rebuild() == SIZE - 3
    assert rows() == before
    assert all(before)
