"""Receipts: a published number with its query, its time and its versions, and the recount of it.

A receipt holds keys of conversations and never their text.
"""

import base64
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.differences import ELSEWHERE, explained, is_known, was_known
from service.domain.answers import Receipt, Recount, Tally
from service.domain.conversations import ConversationKey
from service.domain.people import Viewer
from service.errors import Misused, NoLongerDefined, NotFound
from service.measures import is_defined
from service.ports import Clock
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Filter, Query
from service.stores import Database

_UNNAMED = {True: "erased or asked about no more", False: "that were not asked about"}
_NOBODYS = "nobody"  # no account's key
MEMBERS = 2_000  # keys kept with a receipt; a larger number is recounted, its difference not named


OTHERS = 300  # of a share's conversations, up to which those that it does not count are kept too


def n_of(metric: str, tally: Tally) -> tuple[int, int]:
    """Return the number that a metric publishes, and of how many."""
    if metric == CONVERSATIONS:
        return tally.total, tally.total
    if metric == ACCOUNTS:
        return tally.numerator, tally.numerator
    return tally.numerator, tally.known


def scoped(query: Query, viewer: Viewer) -> Query:
    """Write the viewer's accounts into the query, so that whoever recounts counts the same."""
    if viewer.accounts is None:
        return query
    own = Filter.of(Dimension.ACCOUNT, *(viewer.accounts or {_NOBODYS}))
    try:
        return replace(query, filters=(*query.filters, own))
    except Misused:  # it names accounts that are none of the viewer's: nothing to count, for anyone
        others = (one for one in query.filters if one.dimension is not Dimension.ACCOUNT)
        return replace(query, filters=(*others, own), exclude=(*query.exclude, own))


def receipt_id(query: Query, versions: Mapping[str, str], *, n: int, of: int, as_of: str) -> str:
    """Return a short id: the same number of the same data has the same receipt."""
    content = json.dumps([query.to_params(), sorted(versions.items()), n, of, as_of])
    digest = hashlib.sha256(content.encode()).digest()
    return base64.urlsafe_b64encode(digest[:9]).decode()


def told(recount: Recount, stored: Collection[ConversationKey]) -> tuple[str, ...]:
    """Say row by row how a number differs from then; keys only, never a word of a conversation.

    `stored` are those of `recount.left` that still exist: the others were erased.
    """
    receipt = recount.receipt
    then, now = (receipt.n, receipt.of), (recount.now_n, recount.now_of)
    opening = f"Then {_number(receipt, then)}, now {_number(receipt, now)}"
    if not is_named(recount):
        why = "accounts are counted and not listed"
        if receipt.query.metric != ACCOUNTS:
            why = f"more than {MEMBERS:,} conversations are counted and not listed one by one"
        return (f"{opening}: {why}.",)
    if not recount.arrived and not recount.left:
        opening += ": the same conversations"
        opening += ", out of another total" if recount.differs else ""
    lines = [f"{opening}."]
    lines += [_line("Arrived", key, recount) for key in recount.arrived]
    lines += [_line("Left", key, recount) for key in recount.left if key in stored]
    lines += [_line("Arrived in the total", key, recount) for key in recount.joined]
    lines += [_line("Left the total", key, recount) for key in recount.parted]
    if recount.unnamed:
        how = "Left the total" if recount.unnamed < 0 else "Arrived in the total"
        lines.append(f"{how} since: {abs(recount.unnamed)} more, {_UNNAMED[recount.unnamed < 0]}.")
    if recount.erased:
        lines.append(f"Erased since: {recount.erased}, of which nothing is stored any more.")
    return tuple(lines)


def _line(how: str, key: ConversationKey, recount: Recount) -> str:
    why = recount.reasons.get(key)
    return f"{how} since: {key}" + (f" ({why.words})" if why else "")


def is_named(recount: Recount) -> bool:
    """Whether the difference can be named: both then and now are few enough to list."""
    receipt = recount.receipt
    return len(receipt.members) == receipt.n and (recount.now_n <= MEMBERS)


def _number(receipt: Receipt, counted: tuple[int, int]) -> str:
    n, of = counted
    return str(n) if receipt.query.metric in {CONVERSATIONS, ACCOUNTS} else f"{n} of {of}"


