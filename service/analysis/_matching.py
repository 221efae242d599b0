"""Says which of several groups of known texts a new text belongs to: few-shot, nothing is trained.

Knows vectors, shared words and the weight of a description against an example. What the groups
mean is the callers'.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.analysis._sentences import words_of

Floats = NDArray[np.float32]
Vectors = Callable[[Sequence[str]], Floats]

LEXICAL_WEIGHT = 0.35  # of shared rare words beside the vectors' cosine
# Nearest text alone loses 2 to 3 points to a linear reading of all texts once there are examples,
# and gains as much without any; together they are the best at every number of examples.
LINEAR_WEIGHT = 0.8
RIDGE = 1.0
DESCRIPTION_WEIGHT = 1.5  # of each text of a description; an example weighs 1
LINEAR_WORDS = 0.6
MOST_LINEAR = 3_000  # texts; the linear reading solves as many equations, in about a second

_STOP_WORDS = """
a an the i my me we our us you your it its is are was were be been am do does did have has had to
of in on at for and or that this with from by as if so there their they he she can will would
could should please not no
"""
_STOP = frozenset(_STOP_WORDS.split())
_ENDING = re.compile(r"(?:ings?|ies|ied|es|ed|s|ly|e)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A text of a group. What a person wrote to describe it weighs more than one example."""

    text: str
    group: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Two arrays of texts x groups: how near the nearest text is, and the linear reading."""

    nearest: Floats
    linear: Floats

    @property
    def total(self) -> Floats:
        total: Floats = self.nearest + np.float32(LINEAR_WEIGHT) * self.linear
        return total


class Matcher:
    """Groups made ready for matching; a group without a text is never near."""

    def __init__(self, known: Sequence[Known], groups: int, vectors: Vectors) -> None:
        known = sorted(known, key=lambda one: one.group)
        self._groups = groups
        self._owners = np.array([one.group for one in known], dtype=np.int64)
        self._shown, self._starts = np.unique(self._owners, return_index=True)
        texts = [one.text for one in known]
        self._rows = vectors(texts)
        self._words = Words(texts)
        self._lexical = self._words.rows(texts)
        weights = np.array([one.weight for one in known], dtype=np.float64)
        self._turned = np.ascontiguousarray(self._rows.T)
        self._lexical_turned = np.ascontiguousarray(self._lexical.T)
        solved, width = self._solved(weights), self._rows.shape[1]
        self._of_vectors, self._of_words = solved[:width], solved[width:]

    def scores(self, vectors: Floats, texts: Sequence[str]) -> Scores:
        """Return the scores of texts whose vectors are already there."""
        words = self._words.rows(texts)
        said = np.flatnonzero(words.any(axis=0))  # a handful of all words
        words = words[:, said]
        each = vectors @ self._turned + LEXICAL_WEIGHT * (words @ self._lexical_turned[said])
        nearest = np.full((len(texts), self._groups), -1.0, dtype=np.float32)
        if len(self._owners):
            nearest[:, self._shown] = np.maximum.reduceat(each, self._starts, axis=1)
        return Scores(nearest=nearest, linear=self._read(vectors, words, said))

    def _solved(self, weights: NDArray[np.float64]) -> Floats:
        """Weighted ridge regression of the groups on the texts, solved in one step."""
        if not 0 < len(weights) <= MOST_LINEAR:
            width = self._rows.shape[1] + self._lexical.shape[1]
            return np.zeros((width, self._groups), dtype=np.float32)
        rows = self._features(self._rows, self._lexical).astype(np.float64)
        wanted = np.eye(self._groups)[self._owners] - 1 / self._groups
        kernel = rows @ rows.T + RIDGE * np.diag(1 / weights)
        solved: Floats = (rows.T @ np.linalg.solve(kernel, wanted)).astype(np.float32)
        return solved

    def _read(self, vectors: Floats, words: Floats, said: NDArray[np.intp]) -> Floats:
        weighed: Floats = np.float32(LINEAR_WORDS) * words
        linear: Floats = vectors @ self._of_vectors + weighed @ self._of_words[said]
        return linear

    def _features(self, vectors: Floats, words: Floats) -> Floats:
        return np.hstack([vectors, np.float32(LINEAR_WORDS) * words])


class Words:
    """Shared words, rare ones weighing more; only the words of its own texts are known."""

    def __init__(self, texts: Sequence[str]) -> None:
        documents = [set(_stems(text)) for text in texts]
        counts = Counter(stem for document in documents for stem in document)
        self._number = {stem: number for number, stem in enumerate(sorted(counts))}
        self._idf = {s: math.log((1 + len(texts)) / (1 + n)) + 1 for s, n in counts.items()}
        self._unknown = math.log(1 + len(texts)) + 1

    def rows(self, texts: Sequence[str]) -> Floats:
        rows = np.zeros((len(texts), len(self._number)), dtype=np.float32)
        for index, text in enumerate(texts):
            weight = 0.0
            for stem in set(_stems(text)):
                if stem in self._number:
                    rows[index, self._number[stem]] = self._idf[stem]
                weight += self._idf.get(stem, self._unknown / 2) ** 2
            rows[index] /= max(math.sqrt(weight), 1e-6)
        return rows


def _stems(text: str) -> list[str]:
    words = (word.lower() for word in words_of(text))
    return [_stem(word) for word in words if word not in _STOP and not word.isdigit()]


def _stem(word: str) -> str:
    return _ENDING.sub("", word) if len(word) > 4 else word
