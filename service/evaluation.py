"""How far an analyser agrees with people, per metric: agreement, macro-F1, calibration, confusion.

Knows pairs of a prediction and a label, read once and kept as counts. An empty prediction is no
answer: it lowers the coverage and counts against recall, never for or against agreement.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.domain.measurements import Analysis
from service.domain.taxonomy import UNMAPPED
from service.exchange import Labels

DRIVER = "driver"
BINS = 15  # of the calibration error, as in the literature
NINETEEN_OF_TWENTY = 1.645  # standard deviations above the mean
EMPTY = "empty"  # how a prediction without a value stands in the confusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One label of a person beside one prediction."""

    metric: str
    labelled: str
    predicted: str | None
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassResult:
    value: str
    labelled: int
    predicted: int
    right: int
    answered: int  # of those labelled so, with a prediction: what the rates stand on

    @property
    def precision(self) -> float | None:
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.right / self.labelled if self.labelled else None

    @property
    def f1(self) -> float:
        both = self.labelled + self.predicted
        return 2 * self.right / both if both else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """The calibration error that answers so sure would show if they were perfectly calibrated."""

    usual: float
    most: float  # in 19 of 20 draws


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    metric: str
    n: int  # labelled with a value
    answered: int  # of them, those with a prediction
    right: int
    classes: tuple[ClassResult, ...]
    calibration_error: float | None  # expected calibration error over answers with a confidence
    confusion: Mapping[tuple[str, str], int]  # (labelled, predicted) -> conversations
    chance: Chance | None = None
    both_empty: int = 0  # a person and the analyser both left it empty
    answered_empty: int = 0  # a person left it empty and the analyser did not

    @property
    def coverage(self) -> float | None:
        return self.answered / self.n if self.n else None

    @property
    def agreement(self) -> float | None:
        return self.right / self.answered if self.answered else None

    @property
    def macro_f1(self) -> float | None:
        """Over the values that people used; an empty prediction is a miss."""
        used = [result.f1 for result in self.classes if result.labelled]
        return sum(used) / len(used) if used else None

    def as_json(self) -> dict[str, Any]:
        return {
            "metric": self.metric,
            "n": self.n,
            "answered": self.answered,
            "coverage": _rounded(self.coverage),
            "agreement": _rounded(self.agreement),
            "macro_f1": _rounded(self.macro_f1),
            "calibration_error": _rounded(self.calibration_error),
            "calibration_error_by_chance": _rounded(self.chance.usual if self.chance else None),
            "calibration_error_by_chance_at_most": _rounded(
                self.chance.most if self.chance else None
            ),
            "both_empty": self.both_empty,
            "answered_empty": self.answered_empty,
            "classes": [
                {
                    "value": c.value,
                    "labelled": c.labelled,
                    "predicted": c.predicted,
                    "right": c.right,
                    "answered": c.answered,
                    "precision": _rounded(c.precision),
                    "recall": _rounded(c.recall),
                    "f1": _rounded(c.f1),
                }
                for c in self.classes
            ],
            "confusion": [
                {"labelled": labelled, "predicted": predicted, "n": n}
                for (labelled, predicted), n in sorted(self.confusion.items())
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    metrics: tuple[MetricResult, ...]

    def of(self, metric: str) -> MetricResult | None:
        return next((result for result in self.metrics if result.metric == metric), None)

    def as_json(self) -> dict[str, Any]:
        return {"metrics": [result.as_json() for result in self.metrics]}

    def lines(self) -> Iterator[str]:
        """Yield the evaluation for a person, as plain lines."""
        if not self.metrics:
            yield "No label to compare with."
        for result in self.metrics:
            yield from _lines(result)


class Evaluator:
    """Takes conversations one by one, so that a file of any length can be evaluated."""

    def __init__(self) -> None:
        self._confusion: dict[str, Counter[tuple[str, str]]] = {}
        self._bins: dict[str, _Bins] = {}
        self._both_empty: Counter[str] = Counter()
        self._answered_empty: Counter[str] = Counter()

    def add(self, analysis: Analysis, labels: Labels) -> None:
        """Compare one analysis with what people said about the same conversation."""
        for metric, labelled in labels.by_metric().items():
            measured = analysis.measured(metric)
            predicted = measured.value if measured else None
            if labelled is None:
                self._add_empty(metric, predicted)
                continue
            confidence = measured.confidence if measured else None
            self.add_pair(
                Pair(metric=metric, labelled=labelled, predicted=predicted, confidence=confidence)
            )
        if labels.drivers:
            self.add_pair(_driver_pair(analysis, labels.drivers))

    def add_pair(self, pair: Pair) -> None:
        confusion = self._confusion.setdefault(pair.metric, Counter())
        confusion[pair.labelled, pair.predicted or EMPTY] += 1
        if pair.predicted is not None and pair.confidence is not None:
            bins = self._bins.setdefault(pair.metric, _Bins())
            bins.add(pair.confidence, right=pair.labelled == pair.predicted)

    def _add_empty(self, metric: str, predicted: str | None) -> None:
        self._confusion.setdefault(metric, Counter())
        counter = self._both_empty if predicted is None else self._answered_empty
        counter[metric] += 1

    def result(self) -> Evaluation:
        return Evaluation(metrics=tuple(self._metric(metric) for metric in self._confusion))

    def _metric(self, metric: str) -> MetricResult:
        confusion = self._confusion[metric]
        bins = self._bins.get(metric)
        return MetricResult(
            metric=metric,
            n=confusion.total(),
            answered=sum(n for (_, predicted), n in confusion.items() if predicted != EMPTY),
            right=sum(n for (labelled, predicted), n in confusion.items() if labelled == predicted),
            classes=_classes(confusion),
            calibration_error=bins.error() if bins else None,
            chance=bins.chance() if bins else None,
            confusion=dict(confusion),
            both_empty=self._both_empty[metric],
            answered_empty=self._answered_empty[metric],
        )


def evaluate(pairs: Iterable[tuple[Analysis, Labels]]) -> Evaluation:
    evaluator = Evaluator()
    for analysis, labels in pairs:
        evaluator.add(analysis, labels)
    return evaluator.result()


class _Bins:
    """Answers by how sure the analyser was: how many, the sum of confidence, how many right."""

    def __init__(self) -> None:
        self._n = [0] * BINS
        self._sure = [0.0] * BINS
        self._right = [0] * BINS
        self._spread = [0.0] * BINS  # variance of how many are right, if as often as said

    def add(self, confidence: float, *, right: bool) -> None:
        number = min(BINS - 1, max(0, int(confidence * BINS)))
        self._n[number] += 1
        self._sure[number] += confidence
        self._right[number] += right
        self._spread[number] += confidence * (1 - confidence)

    def error(self) -> float:
        total = sum(self._n)
        gaps = (abs(s - r) for s, r in zip(self._sure, self._right, strict=True))
        return sum(gaps) / total if total else 0.0

    def chance(self) -> Chance:
        """The mean of |gap| over normal gaps of each bin's spread, and its upper end."""
        total = sum(self._n)
        usual = sum(math.sqrt(2 * spread / math.pi) for spread in self._spread) / total
        apart = math.sqrt((1 - 2 / math.pi) * sum(self._spread)) / total
        return Chance(usual=usual, most=usual + NINETEEN_OF_TWENTY * apart)


def _driver_pair(analysis: Analysis, labelled: tuple[str, ...]) -> Pair:
    """The primary driver is right when it is one of those that people named."""
    mapped = [tag for tag in analysis.tags if tag.driver is not None]
    predicted = mapped[0].driver if mapped else None
    names = {name.lower(): name for name in reversed(labelled)}
    match = names.get((predicted or UNMAPPED).lower())
    if match is not None and predicted is None:
        return Pair(metric=DRIVER, labelled=match, predicted=match)
    return Pair(
        metric=DRIVER,
        labelled=match or labelled[0],
        predicted=match or predicted,
        confidence=mapped[0].confidence if mapped else None,
    )


def _classes(confusion: Counter[tuple[str, str]]) -> tuple[ClassResult, ...]:
    labelled: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for (label, prediction), n in confusion.items():
        labelled[label] += n
        predicted[prediction] += n
        answered[label] += n if prediction != EMPTY else 0
    values = sorted((set(labelled) | set(predicted)) - {EMPTY})
    return tuple(
        ClassResult(
            value=value,
            labelled=labelled[value],
            predicted=predicted[value],
            right=confusion[value, value],
            answered=answered[value],
        )
        for value in values
    )


def _lines(result: MetricResult) -> Iterator[str]:
    yield (
        f"{result.metric}: {result.right} of {result.answered} agreed"
        f" ({_share(result.agreement)}), macro-F1 {_figure(result.macro_f1)},"
        f" calibration error {_figure(result.calibration_error)}{_by_chance(result.chance)},"
        f" answered {result.answered} of {result.n} ({_share(result.coverage)})"
    )
    for c in result.classes:
        yield (
            f"  {c.value}: precision {_figure(c.precision)}, recall {_figure(c.recall)},"
            f" F1 {_figure(c.f1)}, answered {c.answered} of {c.labelled} labelled"
            f" ({c.predicted} predicted)"
        )
    if result.both_empty or result.answered_empty:
        of = result.both_empty + result.answered_empty
        yield f"  left empty by people: {of}, of them also left empty here: {result.both_empty}"
    wrong = [(pair, n) for pair, n in result.confusion.items() if pair[0] != pair[1]]
    for (labelled, predicted), n in sorted(wrong, key=lambda item: (-item[1], item[0]))[:6]:
        yield f"  {n} times {labelled} was read as {predicted}"


def _by_chance(chance: Chance | None) -> str:
    if chance is None:
        return ""
    return f" (up to {chance.most:.3f} by chance alone, {chance.usual:.3f} on average)"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.0%}"
