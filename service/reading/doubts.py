"""What an answer says beside itself: words that were left out, and names of two things."""

import itertools
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
    """What was found in the message and does not show in its reading: no slot is lost unsaid."""
    dated = seen.since_fix is not None
    windows = {reading.period, reading.baseline.window if reading.baseline else None}
    sliced = {*reading.group_by, reading.compare.by if reading.compare else ""}
    if reading.metric in {"sentiment", "negative_rate", "positive_rate"}:
        sliced.add("sentiment")  # "accounts by sentiment" are ranked by it
    grain = signals.find_grain(re.sub(_MOVED_OR_NOW, " ", seen.free)) or ""
    left = [f"by {one}" for one in (*seen.grouped, grain) if one and one not in sliced]
    ranked = signals.named_dimension(seen.free, within_driver="driver" in seen.filters)
    if reading.intent is Intent.TOP and ranked is not None and ranked not in sliced:
        left.append(f"by {ranked}")
    if reading.intent is Intent.TOP:
        beside = re.findall(r"\b(?:and|plus) (?:top |the |our )*(\w+)", seen.free)
        dimensions = [signals.dimension_of(one, within_driver=False) for one in beside]
        left += [f"by {one}" for one in dimensions if one not in {None, "sentiment", *sliced}]
    for before, after in itertools.pairwise(seen.words.words):
        own = [m.entity for m in seen.entities.matches if m.start == after.start]
        split = before.text in {"by", "per"} and reading.intent is not Intent.TOP
        if split and own and own[0].kind == "custom":
            left.append(f"by {own[0].name}")  # nothing is split by a metric of one's own
    if seen.period is not None and not {seen.period, seen.since_fix} & windows:
        left.append(seen.period.words())
    held = {
        **reading.filters,
        **({reading.compare.by: reading.compare.values} if reading.compare else {}),
    }
    return (
        left
        + [
            one.entity.name
            for one in seen.entities.matches
            if one.entity.kind not in {"fix", "funnel"}
            and not (one.negated and held.get(one.entity.kind))
            and not (one.entity.kind == "tag" and reading.fix)  # its own tags go without saying
            and not (
                one.entity.kind in {"agent", "owner"}
                and reading.intent is Intent.ACCOUNT_BRIEF
                and re.search(r"\b(?:for|prep|brief|remind|help) ~", seen.free)
            )
            and one.entity.id not in held.get(one.entity.kind, ())
            and one.entity.id not in reading.exclude.get(one.entity.kind, ())
            and not (reading.metric or "").endswith(one.entity.id)
        ]
        + [
            one.entity.name
            for one in seen.entities.matches
            if (one.entity.kind == "fix" and reading.fix != one.entity.id and not dated)
            or (one.entity.kind == "funnel" and reading.funnel != one.entity.id)
        ]
    )


# A row of the answer before: a reading holds no results.
_OF_THE_ANSWER = (
    r"\bthe (?:first|second|third|fourth|fifth|last|top|other|1st|2nd|3rd) (?:one|row)s?\b"
)
_SHARE = r"(?:\b(?:share|percentage|percent|proportion|rate|ratio)\b|(?<!\S)%)"
_MOVED_OR_NOW = r"\b(?:these days|wow|mom|(?:week|month) (?:over|on) (?:week|month))\b"
_TWO_READINGS = frozenset({"tag", "driver", "segment", "channel", "source", "custom"})


def _either(reading: Reading, seen: Seen) -> list[str]:
    """Say that several tags are one or another of them, where "and" may have meant all."""
    tags = [one.entity for one in seen.entities.matches if one.entity.kind == "tag"]
    held = reading.filters.get("tag", ())
    named = list(dict.fromkeys(one.name for one in tags if one.id in held))
    if len(named) < 2 or not re.search(
        r"~ (?:and|but|who|that)?(?: also| with)* ?~|\bboth\b", seen.free
    ):
        return []
    return [f"{TAKEN}conversations with any of {', '.join(f'“{one}”' for one in named)}"]


_LOOKED_FOR = {Intent.COUNT, Intent.TREND, Intent.TOP, Intent.QUOTES, Intent.WHY_CHANGE}


def with_offer(reading: Reading, seen: Seen) -> Reading:
    """Offer to look for the one word that may be what the tickets are about."""
    left = [one.removeprefix(IGNORED) for one in reading.assumed if one.startswith(IGNORED)]
    about = r"\b(?:with|about|on|regarding) (?:the |our )?"
    if (
        reading.intent not in _LOOKED_FOR
        or "text" in reading.filters
        or len(left) != 1
        or not re.search(rf"{about}{re.escape(left[0].lower())}\b", seen.free)
    ):
        return reading
    filters = {**reading.filters, "text": (left[0].lower(),)}
    other = replace(reading, filters=filters, assumed=(), alternatives=()).as_dict()
    return replace(reading, alternatives=(*reading.alternatives, other))


def with_doubts(reading: Reading, seen: Seen) -> Reading:
    """Say which words were left out, and which name two things; the other reading is kept."""
    if reading.intent in {Intent.CLARIFY, Intent.REFUSE, Intent.HELP, Intent.DEFINITION}:
        return reading
    left = [*ignored(seen.words, seen.untimed), *_unused(reading, seen)]
    left += [one.group() for one in re.finditer(_OF_THE_ANSWER, seen.free)]
    rates = signals.other_rates(seen.words.nouns(), reading.metric)
    left += [one for one in rates if one not in reading.group_by]
    moved = signals.moves(seen.free)
    if moved is not None and reading.intent in {Intent.COUNT, Intent.QUOTES, Intent.CHURN_LIST}:
        left.append(moved)
    if seen.free.startswith("when ") and reading.intent is not Intent.TREND:
        left.append("when")
    if re.match(r"where\b", seen.free) and reading.intent in {Intent.COUNT, Intent.TOP}:
        left.append("where")
    if re.match(r"who\b", seen.free) and reading.intent is Intent.COUNT:
        left.append("who")
    assumed = [*reading.assumed, *(f"{IGNORED}{word}" for word in left)]
    if reading.metric == CONVERSATIONS and seen.words.has(_SHARE):
        assumed.append(f"{TAKEN}a number of conversations and not a share")
    assumed += [
        f"{TAKEN}“{one.original}” is read as “{one.text}”" for one in seen.words.words if one.mended
    ]
    if re.search(r"\b(?:fiscal|financial|fy\d*)\b", seen.text):
        assumed.append(f"{TAKEN}years and quarters of the calendar")
    assumed += _either(reading, seen)
    if seen.compare is not None and reading.intent is Intent.COUNT and not reading.group_by:
        assumed.append(f"{TAKEN}all that is named, together in one number")
    others = []
    for taken, other in seen.entities.also:
        if not {taken.kind, other.kind} <= _TWO_READINGS:
            continue
        rest = tuple(one for one in reading.filters.get(taken.kind, ()) if one != taken.id)
        filters = {**reading.filters, taken.kind: rest, other.kind: (other.id,)}
        others.append(replace(reading, filters=filters).as_dict())
        assumed.append(f"{TAKEN}“{taken.name}” is the {taken.kind} and not the {other.kind}")
    return replace(reading, assumed=tuple(assumed), alternatives=tuple(others))
