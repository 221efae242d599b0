"""Says how well shares of three tones agree with labels. Knows arrays; no model and no file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BINS = 15
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
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == gold
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        abs(float(sure[places == place].mean() - right[places == place].mean()))
        * float((places == place).mean())
        for place in range(BINS)
        if (places == place).any()
    ]
    return sum(gaps)


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
