"""When a metric has earned its way to leaders: how often people, asked blindly, say the same.

Pure. A check is one person's answer about one conversation, beside what was measured at that time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt

from service.domain.conversations import ConversationKey

ENOUGH = (100, 150, 200)  # the gate looks only at these many checks: looking at each one would
# let a metric that is right in 85 % pass every second time
AGREED = 0.90  # over all, and in every class
AT_LEAST = 0.85  # the lower bound over all
SMALLEST_CLASS = 10  # checks of a class before it may stand for itself
_Z95_ONE_SIDED = 1.6448536269514722


class GateState(StrEnum):
    """May a metric reach leaders?"""

    DRAFT = "draft"  # too few checks
    VALIDATED = "validated"
    NOT_VALIDATED = "not validated"  # enough checks, and not enough agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One conversation that a person was asked about."""

    metric: str
    conversation: ConversationKey
    analyser: str  # the version that measured what is checked
    measured: str  # at the time it was drawn
    weight: float  # how many conversations of its class it stands for
    drawn_at: datetime
    answered_by: str | None = None
    answer: str | None = None  # None while it waits, and when the person could not tell
    answered_at: datetime | None = None

    @property
    def waits(self) -> bool:
        return self.answered_by is None

    @property
    def counts(self) -> bool:
        return self.answer is not None

    @property
    def agrees(self) -> bool:
        return self.answer == self.measured


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAgreement:
    value: str
    n: int
    agreed: int

    @property
    def share(self) -> float:
        return self.agreed / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the checks of one metric and analyser version say."""

    metric: str
    analyser: str
    n: int  # answered
    agreed: int
    share: float | None  # weighted to the classes as they are measured
    low: float | None  # one-sided 95 % lower bound of the share (Wilson, at the effective size)
    classes: tuple[ClassAgreement, ...]
    waiting: int
    skipped: int
    state: GateState

    def words(self) -> str:
        """The agreement as pages print it: "92% (n=120, at least 87%)"."""
        if self.share is None or self.low is None:
            return "no checks yet"
        return f"{self.share:.0%} (n={self.n}, at least {self.low:.0%})"


def agreement_of(metric: str, analyser: str, checks: Sequence[Check]) -> Agreement:
    """Count the checks of one version of a metric. `checks` may hold others; they are left out."""
    own = [one for one in checks if one.metric == metric and one.analyser == analyser]
    answered = sorted(
        (one for one in own if one.counts), key=lambda one: (one.answered_at, one.conversation)
    )
    share, low = _estimate(answered)
    return Agreement(
        metric=metric,
        analyser=analyser,
        n=len(answered),
        agreed=sum(one.agrees for one in answered),
        share=share,
        low=low,
        classes=_classes(answered),
        waiting=sum(one.waits for one in own),
        skipped=sum(not one.waits and not one.counts for one in own),
        state=_gate(answered),
    )


def allocate(counts: Mapping[str, int], size: int) -> Mapping[str, int]:
    """Return how many conversations to draw of each measured class, as even as there are any.

    Even shares give the rare class, on which most errors are, its own verdict.
    """
    left, drawn = size, dict.fromkeys(counts, 0)
    waiting = sorted(counts, key=lambda value: (counts[value], value))
    for place, value in enumerate(waiting):
        drawn[value] = min(counts[value], left // (len(waiting) - place))
        left -= drawn[value]
    return drawn


def confusion(checks: Sequence[Check]) -> Mapping[tuple[str, str], int]:
    """Return (measured, answered) -> checks."""
    return Counter((one.measured, one.answer) for one in checks if one.answer is not None)


def _gate(answered: Sequence[Check]) -> GateState:
    looks = [n for n in ENOUGH if n <= len(answered)]
    if not looks:
        return GateState.DRAFT
    return GateState.VALIDATED if _passes(answered[: looks[-1]]) else GateState.NOT_VALIDATED


def _passes(checks: Sequence[Check]) -> bool:
    share, low = _estimate(checks)
    if share is None or low is None or share < AGREED or low < AT_LEAST:
        return False
    return all(one.n >= SMALLEST_CLASS and one.share >= AGREED for one in _classes(checks))


def _estimate(checks: Sequence[Check]) -> tuple[float | None, float | None]:
    """The weighted share and its lower bound: sum of W a, variance sum of W^2 a(1-a)/n."""
    total = sum(one.weight for one in checks)
    if not checks or total <= 0:
        return None, None
    share, variance = 0.0, 0.0
    for value in {one.measured for one in checks}:
        of_class = [one for one in checks if one.measured == value]
        part = sum(one.weight for one in of_class) / total
        agreed = sum(one.agrees for one in of_class) / len(of_class)
        share += part * agreed
        variance += part**2 * agreed * (1 - agreed) / len(of_class)
    effective = share * (1 - share) / variance if variance > 0 else float(len(checks))
    return share, _wilson_low(share, min(effective, float(len(checks))))


def _wilson_low(share: float, n: float) -> float:
    square = _Z95_ONE_SIDED**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z95_ONE_SIDED / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half)


def _classes(checks: Sequence[Check]) -> tuple[ClassAgreement, ...]:
    n = Counter(one.measured for one in checks)
    agreed = Counter(one.measured for one in checks if one.agrees)
    return tuple(
        ClassAgreement(value=value, n=count, agreed=agreed[value])
        for value, count in sorted(n.items())
    )
