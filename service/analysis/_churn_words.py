"""Weighs the words of a sentence against statements of leaving, for wordings no phrase foresaw.

Knows weights that were learnt; what may not count at all, the rules of churn decide.
"""

import re
from collections.abc import Callable, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from service.analysis._models import Artefacts, Floats, prepare

FILE = "churn_words.npz"
PLACES = 2**14  # words and pairs share these; few of those that matter meet
FEWEST_WORDS = 4  # "quit" and "i'm lost" say too little

_WORD = re.compile(r"@user|[a-z]+(?:'[a-z]+)?|0|[?!]")


def places_of(text: str) -> tuple[NDArray[np.int64], Floats]:
    """Return where a text's words and pairs are weighed, and how much each of them counts."""
    words = _WORD.findall(prepare(text).lower())
    pairs = [
        f"{one} {next_one}" for one, next_one in zip(["<", *words], [*words, ">"], strict=True)
    ]
    hashed = [crc32(term.encode()) % PLACES for term in (*words, *pairs)]
    places, counts = np.unique(np.array(hashed, dtype=np.int64), return_counts=True)
    shares: Floats = (counts / np.linalg.norm(counts)).astype(np.float32)
    return places, shares


class ChurnWords:
    """How far above (or below) the threshold each sentence lies."""

    def __init__(self, artefacts: Artefacts, vectors: Callable[[Sequence[str]], Floats]) -> None:
        with np.load(artefacts.path(FILE), allow_pickle=False) as weights:
            self._of_vector: Floats = weights["vector"].astype(np.float32)
            self._of_words: Floats = weights["words"].astype(np.float32)
            self._start = float(weights["start"])
        self._vectors = vectors

    def margins(self, texts: Sequence[str]) -> list[float]:
        by_vector = self._vectors(texts) @ self._of_vector
        return [
            self._start + float(near) + self._by_words(text)
            for near, text in zip(by_vector, texts, strict=True)
        ]

    def _by_words(self, text: str) -> float:
        places, shares = places_of(text)
        return float(self._of_words[places] @ shares)
