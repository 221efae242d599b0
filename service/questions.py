"""A message to a reading, and a reading to a Query. Pure: names and today come with the catalogue.

The order is fixed: refusals, names (which use words up), periods, the number, the intent, and only
then the thread and the defaults.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.names import nearest
from service.query import CONVERSATIONS, Window
from service.reading import baselines, intents, replies, signals, threads
from service.reading.asking import TAKEN, assumptions, sides_of, to_query, undefined
from service.reading.corrections import correction_in
from service.reading.defaults import baseline_for, with_defaults
from service.reading.doubts import with_doubts, with_offer
from service.reading.leftover import (
    IGNORED,
    ignored,
    is_strange,
    strangers,
    unknown_beside,
    unknown_doers,
    unknown_owners,
)
from service.reading.looking import Seen, has_own_slots, look, set_against
from service.reading.model import Baseline, BaselineKind, Clarify, Compare, Reading
from service.reading.refusals import outside, refusal
from service.reading.targets import ask, of_fix, unknown_release, with_fix
from service.reading.terms import defined_term
from service.reading.words import Words

__all__ = ["Reading", "assumptions", "read", "sides_of", "to_query", "undefined"]

ThreadItem = Mapping[str, object]
# What comes between does not end what a thread is about.
_BESIDE = {Intent.REFUSE, Intent.HELP, Intent.DEFINITION}
_ANSWERED = set(Intent) - {Intent.CLARIFY, *_BESIDE}
_NO_METRIC = {Intent.ACCOUNT_BRIEF, Intent.QUOTES, Intent.CHURN_LIST, Intent.FUNNEL}


def read(text: str, catalogue: Catalogue, thread: Sequence[ThreadItem] = ()) -> Reading:
    """Return what a message asks. It never counts and never looks at the clock."""
    words = Words.of(text)
    last = _last_reading(thread)
    seen = look(words, catalogue)
    if intents.is_help(seen.text):
        return Reading(intent=Intent.HELP)
    term = defined_term(words.spoken(), catalogue)
    if term is not None:
        return Reading(intent=Intent.DEFINITION, term=term)
    reason = refusal(words)
    if reason == "no_write" and last is not None and threads.is_adjustment(words):
        reason = None
    if reason is not None:
        return Reading(intent=Intent.REFUSE, refuse=reason)
    corrected = _corrected(words, catalogue, thread)
    if corrected is not None:
        return corrected
    if last is not None and last.clarify is not None:
        return _replied(seen, last, last.clarify, catalogue)
    if seen.entities.ambiguous:
        return _ask_which(seen, catalogue)
    if last is not None and threads.continues(seen.text, seen.intent, has_own_slots(seen)):
        found = _follow(seen, last, catalogue)
        unknown = strangers(seen.words)
        release = unknown_release(seen, catalogue)
        if release is not None:
            near = nearest(release, catalogue.of("fix"))
            return ask("fix", "unknown", found.as_dict(), *near)
        if unknown and not seen.filters.get("account"):
            near = nearest(unknown[0].original, catalogue.of("account"))
            return ask("account", "unknown", found.as_dict(), *near)
        return _changed(with_doubts(found, seen), last, words)
    return with_offer(with_doubts(_fresh(seen, catalogue), seen), seen)


_SAME_AGAIN = (
    r"^(?:(?:more|again|yes|yep|ok|okay|please|pls|some|show|same|it|that|this|them|the|me|go|on"
    r"|repeat)\b ?)*$"
)


def _changed(found: Reading, last: Reading, words: Words) -> Reading:
    """A follow-up that changed nothing was not understood, unless it asks for the same again."""
    same = replace(found, assumed=last.assumed, alternatives=last.alternatives) == last
    said = words.everything()
    if not same or any(one.startswith(IGNORED) for one in found.assumed):
        return found
    if re.search(_SAME_AGAIN, said) or words.has("[~@=]"):
        return found
    return replace(found, assumed=(*found.assumed, f"{IGNORED}{said[:_LONGEST]}"))


def _corrected(words: Words, catalogue: Catalogue, thread: Sequence[ThreadItem]) -> Reading | None:
    """What is taken back is read first, and what stands instead as its follow-up."""
    correction = correction_in(words.plain)
    if correction is None:
        return None
    first = read(correction.before, catalogue, thread)
    if first.intent not in _ANSWERED:
        return None
    item = {"text": correction.before, "reading": first.as_dict()}
    meant = read(correction.after, catalogue, [*thread, item])
    if replace(meant, assumed=first.assumed, alternatives=first.alternatives) == first:
        return None  # "sorry for asking again" takes nothing back
    said = f"{TAKEN}“{correction.after}” is what you meant"
    left = [one for one in first.assumed if one.startswith(IGNORED)]
    return replace(meant, assumed=tuple(dict.fromkeys((*meant.assumed, *left, said))))


def _replied(seen: Seen, asked: Reading, clarify: Clarify, catalogue: Catalogue) -> Reading:
    """What a question that was asked back leads to: its answer, another question, or it again."""
    filled = replies.fill(seen.text, asked, catalogue)
    if filled is not None:
        if seen.period is not None:  # "schools, last month"
            filled = replace(filled, period=seen.period, baseline=None)
        return _completed(filled, catalogue)
    if seen.entities.ambiguous:
        return _ask_which(seen, catalogue)
    pending = Reading.from_dict(clarify.pending) if clarify.pending else None
    is_reply = seen.intent is None or (pending is not None and seen.intent is pending.intent)
    if (
        pending is not None
        and clarify.slot in {"metric", "compare", "period"}
        and is_reply
        and has_own_slots(seen)
    ):
        found = _follow(seen, pending, catalogue)
        moved = found.direction or pending.direction  # "why is it down?", "sentiment"
        return with_doubts(replace(found, direction=moved), seen)
    fresh = _fresh(seen, catalogue)
    if fresh.clarify is not None and fresh.clarify.slot == "subject":
        return asked
    return with_doubts(fresh, seen)


def _last_reading(thread: Sequence[ThreadItem]) -> Reading | None:
    for item in reversed(thread):
        found = item.get("reading")
        if isinstance(found, Mapping) and found.get("intent") not in _BESIDE:
            return Reading.from_dict(found)
    return None


# --- A fresh question ----------------------------------------------------------------------------


def _ask_which(seen: Seen, catalogue: Catalogue) -> Reading:
    """Several names fit: ask, and keep what else was understood."""
    pending = _pending(seen, seen.intent, catalogue)
    return Reading(
        intent=Intent.CLARIFY,
        clarify=Clarify(
            slot=seen.entities.ambiguous_kind,
            reason="ambiguous",
            options=seen.entities.ambiguous,
            pending=pending,
        ),
    )


def _pending(seen: Seen, intent: Intent | None, catalogue: Catalogue) -> Mapping[str, object]:
    """What was understood beside the account that has to be asked for."""
    rest = _fresh(seen, catalogue, account_known=False).as_dict()
    if intent is Intent.ACCOUNT_BRIEF:
        rest.pop("filters", None)  # words of a name that we do not know look like other names
    if rest["intent"] == Intent.CLARIFY.value:
        rest = {"intent": (intent or Intent.COUNT).value}
    return {k: v for k, v in rest.items() if k not in {"assumed", "alternatives"}}


def _fresh(seen: Seen, catalogue: Catalogue, *, account_known: bool = True) -> Reading:
    """Fill a question that stands by itself with its defaults."""
    seen = set_against(seen, catalogue)
    intent = seen.intent or _implied(seen)
    unknown = _unknown_account(seen, intent)
    if unknown is not None and account_known:
        near = nearest(unknown, catalogue.of("account"))
        return ask("account", "unknown", _pending(seen, intent, catalogue), *near)
    release = unknown_release(seen, catalogue)
    if release is not None and intent is not Intent.FIX_IMPACT:
        near = nearest(release, catalogue.of("fix"))
        whole = with_defaults(_draft(seen, intent or Intent.COUNT), seen, catalogue)
        return ask("fix", "unknown", replace(whole, assumed=()).as_dict(), *near)
    if intent is None:
        strange = outside(seen.words) if seen.period is None else None
        if strange is not None:
            left = tuple(f"{IGNORED}{one}" for one in ignored(seen.words))
            return Reading(intent=Intent.REFUSE, refuse=strange, assumed=left)
        return ask("subject", "missing", {})
    if (
        intent is Intent.ACCOUNT_BRIEF
        and account_known
        and len(seen.filters.get("account", ())) != 1
    ):
        return ask("account", "missing", {"intent": intent.value})
    if intent is Intent.WHY_CHANGE and _nothing_moved(seen):
        direction = signals.find_direction(seen.free, None)
        pending: dict[str, object] = {"intent": intent.value}
        return ask("metric", "missing", pending | ({"direction": direction} if direction else {}))
    if intent is Intent.COMPARE and seen.compare is None and not _weighs_periods(seen):
        grouped = signals.compared_dimension(seen.free)
        if grouped is not None:
            seen = replace(seen, grouped=(grouped,))
            return with_defaults(_draft(seen, Intent.COUNT), seen, catalogue)
        return ask("compare", "missing", _draft(seen, intent).as_dict())
    if intent in {Intent.FIX_IMPACT, Intent.FUNNEL}:
        return with_fix(seen, intent, catalogue)
    return with_defaults(_draft(seen, intent), seen, catalogue)


def _implied(seen: Seen) -> Intent | None:
    """A slice without a question word: one account is a brief, a number or a slice is a count."""
    if seen.compare is not None:
        return Intent.COMPARE
    if seen.fix and seen.number.metric is None and not seen.since_fix:
        return Intent.FIX_IMPACT  # "the SSO patch?"
    if seen.number.metric is not None and signals.moves(seen.free):
        return Intent.WHY_CHANGE  # "effort up on phone?"
    if seen.grouped or seen.number.metric is not None:
        return Intent.COUNT
    account = seen.filters.get("account", ())
    if (len(account) == 1 or seen.entities.unsure_account) and set(seen.filters) <= {"account"}:
        return Intent.ACCOUNT_BRIEF
    named = seen.filters or seen.exclude or seen.entities.ambiguous
    return Intent.COUNT if named else None


_NO_ACCOUNT = frozenset("the call a my meeting it account accounts customer client".split())  # noqa: SIM905  # shorter so


def _unknown_account(seen: Seen, intent: Intent | None) -> str | None:
    """A left-over name in an account's place is an account that does not exist."""
    if seen.entities.ambiguous:
        return None
    if seen.filters.get("account"):  # "from Globex and Acme"
        others = (*strangers(seen.words), *unknown_beside(seen.words))
        return next((word.original for word in others), None)
    if intent is Intent.ACCOUNT_BRIEF:
        texts = seen.filters.get("text", ())
        if texts:
            return texts[0]
        match = re.search(
            r"\b(?:about|on|for|with|at|is|are|of|how's|how) (?:the )?([a-z][\w.&-]+)",
            seen.free,
        )
        if match is not None and match.group(1) not in _NO_ACCOUNT:
            return match.group(1)
        names = [one for one in seen.words.words if one.original[:1].isupper() and is_strange(one)]
        if names:
            return names[0].original
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
    if not capital:
        capital = [
            after
            for before, after in zip(seen.words.words, seen.words.words[1:], strict=False)
            if before.text in _BEFORE_DOERS and after.original[:1].isupper() and is_strange(after)
        ]
    if not capital:
        unknown = unknown_beside, unknown_owners, unknown_doers
        capital = next(filter(None, (find(seen.words) for find in unknown)), [])
    if capital:
        return capital[0].original
    return next((word.original for word in strangers(seen.words)), None)


