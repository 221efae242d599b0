"""A message to a reading, and a reading to a Query. Pure: names and today come with the catalogue.

The order is fixed: refusals, names (which use words up), periods, the number, the intent, and only
then the thread and the defaults.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.errors import Misused
from service.query import CONVERSATIONS, EMPTY_VALUE, NO_VALUE, Dimension, Filter, Query, Window
from service.reading import intents, periods, signals, threads
from service.reading.entities import Entities, find_entities, nearest
from service.reading.model import Baseline, BaselineKind, Clarify, Compare, Reading
from service.reading.refusals import refusal
from service.reading.terms import defined_term
from service.reading.words import Words

ThreadItem = Mapping[str, object]
_KINDS = ("account", "driver", "tag", "segment", "channel", "agent", "owner", "source")
_NO_METRIC = {Intent.ACCOUNT_BRIEF, Intent.QUOTES, Intent.CHURN_LIST, Intent.FUNNEL}


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
    unknown_account: str | None = None


def read(text: str, catalogue: Catalogue, thread: Sequence[ThreadItem] = ()) -> Reading:
    """Return what a message asks. It never counts and never looks at the clock."""
    words = Words.of(text)
    everything = words.everything()
    last = _last_reading(thread)
    if last is not None and last.intent is Intent.CLARIFY:
        filled = threads.fill(everything, last, catalogue)
        if filled is not None:
            return _completed(filled, catalogue)
    if intents.is_help(everything):
        return Reading(intent=Intent.HELP)
    term = defined_term(everything, catalogue)
    if term is not None:
        return Reading(intent=Intent.DEFINITION, term=term)
    seen = _look(words, catalogue)
    reason = refusal(_unnamed(words), words.plain)
    if reason is not None:
        return Reading(intent=Intent.REFUSE, refuse=reason)
    if seen.entities.ambiguous:
        return _ask_which(seen, catalogue)
    if last is not None and threads.continues(seen.text, seen.intent, _has_own_slots(seen)):
        return _follow(seen, last, catalogue)
    return _fresh(seen, catalogue)


def _unnamed(words: Words) -> str:
    """The message with the names of the catalogue left out: "address errors" asks for no address.

    Words used up by periods stay, as do those before an imperative.
    """
    return " ".join(
        "~" if word.used in {"quoted", "tag", "driver", "account", "fix", "custom"} else word.text
        for word in words.words
    ) + (" " + " ".join(re.findall(r"[\w.+-]+@[\w-]+\.\w+", words.plain)))


def _last_reading(thread: Sequence[ThreadItem]) -> Reading | None:
    for item in reversed(thread):
        found = item.get("reading")
        if isinstance(found, Mapping):
            return Reading.from_dict(found)
    return None


# --- Looking -------------------------------------------------------------------------------------


def _look(words: Words, catalogue: Catalogue) -> Seen:
    entities = find_entities(words, catalogue)
    text = words.everything()
    days = periods.Days(today=catalogue.today, month_first=catalogue.date_order == "MDY")
    since_fix = _since_fix(words, entities, catalogue)
    first, second = _two_periods(words, days)
    number = signals.find_number(words, entities.of("custom"))
    filters = {kind: entities.of(kind) for kind in _KINDS}
    exclude = {kind: entities.of(kind, negated=True) for kind in _KINDS}
    filters |= number.filters
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
        filters={kind: values for kind, values in filters.items() if values},
        exclude={kind: values for kind, values in exclude.items() if values},
        period=first or since_fix,
        fix=next(iter(entities.of("fix")), None),
        funnel=next(iter(entities.of("funnel")), None),
    )
    if seen.number.metric is None and texts and re.search(r"\b(how many|mention)", text):
        seen.number = replace_metric(seen.number, CONVERSATIONS)
    seen.grouped = signals.find_breakdown(seen.free, within_driver="driver" in seen.filters)
    _baseline(seen, second, catalogue)
    seen.compare = _sides(seen)
    seen.intent = intents.explicit_intent(
        intents.Asked(
            text=text,
            free=seen.free,
            entities=entities,
            number=seen.number,
            has_period=seen.period is not None,
            sides=seen.compare is not None,
            two_periods=second is not None,
        )
    )
    return seen


def replace_metric(number: signals.Number, metric: str) -> signals.Number:
    return signals.Number(metric=metric, filters=number.filters)


def _own(text: str) -> dict[str, tuple[str, ...]]:
    """Read "my accounts" and "my tickets"."""
    found: dict[str, tuple[str, ...]] = {}
    if re.search(r"\bmy (?:accounts?|book|customers?|clients?|portfolio|patch)\b", text):
        found["owner"] = ("me",)
    if re.search(r"\bmy (?:tickets?|tix|conversations?|convos?|cases|chats|queue)\b", text):
        found["agent"] = ("me",)
    return found


def _mentioned(words: Words) -> tuple[str, ...]:
    """Quoted text, and what follows "mentioning": data to look for, never an instruction."""
    texts = [" ".join(quoted.lower().split()) for quoted in words.quoted]
    if not texts:
        match = words.find(
            r"\bmention(?:s|ing|ed)? (?:of )?((?:(?!in |on |since |this |last |past |for |from |by |~)"
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
    named = fix if fix is not None and re.search(r"\bsince (?:the )?~", everything) else None
    if named is None and re.search(r"\bsince the (?:last |latest )?release\b", everything):
        releases = [one for one in catalogue.of("fix") if one.flavour == "release" and one.day]
        named = max(releases, key=lambda one: str(one.day), default=None)
    if named is None or named.day is None or named.day > catalogue.today:
        return None
    return Window(named.day, catalogue.today + timedelta(days=1))


def _two_periods(words: Words, days: periods.Days) -> tuple[Window | None, Window | None]:
    """Read the period and, when another is named after it, what it is compared with."""
    first = periods.take_period(words, days)
    if first is None:
        return None, None
    return first, periods.take_period(words, days)


def _baseline(seen: Seen, second: Window | None, catalogue: Catalogue) -> None:
    """Named baselines: "vs July", "compared to last year", "than last week"."""
    joined = r"\b(?:vs|versus|against|than|to|with|over|and|from|or|on|the)\b"
    if re.search(
        r"\b(?:yoy|year over year|year on year|same (?:time|period) last year)\b", seen.text
    ) or (re.search(r"\b(?:vs|versus|than|to|with|against) last (?:year|yr)\b", seen.text)):
        period = seen.period
        if (period is not None and second is not None) or (
            period is not None and "yoy" in seen.text
        ):
            seen.baseline = periods.year_before(period)
        return
    if second is not None and re.search(joined, seen.free):
        seen.baseline = Baseline(kind=BaselineKind.NAMED, window=second)
        return
    than = re.search(
        r"\b(?:than|vs|versus|compared (?:to|with)|against) last (week|month|quarter|year)\b",
        seen.text,
    )
    if than is not None and second is None and seen.period is not None:
        seen.baseline = Baseline(kind=BaselineKind.NAMED, window=seen.period)
        start = periods.unit_start(than.group(1), catalogue.today)
        seen.period = Window(start, catalogue.today + timedelta(days=1))


def _sides(seen: Seen) -> Compare | None:
    """Two or more values of one dimension are the sides of a comparison."""
    asks = re.search(
        r"\b(?:vs|versus|compare[ds]?|comparing|comparison|between|than|or|against)\b", seen.free
    )
    if asks is None:
        return None
    for kind in _KINDS:
        values = seen.filters.get(kind, ())
        if len(values) >= 2:
            return Compare(by=kind, values=values)
    sentiment = seen.filters.get("sentiment", ())
    del sentiment
    return None


def _has_own_slots(seen: Seen) -> bool:
    """Whether a message could be a question by itself."""
    return seen.number.metric is not None or bool(seen.filters) or seen.period is not None


# --- A fresh question ----------------------------------------------------------------------------


def _ask_which(seen: Seen, catalogue: Catalogue) -> Reading:
    """Several accounts fit: ask, and keep what else was understood."""
    rest = _fresh(seen, catalogue, account_known=False)
    pending = {k: v for k, v in rest.as_dict().items() if k not in {"assumed", "alternatives"}}
    return Reading(
        intent=Intent.CLARIFY,
        clarify=Clarify(
            slot="account",
            reason="ambiguous",
            options=seen.entities.ambiguous,
            pending=pending,
        ),
    )


def _ask(slot: str, reason: str, pending: Mapping[str, object], *options: str) -> Reading:
    return Reading(
        intent=Intent.CLARIFY,
        clarify=Clarify(slot=slot, reason=reason, options=options, pending=pending),
    )


def _fresh(seen: Seen, catalogue: Catalogue, *, account_known: bool = True) -> Reading:
    """Fill a question that stands by itself with its defaults."""
    intent = seen.intent or _implied(seen)
    unknown = _unknown_account(seen, intent)
    if unknown is not None and account_known:
        near = nearest(unknown, catalogue)
        return _ask("account", "unknown", {"intent": intent.value if intent else "count"}, *near)
    if intent is None:
        return _ask("subject", "missing", {})
    if (
        intent is Intent.ACCOUNT_BRIEF
        and account_known
        and len(seen.filters.get("account", ())) != 1
    ):
        return _ask("account", "missing", {"intent": intent.value})
    if intent is Intent.WHY_CHANGE and _nothing_moved(seen):
        direction = signals.find_direction(seen.free, None)
        pending: dict[str, object] = {"intent": intent.value}
        return _ask("metric", "missing", pending | ({"direction": direction} if direction else {}))
    if intent is Intent.COMPARE and seen.compare is None and seen.baseline is None:
        return _ask("compare", "missing", {"intent": intent.value})
    if intent in {Intent.FIX_IMPACT, Intent.FUNNEL}:
        return _with_fix(seen, intent, catalogue)
    return _with_defaults(_draft(seen, intent), seen, catalogue)


def _implied(seen: Seen) -> Intent | None:
    """A slice without a question word: one account is a brief, a number or a slice is a count."""
    if seen.compare is not None:
        return Intent.COMPARE
    if seen.grouped and seen.number.metric:
        return Intent.COUNT
    if seen.number.metric is not None:
        return Intent.COUNT
    account = seen.filters.get("account", ())
    if (len(account) == 1 or seen.entities.ambiguous) and set(seen.filters) <= {"account"}:
        return Intent.ACCOUNT_BRIEF
    if seen.filters:
        return Intent.COUNT
    return None


def _unknown_account(seen: Seen, intent: Intent | None) -> str | None:
    """A left-over name in an account's place is an account that does not exist."""
    if seen.filters.get("account") or seen.entities.ambiguous:
        return None
    if intent is Intent.ACCOUNT_BRIEF:
        texts = seen.filters.get("text", ())
        if texts:
            return texts[0]
        match = re.search(
            r"\b(?:about|on|for|with|at|is|are|of|how's|how) (?:the )?([a-z][\w.&-]+(?: [A-Z]\w+)*)",
            seen.free,
        )
        if match is not None and match.group(1) not in {"the", "call", "a", "my", "meeting", "it"}:
            return match.group(1)
    capital = [
        word
        for at, word in enumerate(seen.words.words)
        if not word.used
        and at > 0
        and word.original[:1].isupper()
        and word.text not in _NOT_NAMES
        and seen.words.words[at - 1].text
        in {"at", "for", "from", "with", "about", "on", "is", "are"}
    ]
    return capital[0].original if capital else None


