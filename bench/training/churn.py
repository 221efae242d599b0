"""Learns which sentences are worth reading closely for leaving: a gate that lets through a few.

A logistic regression over the table's vector and hashed words; the threshold is set on texts that
each fit did not see. It needs scikit-learn, and reads no development file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.training import sets
from bench.training.churn_texts import Statement, is_open, own, public, requests_to_end
from service.analysis._churn_words import FILE, PLACES, places_of
from service.analysis._models import Artefacts, ThemeTable

MAY_PASS = 0.05  # of public sentences, in which hardly anybody leaves
VECTOR_SCALE = 2.5  # a unit vector's numbers are small beside those of counted words
WEIGHTS = {
    "leaving": 8.0,
    "staying": 8.0,
    "leaving frame": 2.0,
    "staying frame": 2.0,
    "bank": 0.5,
    "public": 0.3,
}
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What passed of the statements that a fit had not seen, and of the public texts."""

    leaving_passed: float
    staying_passed: float
    public_passed: float


def train(folder: Path, data: Path) -> Learnt:
    """Write the weights beside the table they are made for."""
    statements = [*own(seed=sets.SEED), *requests_to_end(data), *public(data)]
    table = ThemeTable(Artefacts(folder=folder, digest="unchecked"))
    features = _features(table, [one.text for one in statements])
    unseen = _unseen_scores(features, statements)
    threshold = _threshold(unseen, statements)
    weights, start = _fitted(features, statements)
    split = weights.size - PLACES
    np.savez(
        folder / FILE,
        vector=(weights[:split] * VECTOR_SCALE).astype(np.float32),
        words=weights[split:].astype(np.float16),
        start=np.float32(start - threshold),
    )
    return _learnt(unseen > threshold, statements)


def _features(table: ThemeTable, texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    found = [places_of(text) for text in texts]
    ends = np.cumsum([0, *(places.size for places, _ in found)])
    words = csr_matrix(
        (
            np.concatenate([shares for _, shares in found]),
            np.concatenate([places for places, _ in found]),
            ends,
        ),
        shape=(len(texts), PLACES),
    )
    return hstack([csr_matrix(table.vectors(texts) * VECTOR_SCALE), words]).tocsr()


def _fitted(features: Any, statements: Sequence[Statement]) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    judge = LogisticRegression(C=3.0, max_iter=300, random_state=sets.SEED)
    weights = [WEIGHTS[one.kind] for one in statements]
    judge.fit(features, [one.leaves for one in statements], sample_weight=weights)
    return judge.coef_[0], float(judge.intercept_[0])


def _unseen_scores(features: Any, statements: Sequence[Statement]) -> NDArray[np.float64]:
    """Score each text by a fit to the other four fifths."""
    fold = np.random.default_rng(sets.SEED).integers(0, FOLDS, len(statements))
    scores = np.zeros(len(statements))
    for number in range(FOLDS):
        seen = np.flatnonzero(fold != number)
        weights, start = _fitted(features[seen], [statements[int(row)] for row in seen])
        unseen = fold == number
        scores[unseen] = features[unseen] @ weights + start
    return scores


def _threshold(scores: NDArray[np.float64], statements: Sequence[Statement]) -> float:
    of_public = np.sort(scores[[one.kind == "public" for one in statements]])[::-1]
    return float(of_public[round(of_public.size * MAY_PASS)])


def _learnt(above: NDArray[np.bool_], statements: Sequence[Statement]) -> Learnt:
    passed = [bool(up) and is_open(one.text) for up, one in zip(above, statements, strict=True)]

    def share(kind: str) -> float:
        chosen = [up for up, one in zip(passed, statements, strict=True) if one.kind == kind]
        return round(float(np.mean(chosen)), 4)

    return Learnt(
        leaving_passed=share("leaving"),
        staying_passed=share("staying"),
        public_passed=share("public"),
    )
