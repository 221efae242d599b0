"""How far two analysers agree on the same conversations, and on which ones they do not.

Neither is right: a person is not asked here. An empty value is no answer and counts as one only
where just one of the two gave it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.domain.conversations import ConversationKey
from service.domain.measurements import Analysis
from service.domain.taxonomy import UNMAPPED
from service.links import Links
from service.measures import all_metrics
from service.query import Dimension, Query

DRIVER = "driver"
EMPTY = "empty"
SHOWN = 20  # conversations that are named to a person, a metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    conversation: ConversationKey
    metric: str
    here: str | None
    there: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    metric: str
    n: int  # conversations
    answered: int  # of them, answered by both
    agreed: int  # of those, with the same value
    both_empty: int
    one_empty: int
    kappa: float | None  # agreement beyond what chance would give, over what both answered
    pairs: tuple[tuple[str, str, int], ...]  # (here, there, conversations), where they differ

    @property
    def agreement(self) -> float | None:
        return self.agreed / self.answered if self.answered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    here: str  # the analysers' versions
    there: str
    metrics: tuple[MetricComparison, ...]
    differences: tuple[Difference, ...]
    unread: tuple[ConversationKey, ...]  # conversations that one of the two could not read

    def as_json(self, links: Links, stored: Collection[ConversationKey]) -> dict[str, Any]:
        """Each difference with its page, where the conversation is `stored` here."""
        return {
            "analyser": self.here,
            "against": self.there,
            "metrics": [_as_json(one) for one in self.metrics],
            "differences": [
                {
                    "id": _id(d.conversation),
                    "metric": d.metric,
                    "here": d.here,
                    "there": d.there,
                    "url": links.conversation(d.conversation) if d.conversation in stored else None,
                }
                for d in self.differences
            ],
            "unread": [_id(key) for key in self.unread],
        }

    def lines(self, links: Links, stored: Collection[ConversationKey]) -> Iterator[str]:
        """Yield the comparison for a person, as plain lines."""
        yield f"{self.here} against {self.there}"
        for one in self.metrics:
            yield from self._metric_lines(one)
            apart = [d.conversation for d in self.differences if d.metric == one.metric]
            yield from _apart_lines(apart, links, stored)
        if self.unread:
            yield f"Not read by one of the two: {', '.join(map(_id, self.unread[:SHOWN]))}"

    def _metric_lines(self, one: MetricComparison) -> Iterator[str]:
        share = "none" if one.agreement is None else f"{one.agreement:.0%}"
        kappa = "none" if one.kappa is None else f"{one.kappa:.2f}"
        yield (
            f"{one.metric}: {one.agreed} of {one.answered} agree ({share}), kappa {kappa};"
            f" empty in both {one.both_empty}, in one {one.one_empty}"
        )
        for here, there, n in one.pairs[:6]:
            yield f"  {n} times {here} here and {there} there"


@dataclass(slots=True)
class Comparer:
    """Takes conversations one by one, so that a file of any length can be compared."""

    here: str
    there: str
    _values: dict[str, Counter[tuple[str | None, str | None]]] = field(default_factory=dict)
    _differences: list[Difference] = field(default_factory=list)
    _unread: list[ConversationKey] = field(default_factory=list)

    def add(self, conversation: ConversationKey, here: Analysis, there: Analysis) -> None:
        for metric in [one.name for one in all_metrics()]:
            self._add(conversation, metric, _value(here, metric), _value(there, metric))
        self._add(conversation, DRIVER, _driver(here), _driver(there))

    def add_unread(self, conversation: ConversationKey) -> None:
        self._unread.append(conversation)

    def result(self) -> Comparison:
        return Comparison(
            here=self.here,
            there=self.there,
            metrics=tuple(_compared(metric, pairs) for metric, pairs in self._values.items()),
            differences=tuple(self._differences),
            unread=tuple(self._unread),
        )

    def _add(
        self, conversation: ConversationKey, metric: str, here: str | None, there: str | None
    ) -> None:
        self._values.setdefault(metric, Counter())[here, there] += 1
        if here != there:
            self._differences.append(
                Difference(conversation=conversation, metric=metric, here=here, there=there)
            )


def _apart_lines(
    apart: Sequence[ConversationKey], links: Links, stored: Collection[ConversationKey]
) -> Iterator[str]:
    """Name the first of them, and link to a list of those that are stored here."""
    if not apart:
        return
    more = f" and {len(apart) - SHOWN} more" if len(apart) > SHOWN else ""
    yield f"  they differ on: {', '.join(map(_id, apart[:SHOWN]))}{more}"
    here = [key for key in apart[:SHOWN] if key in stored]
    if here:
        yield f"    {links.explore(Query().narrowed(Dimension.CONVERSATION, *here))}"


def _id(key: ConversationKey) -> str:
    """The id that the file gave."""
    return key.partition(":")[2]


def _value(analysis: Analysis, metric: str) -> str | None:
    measured = analysis.measured(metric)
    return measured.value if measured is not None else None


def _driver(analysis: Analysis) -> str:
    return next(iter(analysis.drivers()), UNMAPPED)


def _compared(metric: str, pairs: Counter[tuple[str | None, str | None]]) -> MetricComparison:
    both = Counter({(a, b): n for (a, b), n in pairs.items() if a is not None and b is not None})
    agreed = sum(n for (a, b), n in both.items() if a == b)
    apart = [(a or EMPTY, b or EMPTY, n) for (a, b), n in pairs.items() if a != b]
    return MetricComparison(
        metric=metric,
        n=pairs.total(),
        answered=both.total(),
        agreed=agreed,
        both_empty=pairs[None, None],
        one_empty=pairs.total() - both.total() - pairs[None, None],
        kappa=_kappa(both),
        pairs=tuple(sorted(apart, key=lambda pair: (-pair[2], pair))),
    )


def _kappa(both: Counter[tuple[str, str]]) -> float | None:
    """Cohen's; None where chance alone would agree always, or there is nothing to compare."""
    total = both.total()
    here: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for (a, b), n in both.items():
        here[a] += n
        there[b] += n
    chance = sum(here[value] * there[value] for value in here)
    if not total or chance == total * total:
        return None
    seen = sum(n for (a, b), n in both.items() if a == b)
    return (seen / total - chance / total**2) / (1 - chance / total**2)


def _as_json(one: MetricComparison) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "n": one.n,
        "answered": one.answered,
        "agreed": one.agreed,
        "agreement": _rounded(one.agreement),
        "kappa": _rounded(one.kappa),
        "both_empty": one.both_empty,
        "one_empty": one.one_empty,
        "differ": [{"here": a, "there": b, "n": n} for a, b, n in one.pairs],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