_NOT_NAMES = frozenset(
    "i i'm slack verbatim monday tuesday wednesday thursday friday saturday sunday csat nps".split()  # noqa: SIM905  # shorter so
)


def _nothing_moved(seen: Seen) -> bool:
    """Whether a "why is it down?" names nothing that could be down."""
    if seen.number.metric is not None or seen.filters or intents.is_open(seen.text):
        return False
    return True


def _draft(seen: Seen, intent: Intent) -> Reading:
    metric = seen.number.metric
    if intent in _NO_METRIC:
        metric = None if intent is not Intent.QUOTES else None
    filters = dict(seen.filters)
    if intent is Intent.CHURN_LIST:
        filters.pop("churn_risk", None)
    if metric is None and intent in {Intent.COUNT, Intent.TREND, Intent.TOP}:
        metric = CONVERSATIONS
    if metric is None and intent is Intent.WHY_CHANGE and _counts_something(seen):
        metric = CONVERSATIONS
    compare = seen.compare if intent is Intent.COMPARE else None
    if compare is not None:
        filters.pop(compare.by, None)
    elif intent is Intent.COMPARE and seen.baseline is not None:
        compare = Compare(by="period")
    return Reading(
        intent=intent,
        metric=metric,
        filters=filters,
        exclude=seen.exclude,
        period=seen.period,
        baseline=seen.baseline,
        compare=compare,
    )


