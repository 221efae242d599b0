"""Says how well shares of three tones agree with labels. Knows arrays; no model and no file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BINS = 15
DRAWS = 2_000
CLASSES = (0, 1, 2)
TEMPERATURES = tuple(round(0.6 + 0.02 * step, 2) for step in range(121))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The figures of one model on one set."""

    texts: int
    macro_f1: float
    accuracy: float
    negative_precision: float
    negative_recall: float
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How sure each answer to a set's texts was, and whether it was right."""

    sure: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The calibration error of several sets as one, and the range of 95% of resamplings."""

    error: float
    low: float
    high: float


def shares_of(logits: Floats, temperature: float = 1.0) -> Floats:
    scaled = logits / np.float32(temperature)
    exponent = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Floats = exponent / exponent.sum(axis=1, keepdims=True)
    return shares


def scored(shares: Floats, labels: Sequence[int]) -> Scored:
    """Macro-F1 counts only the classes that the set knows: one set has no neutral texts."""
    gold = np.asarray(labels)
    present = [label for label in CLASSES if (gold == label).any()]
    found = shares.argmax(axis=1)
    return Scored(
        texts=len(gold),
        macro_f1=round(float(np.mean([_f1(found, gold, label) for label in present])), 4),
        accuracy=round(float((found == gold).mean()), 4),
        negative_precision=round(_precision(found, gold, 0), 4),
        negative_recall=round(_recall(found, gold, 0), 4),
        calibration_error=round(calibration_error(shares, gold), 4),
    )


def calibration_error(shares: Floats, gold: NDArray[np.int64]) -> float:
    """The mean distance between how sure the model is and how often it is right."""
    answers = Answers(sure=shares.max(axis=1), right=shares.argmax(axis=1) == gold)
    return _distance([answers], [1.0])


def together(sets: Sequence[Answers], counts: Sequence[float], *, seed: int) -> Together:
    """The same for sets as one, an answer of each counting so much; draws stay within a set."""
    chooser = np.random.default_rng(seed)
    draws = [_distance([_drawn(one, chooser) for one in sets], counts) for _ in range(DRAWS)]
    low, high = np.quantile(draws, (0.025, 0.975))
    return Together(error=_distance(sets, counts), low=float(low), high=float(high))


def _drawn(answers: Answers, chooser: np.random.Generator) -> Answers:
    rows = chooser.integers(0, answers.right.size, answers.right.size)
    return Answers(sure=answers.sure[rows], right=answers.right[rows])


def _distance(sets: Sequence[Answers], counts: Sequence[float]) -> float:
    sure = np.concatenate([one.sure for one in sets])
    right = np.concatenate([one.right for one in sets])
    weights = np.repeat(counts, [one.right.size for one in sets])
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(places, weights * (sure - right))).sum() / weights.sum())


def fitted_temperature(sets: Sequence[tuple[Floats, Sequence[int]]]) -> float:
    """Return the temperature under which the labels are likeliest, each set counting the same."""
    return min(TEMPERATURES, key=lambda value: sum(_surprise(*one, value) for one in sets))


def _surprise(logits: Floats, labels: Sequence[int], temperature: float) -> float:
    shares = shares_of(logits, temperature)
    chosen = shares[np.arange(len(labels)), np.asarray(labels)]
    return float(-np.log(np.maximum(chosen, 1e-9)).mean())


def _precision(found: NDArray[np.int64], gold: NDArray[np.int64], label: int) -> float:
    claimed = found == label
    return float((gold[claimed] == label).mean()) if claimed.any() else 0.0


def _recall(found: NDArray[np.int64], gold: NDArray[np.int64], label: int) -> float:
    there = gold == label
    return float((found[there] == label).mean()) if there.any() else 0.0


def _f1(found: NDArray[np.int64], gold: NDArray[np.int64], label: int) -> float:
    precision, recall = _precision(found, gold, label), _recall(found, gold, label)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
