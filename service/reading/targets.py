"""Questions about one fix or one funnel: which is meant, or what to ask back.

Knows which is meant by part of a name; refuses to guess between two.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.names import nearest
from service.query import CONVERSATIONS, Window
from service.reading import baselines, intents
from service.reading.entities import partly_named
from service.reading.looking import Seen
from service.reading.model import Baseline, BaselineKind, Clarify, Reading


def ask(slot: str, reason: str, pending: Mapping[str, object], *options: str) -> Reading:
    """Ask one question back; `pending` is what goes on once it is answered."""
    return Reading(
        intent=Intent.CLARIFY,
        clarify=Clarify(slot=slot, reason=reason, options=options, pending=pending),
    )


def with_fix(seen: Seen, intent: Intent, catalogue: Catalogue) -> Reading:
    """Judge the fix that is named, or the only one that can be meant; else ask which."""
    if intent is Intent.FUNNEL:
        return with_funnel(seen, catalogue)
    asked = Reading(
        intent=intent,
        metric=seen.number.metric or CONVERSATIONS,
        filters=seen.filters,
        exclude=seen.exclude,
        fix=seen.fix,
    )
    named = sorted(seen.entities.of("fix"))
    if len(named) > 1:
        return ask("fix", "ambiguous", replace(asked, fix=None).as_dict(), *named)
    if seen.fix:
        return of_fix(asked, catalogue)
    release = unknown_release(seen, catalogue)
    partly = partly_named(seen.words, catalogue.of("fix"))
    if len(partly) == 1 and release is None:
        return of_fix(replace(asked, fix=partly[0]), catalogue)
    unknown = intents.unnamed_fix(seen.text)
    if release is not None or (unknown is not None and not partly):
        return ask(
            "fix",
            "unknown",
            asked.as_dict(),
            *nearest(release or unknown or "", catalogue.of("fix")),
        )
    wanted = "release" if "release" in seen.text else "fix"
    fitting = [
        one
        for one in catalogue.of("fix")
        if (one.id in partly if partly else one.flavour == wanted)
    ]
    if wanted == "release" and fitting:
        fitting = [max(fitting, key=lambda one: str(one.day))]
    if len(fitting) == 1:
        return of_fix(replace(asked, fix=fitting[0].id), catalogue)
    reason = "ambiguous" if fitting else "missing"
    return ask("fix", reason, asked.as_dict(), *sorted(one.id for one in fitting))


def unknown_release(seen: Seen, catalogue: Catalogue) -> str | None:
    """The number of a release that there is not: release 6.0 is not release 5.2."""
    named = re.search(r"\b(?:release|version) v?(\d[\w.]*)|\bv(\d[\w.]*)", seen.text)
    bare = re.search(r"\b(?:did|has|does|since|after|of) (\d+\.\d\w*)(?= |$)", seen.words.free())
    match = named or bare
    if match is None or seen.fix:
        return None
    number = next(filter(None, match.groups())).rstrip(".")
    names = " ".join(one.name for one in catalogue.of("fix")).lower()
    known = re.search(rf"(?<![\w.])v?{re.escape(number)}(?!\w)", names)
    return None if known else number


def of_fix(asked: Reading, catalogue: Catalogue) -> Reading:
    """Judge a fix from its day on against as many days before; its own tags go without saying."""
    fix = catalogue.get("fix", asked.fix or "")
    if fix is None or fix.day is None or fix.day > catalogue.today:
        return ask("fix", "missing", replace(asked, fix=None).as_dict())
    period = Window(fix.day, catalogue.today + timedelta(days=1))
    tags = tuple(tag for tag in asked.filters.get("tag", ()) if tag not in fix.tags)
    filters = {kind: values for kind, values in asked.filters.items() if kind != "tag"}
    return replace(
        asked,
        filters=filters | ({"tag": tags} if tags else {}),
        period=period,
        baseline=Baseline(kind=BaselineKind.BEFORE_FIX, window=period.preceding()),
    )


def with_funnel(seen: Seen, catalogue: Catalogue) -> Reading:
    funnels = catalogue.of("funnel")
    named = sorted(seen.entities.of("funnel"))
    if len(named) > 1:
        return ask("funnel", "ambiguous", {"intent": "funnel"}, *named)
    fitting = partly_named(seen.words, funnels) or sorted(one.id for one in funnels)
    funnel = seen.funnel or (fitting[0] if len(fitting) == 1 else None)
    if funnel is None:
        reason = "ambiguous" if funnels else "missing"
        return ask("funnel", reason, {"intent": "funnel"}, *fitting)
    period = seen.period or baselines.default_period("funnel", catalogue.today)
    return Reading(
        intent=Intent.FUNNEL,
        filters=seen.filters,
        exclude=seen.exclude,
        period=period,
        funnel=funnel,
        group_by=seen.grouped,
    )
