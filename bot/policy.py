"""What a channel may show: counts always; customers' words and the names of accounts by its policy.

In a direct message a person sees what the role allows. Pure, but for where policies are kept.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.memory import channel_name
from service.digest import Digest
from service.domain.answers import Answer, Intent
from service.query import Dimension, Query
from service.stores import WorkStore

_ABOUT_ACCOUNTS = frozenset({Intent.ACCOUNT_BRIEF, Intent.CHURN_LIST})
_NO_WORDS = "Customers' words are not shown in this channel."
_NO_NAMES = "Accounts are not named in this channel."


class Shows(StrEnum):
    """What a channel shows, from least to most."""

    COUNTS = "counts"
    QUOTES = "quotes"
    NAMES = "names"
    EVERYTHING = "everything"

    @property
    def quotes(self) -> bool:
        return self in {Shows.QUOTES, Shows.EVERYTHING}

    @property
    def names(self) -> bool:
        return self in {Shows.NAMES, Shows.EVERYTHING}

    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Shows.COUNTS: "counts alone",
    Shows.QUOTES: "counts and customers' words, without the names of accounts",
    Shows.NAMES: "counts and the names of accounts, without customers' words",
    Shows.EVERYTHING: "counts, customers' words and the names of accounts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What of an answer a channel may see. `answer` is None when nothing of it may."""

    answer: Answer | None
    withheld: tuple[str, ...] = ()  # sentences for the channel
    is_less: bool = False  # the asker is shown the whole answer, for themselves


class Policies:
    """What each channel shows: as an administrator said there, else as the setting says."""

    def __init__(self, work: WorkStore, default: Shows) -> None:
        self._work = work
        self._default = default

    def of(self, channel: str) -> Shows:
        """`channel` is an id, or the name of one that we have posted to."""
        known = self._work.recall(channel_name(channel)) or channel
        stored = self._work.recall(_name(known))
        return Shows(json.loads(stored)["shows"]) if stored else self._default

    def set(self, channel: str, shows: Shows, *, by: str, at: datetime) -> None:
        said = {"shows": shows.value, "by": by, "at": at.isoformat()}
        self._work.remember(_name(channel), json.dumps(said))


def shared(answer: Answer, shows: Shows) -> Shared:
    """Cut an answer to what a channel shows, and say what was cut."""
    if not shows.names and names_accounts(answer):
        return Shared(answer=None, withheld=(_NO_NAMES,), is_less=True)
    withheld = []
    if answer.quotes and not shows.names and any(one.account_name for one in answer.quotes):
        unnamed = tuple(replace(one, account_name=None) for one in answer.quotes)
        answer = replace(answer, quotes=unnamed)
        withheld.append(_NO_NAMES)
    if not answer.quotes or shows.quotes:
        return Shared(answer=answer, withheld=tuple(withheld))
    urls = {quote.url for quote in answer.quotes}
    lines = tuple(line for line in answer.text if line.rsplit(" ", 1)[-1] not in urls)
    quoteless = replace(answer, quotes=(), counter_quote=None, quote_rule=None, text=lines)
    return Shared(answer=quoteless, withheld=(_NO_WORDS,), is_less=True)


def shared_digest(digest: Digest, shows: Shows) -> Digest:
    """A digest names accounts beside its quotes and beside the counts of flags."""
    notes: list[str] = []
    drivers, flagged = digest.drivers, digest.flagged if shows.names else ""
    if not shows.quotes and any(one.quote for one in drivers):
        drivers = tuple(replace(one, quote=None) for one in drivers)
        notes.append(_NO_WORDS)
    elif not shows.names and any(one.quote and one.quote.account_name for one in drivers):
        drivers = tuple(
            replace(one, quote=one.quote and replace(one.quote, account_name=None))
            for one in drivers
        )
        notes.append(_NO_NAMES)
    if flagged != digest.flagged and _NO_NAMES not in notes:
        notes.append(_NO_NAMES)
    return replace(digest, drivers=drivers, flagged=flagged, withheld=(*digest.withheld, *notes))


def names_accounts(answer: Answer) -> bool:
    """Whether an answer's own lines name accounts, not only the quotes beside them."""
    parts: Sequence[str] = [part.dimension for part in answer.parts]
    clarify = answer.reading.get("clarify")
    asks_which = isinstance(clarify, dict) and clarify.get("slot") == "account"
    compare = answer.reading.get("compare")
    compared = isinstance(compare, dict) and compare.get("by") == Dimension.ACCOUNT.value
    cause = answer.cause
    return (
        answer.intent in _ABOUT_ACCOUNTS
        or asks_which
        or compared
        or any(Dimension.ACCOUNT.value in part for part in parts)
        or (answer.query is not None and query_names_accounts(answer.query))
        or (cause is not None and Dimension.ACCOUNT in {cause.dimension, cause.within_dimension})
    )


def query_names_accounts(query: Query) -> bool:
    """Whether a question, said in words, names accounts."""
    asked = {one.dimension for one in (*query.filters, *query.exclude)}
    return Dimension.ACCOUNT in asked | set(query.group_by)


def _name(channel: str) -> str:
    return f"slack-policy:{channel}"