def _counts_something(seen: Seen) -> bool:
    """Whether "why so many card declines" is about a volume: a counted noun, and no metric."""
    if intents.is_open(seen.text):
        return False
    return bool({"tag", "custom", "text", "driver", "channel"} & set(seen.filters))


def _with_fix(seen: Seen, intent: Intent, catalogue: Catalogue) -> Reading:
    if intent is Intent.FUNNEL:
        return _with_funnel(seen, catalogue)
    fix = catalogue.get("fix", seen.fix) if seen.fix else None
    if fix is None:
        wanted = "release" if "release" in seen.text else "fix"
        fitting = [one for one in catalogue.of("fix") if one.flavour == wanted]
        if wanted == "release" and fitting:
            fix = max(fitting, key=lambda one: str(one.day))
        elif len(fitting) == 1:
            fix = fitting[0]
        else:
            reason = "ambiguous" if fitting else "missing"
            return _ask("fix", reason, {"intent": intent.value}, *sorted(f.id for f in fitting))
    if fix.day is None or fix.day > catalogue.today:
        return _ask("fix", "missing", {"intent": intent.value})
    period = Window(fix.day, catalogue.today + timedelta(days=1))
    return Reading(
        intent=intent,
        metric=seen.number.metric or CONVERSATIONS,
        filters=seen.filters,
        exclude=seen.exclude,
        period=period,
        baseline=Baseline(kind=BaselineKind.BEFORE_FIX, window=period.preceding()),
        fix=fix.id,
    )