_LONGEST = 40  # characters of a message that an answer repeats
_BEFORE_DOERS = {"has", "have", "did", "does", "was", "were", "will", "why"}
_NOT_NAMES = frozenset(
    "i i'm slack verbatim monday tuesday wednesday thursday friday saturday sunday csat nps".split()  # noqa: SIM905  # shorter so
)


def _nothing_moved(seen: Seen) -> bool:
    """Whether a "why is it down?" names nothing that could be down."""
    open_question = intents.is_open(seen.text) or intents.is_open(seen.free)
    named = seen.filters or seen.entities.ambiguous
    return not (seen.number.metric is not None or named or open_question)


def _draft(seen: Seen, intent: Intent) -> Reading:
    metric = None if intent in _NO_METRIC else seen.number.metric
    filters = dict(seen.filters)
    if intent is Intent.CHURN_LIST:
        filters.pop("churn_risk", None)
    mood = signals.mood_of(seen.free) if seen.number.metric == "sentiment" else None
    if intent is Intent.QUOTES and mood is not None:
        filters.setdefault("sentiment", (mood,))
    if metric is None and intent in {Intent.COUNT, Intent.TREND, Intent.TOP}:
        metric = CONVERSATIONS
    if metric is None and intent is Intent.COMPARE and {"tag", "text"} & _not_sides(seen):
        metric = CONVERSATIONS
    if metric is None and intent is Intent.WHY_CHANGE and _counts_something(seen):
        metric = CONVERSATIONS
    if intent is Intent.ACCOUNT_BRIEF:  # whom it is for, as in "a brief for Ana", says nothing
        filters = {kind: of for kind, of in filters.items() if kind not in {"agent", "owner"}}
    compare = seen.compare if intent is Intent.COMPARE else None
    if compare is not None:
        filters.pop(compare.by, None)
    elif intent is Intent.COMPARE and _weighs_periods(seen):
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


