"""Everything that the words of one message hold, before any default and without its thread."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.query import CONVERSATIONS, Window
from service.reading import baselines, intents, labels, periods, points, signals, units
from service.reading.entities import Entities, find_entities
from service.reading.model import Baseline, BaselineKind, Compare, without
from service.reading.spelling import mend
from service.reading.words import Words

_EVENT = r"(?:call|meeting|qbr|ebr|review|catch ?up|demo|visit|renewal|sync|onsite|kick ?off)"
_SOON = (
    r"(?:today|tonight|tomorrow|this (?:morning|afternoon|evening|week)|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)"
)
# "Prep me for the call on Thursday": the day of the call is no period to look at.
_COMING_EVENT = (
    rf"(?:(?<=prep )|(?<=brief )|(?<=ready )|(?<=for )|(?<=before )).{{0,40}}?\b{_EVENT}\b"
    rf"(?: (?:with|at|on|later|this|next|~))* {_SOON}\b"
    rf"|\b{_SOON}(?:'s)? (?:\w+ )?{_EVENT}\b"
)
_IDIOM = r"\bup to speed\b(?= (?:on|with|about)\b|$)"
_KINDS = ("account", "driver", "tag", "segment", "channel", "agent", "owner", "source")


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the words of one message hold, before any default."""

    words: Words
    entities: Entities
    number: signals.Number
    text: str  # all words but the quoted ones
    free: str  # after names, periods were used up
    filters: dict[str, tuple[str, ...]]
    exclude: dict[str, tuple[str, ...]]
    period: Window | None = None
    baseline: Baseline | None = None
    intent: Intent | None = None
    grouped: tuple[str, ...] = ()
    compare: Compare | None = None
    fix: str | None = None
    funnel: str | None = None
    since_fix: Window | None = None
    untimed: tuple[str, ...] = ()  # times that no window of whole days is
    back: str = ""  # the unit of "same days last week", "compared to last year"


def look(words: Words, catalogue: Catalogue) -> Seen:
    entities = find_entities(words, catalogue)
    words.spell_out()
    mend(words)
    words.unfold()
    words.find(rf"{_IDIOM}|{intents.REGULAR}", by="idiom")
    _groups_of_segments(words, catalogue)
    text = words.everything()
    days = points.Days(today=catalogue.today, month_first=catalogue.date_order == "MDY")
    words.find(_COMING_EVENT, by="event")
    since_fix = _since_fix(words, entities, catalogue)
    same = words.find(_SAME_DAYS, by="period")
    words.find(_AGAINST_LAST_YEAR, by="year before")
    first, second = _two_periods(words, days)
    untimed = periods.take_open_times(words, days)
    if second is not None and _added_up(words):
        first, second, apart = _together(first, second)
        untimed = (*untimed, *apart)
    left_out = labels.take_left_out(words)
    labelled = labels.take_within(words)
    number = signals.find_number(words, entities.of("custom"))
    if labelled and number.metric is None:
        number = _with_metric(number, CONVERSATIONS)
    filters = {kind: entities.of(kind) for kind in _KINDS}
    exclude = {kind: entities.of(kind, negated=True) for kind in _KINDS} | left_out
    filters |= number.filters | labelled
    if entities.of("custom", negated=True):
        exclude["custom"] = entities.of("custom", negated=True)
    filters |= _own(text)
    texts = _mentioned(words)
    if texts:
        filters["text"] = texts
    seen = Seen(
        words=words,
        entities=entities,
        number=number,
        text=text,
        free=words.free(),
        filters=without(filters, exclude),
        exclude={kind: values for kind, values in exclude.items() if values},
        period=first or since_fix,
        since_fix=since_fix,
        untimed=untimed,
        back=same.group(1) if same else "",
        fix=next(iter(entities.of("fix")), None),
        funnel=next(iter(entities.of("funnel")), None),
    )
    if seen.number.metric is None and texts and re.search(r"\b(how many|mention)", text):
        seen.number = _with_metric(seen.number, CONVERSATIONS)
    within = "driver" in seen.filters
    seen.grouped = signals.find_breakdown(seen.free, within_driver=within)
    if number.metric == "sentiment" and seen.grouped == ("sentiment",):  # "accounts by sentiment"
        named = signals.named_dimension(seen.free, within_driver=within)
        seen.grouped = (named,) if named is not None else ()
    _baseline(seen, second, catalogue)
    if second is not None and not _answers(seen, second):
        seen.untimed = (*seen.untimed, second.words())
    third = periods.take_period(words, days) if second is not None else None
    if third is not None:
        seen.untimed = (*seen.untimed, third.words())
    seen.compare = _sides(seen)
    seen.intent = intents.explicit_intent(
        intents.Asked(
            text=text,
            free=seen.free,
            entities=entities,
            number=seen.number,
            has_period=seen.period is not None,
            sides=seen.compare is not None,
            two_periods=second is not None
            or _more_than_before(seen)
            or _over_the_last(text)
            or (bool(seen.back) and weighs_back(text))
            or _set_against(seen),
        )
    )
    return seen