def _with_funnel(seen: Seen, catalogue: Catalogue) -> Reading:
    funnels = catalogue.of("funnel")
    funnel = seen.funnel or (funnels[0].id if len(funnels) == 1 else None)
    if funnel is None:
        reason = "ambiguous" if funnels else "missing"
        return _ask("funnel", reason, {"intent": "funnel"}, *sorted(f.id for f in funnels))
    period = seen.period or periods.default_period("funnel", catalogue.today)
    return Reading(
        intent=Intent.FUNNEL,
        filters=seen.filters,
        exclude=seen.exclude,
        period=period,
        funnel=funnel,
        group_by=seen.grouped,
    )


def _with_defaults(draft: Reading, seen: Seen, catalogue: Catalogue) -> Reading:
    """Fill period, baseline, groups, ranks and limits; say which were assumed."""
    intent, assumed = draft.intent, []
    period = draft.period
    if period is None:
        period = periods.default_period(intent.value, catalogue.today)
        assumed += ["period"] if period is not None else []
    group_by = _groups(draft, seen, period)
    rank_by, order, limit, direction = None, None, None, None
    if intent is Intent.WHY_CHANGE:
        direction = signals.find_direction(seen.free, draft.metric)
    if intent is Intent.TOP:
        rank_by, order = intents.rank_of(seen.free, draft.metric)
        if rank_by == "change":
            direction = signals.find_direction(_without_most(seen.free), draft.metric) or "up"
    if intent in {Intent.TOP, Intent.QUOTES, Intent.CHURN_LIST}:
        limit = intents.limit_of(seen.free)
        if limit is None:
            limit = {Intent.TOP: 5, Intent.QUOTES: 3, Intent.CHURN_LIST: 10}[intent]
            assumed.append("limit")
    draft = replace(
        draft,
        period=period,
        group_by=group_by,
        rank_by=rank_by,
        order=order,
        limit=limit,
        direction=direction,
        assumed=tuple(assumed),
    )
    return replace(draft, baseline=baseline_for(draft, catalogue))


