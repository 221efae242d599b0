"""Writes out frames: sentences with choices, such as "{I|We} want to {end|stop} my THING".

Knows braces, bars and the names of slots; what a sentence stands for, its file says.
"""

import random
import re
from collections.abc import Mapping
from pathlib import Path

_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"\b[A-Za-z]{3,}\b")
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,.?!]|'(?:ll|d|ve)\b)")
_TWO_MARKS = re.compile(r",\s*([,.?!])")
DEEPEST = 6  # a slot may name a slot
PATIENCE = 6  # draws for each sentence that is wanted: some frames have few

Slots = Mapping[str, str]


def slots_of(path: Path) -> Slots:
    """Return what each name stands for: choices apart by bars."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines)


def written_out(path: Path, slots: Slots, *, each: int, seed: int) -> list[str]:
    """Return up to so many sentences of each frame; the same seed draws the same ones."""
    lines = path.read_text(encoding="utf-8").splitlines()
    frames = [line for line in lines if line and not line.startswith("#")]
    return [text for frame in frames for text in _drawn(frame, slots, each=each, seed=seed)]


def _drawn(frame: str, slots: Slots, *, each: int, seed: int) -> list[str]:
    chooser = random.Random(f"{seed}-{frame}")  # noqa: S311  # a repeatable choice, not a secret
    found: dict[str, None] = {}
    for _ in range(each * PATIENCE):
        found.setdefault(_once(frame, slots, chooser))
        if len(found) == each:
            break
    return list(found)


def _once(frame: str, slots: Slots, chooser: random.Random) -> str:
    text = frame
    for _ in range(DEEPEST):
        chosen = _CHOICE.sub(lambda m: chooser.choice(slots.get(m[1], m[1]).split("|")), text)
        text = _NAME.sub(lambda m: chooser.choice(slots.get(m[0], m[0]).split("|")), chosen)
        if "{" not in text and not any(name in slots for name in _NAME.findall(text)):
            break
    return _tidied(text)


def _tidied(text: str) -> str:
    spaced = _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", text))
    return _TWO_MARKS.sub(r"\1", spaced).strip(" ,")
