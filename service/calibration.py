"""Fits the analyser's confidence to a workspace's own reviewed conversations.

Knows shares and labels. Below 50 reviews nothing is fitted, below 200 only how common each class
is; and what does not predict held-back reviews better is not used.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BIAS_FROM = 50  # reviews; with fewer a rare class is unseen and macro-F1 falls
STACKED_FROM = 200
FOLDS = 5
BINS = 10
BIAS_PENALTY = 1.0  # per review that speaks for no change
STACK_PENALTY = 4.0
SEED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A linear map of log-shares, and what it did to reviews that it had not seen."""

    classes: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]  # classes x classes
    bias: tuple[float, ...]
    kind: str  # "bias" or "stacked"
    n: int  # reviews
    error_before: float  # expected calibration error, held out
    error_after: float
    agreement_before: float
    agreement_after: float

    @property
    def version(self) -> str:
        """A short mark of the map: measurements say which calibration they were made with."""
        content = repr((self.classes, self.weights, self.bias))
        return f"{self.kind[0]}{self.n}-{hashlib.sha256(content.encode()).hexdigest()[:6]}"

    def apply(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return shares of the same shape; each row sums to 1."""
        mapped = _softmax(_logs(shares) @ np.array(self.weights).T + np.array(self.bias))
        return mapped.astype(np.float32)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Calibration":
        data = json.loads(text)
        weights = tuple(tuple(row) for row in data.pop("weights"))
        classes, bias = tuple(data.pop("classes")), tuple(data.pop("bias"))
        return Calibration(weights=weights, classes=classes, bias=bias, **data)


def fit(
    shares: NDArray[np.float32], labels: Sequence[str], *, classes: Sequence[str]
) -> Calibration | None:
    """Return a calibration, or None with too few reviews or when it would not help."""
    n = len(labels)
    if n < BIAS_FROM:
        return None
    logs = _logs(shares)
    wanted = np.array([list(classes).index(label) for label in labels])
    kinds = ("stacked", "bias") if n >= STACKED_FROM else ("bias",)
    tried = [_tried(logs, wanted, kind, tuple(classes)) for kind in kinds]
    plain = _loss(_softmax(logs), wanted)
    loss, best = min(tried, key=lambda one: one[0])
    return best if loss < plain else None


def expected_error(shares: Floats, wanted: NDArray[np.int64]) -> float:
    """How far confidence and agreement lie apart, over ten bins of confidence."""
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == wanted
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    apart = 0.0
    for number in range(BINS):
        mine = bins == number
        if mine.any():
            apart += abs(float(right[mine].mean() - confidence[mine].mean())) * float(mine.mean())
    return apart


def _tried(
    logs: Floats, wanted: NDArray[np.int64], kind: str, classes: tuple[str, ...]
) -> tuple[float, Calibration]:
    """Fit on four fifths and predict the fifth, five times; then fit on everything."""
    held = np.zeros_like(logs)
    folds = np.random.default_rng(SEED).permutation(len(wanted)) % FOLDS
    for fold in range(FOLDS):
        out = folds == fold
        weights, bias = _fitted(logs[~out], wanted[~out], kind)
        held[out] = _softmax(logs[out] @ weights.T + bias)
    weights, bias = _fitted(logs, wanted, kind)
    plain = _softmax(logs)
    found = Calibration(
        classes=classes,
        weights=tuple(tuple(float(v) for v in row) for row in weights.round(6)),
        bias=tuple(float(v) for v in bias.round(6)),
        kind=kind,
        n=len(wanted),
        error_before=expected_error(plain, wanted),
        error_after=expected_error(held, wanted),
        agreement_before=float((plain.argmax(axis=1) == wanted).mean()),
        agreement_after=float((held.argmax(axis=1) == wanted).mean()),
    )
    rounded = {name: round(getattr(found, name), 4) for name in _FIGURES}
    return _loss(held, wanted), replace(found, **rounded)


_FIGURES = ("error_before", "error_after", "agreement_before", "agreement_after")


def _fitted(logs: Floats, wanted: NDArray[np.int64], kind: str) -> tuple[Floats, Floats]:
    """Penalised maximum likelihood, from "no change" on."""
    from scipy.optimize import minimize  # late: only fitting needs it, and it takes a while

    size = logs.shape[1]
    is_stacked = kind == "stacked"
    start = np.concatenate([np.eye(size).ravel() if is_stacked else [1.0], np.zeros(size)])
    penalty = STACK_PENALTY if is_stacked else BIAS_PENALTY

    def parts(point: Floats) -> tuple[Floats, Floats]:
        scale, bias = point[:-size], point[-size:]
        return (scale.reshape(size, size) if is_stacked else np.eye(size) * scale[0]), bias

    def cost(point: Floats) -> tuple[float, Floats]:
        weights, bias = parts(point)
        shares = _softmax(logs @ weights.T + bias)
        off = shares - np.eye(size)[wanted]
        of_scale = (off.T @ logs).ravel() if is_stacked else np.array([(off * logs).sum()])
        slope = np.concatenate([of_scale, off.sum(axis=0)]) + 2 * penalty * (point - start)
        moved = penalty * float(((point - start) ** 2).sum())
        return len(wanted) * _loss(shares, wanted) + moved, slope

    solved = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return parts(np.asarray(solved.x, dtype=np.float64))


def _loss(shares: Floats, wanted: NDArray[np.int64]) -> float:
    chosen = shares[np.arange(len(wanted)), wanted]
    return float(-np.log(np.clip(chosen, 1e-9, 1)).mean())


def _logs(shares: NDArray[np.float32]) -> Floats:
    return np.log(np.clip(shares.astype(np.float64), 1e-6, 1))


def _softmax(scores: Floats) -> Floats:
    exponent = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = exponent / exponent.sum(axis=1, keepdims=True)
    return shares