def _answers(seen: Seen, second: Window) -> bool:
    """Whether a period that was named second shows: "Q2 vs last year" is against that Q2."""
    if seen.baseline is None:
        return second == seen.period
    against = seen.baseline.window
    return second in {seen.period, against} or (
        seen.back == "year" and second.start <= against.start and against.end <= second.end
    )


_RANKED = (
    r"by|per|each|every|across|which|top|bottom|worst|best|most|least|happiest|unhappiest|angriest"
    r"|biggest|busiest|quietest|happy|unhappy|\d+"
)


def _groups_of_segments(words: Words, catalogue: Catalogue) -> None:
    """ "Which tier", "by country": what segments are grouped by stands for segments."""
    groups = {one.group.lower() for one in catalogue.of("segment") if one.group}
    known = {form for one in groups for form in (one, f"{one}s", f"{one[:-1]}ies")}
    for before, word in itertools.pairwise(words.words):
        if word.text in known and not word.used and re.fullmatch(_RANKED, before.text):
            word.text = "segments"


def _with_metric(number: signals.Number, metric: str) -> signals.Number:
    return signals.Number(metric=metric, filters=number.filters)


def _own(text: str) -> dict[str, tuple[str, ...]]:
    """Read "my accounts" and "my tickets"."""
    found: dict[str, tuple[str, ...]] = {}
    which = r"(?:(?:at risk|risky|unhappy|top|\w+est) )?"
    if re.search(rf"\bmy {which}(?:accounts?|book|customers?|clients?|portfolio|patch)\b", text):
        found["owner"] = ("me",)
    if re.search(r"\bmy (?:tickets?|tix|conversations?|convos?|cases|chats|queue)\b", text):
        found["agent"] = ("me",)
    return found


def _mentioned(words: Words) -> tuple[str, ...]:
    """Quoted text, and what follows "mentioning": data to look for, never an instruction."""
    texts = [" ".join(quoted.lower().split()) for quoted in words.quoted]
    match = None
    if not texts:
        match = words.find(
            r"\b(?:contain(?:s|ed|ing)?|(?:with|using|say(?:s|ing)?|includ(?:es|ing))(?= (?:the )?"
            r"(?:words?|phrase|term)\b))(?: the)?(?: (?:words?|phrase|term))? "
            r"(?!(?:an?|any|the) ~)([^\s~@]+)",
            by="text",
        )
    if not texts and match is None:
        match = words.find(
            r"\b(?:is|are|was|were|do|did|does) ([^\s~@]+(?: [^\s~@]+)?)"
            r" (?:get |being )?mentioned\b",
            by="text",
        )
    if not texts and match is None:
        match = words.find(
            r"\bmention(?:s|ing|ed)? (?:of )?"
            r"((?:(?!(?:in|on|since|this|last|past|for|from|by|at|about|among|across|over|via|with"
            r"|without|not|that|which|who|split|except|excluding|related|regarding|per|during"
            r"|within|between|and|or|other|handled|taken|solved|flagged) |[~@=])"
            r"\S+ ?){1,3})",
            by="text",
        )
    if match is not None and match.group(1).strip():
        texts.append(match.group(1).strip())
    return tuple(dict.fromkeys(texts))


def _since_fix(words: Words, entities: Entities, catalogue: Catalogue) -> Window | None:
    """Read "since 5.2" and "since the release": from that day up to today."""
    fix = entities.first("fix")
    everything = words.free()
    from_it = r"\b(?:since|after|following) (?:the |our |that )?(?:last |latest )?"
    named = fix if fix is not None and re.search(rf"{from_it}~", everything) else None
    if named is None and re.search(rf"{from_it}release\b", everything):
        releases = [one for one in catalogue.of("fix") if one.flavour == "release" and one.day]
        named = max(releases, key=lambda one: str(one.day), default=None)
    if named is None or named.day is None or named.day > catalogue.today:
        return None
    return Window(named.day, catalogue.today + timedelta(days=1))


