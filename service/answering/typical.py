"""How typical each text is of a set: closeness to the centre of their words, weighted by rarity.

A plain TF-IDF centroid: no model, no randomness, so the same texts always give the same order.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

_WORD = re.compile(r"[^\W\d_]{3,}")
# Words that every customer writes: they would make the longest text the most typical one.
_COMMON = frozenset(
    _WORD.findall(
        "the and that this with have has had for not you your are was were but from they them there"
        " been will would can could should what when where which who how all any out get got just"
        " its our their his her she him into than then too very also about because please hello"
        " dear thanks thank regards did does don doesn didn isn cannot being more some"
    )
)


def typicality(texts: Sequence[str]) -> list[float]:
    """Return for each text its closeness to the centre of all of them; higher is more typical."""
    import numpy as np  # here, because a count needs no arrays and should not wait for them

    counts = [Counter(terms(text)) for text in texts]
    places = {term: place for place, term in enumerate(sorted({t for one in counts for t in one}))}
    if not places:
        return [0.0] * len(texts)
    matrix = np.zeros((len(texts), len(places)))
    for row, found in enumerate(counts):
        for term, n in found.items():
            matrix[row, places[term]] = 1 + log(n)
    matrix *= 1 + np.log((1 + len(texts)) / (1 + (matrix > 0).sum(axis=0)))
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths == 0, 1, lengths)
    # Rounded, so that another machine's arithmetic does not break ties differently.
    return [round(float(value), 9) for value in (matrix * matrix.mean(axis=0)).sum(axis=1)]


def alike(one: str, other: str) -> bool:
    """Whether two texts share at least half of their words."""
    first, second = set(terms(one)), set(terms(other))
    both = first | second
    return bool(both) and len(first & second) >= len(both) / 2


def terms(text: str) -> list[str]:
    """Return the words that say what a text is about, in lower case."""
    return [word for word in _WORD.findall(text.lower()) if word not in _COMMON]
