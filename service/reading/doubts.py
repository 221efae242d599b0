"""What an answer says beside itself: words that were left out, and names of two things."""

import itertools
import re
from dataclasses import replace

from service.domain.answers import Intent
from service.query import CONVERSATIONS
from service.reading import signals
from service.reading.asking import TAKEN
from service.reading.entities import Match
from service.reading.intents import is_ranking
from service.reading.leftover import IGNORED, ignored, whole
from service.reading.looking import Seen, weighs_back
from service.reading.model import Reading
from service.reading.signals import HAPPY, UNHAPPY

_REFUSES = (
    r"(?<=\S )(?<!why )\b(?:not(?! (?:just|only|sure))|never|neither|nor|nobody"
    r"|(?:is|are|was|were|do|does|did|has|have|had)n'?t)(?: \S+){0,2}$"
)


def _refused(match: Match, seen: Seen) -> bool:
    """Whether a name follows a refusal that nothing took up."""
    before = " ".join(word.text for word in seen.words.words if word.end <= match.start)
    return not match.negated and re.search(_REFUSES, before) is not None


def _unused(reading: Reading, seen: Seen) -> list[str]:
    """What was found in the message and does not show in its reading: no slot is lost unsaid."""
    dated = seen.since_fix is not None
    windows = {reading.period, reading.baseline.window if reading.baseline else None}
    sliced = {*reading.group_by, reading.compare.by if reading.compare else ""}
    if reading.metric in {"sentiment", "negative_rate", "positive_rate"}:
        sliced.add("sentiment")  # "accounts by sentiment" are ranked by it
    grain = signals.find_grain(re.sub(_MOVED_OR_NOW, " ", seen.free)) or ""
    left = [f"by {one}" for one in (*seen.grouped, grain) if one and one not in sliced]
    ranked = signals.named_dimension(
        signals.without_slices(seen.free), within_driver="driver" in seen.filters
    )
    ranks = reading.intent is Intent.TOP or (
        reading.intent is Intent.COMPARE and is_ranking(seen.free)
    )
    if ranks and ranked is not None and ranked not in sliced:
        left.append(f"by {ranked}")
    grains = [
        one
        for one, often in zip(_GRAINS, _OFTEN, strict=True)
        if re.search(rf"\b(?:(?:per|by|each) {one}|{often})\b", seen.free)
    ]
    if len(grains) > 1:
        left += [f"by {one}" for one in grains if one not in sliced]
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
    left += [f"not {one.entity.name}" for one in seen.entities.matches if _refused(one, seen)]
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
                and not one.possessive
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


def _unheld(reading: Reading, seen: Seen) -> list[str]:
    """Labels, texts, people who ask, windows and numbers that no slot of the reading holds."""
    left = []
    for held, sign, asked in (
        (reading.filters, "", seen.filters),
        (reading.exclude, "not ", seen.exclude),
    ):
        for kind, values in asked.items():
            missing = [one for one in values if one not in held.get(kind, ())]
            left += [f"{sign}{_said(kind, one)}" for one in missing if _said(kind, one)]
    if reading.intent is Intent.CHURN_LIST or reading.metric == "churn_risk_rate":
        left = [one for one in left if one != _LABELS["churn_risk"]]
    rated = (reading.metric or "").removesuffix("_rate")
    left = [one for one in left if one != rated]
    against = seen.baseline.window if seen.baseline is not None else None
    windows = {reading.period, reading.baseline.window if reading.baseline else None}
    if against is not None and against not in windows:
        left.append(f"vs {against.words()}")
    fixed = reading.baseline is None or reading.intent is Intent.FIX_IMPACT
    if fixed and (found := re.search(_AGAINST_ONE_BEFORE, seen.free)):
        left.append(found.group())
    if fixed and seen.back and weighs_back(seen.text):
        left.append(f"vs last {seen.back}")
    if rated in {"negative", "positive"}:
        other = HAPPY if rated == "negative" else UNHAPPY
        left += re.findall(rf"\b(?:(?!{rated})(?:negative|neutral|positive)|{other})\b", seen.free)
    if not _ranks_time(reading, seen):
        left += _times(seen)
    numbers = re.findall(r"(?<![\w.])\d{1,3}(?![\w.%])", seen.free)
    return left + (numbers[1:] if reading.limit is not None else numbers)