class Receipts:
    """Publishes numbers and counts them again."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def publish(
        self,
        query: Query,
        viewer: Viewer,
        counts: tuple[int, int],
        *,
        versions: Mapping[str, str],
        as_of: datetime | None,
    ) -> str:
        """Store the receipt of a number that was just counted, and return its name.

        Publishing twice stores once.
        """
        asked = replace(scoped(query, viewer), group_by=(), compare_to=None)
        n, of = counts
        moment = as_of.isoformat() if as_of else ""
        found = receipt_id(asked, versions, n=n, of=of, as_of=moment)
        if self._database.receipts.exists(found):
            return found
        receipt = Receipt(
            id=found,
            query=asked,
            as_of=as_of or self._clock(),
            versions=dict(versions),
            n=n,
            of=of,
            members=self._members(asked, viewer, n),
            others=self._others(asked, viewer, of - n) if of <= OTHERS else None,
            published_at=self._clock(),
        )
        self._database.receipts.save(receipt)
        return found

    def recount(self, receipt_id: str, viewer: Viewer) -> Recount:
        """Run a receipt's query again and name what differs."""
        receipt = self._database.receipts.get(receipt_id)
        if receipt is None:
            raise NotFound("There is no receipt of that name.")
        if not is_defined(receipt.query.metric):
            raise NoLongerDefined(receipt.query.metric)
        tally = self._database.facts.count(receipt.query, viewer)
        now_n, now_of = n_of(receipt.query.metric, tally)
        members = frozenset(receipt.members)
        complete = len(members) == receipt.n and now_n <= MEMBERS
        now = frozenset(self._members(receipt.query, viewer, now_n)) if complete else members
        arrived, left = now - members, members - now
        stored = self._database.conversations.exists(left) if left else set()
        recount = Recount(
            receipt=receipt,
            now_n=now_n,
            now_of=now_of,
            arrived=tuple(sorted(arrived)),
            left=tuple(sorted(left)),
            erased=len(left - stored),
        )
        if recount.same and not arrived and not left and not receipt.others:
            return recount
        traces = self._database.receipts.traces(arrived | stored)
        reasons = {k: explained(receipt, t, arrived=k in arrived) for k, t in traces.items()}
        recount = replace(recount, reasons=reasons)
        if receipt.others is None or now_of > MEMBERS:
            return self._with_guessed_total(recount, viewer, tally.total)
        return self._with_total(recount, viewer, receipt.others)

    def _with_total(
        self, recount: Recount, viewer: Viewer, others: Sequence[ConversationKey]
    ) -> Recount:
        """Name those that came to be known, or are no more, and were never in the number."""
        receipt = recount.receipt
        members, arrived = {*receipt.members}, {*recount.arrived}
        now = {*self._database.facts.others(receipt.query, viewer, limit=MEMBERS)} | arrived
        now |= members - {*recount.left}
        joined, gone = now - members - {*others} - arrived, {*others} - now
        parted = self._database.conversations.exists(gone) if gone else set()
        traces = self._database.receipts.traces(joined | parted) if joined or parted else {}
        reasons = {k: explained(receipt, t, arrived=k in joined) for k, t in traces.items()}
        return replace(
            recount,
            joined=tuple(sorted(joined)),
            parted=tuple(sorted(parted)),
            unnamed=len(parted) - len(gone),
            reasons={**recount.reasons, **reasons},
        )

    def _with_guessed_total(self, recount: Recount, viewer: Viewer, total: int) -> Recount:
        """The same of a larger share, by what is on record of those that are asked about now."""
        receipt = recount.receipt
        if receipt.query.metric in {CONVERSATIONS, ACCOUNTS} or total > MEMBERS:
            return recount
        facts = self._database.facts
        keys = {*facts.keys(receipt.query, viewer, numerator=False, limit=MEMBERS)}
        named = {*receipt.members, *recount.arrived}
        traces = self._database.receipts.traces(keys | named)
        then = {key for key, trace in traces.items() if was_known(receipt, trace)}
        now = {key for key in keys if is_known(receipt, traces[key])}
        joined, parted = sorted(now - then - named), sorted((then & keys) - now - named)
        reasons = {key: explained(receipt, traces[key], arrived=True) for key in joined}
        reasons |= {key: explained(receipt, traces[key], arrived=False) for key in parted}
        moved_in = {key for key in recount.arrived if recount.reasons[key].why in ELSEWHERE}
        return replace(
            recount,
            joined=tuple(joined),
            parted=tuple(parted),
            unnamed=len(then - moved_in) + recount.erased - receipt.of,
            reasons={**recount.reasons, **reasons},
        )

    def told(self, recount: Recount) -> tuple[str, ...]:
        """A recount in lines: then, now, and every conversation that makes the difference."""
        return told(recount, self._database.conversations.exists(recount.left))

    def recount_all(self, viewer: Viewer) -> Iterator[Recount]:
        """Run every stored receipt again that can be: not those of metrics that are gone."""
        gone = {name for ids in self.gone().values() for name in ids}
        for one in list(self._database.receipts.all_ids()):
            if one not in gone:
                yield self.recount(one, viewer)

    def gone(self) -> Mapping[str, Sequence[str]]:
        """The receipts that cannot be run again, by the number that is defined no more."""
        found: dict[str, list[str]] = {}
        for one in list(self._database.receipts.all_ids()):
            receipt = self._database.receipts.get(one)
            if receipt is not None and not is_defined(receipt.query.metric):
                found.setdefault(receipt.query.metric, []).append(one)
        return found

    def _members(self, query: Query, viewer: Viewer, n: int) -> tuple[ConversationKey, ...]:
        if n > MEMBERS or n == 0 or query.metric == ACCOUNTS:
            return ()
        facts = self._database.facts
        return facts.keys(query, viewer, numerator=True, limit=MEMBERS)

    def _others(
        self, query: Query, viewer: Viewer, many: int
    ) -> tuple[ConversationKey, ...] | None:
        found = self._database.facts.others(query, viewer, limit=OTHERS) if many else ()
        return found if len(found) == many else None  # one arrived meanwhile