def _without_most(text: str) -> str:
    return re.sub(r"\b(?:the )?(?:most|least|more|fastest|biggest|highest|lowest)\b", " ", text)


def _groups(draft: Reading, seen: Seen, period: Window | None) -> tuple[str, ...]:
    intent, within = draft.intent, "driver" in draft.filters
    grouped = seen.grouped
    if intent is Intent.WHY_CHANGE:
        if grouped:
            return grouped[:1]
        if within:
            return ("tag",)
        return ("account",) if "tag" in draft.filters else ("driver",)
    if intent is Intent.TREND:
        named = signals.find_grain(seen.free)
        grain = named or (periods.grain_of(period) if period else "week")
        return (grain, *[one for one in grouped if one not in {"day", "week", "month"}][:1])
    if intent is Intent.TOP:
        dimension = signals.named_dimension(seen.free, within_driver=within)
        fallback = "tag" if within else "driver"
        return (grouped[0] if grouped else dimension or fallback,)
    if intent is Intent.CHURN_LIST:
        tickets = re.search(r"\b(?:tickets?|tix|conversations?|convos?|cases)\b", seen.text)
        return ("conversation",) if tickets else ("account",)
    return grouped if intent is Intent.COUNT else ()


def baseline_for(draft: Reading, catalogue: Catalogue) -> Baseline | None:
    """The baseline of an intent that needs one: as named, else by the dates."""
    period = draft.period
    if period is None:
        return None
    if draft.intent is Intent.ACCOUNT_BRIEF:
        if draft.baseline is not None:
            return draft.baseline
        window = Window(period.start - timedelta(days=90), period.start)
        return Baseline(kind=BaselineKind.PRIOR_90, window=window)
    wanted = draft.intent is Intent.WHY_CHANGE or (
        draft.intent is Intent.TOP and draft.rank_by == "change"
    )
    if draft.intent is Intent.COMPARE and draft.compare and draft.compare.by == "period":
        wanted = True
    if not wanted:
        return None
    return draft.baseline or periods.baseline_of(period, catalogue.today)


# --- Threads -------------------------------------------------------------------------------------


def _follow(seen: Seen, last: Reading, catalogue: Catalogue) -> Reading:
    """Merge a follow-up into the last reading, and complete what it changed."""
    slots = threads.Slots(
        text=seen.text,
        intent=seen.intent,
        metric=seen.number.metric,
        filters=seen.filters,
        exclude=seen.exclude,
        period=seen.period,
        baseline=seen.baseline,
        grouped=seen.grouped,
        direction=signals.find_direction(seen.free, seen.number.metric or last.metric),
        limit=intents.limit_of(seen.free),
        dimension=signals.named_dimension(seen.free, within_driver="driver" in last.filters),
        grain=signals.find_grain(seen.free),
    )
    merged = threads.merge(last, slots)
    return _completed(merged, catalogue)