def _two_periods(words: Words, days: points.Days) -> tuple[Window | None, Window | None]:
    """Read the period and, when another is named after it, what it is compared with."""
    first = periods.take_period(words, days)
    if first is None:
        return None, None
    before = [at for at, word in enumerate(words.words) if word.used == "period"]
    second = periods.take_one_before(words, first, days)
    if second is not None:
        return first, second
    second = periods.take_period(words, days)
    if second == first:  # "this June vs last June"
        second = baselines.year_before(first).window
    return (second, first) if _stands_later(words, before) else (first, second)


def _stands_later(words: Words, places: Sequence[int]) -> bool:
    """Whether a range that was found first is what stands after "vs"."""
    after = [at for at, word in enumerate(words.words) if word.used == "period"]
    return after[0] < places[0] and words.has(r"@.* (?:vs|versus|against|than|compared)\b.* @")


def _more_than_before(seen: Seen) -> bool:
    """ "More tickets than last week?" weighs two periods, though it names one."""
    return seen.baseline is not None and seen.free.startswith(("more ", "less ", "fewer "))


def _set_against(seen: Seen) -> bool:
    """ "Last month compared to the month before" names two periods and no unit for the second."""
    asks = r"^(?:so |and )*(?:has|have|did|does|is|are|was|were)\b"
    weighs = r"\b(?:compared?|vs|versus|against)\b"
    return (
        seen.baseline is not None
        and re.search(weighs, seen.free) is not None
        and re.search(asks, seen.free) is None
    )


def weighs_back(text: str) -> bool:
    """Whether a year or a month back is what is compared with: "same week last year" is no such."""
    return re.search(_WEIGHED_BACK, text) is not None


def _over_the_last(text: str) -> bool:
    """ "Ticket volume QoQ" weighs two periods and may name none."""
    return re.search(rf"{_OVER_THE_QUARTER}|{intents.YEAR_OVER_YEAR}", text) is not None


def _added_up(words: Words) -> bool:
    """Whether "q1 and q2" is one period: nothing weighs one against the other."""
    free = words.free()
    weighed = r"\b(?:vs|versus|compare[ds]?|comparing|comparison|difference|than|against|between)\b"
    return words.has(r"@ (?:and|or|plus) @") and re.search(weighed, free) is None


def _together(
    first: Window | None, second: Window
) -> tuple[Window | None, Window | None, tuple[str, ...]]:
    """Two periods side by side as one; of two that lie apart only the first is answered."""
    if first is None:
        return second, None, ()
    if first.end == second.start or second.end == first.start:
        return Window(min(first.start, second.start), max(first.end, second.end)), None, ()
    return first, None, (second.words(),)


_SAME_DAYS = (
    r"\bsame (?:days?|time|period|weekdays?|dates?|point|stage)(?: of| in)?(?: the)? "
    r"(?:last|previous|prior) (week|month|quarter)\b"
)
_WEIGHED_BACK = (
    rf"{intents.YEAR_OVER_YEAR}|\b(?:vs|versus|against|than|compared? (?:to|with))"
    r" (?:(?:the|a|one|same|this|time|period|days?|dates?|week|month|quarter|point|in|of|at) )*"
    r"(?:last|previous|year)\b"
)
_OVER_THE_QUARTER = r"\b(?:qoq|quarter (?:over|on) quarter)\b"
# Beside a period of its own: "down this month vs last year".
_AGAINST_LAST_YEAR = (
    r"(?<= )(?:vs|versus|against|than|compared? (?:to|with)) last (?:year|yr)\b"
    r"(?=.*\b(?:this|last|past|previous|in|on|since) )"
)
_A_YEAR_BEFORE = (
    rf"{intents.YEAR_OVER_YEAR}|\b(?:(?<!half )(?:a|one) year (?:ago|earlier|before)|"
    r"(?:same |this )(?:time|period|days?|dates?|week|month|quarter)(?: of)? last year|"
    r"(?:vs|versus|than|to|with|against) last (?:year|yr))\b"
)


def _last_year(catalogue: Catalogue) -> Window:
    start = units.unit_start("year", catalogue.today)
    return Window(units.unit_on("year", start, -1), start)


