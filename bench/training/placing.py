"""Says how well unit vectors of texts find the right intent. Knows arrays; no model and no file."""

import random
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Vectors = Callable[[Sequence[str]], Floats]
Pairs = Sequence[tuple[str, str]]

EXAMPLES = 5
DRAWS = 5


def by_name(vectors: Vectors, dev: Pairs) -> float:
    """Share of texts whose nearest intent, known by its name alone, is their own."""
    names = sorted({intent for _, intent in dev})
    nearest = (vectors([t for t, _ in dev]) @ vectors([spelt(n) for n in names]).T).argmax(axis=1)
    return _share([names[number] for number in nearest], dev)


def by_examples(vectors: Vectors, train: Pairs, dev: Pairs, *, seed: int = 0) -> float:
    """The same with the mean of five examples and the name; the mean of five draws."""
    chooser = random.Random(seed)  # noqa: S311
    names = sorted({intent for _, intent in dev})
    own = {name: [text for text, intent in train if intent == name] for name in names}
    rows = vectors([text for text, _ in dev])
    drawn = [
        [chooser.sample(own[n], min(EXAMPLES, len(own[n]))) for n in names] for _ in range(DRAWS)
    ]
    shares = []
    for examples in drawn:
        texts = [[spelt(name), *some] for name, some in zip(names, examples, strict=True)]
        centres = np.stack([vectors(some).mean(axis=0) for some in texts])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        shares.append(_share([names[n] for n in (rows @ centres.T).argmax(axis=1)], dev))
    return float(np.mean(shares))


def spelt(intent: str) -> str:
    """Write an intent's name as words: `card_arrival` and `GetQuote` alike."""
    parts = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in intent)
    return " ".join(parts.replace("_", " ").split())


def _share(found: Sequence[str], dev: Pairs) -> float:
    return sum(name == intent for name, (_, intent) in zip(found, dev, strict=True)) / len(dev)