def _weighs_periods(seen: Seen) -> bool:
    return seen.baseline is not None or bool(seen.back)


def _not_sides(seen: Seen) -> set[str]:
    return set(seen.filters) - {seen.compare.by if seen.compare else ""}


def _counts_something(seen: Seen) -> bool:
    """Whether "why so many card declines" is about a volume: a counted noun, and no metric."""
    if intents.is_open(seen.text) or intents.is_open(seen.free):
        return False
    named = {*seen.filters, seen.entities.ambiguous_kind}
    return bool({"tag", "custom", "text", "driver", "channel"} & named)


# --- Threads -------------------------------------------------------------------------------------


def _narrows(seen: Seen, last: Reading, catalogue: Catalogue) -> bool:
    """Whether "only France" names segments of another group than those that are compared."""
    if last.compare is None or last.compare.by != "segment":
        return False
    new = seen.filters.get("segment", ())
    groups = [{catalogue.group_of(one) for one in of} for of in (last.compare.values, new)]
    return bool(new) and groups[0].isdisjoint(groups[1])


def _follow(seen: Seen, last: Reading, catalogue: Catalogue) -> Reading:
    """Merge a follow-up into the last reading, and complete what it changed."""
    grouped = seen.grouped
    period, baseline = seen.period, seen.baseline
    if period is not None and baseline is None and re.search(r"\bthan @", seen.free):
        baseline = Baseline(kind=BaselineKind.NAMED, window=period)
        period = last.period  # "more than in July?"
    if seen.back and last.period is not None and seen.period is None:
        baseline = baselines.back(last.period, seen.back)
    bare = re.fullmatch(r"(?:and |what about |how about )?(?:the )?(\w+)", seen.free)
    if bare is not None and not grouped and not seen.number.filters:  # "agents?"
        one = signals.dimension_of(bare.group(1), within_driver="driver" in last.filters)
        grouped = (one,) if one is not None and one != "sentiment" else ()
    if last.group_by and seen.number.metric == "sentiment":
        grouped = tuple(one for one in grouped if one != "sentiment")  # it is the number now
    felt = seen.filters.get("sentiment", ()) if bare is not None else ()
    rate = signals.same_rate(last.metric, felt)
    filters = {kind: of for kind, of in seen.filters.items() if rate is None or kind != "sentiment"}
    slots = threads.Slots(
        text=seen.text,
        intent=seen.intent,
        metric=rate or seen.number.metric,
        filters=filters,
        exclude=seen.exclude,
        period=period,
        baseline=baseline,
        grouped=grouped,
        fix=seen.fix,
        funnel=seen.funnel,
        rank=intents.rank_named(seen.free, seen.number.metric or last.metric),
        direction=signals.find_direction(seen.free, seen.number.metric or last.metric),
        limit=intents.limit_of(seen.free),
        dimension=signals.named_dimension(
            signals.without_slices(seen.free), within_driver="driver" in last.filters
        ),
        grain=signals.find_grain(seen.free),
        narrows=_narrows(seen, last, catalogue),
    )
    merged = threads.merge(last, slots)
    tomorrow = catalogue.today + timedelta(days=1)
    if merged.period is not None and merged.period.start < tomorrow < merged.period.end:
        merged = replace(merged, period=Window(merged.period.start, tomorrow))
    if baseline is not None and seen.back and baseline_for(merged, catalogue) is None:
        merged = replace(merged, period=baseline.window)  # "same week last year" is what to count
    if merged.intent is Intent.FIX_IMPACT and merged.fix is None:
        judged = replace(seen.number, metric=merged.metric)
        return with_fix(
            replace(seen, filters=dict(merged.filters), number=judged), merged.intent, catalogue
        )
    return _completed(merged, catalogue)


def _completed(reading: Reading, catalogue: Catalogue) -> Reading:
    """Give a merged reading the period, baseline and groups that its intent needs."""
    intent = reading.intent
    if intent is Intent.FIX_IMPACT and reading.fix and reading.period is None:
        return of_fix(reading, catalogue)
    if intent in {Intent.CLARIFY, Intent.HELP, Intent.DEFINITION, Intent.REFUSE}:
        return reading
    assumed = list(reading.assumed)
    period = reading.period
    if period is None and intent is not Intent.FIX_IMPACT:
        period = baselines.default_period(intent.value, catalogue.today)
        assumed += ["period"] if period else []
    reading = replace(reading, period=period, assumed=tuple(dict.fromkeys(assumed)))
    if intent is Intent.TREND and period is not None and not reading.group_by:
        reading = replace(reading, group_by=(baselines.grain_of(period),))
    return replace(reading, baseline=baseline_for(reading, catalogue) or reading.baseline)
