"""Replies to a question that was asked back: by name, by part of one, by place, or all of them."""

import re
from dataclasses import replace
from datetime import timedelta

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.names import KINDS, name_key
from service.query import Window
from service.reading.entities import find_entities
from service.reading.model import Reading
from service.reading.words import Words

_ORDINALS = {
    "first": 0,
    "1st": 0,
    "1": 0,
    "one": 0,
    "second": 1,
    "2nd": 1,
    "2": 1,
    "third": 2,
    "3rd": 2,
    "3": 2,
    "last": -1,
}
_SHORT = 6  # words of a reply that answers what was asked back


def fill(text: str, asked: Reading, catalogue: Catalogue) -> Reading | None:
    """Fill the open slot of a question that was asked back, by name, part of one, or position."""
    clarify = asked.clarify
    if clarify is None:
        return None
    if len(text.split()) > _SHORT:
        return None  # a question of its own
    pending = (
        Reading.from_dict(clarify.pending) if clarify.pending else Reading(intent=Intent.COUNT)
    )
    if re.search(_EACH, text) and clarify.options and _takes_several(pending, clarify.slot):
        return replace(pending, filters={**pending.filters, clarify.slot: clarify.options})
    confirmed = clarify.options if re.search(_YES, text) and len(clarify.options) == 1 else ()
    chosen = (
        next(iter(confirmed), None)
        or _choose(text, clarify.slot, sorted(clarify.options), catalogue)
        or _meant(text, clarify.slot, catalogue)
    )
    if chosen is None:
        return None
    if clarify.slot == "fix":
        return _of_fix(pending, chosen, catalogue)
    if clarify.slot == "funnel":
        return replace(pending, funnel=chosen)
    return replace(pending, filters={**pending.filters, clarify.slot: (chosen,)})


def _of_fix(pending: Reading, chosen: str, catalogue: Catalogue) -> Reading:
    """The fix that is judged, or since which something is asked: "tickets since release 6.0"."""
    fix = catalogue.get("fix", chosen)
    if pending.intent is Intent.FIX_IMPACT or fix is None or fix.day is None:
        return replace(pending, fix=chosen)
    since = Window(fix.day, max(fix.day, catalogue.today) + timedelta(days=1))
    return replace(pending, period=since, baseline=None)


_YES = r"^(?:yes|yep|yeah|yup|y|right|correct|exactly|sure|that one|ok|okay|it is)(?: \w+){0,3}$"
_EACH = r"^(?:both|all|either|each|every one)(?: of (?:them|these|those))?(?: please| pls)?$"


def _takes_several(pending: Reading, slot: str) -> bool:
    return slot in {"account", "agent", "owner"} and pending.intent is not Intent.ACCOUNT_BRIEF


def _meant(text: str, slot: str, catalogue: Catalogue) -> str | None:
    """The one name of the asked kind that a short reply holds, though it was no option."""
    words = Words.of(text)
    if len(words.words) > _SHORT or slot not in KINDS:
        return None
    named = find_entities(words, catalogue).of(slot)
    return named[0] if len(named) == 1 else None


def _choose(text: str, slot: str, options: list[str], catalogue: Catalogue) -> str | None:
    if not options:
        return None
    words = set(name_key(text))
    scored = []
    for option in options:
        entity = catalogue.get(slot, option)
        names = (entity.name, *entity.aliases) if entity else (option,)
        scored.append((max(len(words & set(name_key(name))) for name in names), option))
    best = max(score for score, _ in scored)
    fitting = [option for score, option in scored if score == best]
    if best and len(fitting) == 1:
        return fitting[0]
    for word in text.split():
        at = _ORDINALS.get(word)
        if at is not None and -len(options) <= at < len(options):
            return options[at]
    return None
