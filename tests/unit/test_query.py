"""A Query survives its URL, narrows to what it lists, and refuses what it cannot read."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Misused
from service.query import Dimension, Filter, Query, Window

values = st.text(min_size=1, max_size=8).filter(lambda text: text.strip() != "")
filters = st.dictionaries(
    st.sampled_from([Dimension.DRIVER, Dimension.TAG, Dimension.ACCOUNT, Dimension.CHANNEL]),
    st.lists(values, min_size=1, max_size=3),
    max_size=3,
).map(lambda found: tuple(Filter.of(name, *some) for name, some in found.items()))
windows = st.builds(
    lambda start, days: Window(start, start + timedelta(days=days)),
    st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    st.integers(1, 400),
)
queries = st.builds(
    Query,
    metric=st.sampled_from(["conversations", "accounts", "negative_rate"]),
    window=st.none() | windows,
    filters=filters,
    exclude=filters,
    text=st.lists(values, max_size=2).map(tuple),
    group_by=st.lists(st.sampled_from(list(Dimension)), max_size=2).map(tuple),
    compare_to=st.none() | windows,
    sort=st.sampled_from(["created", "-created"]),
)


@given(queries)
def test_a_query_survives_its_url(query: Query) -> None:
    assert Query.from_params(query.to_params()) == query


@given(queries)
def test_a_query_states_itself(query: Query) -> None:
    assert query.sentence()


def test_a_week_narrows_the_window_and_stays_within_it() -> None:
    query = Query(window=Window(date(2026, 11, 4), date(2026, 11, 20)))
    narrowed = query.narrowed(Dimension.WEEK, "2026-11-02")
    assert narrowed.window == Window(date(2026, 11, 4), date(2026, 11, 9))


def test_two_drivers_must_both_be_touched() -> None:
    query = Query().narrowed(Dimension.DRIVER, "Billing").narrowed(Dimension.DRIVER, "Login")
    assert [one.values for one in query.filters] == [("Billing",), ("Login",)]


def test_a_conversation_cannot_be_in_two_channels() -> None:
    with pytest.raises(Misused):
        Query().narrowed(Dimension.CHANNEL, "chat").narrowed(Dimension.CHANNEL, "email")


@pytest.mark.parametrize(
    "params",
    [
        [("colour", "red")],
        [("from", "2026-11-09")],
        [("from", "yesterday"), ("to", "2026-11-16")],
        [("from", "2026-11-16"), ("to", "2026-11-16")],
        [("metric", "a"), ("metric", "b")],
    ],
)
def test_what_cannot_be_read_is_refused(params: list[tuple[str, str]]) -> None:
    with pytest.raises(Misused):
        Query.from_params(params)


def test_the_preceding_window_is_as_long() -> None:
    window = Window(date(2026, 11, 9), date(2026, 11, 16))
    assert window.preceding() == Window(date(2026, 11, 2), date(2026, 11, 9))
