"""What an answer says beside itself: words that were left out, and names of two things."""

from dataclasses import replace

from service.domain.answers import Intent
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


_TWO_READINGS = frozenset({"tag", "driver", "segment", "channel", "source", "custom"})


def with_doubts(reading: Reading, seen: Seen) -> Reading:
    """Say which words were left out, and which name two things; the other reading is kept."""
    if reading.intent in {Intent.CLARIFY, Intent.REFUSE, Intent.HELP, Intent.DEFINITION}:
        return reading
    left = [*ignored(seen.words, seen.untimed), *_unused(reading, seen)]
    assumed = [*reading.assumed, *(f"{IGNORED}{word}" for word in left)]
    others = []
    for taken, other in seen.entities.also:
        if not {taken.kind, other.kind} <= _TWO_READINGS:
            continue
        rest = tuple(one for one in reading.filters.get(taken.kind, ()) if one != taken.id)
        filters = {**reading.filters, taken.kind: rest, other.kind: (other.id,)}
        others.append(replace(reading, filters=filters).as_dict())
        assumed.append(f"{TAKEN}“{taken.name}” is the {taken.kind} and not the {other.kind}")
    return replace(reading, assumed=tuple(assumed), alternatives=tuple(others))
