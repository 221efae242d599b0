"""Gathers what the reader of leaving learns from, labelled, epoch by epoch.

Knows how much of each one epoch sees, and what each counts.
"""

import random
from pathlib import Path

from bench.training import sets
from bench.training.churn_texts import Statement, own, public, requests_to_end
from bench.training.sets import Labelled

STAYS, LEAVES = range(2)  # the order of the reader's outputs
PUBLIC_OF_EPOCH = 13_000
WEIGHTS = {
    "leaving": 2.0,
    "staying": 2.0,
    "leaving frame": 1.0,
    "staying frame": 1.0,
    "bank": 0.7,
    "public": 0.8,
}


def epoch(data: Path, *, number: int, seed: int) -> list[Labelled]:
    """Return one epoch's texts; frames are drawn anew and public texts cut elsewhere each time."""
    chooser = random.Random(f"{seed}-{number}")  # noqa: S311  # a repeatable choice
    others = public(data)
    chosen = chooser.sample(others, min(PUBLIC_OF_EPOCH, len(others)))
    statements = [*own(seed=seed + number), *requests_to_end(data), *chosen]
    return [_labelled(statement) for statement in statements]


def texts(data: Path) -> list[str]:
    """Return some of them, to measure how far states reach."""
    rows = epoch(data, number=0, seed=sets.SEED)
    return [row.text for row in random.Random(sets.SEED).sample(rows, min(1_800, len(rows)))]  # noqa: S311


def _labelled(statement: Statement) -> Labelled:
    return Labelled(
        text=statement.text,
        label=LEAVES if statement.leaves else STAYS,
        weight=WEIGHTS[statement.kind],
        source=statement.kind,
    )