def _baseline(seen: Seen, second: Window | None, catalogue: Catalogue) -> None:
    """Named baselines: "vs July", "compared to last year", "than last week"."""
    joined = r"\b(?:vs|versus|against|than|to|with|over|and|from|or|on|the)\b"
    if re.search(_A_YEAR_BEFORE, seen.text):
        seen.back = "year"
    elif seen.period is not None and re.search(_OVER_THE_QUARTER, seen.text):
        seen.back = "quarter"
    if seen.back:
        if second is None and seen.period == _last_year(catalogue):
            seen.period = None  # it is what is compared with
        if seen.period is not None:
            seen.baseline = baselines.back(seen.period, seen.back)
            return
        if not re.search(r"\bthan last (?:year|yr)\b", seen.text):
            return
    if second is not None and re.search(joined, seen.free):
        seen.baseline = Baseline(kind=BaselineKind.NAMED, window=second)
        return
    than = re.search(
        r"\b(?:than|vs|versus|compared (?:to|with)|against) last (week|month|quarter|year)\b",
        re.sub(_OVER_THE_QUARTER, "vs last quarter", seen.text),
    )
    if than is not None and second is None and (seen.period is None or "last" in seen.text):
        start = units.unit_start(than.group(1), catalogue.today)
        last = Window(units.unit_on(than.group(1), start, -1), start)
        seen.baseline = Baseline(kind=BaselineKind.NAMED, window=last)
        seen.period = Window(start, catalogue.today + timedelta(days=1))
        return


_ONLY_AGAINST = r"\b(?:than|vs|versus|compared (?:to|with)|against)(?: in| on)? @"


def set_against(seen: Seen, catalogue: Catalogue) -> Seen:
    """ "Effort vs July" sets the unit that runs now, to date, against the one that is named."""
    if seen.period is None or seen.compare is not None or seen.untimed or seen.back:
        return seen
    unit = periods.unit_of(seen.period, points.Days(today=catalogue.today))
    if seen.baseline is None and unit is not None and re.search(_ONLY_AGAINST, seen.free):
        running = Window(
            units.unit_start(unit, catalogue.today), catalogue.today + timedelta(days=1)
        )
        named = Baseline(kind=BaselineKind.NAMED, window=seen.period)
        seen = replace(seen, period=running, baseline=named if running != seen.period else None)
    if seen.baseline is not None and seen.intent in {None, Intent.COUNT}:
        return replace(seen, intent=Intent.COMPARE)
    return seen


# "Pricing or integrations" is one slice, unless a word weighs one against the other.
_WEIGHED = (
    r"\b(?:more|less|fewer|most|least|better|worse|best|worst|higher|lower|highest|lowest|bigger|"
    r"happier|unhappier|angrier|who|which|harder|easier|faster|slower)\b"
)


def _sides(seen: Seen) -> Compare | None:
    """Two or more values of one dimension are the sides of a comparison."""
    asks = re.search(
        r"\b(?:vs|versus|compare[ds]?|comparing|comparison|between|against"
        r"|(?<!other )(?<!rather )than)\b",
        seen.free,
    ) or re.search(r"\bor\b", seen.free)
    if asks is None or (asks.group() == "or" and not re.search(_WEIGHED, seen.free)):
        return None
    several = [kind for kind in _KINDS if len(seen.filters.get(kind, ())) >= 2]
    weighed = [kind for kind in several if _joined(seen, kind, _AGAINST)]
    paired = [kind for kind in several if _joined(seen, kind, r"and|with|to")]
    named = [*paired, *(kind for kind in several if _joined(seen, kind, "or"))]
    if asks.group() == "or":
        asked = signals.named_dimension(seen.free, within_driver=False)
        beside = re.search(rf"\b{_PREPOSITION} (?:~ )+or ~", seen.free) is not None
        named = [kind for kind in named if not beside or asked in {None, kind}]
        weighed, several = [], []
    if re.search(rf"@ (?:{_AGAINST}) @", seen.free):
        named, several = [], []  # the periods are what is weighed
    for kind in (*weighed, *named, *several):
        return Compare(by=kind, values=seen.filters[kind])
    return None


_AGAINST = r"vs|versus|against|than|compared (?:to|with)"
_PREPOSITION = r"(?:on|via|in|by|from|for|over|through|at|about|with|of)"


def _joined(seen: Seen, kind: str, joints: str) -> bool:
    """Whether such a word stands between two values of a kind, and little else."""
    matches = [one for one in seen.entities.matches if one.entity.kind == kind]
    texts = (
        " ".join(w.text for w in seen.words.words if before.end <= w.start < after.start)
        for before, after in itertools.pairwise(matches)
    )
    return any(re.search(rf"^(?:\S+ ){{0,3}}(?:{joints})\b(?: \S+){{0,4}}$", one) for one in texts)


def has_own_slots(seen: Seen) -> bool:
    """Whether a message could be a question by itself. Some need more than a period."""
    if seen.number.metric is not None or seen.filters:
        return True
    return seen.period is not None and seen.intent not in {
        Intent.TREND,
        Intent.QUOTES,
        Intent.COMPARE,
    }
