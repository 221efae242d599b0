"""Whether two counts differ: the exact conditional test of two Poisson counts.

Given both together, the later one is binomial with its window's share of the days.
"""

from math import ceil, exp, floor, lgamma, log, sqrt

from service.statistics import two_sided

SURE = 0.05
MOST_EXACT = 20_000  # conversations; beyond, the normal approximation agrees to three digits


def counts_differ(before: int, now: int, days: tuple[int, int]) -> bool:
    """Whether a count per day clearly moved; `days` are those of now and of before."""
    return counts_p(before, now, days) < SURE


def counts_p(before: int, now: int, days: tuple[int, int]) -> float:
    """Return the two-sided p-value of "both windows have the same count a day"."""
    both, share = before + now, days[0] / (days[0] + days[1])
    if both == 0:
        return 1.0
    if both > MOST_EXACT:
        return two_sided((now - both * share) / sqrt(both * share * (1 - share)))
    # Outcomes of the same chance differ in their last digits.
    likeliest = _chance(now, both, share) * (1 + 1e-7)
    chances = (_chance(k, both, share) for k in _likely(both, share))
    return min(1.0, sum(chance for chance in chances if chance <= likeliest))


def _likely(n: int, share: float) -> range:
    """Every outcome but those that together have no chance: fewer than 1 in 10^30."""
    reach = ceil(12 * sqrt(n * share * (1 - share))) + 30
    return range(max(0, floor(n * share) - reach), min(n, ceil(n * share) + reach) + 1)


def _chance(k: int, n: int, share: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(share) + (n - k) * log(1 - share))
