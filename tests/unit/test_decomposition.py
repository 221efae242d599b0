"""The decomposition is exact, follows the worked example, and names causes that were put there."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decomposition import (
    Decomposition,
    Kind,
    Sides,
    Verdict,
    decompose,
    within,
)
from service.query import Dimension
from service.stores import Cell
from service.weekdays import weekday_weights

DRIVER, SEGMENT = Dimension.DRIVER, Dimension.SEGMENT


def cell(value: str, n: int, x: int, *, m: int = 1, weekday: int = 0, account: str = "") -> Cell:
    return Cell(value=value, m=m, weekday=weekday, account=account, n=n, x=x)


def worked_example() -> Decomposition:
    before = [
        cell("billing", 120, 36),
        cell("login", 160, 24),
        cell("billing", 40, 16, m=2),
        cell("login", 40, 16, m=2),
        cell("shipping", 60, 12),
        cell("none", 20, 2),
    ]
    after = [
        cell("billing", 150, 75),
        cell("login", 190, 30),
        cell("billing", 60, 33, m=2),
        cell("login", 60, 33, m=2),
        cell("outage", 75, 45),
        cell("none", 25, 2),
    ]
    total = Sides([cell("", 400, 90)], [cell("", 500, 185)])
    return decompose(total, {DRIVER: Sides(before, after)})


@pytest.mark.parametrize(
    ("value", "n0", "x0", "n1", "x1", "rate", "mix", "state"),
    [
        ("billing", 140, 44, 180, 91.5, 6.8887, 0.1138, None),
        ("login", 180, 32, 220, 46.5, 1.4946, 0.1029, None),
        ("outage", 0, 0, 75, 45, 0, 4.5375, "new"),
        ("shipping", 60, 12, 0, 0, 0, 1.4625, "gone"),
        ("none", 20, 2, 25, 2, -0.1000, 0, None),
    ],
)
def test_rows_match_the_worked_example(
    value: str,
    n0: float,
    x0: float,
    n1: float,
    x1: float,
    rate: float,
    mix: float,
    state: str | None,
) -> None:
    row = next(row for row in worked_example().lenses[DRIVER] if row.value == value)
    assert [float(one) for one in (row.n0, row.x0, row.n1, row.x1)] == [n0, x0, n1, x1]
    assert float(100 * row.rate) == pytest.approx(rate, abs=5e-5)
    assert float(100 * row.mix) == pytest.approx(mix, abs=5e-5)
    assert row.state == state


def test_the_worked_example_sums_exactly() -> None:
    found = worked_example()
    assert found.delta == Fraction(29, 200)
    assert sum(row.total for row in found.lenses[DRIVER]) == Fraction(29, 200)
    assert found.composition == 0
    assert found.z == pytest.approx(4.6924, abs=5e-5)


def test_a_conversation_counts_once_for_each_of_its_drivers() -> None:
    row = next(row for row in worked_example().lenses[DRIVER] if row.value == "billing")
    assert row.touched0 == (160, 52)
    assert row.touched1 == (210, 108)


def test_more_weekend_is_told_as_composition() -> None:
    before = [cell("", 800, 160), cell("", 200, 80, weekday=5)]
    after = [cell("", 100, 20), cell("", 100, 40, weekday=5)]
    found = decompose(Sides(before, after), {DRIVER: Sides(before, after)})
    assert (found.p0, found.p1, found.composition) == (
        Fraction(24, 100),
        Fraction(30, 100),
        Fraction(6, 100),
    )
    assert all(row.rate == row.mix == 0 for row in found.lenses[DRIVER])
    assert found.verdict is Verdict.NO_CHANGE
    assert found.weights.grain == "weekend"


def test_a_group_that_the_baseline_lacks_is_named() -> None:
    before = [cell("", 50, 10)]
    after = [cell("", 50, 10), cell("", 10, 5, weekday=6)]
    assert weekday_weights(Sides(before, after)).missing == ("weekend",)


def accounts(value: str, n: int, x: int, *, many: int = 20) -> list[Cell]:
    """Spread n conversations of a value, x of them counted, evenly over accounts and weekdays."""
    return [cell(value, n, x, weekday=number % 7, account=f"a{number}") for number in range(many)]


def lens_and_total(cells: Sequence[Cell]) -> list[Cell]:
    return [cell("", c.n, c.x, weekday=c.weekday, account=c.account) for c in cells]


def explained(before: Sequence[Cell], after: Sequence[Cell]) -> Decomposition:
    total = Sides(lens_and_total(before), lens_and_total(after))
    return decompose(total, {DRIVER: Sides(before, after)})


def test_the_driver_whose_rate_rose_is_the_cause() -> None:
    before = accounts("billing", 20, 4) + accounts("login", 20, 4)
    after = accounts("billing", 20, 9) + accounts("login", 20, 4)
    found = explained(before, after)
    assert found.verdict is Verdict.CHANGE
    assert found.cause is not None
    assert (found.cause.kind, found.cause.value) == (Kind.RATE, "billing")


def test_the_same_rates_are_no_change() -> None:
    cells = accounts("billing", 20, 4) + accounts("login", 20, 4)
    found = explained(cells, cells)
    assert (found.verdict, found.cause) == (Verdict.NO_CHANGE, None)


def test_one_account_that_makes_the_change_is_named() -> None:
    before = accounts("billing", 20, 4)
    after = [*accounts("billing", 20, 4), cell("billing", 100, 95, account="a3")]
    found = explained(before, after)
    assert found.verdict is Verdict.CONCENTRATED
    assert found.cause is not None
    assert (found.cause.kind, found.cause.value) == (Kind.ACCOUNT, "a3")


def test_a_handful_of_conversations_gets_no_verdict() -> None:
    found = explained([cell("billing", 10, 1)], [cell("billing", 10, 9)])
    assert (found.verdict, found.cause) == (Verdict.TOO_FEW, None)


def test_the_segment_that_carries_a_driver_is_named_within_it() -> None:
    before = accounts("enterprise", 10, 2) + accounts("growth", 10, 2)
    after = accounts("enterprise", 10, 6) + accounts("growth", 10, 2)
    total = Sides(lens_and_total(before), lens_and_total(after))
    assert within(total, {SEGMENT: Sides(before, after)}) == (SEGMENT, "enterprise")


def test_a_segment_that_merely_holds_everything_says_nothing_more() -> None:
    before, after = accounts("enterprise", 10, 2), accounts("enterprise", 10, 6)
    total = Sides(lens_and_total(before), lens_and_total(after))
    assert within(total, {SEGMENT: Sides(before, after)}) is None


conversations = st.lists(
    st.tuples(
        st.sets(st.sampled_from(["billing", "login", "shipping"]), max_size=3),
        st.integers(0, 6),
        st.sampled_from(["", "a", "b", "c", "d", "e", "f"]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=60,
)
Talked = list[tuple[set[str], int, str, int]]


def cells_of(talked: Talked) -> tuple[list[Cell], list[Cell]]:
    total = [cell("", 1, x, weekday=day, account=who) for _, day, who, x in talked]
    lens = [
        cell(value, 1, x, m=max(1, len(drivers)), weekday=day, account=who)
        for drivers, day, who, x in talked
        for value in (drivers or {"none"})
    ]
    return total, lens


@settings(deadline=None)
@given(conversations, conversations)
def test_composition_and_parts_always_sum_to_the_change(before: Talked, after: Talked) -> None:
    (total0, lens0), (total1, lens1) = cells_of(before), cells_of(after)
    found = decompose(Sides(total0, total1), {DRIVER: Sides(lens0, lens1)})
    parts = sum((row.total for row in found.lenses[DRIVER]), Fraction(0))
    assert found.composition + parts == found.p1 - found.p0
