"""What a question leaves open: period, baseline, breakdown, rank and limit, and which was assumed.

Knows the defaults of each kind of question; dates alone are service.reading.baselines' to say.
"""

import re
from dataclasses import replace
from datetime import timedelta

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.query import Window
from service.reading import baselines, intents, signals, units
from service.reading.looking import Seen, weighs_back
from service.reading.model import Baseline, BaselineKind, Reading


def with_defaults(draft: Reading, seen: Seen, catalogue: Catalogue) -> Reading:
    """Fill period, baseline, groups, ranks and limits; say which were assumed."""
    intent, assumed = draft.intent, []
    period = draft.period
    if period is None:
        period = baselines.default_period(intent.value, catalogue.today)
        assumed += ["period"] if period is not None else []
    group_by = _groups(draft, seen, period)
    if draft.period is None and intent is Intent.TOP:
        period = baselines.ranked_period(group_by, catalogue.today) or period
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
    if seen.back and draft.baseline is None and period is not None:
        draft, period = _one_unit_back(replace(draft, rank_by=rank_by), seen, period, catalogue)
        assumed = assumed if draft.baseline is not None else []  # the period was named
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


def _one_unit_back(
    draft: Reading, seen: Seen, period: Window, catalogue: Catalogue
) -> tuple[Reading, Window]:
    """ "Compared to last year" without a period, or "same week last year", which is one."""
    unit = re.search(r"\b(?:same|this) (week|month|quarter)(?: of)? last year\b", seen.text)
    if unit is not None:
        start = units.unit_start(unit.group(1), catalogue.today)
        period = Window(start, catalogue.today + timedelta(days=1))
    before = baselines.back(period, seen.back)
    if draft.intent in {Intent.WHY_CHANGE, Intent.COMPARE} or draft.rank_by == "change":
        return replace(draft, baseline=before), period
    if weighs_back(seen.text):
        return draft, period
    return draft, before.window


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
        grain = named or (baselines.grain_of(period) if period else "week")
        if not grouped and seen.compare is not None:  # "email and chat by week": a line each
            grouped = (seen.compare.by,)
        elif not grouped and (compared := signals.compared_dimension(seen.free)) is not None:
            grouped = (compared,)
        return (grain, *[one for one in grouped if one not in {"day", "week", "month"}][:1])
    if intent is Intent.TOP:
        dimension = signals.named_dimension(seen.free, within_driver=within)
        fallback = "tag" if within else "driver"
        told = [one for one in grouped if one != "sentiment" or draft.metric is None]
        if re.search(r"^which (?:one )?of ~|^(?:(?:~|and|or) )+(?:who|which)\b", seen.free):
            told += [kind for kind, values in draft.filters.items() if len(values) > 1]
        return (told[0] if told else dimension or fallback,)
    if intent is Intent.CHURN_LIST:
        tickets = re.search(r"\b(?:tickets?|tix|conversations?|convos?|cases)\b", seen.text)
        return ("conversation",) if tickets else ("account",)
    if intent is Intent.COUNT and not grouped and re.search(r"\beach(?= @|$)", seen.free):
        several = [kind for kind, values in draft.filters.items() if len(values) > 1]
        return tuple(several[:1])  # "Ken and Rui: how many each"
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
    return draft.baseline or baselines.baseline_of(period, catalogue.today)
