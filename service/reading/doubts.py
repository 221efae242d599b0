"""What an answer says beside itself: words that were left out, and names of two things."""

import re
from dataclasses import replace

from service.domain.answers import Intent
from service.query import CONVERSATIONS
from service.reading import signals
from service.reading.asking import TAKEN
from service.reading.leftover import IGNORED, ignored
from service.reading.looking import Seen
from service.reading.model import Reading


def _unused(reading: Reading, seen: Seen) -> list[str]:
    """Fixes and funnels that were named where nothing is counted by them."""
    dated = seen.since_fix is not None
    return [
        one.entity.name
        for one in seen.entities.matches
        if (one.entity.kind == "fix" and reading.fix != one.entity.id and not dated)
        or (one.entity.kind == "funnel" and reading.funnel != one.entity.id)
    ]


# A row of the answer before: a reading holds no results.
_OF_THE_ANSWER = (
    r"\bthe (?:first|second|third|fourth|fifth|last|top|other|1st|2nd|3rd) (?:one|row)s?\b"
)
_SHARE = r"(?:\b(?:share|percentage|percent|proportion|rate|ratio)\b|(?<!\S)%)"
_TWO_READINGS = frozenset({"tag", "driver", "segment", "channel", "source", "custom"})


def with_doubts(reading: Reading, seen: Seen) -> Reading:
    """Say which words were left out, and which name two things; the other reading is kept."""
    if reading.intent in {Intent.CLARIFY, Intent.REFUSE, Intent.HELP, Intent.DEFINITION}:
        return reading
    left = [*ignored(seen.words, seen.untimed), *_unused(reading, seen)]
    left += [one.group() for one in re.finditer(_OF_THE_ANSWER, seen.free)]
    left += signals.other_rates(seen.free, reading.metric)
    if seen.free.startswith("when ") and reading.intent is not Intent.TREND:
        left.append("when")
    assumed = [*reading.assumed, *(f"{IGNORED}{word}" for word in left)]
    if reading.metric == CONVERSATIONS and seen.words.has(_SHARE):
        assumed.append(f"{TAKEN}a number of conversations and not a share")
    others = []
    for taken, other in seen.entities.also:
        if not {taken.kind, other.kind} <= _TWO_READINGS:
            continue
        rest = tuple(one for one in reading.filters.get(taken.kind, ()) if one != taken.id)
        filters = {**reading.filters, taken.kind: rest, other.kind: (other.id,)}
        others.append(replace(reading, filters=filters).as_dict())
        assumed.append(f"{TAKEN}“{taken.name}” is the {taken.kind} and not the {other.kind}")
    return replace(reading, assumed=tuple(assumed), alternatives=tuple(others))
