"""Two counts differ by the exact conditional test, not because one number is larger."""

import pytest

from service.answering.counts import MOST_EXACT, counts_differ, counts_p


@pytest.mark.parametrize(
    ("before", "now", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (25, 45, 0.0224)],
)
def test_equal_windows_are_a_fair_coin(before: int, now: int, p: float) -> None:
    assert counts_p(before, now, (7, 7)) == pytest.approx(p, abs=5e-4)


def test_longer_windows_may_count_more() -> None:
    assert not counts_differ(300, 70, (7, 30))
    assert counts_differ(300, 130, (7, 30))


def test_large_counts_agree_with_the_exact_test() -> None:
    near = MOST_EXACT // 2
    assert counts_p(near - 100, near + 100, (7, 7)) == pytest.approx(
        counts_p(near - 100, near + 101, (7, 7)), abs=0.01
    )