_GRAINS, _OFTEN = ("day", "week", "month"), ("daily", "weekly", "monthly")


def _ranks_time(reading: Reading, seen: Seen) -> bool:
    """Whether a unit of time is what is split by, or what a follow-up moves by."""
    return (
        reading.intent is Intent.TREND
        or not set(_GRAINS).isdisjoint(reading.group_by)
        or signals.find_grain(seen.free) is not None
        or bool(seen.back)
        or re.search(_MOVES, seen.free) is not None
    )


def _times(seen: Seen) -> list[str]:
    timeless = [one.span() for one in re.finditer(_TIMELESS, seen.free)]
    return [
        seen.words.original(*one.span())
        for one in re.finditer(_TIMES, seen.free)
        if not any(start < one.end() and end > one.start() for start, end in timeless)
    ]


# What stays of a time when no period took it up: "every other week", "the end of @".
_TIMES = (
    r"\b(?:(?:the|a|an|every|each|other|last|past|first|second|third|fourth|half|few|business|working"
    r"|(?:start|beginning|end|middle|rest|most|part) of) )*"
    r"(?:days?|weeks?|weekends?|months?|quarters?|years?|fortnights?)\b(?!(?: of)? @)"
    r"|\b(?:start|beginning|end|middle|rest|(?:first|second|last) (?:half|part|days?|week))"
    r"(?: of)?(?: the)? @"
)
_TIMELESS = (
    r"\b(?:these days|new year|(?:day|week|month|quarter|year) (?:over|on|to|by) \w+"
    r"|(?:of|at the end of) the day|have a \S+ (?:day|week|weekend)|days? off)\b"
)
_MOVES = r"\b(?:before|earlier|prior|after|later|previous|next|following|preceding|same)\b"
_LABELS = {"churn_risk": "churn risk", "effort": "{} effort", "sentiment": "{}", "text": "{}"}
_MINE = {"owner": "my accounts", "agent": "my tickets"}
_AGAINST_ONE_BEFORE = (
    r"\b(?:vs|versus|against|than|compared (?:to|with)) (?:the |one |a )?"
    r"(?:(?:day|week|month|quarter|year|period) (?:before|earlier|prior)"
    r"|(?:previous|prior|preceding) (?:day|week|month|quarter|year|period))\b"
)


def _said(kind: str, value: str) -> str:
    """How a value was said that is no name of the catalogue."""
    if value == "me":
        return _MINE.get(kind, "")
    return _LABELS.get(kind, "").format(value)


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


_SIDES = ("account", "segment", "channel", "source", "agent", "owner")


def _adds_up(reading: Reading, seen: Seen) -> bool:
    """Whether several of a kind, which may have been meant apart, are one number."""
    if reading.compare is not None and reading.compare.by == "period":
        return any(len(reading.filters.get(kind, ())) > 1 for kind in _SIDES)
    return seen.compare is not None and reading.intent is Intent.COUNT and not reading.group_by


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
    left = [*ignored(seen.words, seen.untimed), *_unused(reading, seen), *_unheld(reading, seen)]
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
    assumed = [*reading.assumed, *(f"{IGNORED}{word}" for word in whole(left))]
    if reading.metric == CONVERSATIONS and seen.words.has(_SHARE):
        assumed.append(f"{TAKEN}a number of conversations and not a share")
    assumed += [
        f"{TAKEN}“{one.original}” is read as “{one.text}”" for one in seen.words.words if one.mended
    ]
    if re.search(r"\b(?:fiscal|financial|fy\d*)\b", seen.text):
        assumed.append(f"{TAKEN}years and quarters of the calendar")
    assumed += _either(reading, seen)
    if _adds_up(reading, seen):
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
