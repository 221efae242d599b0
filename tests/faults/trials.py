"""Counts faults tried and survived, test by test, and prints them as one table.

Knows neither which faults there are nor how they are made: each test names its own by the marker
`fault`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import NamedTuple

MOST_STEPS = 5000  # a campaign that has not ended by then does not end


class Told(NamedTuple):
    """What one test adds to the table. Plain values: it travels between test processes."""

    row: str
    what: str
    tried: int
    survived: int


@dataclass(slots=True, kw_only=True)
class Trial:
    """The attempts of one test. A test that makes none counts as one attempt itself."""

    row: str
    what: str
    tried: int = 0
    lost: list[str] = field(default_factory=list)
    in_steps: bool = False  # whether it failed steps of a run, of which its part may hold none

    def attempt(self, name: str, strike: Callable[[], bool]) -> bool:
        """Try one fault and remember how it went; return whether there was one to try."""
        try:
            struck = strike()
        except AssertionError as error:
            self.lost.append(f"{name}: {error}")
            struck = True
        self.tried += struck
        return struck

    def every(self, steps: "Steps", strike: Callable[[int], bool]) -> None:
        """Fail one step after the other until a run ends clean; then tell what was lost."""
        self.in_steps = True
        for number in steps:
            if not self.attempt(f"step {number}", lambda number=number: strike(number)):  # type: ignore[misc]  # bound at once
                break
            assert number < MOST_STEPS, "no run ends clean"
        assert self.tried > 0 or steps.first > (0 if steps.times is None else 1)  # later parts
        assert not self.lost, "\n\n".join([f"{len(self.lost)} of {self.tried} lost", *self.lost])

    def told(self, *, passed: bool) -> Told:
        if self.tried == 0 and passed and self.in_steps:
            return Told(self.row, self.what, 0, 0)
        if self.tried == 0:
            return Told(self.row, self.what, 1, int(passed))
        lost = len(self.lost) if self.lost or passed else 1
        return Told(self.row, self.what, self.tried, self.tried - lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The numbers of the steps to fail: all of them, those that fall to one of many tests, or a
    few.
    """

    first: int
    stride: int
    times: int | None = None  # None: until a run ends clean

    def __iter__(self) -> Iterator[int]:
        return islice(count(self.first, self.stride), self.times)


def table(told: Iterable[Told]) -> list[str]:
    """Return the lines of the table, rows in the order of the matrix."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in told:
        found = sums[each.row, each.what]
        found[0] += each.tried
        found[1] += each.survived
    lines = ["| Row | Fault | Tried | Survived |", "|---|---|---:|---:|"]
    ordered = sorted(sums.items(), key=lambda item: (int(item[0][0]), item[0][1]))
    lines += [f"| {row} | {what} | {n:,} | {kept:,} |" for (row, what), (n, kept) in ordered]
    tried, survived = (sum(each[place] for each in sums.values()) for place in (0, 1))
    return [*lines, f"| | all | {tried:,} | {survived:,} |"]
