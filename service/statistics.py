"""Intervals and tests for shares. Knows counts only: no conversations, no wording.

Formulas: Wilson (1927) for one share, Newcombe (1998, method 10) for a difference, the pooled
two-proportion z, Fisher's exact test where an expected count is below five, and Benjamini-Hochberg
(1995) for many tests at once.
"""

from collections.abc import Sequence
from math import copysign, erfc, exp, lgamma, log1p, sqrt

Z95 = 1.959963984540054  # the normal quantile behind every 95 % interval
FREE = 1_000_000  # degrees of freedom beyond which a t is a z
MINIMUM_EXPECTED = 5  # below it the normal approximation of a two-by-two table is not trusted


def wilson(x: int, n: int) -> tuple[float, float] | None:
    """Return the 95 % interval of the share x / n; None when there is nothing to divide by."""
    if n == 0:
        return None
    share, square = x / n, Z95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    low = 0.0 if x == 0 else max(0.0, middle - half)
    high = 1.0 if x == n else min(1.0, middle + half)
    return low, high


def newcombe(x0: int, n0: int, x1: int, n1: int) -> tuple[float, float] | None:
    """Return the 95 % interval of x1 / n1 - x0 / n0; None when one side is empty."""
    before, after = wilson(x0, n0), wilson(x1, n1)
    if before is None or after is None:
        return None
    p0, p1 = x0 / n0, x1 / n1
    low = p1 - p0 - sqrt((p1 - after[0]) ** 2 + (before[1] - p0) ** 2)
    high = p1 - p0 + sqrt((after[1] - p1) ** 2 + (p0 - before[0]) ** 2)
    return low, high


def pooled_z(x0: float, n0: float, x1: float, n1: float) -> float:
    """Return the z of two proportions with a pooled variance; 0 when nothing can differ.

    `n0` and `n1` may be effective sizes (Kish) of weighted counts.
    """
    if n0 <= 0 or n1 <= 0:
        return 0.0
    pooled = (x0 + x1) / (n0 + n1)
    variance = pooled * (1 - pooled) * (1 / n0 + 1 / n1)
    return (x1 / n1 - x0 / n0) / sqrt(variance) if variance > 0 else 0.0


def two_sided(z: float) -> float:
    """Return the two-sided p-value of a z."""
    return erfc(abs(z) / sqrt(2))


def normal_of_t(t: float, freedom: float) -> float:
    """Return the z that is as unlikely as Student's t of so many degrees of freedom.

    Wallace's (1959) formula, right to 1 % of z from two degrees on; a statistics library for it
    takes seconds to import, which somebody waits for.
    """
    if freedom > FREE:
        return t
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    return copysign(scale * sqrt(freedom * log1p(t * t / freedom)), t)


def smallest_expected(x0: int, n0: int, x1: int, n1: int) -> float:
    """Return the smallest expected count of the two-by-two table under "no difference"."""
    total = n0 + n1
    if total == 0:
        return 0.0
    share = (x0 + x1) / total
    return min(n * s for n in (n0, n1) for s in (share, 1 - share))


def fisher(x0: int, n0: int, x1: int, n1: int) -> float:
    """Return the two-sided p-value of Fisher's exact test.

    Adds the hypergeometric chances of every table no likelier than this one. Written out because
    importing a statistics library for it takes seconds, which somebody waits for.
    """
    found, whole = x0 + x1, n0 + n1
    chances = {
        x: exp(_log_choose(n0, x) + _log_choose(n1, found - x) - _log_choose(whole, found))
        for x in range(max(0, found - n1), min(n0, found) + 1)
    }
    likeliest = chances[x0] * (1 + 1e-7)  # tables of the same chance differ in their last digits
    return min(1.0, sum(chance for chance in chances.values() if chance <= likeliest))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def difference_p(x0: int, n0: int, x1: int, n1: int) -> float:
    """Return the p-value of "both shares are the same", by the test that fits the counts."""
    if smallest_expected(x0, n0, x1, n1) < MINIMUM_EXPECTED:
        return fisher(x0, n0, x1, n1)
    return two_sided(pooled_z(x0, n0, x1, n1))


def discoveries(p_values: Sequence[float], *, q: float = 0.05) -> list[bool]:
    """Say which tests Benjamini and Hochberg's step-up procedure rejects at rate `q`."""
    count = len(p_values)
    order = sorted(range(count), key=lambda i: p_values[i])
    passed = [rank for rank, i in enumerate(order, 1) if p_values[i] <= q * rank / count]
    accepted = set(order[: max(passed, default=0)])
    return [i in accepted for i in range(count)]
