"""Follow-ups: what a short message inherits from the reading before it, and what it replaces."""

import re
from dataclasses import dataclass, replace

from service.domain.answers import Intent
from service.query import CONVERSATIONS, Window
from service.reading.baselines import grain_of
from service.reading.intents import is_about_them
from service.reading.model import (
    Baseline,
    BaselineKind,
    Clarify,
    Compare,
    Filters,
    Reading,
    without,
)
from service.reading.periods import moved
from service.reading.words import Words

_OPENS = (
    r"^(?:and|what about|how about|same|only|just|ok|okay|also|now|but|instead|with|without|for|"
    r"by|since|vs|versus|excluding|except|not|then|in|on|from|more|\d+ more|again|why|the|this|"
    r"last|yes|no|make it|split|break|sort|rank|order|group)\b"
)
_POINTS = (
    r"\b(?:that|those|them|these|there|they|same|instead|it|its|ones)\b"
    r"|\bshow (?:me |us )?the (?:tickets|conversations|convos|quotes|examples)$"
    r"|^(?:and )?compared? (?:it |this |that )?(?:with|to|against)\b"
)
_SHOW_THEM = (
    r"^(?:and |ok |so |can you |please |pls )*(?:show|list|see|read|give|open)(?: me| us)? "
    r"(?:them|those|these|it|some)(?: all| please| pls)*$"
)
_WHICH_ONES = (
    r"^(?:and |so |ok )?(?:which|who)(?: ones?| are (?:they|those)| accounts?| customers?)?$"
)
_FIRST_OF_THEM = r"^(?:and |only |just |the )*(?:top|first) (?:\d+|\w+)(?: only| please| pls)*$"
_BARE_COUNT = r"^(?:and |so |ok )*how many(?: (?:are|were) there| in total| is it| altogether)?$"
_COMPARED = frozenset(
    ("account", "driver", "tag", "segment", "channel", "agent", "owner", "source")
)
_OF_CONVERSATIONS = {Intent.QUOTES, Intent.COUNT, Intent.TREND, Intent.TOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """What a follow-up itself says."""

    text: str
    intent: Intent | None
    metric: str | None
    filters: Filters
    exclude: Filters
    period: Window | None
    baseline: Baseline | None
    grouped: tuple[str, ...]
    fix: str | None
    funnel: str | None
    rank: tuple[str | None, str | None]
    direction: str | None
    limit: int | None
    dimension: str | None
    grain: str | None
    narrows: bool  # "only France" after rail against bus: a segment of another group


def continues(text: str, intent: Intent | None, has_slots: bool) -> bool:  # noqa: FBT001  # a fact about the message
    """Whether a message needs the one before it: it opens as an addition, points back, or asks
    nothing by itself.
    """
    if re.search(_POINTS, text) or re.search(_BARE_COUNT, text):
        return True
    if intent is None:
        return True
    if not has_slots:
        return True
    return re.search(_OPENS, text) is not None and len(text.split()) <= 6


_ADJUSTS = frozenset(
    """
    add include remove drop change switch set make it that to and or the also too as well please
    pls just only instead in for from with exclude ok
    """.split()  # noqa: SIM905  # shorter so
)
_ADDS = (
    r"^(?:and |ok |please |pls |also |now )*(?:add|include|plus|also)\b"
    r"|\b(?:too|as well)(?: please| pls)?$"
)


def is_adjustment(words: Words) -> bool:
    """Whether "add chat" changes what was asked, for it names nothing but slots of a question."""
    rest = [word.text for word in words.words if not word.used]
    return len(rest) < len(words.words) and set(rest) <= _ADJUSTS


def merge(last: Reading, slots: Slots) -> Reading:
    """Named slots replace those of their kind; a new kind is added; a new period drops the old
    baseline.
    """
    if last.intent is Intent.WHY_CHANGE and re.search(_COMPARED_TO, slots.text):
        slots = _as_baseline(last, slots)
    beside = _MOVED_FROM if slots.intent is Intent.WHY_CHANGE else _THAN_BEFORE
    if re.search(beside, slots.text) and slots.period is None and slots.baseline is None:
        slots = replace(_as_baseline(last, slots), intent=slots.intent)
    if last.intent is Intent.CHURN_LIST and re.search(_BARE_COUNT, slots.text):
        slots = replace(slots, metric=None)  # as many as are listed
    intent = _intent(last, slots)
    period = _period(last, slots)
    sides = _sides_kept(last, intent)
    filters = {**last.filters, **sides, **slots.filters}
    if re.search(_ADDS, slots.text):
        filters |= {
            kind: tuple(dict.fromkeys((*last.filters.get(kind, ()), *values)))
            for kind, values in slots.filters.items()
        }
    filters = dict(without(filters, slots.exclude))
    if last.intent is Intent.CHURN_LIST and intent in _OF_CONVERSATIONS:
        filters["churn_risk"] = ("yes",)
    if intent is Intent.CHURN_LIST:
        filters.pop("churn_risk", None)
        if intent is not last.intent and slots.period is None and "period" in last.assumed:
            period = None  # a period that nobody named: the flags that are open now
    new = slots.metric not in {None, last.metric}
    merged = replace(
        last,
        intent=intent,
        metric=slots.metric or last.metric or _of_the_list(last, intent),
        direction=last.direction if intent is last.intent and not new else None,
        filters=filters,
        exclude=without({**last.exclude, **slots.exclude}, slots.filters),
        period=period,
        baseline=slots.baseline,
        fix=slots.fix or last.fix,
        funnel=slots.funnel or last.funnel,
        compare=last.compare if intent is last.intent else None,
        clarify=None,
        assumed=(),
    )
    if period == last.period and intent is last.intent and slots.baseline is None:
        merged = replace(merged, baseline=last.baseline)
    if intent is Intent.FIX_IMPACT and slots.fix:
        return _judged(merged)
    if intent is Intent.COMPARE and last.compare is not None and last.compare.by == "period":
        return _against(last, slots, merged)
    if intent is Intent.COMPARE:
        before = last.compare if not slots.narrows else None
        if before is not None and slots.period is not None and re.search(_VERSUS, slots.text):
            kept = {**merged.filters, before.by: before.values}
            return _compared(last, slots, replace(merged, filters=kept))
        if before is not None and before.by in {*slots.filters, *slots.exclude}:
            return _other_sides(before, slots, merged)
        if last.compare is None:
            return _compared(last, slots, merged)
    return _shaped(last, slots, merged)


_VERSUS = r"\b(?:vs|versus|against|compared?)\b"
_COMPARED_TO = r"^(?:and )?(?:compared (?:to|with)|against)\b"


_ONE_BEFORE = (
    r" (?:in |on )?(?:the |a |one )?"
    r"(?:\w+ (?:before|earlier|prior)|(?:previous|prior|preceding) \w+)\b"
)
_THAN_BEFORE = rf"\bthan{_ONE_BEFORE}"
# "Did it drop vs the week before": what it is held against, and no period of its own.
_MOVED_FROM = rf"\b(?:than|vs|versus|compared (?:to|with)|against|over|from){_ONE_BEFORE}"


def _as_baseline(last: Reading, slots: Slots) -> Slots:
    """ "Compared to July" after a why asks why again, against July."""
    other = slots.period or _moved(last, slots)
    named = Baseline(kind=BaselineKind.NAMED, window=other) if other is not None else None
    return replace(slots, intent=None, period=last.period, baseline=slots.baseline or named)


def _against(last: Reading, slots: Slots, merged: Reading) -> Reading:
    """ "Vs July?" after two periods sets the first against another one."""
    if not re.search(_VERSUS, slots.text) or slots.period is None:
        return _shaped(last, slots, merged)
    other = slots.baseline or Baseline(kind=BaselineKind.NAMED, window=slots.period)
    return replace(merged, period=last.period, baseline=other)


def _sides_kept(last: Reading, intent: Intent) -> Filters:
    """ "Why?" after a comparison is about its sides, and about no others."""
    if last.compare is None or not last.compare.values or intent is Intent.COMPARE:
        return {}
    return {last.compare.by: last.compare.values}


def _judged(merged: Reading) -> Reading:
    """A fix has its own period and baseline, and none of the other slots."""
    return replace(
        merged,
        period=None,
        baseline=None,
        group_by=(),
        direction=None,
        rank_by=None,
        order=None,
        limit=None,
        compare=None,
    )


def _intent(last: Reading, slots: Slots) -> Intent:
    named = slots.intent
    if re.search(_SHOW_THEM, slots.text):
        return Intent.QUOTES
    if (
        named is None
        and slots.metric is not None
        and (
            last.intent is Intent.ACCOUNT_BRIEF
            or (last.intent is Intent.QUOTES and slots.metric != CONVERSATIONS)
        )
    ):
        return Intent.COUNT  # a number, where neither has one
    if re.search(r"^(?:and |but |ok |so )*why\b", slots.text):
        return Intent.WHY_CHANGE
    if re.search(r"^(?:\d+|some|a few)? ?more\b", slots.text) and last.intent is Intent.QUOTES:
        return Intent.QUOTES
    if is_about_them(slots.text) and len(last.filters.get("account", ())) == 1:
        return Intent.ACCOUNT_BRIEF
    if (
        re.search(r"^(?:(?:and|so|ok|by|from|for|at|in) )*(?:which|what)\b(?! about)", slots.text)
        and slots.dimension
    ):
        return Intent.TOP
    if last.intent is Intent.CHURN_LIST and re.search(_FIRST_OF_THEM, slots.text):
        return Intent.CHURN_LIST
    if last.metric == "accounts" and re.search(_WHICH_ONES, slots.text):
        return Intent.TOP
    counts = re.search(r"\bhow (?:many|often)\b", slots.text)
    if named is None or (named is Intent.COUNT and slots.metric is None and not counts):
        return last.intent
    if named is Intent.ACCOUNT_BRIEF and last.intent is not Intent.ACCOUNT_BRIEF:
        return last.intent
    return named


def _period(last: Reading, slots: Slots) -> Window | None:
    return slots.period or _moved(last, slots) or last.period


def _moved(last: Reading, slots: Slots) -> Window | None:
    return moved(last.period, slots.text) if last.period is not None else None


def _other_sides(compare: Compare, slots: Slots, merged: Reading) -> Reading:
    """ "And phone?", "without chat": a comparison gains a side or loses one."""
    by = compare.by
    named = slots.filters.get(by, ())
    every = dict.fromkeys(named if len(named) > 1 else (*compare.values, *named))
    values = tuple(one for one in every if one not in slots.exclude.get(by, ()))
    filters = {kind: of for kind, of in merged.filters.items() if kind != by}
    alone = len(values) < len(("this", "that"))
    return replace(
        merged,
        intent=Intent.COUNT if alone else merged.intent,
        metric=merged.metric or (CONVERSATIONS if alone else None),
        filters=filters | ({by: values} if alone and values else {}),
        exclude={kind: of for kind, of in merged.exclude.items() if kind != by},
        compare=None if alone else Compare(by=by, values=values),
    )


def _compared(last: Reading, slots: Slots, merged: Reading) -> Reading:
    """ "vs chat?" after a question about e-mail compares the two."""
    other = slots.period or _moved(last, slots)
    if last.period is not None and (other is not None or slots.baseline is not None):
        named = Baseline(kind=BaselineKind.NAMED, window=other) if other else None
        return replace(
            merged,
            period=last.period,
            baseline=slots.baseline or named,
            compare=Compare(by="period"),
            group_by=(),
            rank_by=None,
            order=None,
            limit=None,
        )
    for kind, values in slots.filters.items():
        both = tuple(dict.fromkeys((*last.filters.get(kind, ()), *values)))
        if kind in _COMPARED and kind in last.filters and len(both) > 1:
            rest = {k: v for k, v in merged.filters.items() if k != kind}
            return replace(
                merged,
                filters=rest,
                compare=Compare(by=kind, values=both),
                group_by=(),
                rank_by=None,
                order=None,
                limit=None,
                baseline=None,
            )
    pending = replace(merged, compare=None).as_dict()
    asked = Clarify(slot="compare", reason="missing", pending=pending)
    return Reading(intent=Intent.CLARIFY, clarify=asked)


def _shaped(last: Reading, slots: Slots, merged: Reading) -> Reading:
    """Keep or fill the slots that the intent uses; drop the others."""
    intent = merged.intent
    same = intent is last.intent
    grouped = slots.grouped or (last.group_by if same else ())
    if intent is Intent.WHY_CHANGE:
        return replace(
            merged,
            group_by=slots.grouped or _why_group_kept(last, merged),
            direction=slots.direction or merged.direction,
            rank_by=None,
            order=None,
            limit=None,
        )
    if intent is Intent.TOP:
        by, order = slots.rank
        if merged.metric == "accounts":
            merged, grouped = replace(merged, metric="conversations"), ("account",)
        if last.intent is Intent.COUNT:
            grouped = grouped or last.group_by[:1]
        if not same or slots.dimension or slots.grouped:
            grouped = slots.grouped or ((slots.dimension,) if slots.dimension else grouped)
        return replace(
            merged,
            metric=merged.metric or "conversations",
            group_by=grouped or ("driver",),
            rank_by=by or (last.rank_by if same else "value"),
            order=order or (last.order if same else _usual_order(last)),
            direction=slots.direction or merged.direction or "up" if by else merged.direction,
            limit=slots.limit or (last.limit if same else 5),
        )
    if intent is Intent.FUNNEL:
        return replace(merged, group_by=grouped)
    if intent is Intent.QUOTES:
        return replace(
            merged,
            metric=None,
            direction=None,
            group_by=(),
            rank_by=None,
            order=None,
            baseline=None,
            compare=None,
            limit=slots.limit or (last.limit if same else 3),
        )
    if intent is Intent.TREND:
        grain = (slots.grain,) if slots.grain else ()
        keep = last.group_by if same and slots.period is None else ()
        named = slots.grouped or (last.group_by[1:] if same else ())
        extra = tuple(one for one in named if one not in {"day", "week", "month"})
        return replace(
            merged,
            metric=merged.metric or "conversations",
            group_by=(grain or keep[:1] or _grain(merged)) + extra
            if grain or keep or extra
            else (),
            rank_by=None,
            order=None,
            limit=None,
            baseline=None,
        )
    if intent is Intent.CHURN_LIST:
        return replace(
            merged,
            metric=None,
            group_by=tuple(one for one in grouped if one == "conversation") or ("account",),
            limit=slots.limit or last.limit or 10,
            baseline=None,
        )
    if intent is Intent.ACCOUNT_BRIEF:
        account = {"account": merged.filters["account"]} if "account" in merged.filters else {}
        return Reading(intent=intent, filters=account, period=merged.period)
    if intent is Intent.COUNT:
        return replace(
            merged,
            metric=merged.metric or "conversations",
            group_by=grouped,
            rank_by=None,
            order=None,
            limit=None,
            baseline=None,
        )
    return merged


def _grain(merged: Reading) -> tuple[str, ...]:
    return (grain_of(merged.period),) if merged.period is not None else ("week",)


def _of_the_list(last: Reading, intent: Intent) -> str | None:
    """What "why?" and "how many?" are about after a list of accounts at risk."""
    if last.intent is not Intent.CHURN_LIST:
        return None
    if intent is Intent.WHY_CHANGE:
        return "churn_risk_rate"
    return "accounts" if intent is Intent.COUNT and last.group_by == ("account",) else None


def _usual_order(last: Reading) -> str:
    """ "Which accounts?" after "why did sentiment fall" asks for the least content."""
    fell = last.direction == "down" and last.metric in {"sentiment", "positive_rate"}
    return "asc" if fell else "desc"


def _why_group_kept(last: Reading, merged: Reading) -> tuple[str, ...]:
    """The breakdown that was asked for stays; the one that goes without saying follows."""
    if last.intent is Intent.WHY_CHANGE and last.group_by not in {(), _why_group(last)}:
        return last.group_by
    return _why_group(merged)


def _why_group(merged: Reading) -> tuple[str, ...]:
    if "driver" in merged.filters:
        return ("tag",)
    return ("account",) if "tag" in merged.filters else ("driver",)