def _completed(reading: Reading, catalogue: Catalogue) -> Reading:
    """Give a merged reading the period, baseline and groups that its intent needs."""
    intent = reading.intent
    if intent in {Intent.CLARIFY, Intent.HELP, Intent.DEFINITION, Intent.REFUSE}:
        return reading
    assumed = list(reading.assumed)
    period = reading.period
    if period is None and intent is not Intent.FIX_IMPACT:
        period = periods.default_period(intent.value, catalogue.today)
        assumed += ["period"] if period else []
    reading = replace(reading, period=period, assumed=tuple(dict.fromkeys(assumed)))
    if intent is Intent.TREND and period is not None and not reading.group_by:
        reading = replace(reading, group_by=(periods.grain_of(period),))
    return replace(reading, baseline=baseline_for(reading, catalogue) or reading.baseline)


# --- To a Query ----------------------------------------------------------------------------------


def to_query(reading: Reading, catalogue: Catalogue, *, person: str = "") -> Query:
    """Turn a reading into the Query that answers it; "me" is the person who asks."""
    metric = reading.metric or CONVERSATIONS
    if metric == "sentiment":
        metric = "negative_rate"
    filters = _filters(reading.filters, catalogue, person)
    return Query(
        metric=metric,
        window=reading.period,
        filters=filters,
        exclude=_filters(reading.exclude, catalogue, person),
        text=tuple(reading.filters.get("text", ())),
        group_by=tuple(Dimension(one) for one in reading.group_by if one != "conversation"),
        compare_to=reading.baseline.window if reading.baseline else None,
    )


def _filters(
    filters: Mapping[str, tuple[str, ...]], catalogue: Catalogue, person: str
) -> tuple[Filter, ...]:
    found = []
    for kind, values in filters.items():
        if kind in {"text", "custom"}:
            continue
        if kind == "segment":
            found += _segments(values, catalogue)
            continue
        keys = [key for value in values for key in _keys(kind, value, catalogue, person)]
        found.append(Filter.of(Dimension(kind), *keys))
    return tuple(found)


def _segments(values: Sequence[str], catalogue: Catalogue) -> list[Filter]:
    """Segments of one group are "or"; of two groups nobody can be both here, so that is said."""
    groups: dict[str | None, list[str]] = {}
    for value in values:
        entity = catalogue.get("segment", value)
        keys = catalogue.keys("segment", value)
        groups.setdefault(entity.group if entity else None, []).extend(keys)
    return [Filter.of(Dimension.SEGMENT, *keys) for keys in groups.values()]


def _keys(kind: str, value: str, catalogue: Catalogue, person: str) -> tuple[str, ...]:
    if value == "me":
        return (person or NO_VALUE,)
    if kind in {"sentiment", "effort", "churn_risk"}:
        return (EMPTY_VALUE if value == "empty" else value,)
    if kind not in set(Dimension):
        raise Misused(f"Conversations cannot be filtered by {kind}.")
    return catalogue.keys(kind, value)


def sides_of(reading: Reading, catalogue: Catalogue) -> tuple[tuple[str, ...], ...]:
    """The filter values of each side of a comparison."""
    if reading.compare is None:
        return ()
    by = reading.compare.by
    return tuple(catalogue.keys(by, value) for value in reading.compare.values)


def assumptions(reading: Reading, catalogue: Catalogue) -> tuple[str, ...]:
    """Say in words what the reader filled in or took a word to mean."""
    said = []
    if reading.metric == "sentiment":
        moved = {"down": '"drop" = share of negative conversations up'}
        moved["up"] = '"improve" = share of negative conversations down'
        said.append(
            moved.get(reading.direction or "", "sentiment = share of negative conversations")
        )
    if "period" in reading.assumed and reading.period is not None:
        length = f"last {reading.period.days} full days"
        if reading.baseline is not None and reading.baseline.window.end == reading.period.start:
            length += f" against the {reading.baseline.window.days} before"
        said.append(length)
    del catalogue
    return tuple(said)
