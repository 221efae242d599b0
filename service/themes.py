"""Finds themes among the raw tags that map to nothing, and keeps their names from run to run.

Many small themes that people merge are the right shape, so k is generous. Knows no taxonomy.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.governing import WaitingTag

Floats = NDArray[np.float32]
Vectors = Callable[[Sequence[str]], Floats]

SEED = 7
ROUNDS = 40
LARGEST_SHARE = 0.5  # of a theme's conversations have to share the words that name it,
OWN_SHARE = 0.2  # or so many, when the words are hardly used in other themes
SAME_THEME = 0.5  # of an earlier theme's raw tags, by which it is known again
MOST_REMEMBERED = 200  # raw tags of a theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Raw tags that speak of one thing, waiting for a person to map them."""

    name: str
    raws: tuple[str, ...]  # the most central first
    conversations: int
    example: str  # the most central customer sentence, masked


def find_themes(
    waiting: Sequence[WaitingTag], vectors: Vectors, *, earlier: Mapping[str, Sequence[str]]
) -> list[Theme]:
    """Return the themes, those of most conversations first. The same input gives the same."""
    ordered = sorted(waiting, key=lambda one: one.raw)
    if not ordered:
        return []
    rows = vectors([f"{one.raw}. {one.example}" for one in ordered])
    weights = np.array([one.conversations for one in ordered], dtype=np.float64)
    owners, centres = cluster(rows, weights, k=_how_many(len(ordered)))
    everywhere = _runs(ordered)
    found = []
    for group in range(len(centres)):
        members = np.flatnonzero(owners == group)
        if members.size:
            near = rows[members] @ centres[group]
            central = [ordered[members[place]] for place in np.argsort(-near, kind="stable")]
            found.append(_theme(central, everywhere))
    return _named_as_before(_distinct(found), earlier)


def remembered(text: str | None) -> Mapping[str, Sequence[str]]:
    """Read what `to_remember` wrote; nothing when nothing was."""
    found: Mapping[str, Sequence[str]] = json.loads(text) if text else {}
    return found


def still_waiting(
    earlier: Mapping[str, Sequence[str]], waiting: Collection[str]
) -> Mapping[str, Sequence[str]]:
    """Return the themes of which every raw tag still waits: a name may be made of any of them."""
    return {name: raws for name, raws in earlier.items() if all(raw in waiting for raw in raws)}


def to_remember(themes: Sequence[Theme]) -> str:
    return json.dumps({theme.name: theme.raws[:MOST_REMEMBERED] for theme in themes})


def cluster(
    rows: Floats, weights: NDArray[np.float64], *, k: int
) -> tuple[NDArray[np.intp], Floats]:
    """Spherical k-means with a fixed seed: each row's group, and the groups' unit centres."""
    centres = _first_centres(rows, weights, k)
    owners = np.argmax(rows @ centres.T, axis=1)
    for _ in range(ROUNDS):
        for group in range(k):
            mine = owners == group
            if mine.any():
                centres[group] = _unit((rows[mine] * weights[mine, None]).sum(axis=0))
        moved = np.argmax(rows @ centres.T, axis=1)
        if np.array_equal(moved, owners):
            break
        owners = moved
    return owners, centres


def _first_centres(rows: Floats, weights: NDArray[np.float64], k: int) -> Floats:
    """k-means++: far rows and frequent ones are likelier to start a group."""
    random = np.random.default_rng(SEED)
    chosen = [int(np.argmax(weights))]
    while len(chosen) < k:
        far = np.clip(1 - (rows @ rows[chosen].T).max(axis=1), 0, None) * weights
        far[chosen] = 0
        total = float(far.sum())
        if total <= 0:
            break
        chosen.append(int(random.choice(len(rows), p=far / total)))
    centres: Floats = np.array(rows[chosen], dtype=np.float32)
    if len(chosen) == k:
        return centres
    unused = np.zeros((k - len(chosen), rows.shape[1]), dtype=np.float32)
    return np.vstack([centres, unused])


def _how_many(n: int) -> int:
    return min(n, max(2, round(1.5 * math.sqrt(n))))


def _theme(central: Sequence[WaitingTag], everywhere: Counter[str]) -> Theme:
    return Theme(
        name=_shared_words(central, everywhere) or central[0].raw,
        raws=tuple(one.raw for one in central),
        conversations=sum(one.conversations for one in central),
        example=next((one.example for one in central if one.example), ""),
    )


def _shared_words(central: Sequence[WaitingTag], everywhere: Counter[str]) -> str:
    """The two or three words in a row that most conversations share, or that are this theme's own.

    The most central raw tag alone may be a sentence that nobody else would say.
    """
    counts = _runs(central)
    total = sum(one.conversations for one in central)
    ranked = sorted(counts, key=lambda run: (-counts[run], -len(run.split()), run))
    if len(central) < 2 or not ranked:
        return ""
    if counts[ranked[0]] >= LARGEST_SHARE * total:
        return ranked[0]
    own = max(ranked, key=lambda run: counts[run] * counts[run] / everywhere[run])
    return own if counts[own] >= OWN_SHARE * total else ""


def _runs(tags: Sequence[WaitingTag]) -> Counter[str]:
    """How many conversations have two or three words in a row."""
    counts: Counter[str] = Counter()
    for one in tags:
        words = one.raw.split()
        runs = {
            " ".join(words[start : start + length])
            for length in (2, 3)
            for start in range(len(words) - length + 1)
        }
        counts.update(dict.fromkeys(runs, one.conversations))
    return counts


def _distinct(themes: Sequence[Theme]) -> list[Theme]:
    """Two themes with one name are one."""
    by_name: dict[str, Theme] = {}
    for theme in themes:
        old = by_name.get(theme.name)
        by_name[theme.name] = theme if old is None else _both(old, theme)
    return sorted(by_name.values(), key=lambda one: (-one.conversations, one.name))


def _both(one: Theme, other: Theme) -> Theme:
    first, second = sorted((one, other), key=lambda theme: -theme.conversations)
    return Theme(
        name=first.name,
        raws=(*first.raws, *second.raws),
        conversations=first.conversations + second.conversations,
        example=first.example or second.example,
    )


def _named_as_before(themes: Sequence[Theme], earlier: Mapping[str, Sequence[str]]) -> list[Theme]:
    """A theme that holds most of an earlier one's raw tags keeps that one's name."""
    taken: set[str] = set()
    named = []
    for theme in themes:
        known = [
            name
            for name, raws in earlier.items()
            if name not in taken and raws and _overlap(theme, raws) >= SAME_THEME
        ]
        name = max(known, key=lambda one: _overlap(theme, earlier[one]), default=theme.name)
        taken.add(name)
        named.append(
            Theme(
                name=name,
                raws=theme.raws,
                conversations=theme.conversations,
                example=theme.example,
            )
        )
    return _distinct(named)


def _overlap(theme: Theme, raws: Sequence[str]) -> float:
    return len({*theme.raws} & {*raws}) / len({*raws})


def _unit(row: NDArray[np.float64]) -> Floats:
    unit: Floats = (row / max(float(np.linalg.norm(row)), 1e-9)).astype(np.float32)
    return unit
