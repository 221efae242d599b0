"""Intervals and tests agree with worked examples and with their own laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import statistics

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_matches_the_worked_examples() -> None:
    assert statistics.wilson(90, 400) == pytest.approx((0.1868, 0.2684), abs=5e-5)
    assert statistics.wilson(185, 500) == pytest.approx((0.3288, 0.4132), abs=5e-5)
    assert statistics.wilson(0, 5) == pytest.approx((0, 0.4345), abs=5e-5)


def test_nothing_has_no_interval() -> None:
    assert statistics.wilson(0, 0) is None
    assert statistics.newcombe(0, 0, 1, 2) is None


def test_newcombe_matches_the_worked_example() -> None:
    assert statistics.newcombe(90, 400, 185, 500) == pytest.approx((0.0852, 0.2026), abs=5e-5)


def test_the_pooled_z_matches_the_worked_examples() -> None:
    assert statistics.pooled_z(90, 400, 185, 500) == pytest.approx(4.6924, abs=5e-5)
    z = statistics.pooled_z(90, 400, 185, 500)
    assert statistics.two_sided(z) == pytest.approx(2.70e-06, abs=5e-9)
    assert statistics.pooled_z(52, 160, 108, 210) == pytest.approx(3.6410, abs=5e-5)
    assert statistics.pooled_z(40, 200, 63, 250) == pytest.approx(1.3047, abs=5e-5)
    assert statistics.difference_p(52, 160, 108, 210) == pytest.approx(0.000272, abs=5e-7)
    assert statistics.difference_p(40, 200, 63, 250) == pytest.approx(0.192, abs=5e-4)


@pytest.mark.parametrize(
    ("t", "freedom", "z"),
    [(4.303, 2, 1.960), (2.571, 5, 1.960), (4.032, 5, 2.576), (-2.750, 30, -2.576)],
)
def test_a_t_becomes_the_z_that_is_as_unlikely(t: float, freedom: float, z: float) -> None:
    """The tables' two-sided 5 % and 1 %; the formula errs to the unsure side."""
    found = statistics.normal_of_t(t, freedom)
    assert found == pytest.approx(z, rel=0.02)
    assert abs(found) <= abs(z) + 5e-4
    assert statistics.normal_of_t(t, math.inf) == t


def test_small_tables_are_tested_exactly() -> None:
    assert statistics.smallest_expected(3, 8, 1, 10) < statistics.MINIMUM_EXPECTED
    assert statistics.difference_p(3, 8, 1, 10) == pytest.approx(0.2745, abs=5e-5)


def test_benjamini_and_hochberg_reject_the_first_four() -> None:
    found = statistics.discoveries([0.001, 0.012, 0.03, 0.04, 0.2])
    assert found == [True, True, True, True, False]
    assert statistics.discoveries([]) == []


@given(counts)
def test_an_interval_holds_its_share(counted: tuple[int, int]) -> None:
    x, n = counted
    low, high = statistics.wilson(x, n) or (1.0, 0.0)
    assert 0 <= low <= x / n <= high <= 1


@given(counts, counts)
def test_swapping_the_sides_turns_the_difference_round(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    there = statistics.newcombe(*first, *second)
    back = statistics.newcombe(*second, *first)
    assert there is not None
    assert back is not None
    assert there == pytest.approx((-back[1], -back[0]))
    assert 0 <= statistics.difference_p(*first, *second) <= 1
