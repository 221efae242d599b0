"""Reads what changed: walks the search, retrieves what is really newer, and tells what is gone.

Knows which version of a conversation is already here. Holds one page in memory at a time, and
writes nothing to Intercom.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from connectors._http import Refused
from connectors.intercom.client import WORKERS, Client
from connectors.intercom.cursor import Cursor, load
from connectors.intercom.deletions import deleted_since
from connectors.intercom.listing import Listed, Listing, ListPage
from connectors.intercom.mapping import Fetched, Unreadable, fetched_of, key_of
from connectors.intercom.people import People
from connectors.intercom.retrieving import Retrieved, Retriever
from service.domain.conversations import (
    ConversationKey,
    IncomingMessage,
    Page,
    Unusable,
    split_key,
)
from service.ports import Known

logger = logging.getLogger(__name__)

_NO_CONTACT = "Intercom never answered for its contact, so that nobody knows whose it is."
_FETCHED_AT_ONCE = 50  # conversations on a page of `fetch`


@dataclass(frozen=True, slots=True, kw_only=True)
class _Haul:
    """What became of the conversations that were asked for."""

    fetched: tuple[Fetched, ...] = ()
    gone: tuple[ConversationKey, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    seen: Mapping[str, int]  # the last second of which we surely have everything, by id


class Reader:
    """One pass over what changed since a cursor."""

    def __init__(
        self,
        client: Client,
        *,
        known: Known | None,
        now: Callable[[], int],
        calls: Callable[[], int],
        settle_seconds: int,
        url_of: Callable[[str], str | None],
    ) -> None:
        self._client = client
        self._known = known
        self._now = now
        self._calls = calls
        self._settle_seconds = settle_seconds
        self._url_of = url_of
        self._listing = Listing(client)
        self._people = People(client)

    def pages(self, stored: str | None) -> Iterator[Page]:
        cursor = load(stored)
        resumed = cursor.until is not None
        if not resumed:
            cursor = cursor.begun(self._now() - self._settle_seconds)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intercom") as pool:
            retriever = Retriever(self._client, now=self._now, pool=pool)
            while True:
                before = self._calls()
                listed, cursor = self._listed(cursor, resumed=resumed)
                resumed = False
                haul = self._haul(self._newer(listed.rows, cursor), retriever)
                cursor = cursor.having_seen(haul.seen)
                if listed.next is None:
                    break
                cursor = replace(cursor, token=listed.next)
                yield self._page(cursor.dump(), haul, before)
        deleted, cursor = self._deleted(cursor)
        ended, gone = cursor.ended(), (*haul.gone, *deleted)
        yield self._page(ended.dump(), replace(haul, gone=gone), before)

    def fetch(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        """Yield the conversations as they are now, whatever is known of them."""
        ids = list(dict.fromkeys(split_key(key)[1] for key in keys))
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intercom") as pool:
            retriever = Retriever(self._client, now=self._now, pool=pool)
            for start in range(0, len(ids), _FETCHED_AT_ONCE):
                before = self._calls()
                haul = self._haul(ids[start : start + _FETCHED_AT_ONCE], retriever)
                yield self._page("", haul, before)

    def _listed(self, cursor: Cursor, *, resumed: bool) -> tuple[ListPage, Cursor]:
        """Return the next list page; a token that was kept for too long means: begin again."""
        try:
            return self._listing.page(cursor), cursor
        except Refused:
            if not resumed or cursor.token is None:
                raise
        cursor = replace(cursor, token=None)
        return self._listing.page(cursor), cursor

    # Which ones, and what they say now.

    def _haul(self, ids: Sequence[str], retriever: Retriever) -> _Haul:
        """Retrieve them; what cannot be had or read is set aside and the others go on."""
        answers = retriever.retrieve(ids)
        fetched: list[tuple[Fetched, int]] = []
        unusable: list[Unusable] = []
        for each in answers:
            found = self._read(each)
            if isinstance(found, Fetched):
                fetched.append((found, each.at))
            elif found is not None:
                logger.warning("intercom.unusable", extra={"conversation": found.key})
                unusable.append(found)
        return _Haul(
            fetched=tuple(found for found, _ in fetched),
            gone=tuple(key_of(each.id) for each in answers if each.gone),
            unusable=tuple(unusable),
            # Times are whole seconds: in the second of the fetch something may have followed.
            seen={split_key(f.head.key)[1]: min(f.updated_at, at - 1) for f, at in fetched},
        )

    def _read(self, each: Retrieved) -> Fetched | Unusable | None:
        if each.problem is not None:
            return Unusable(key=key_of(each.id), why=str(each.problem))
        if each.raw is None:
            return None
        try:
            return fetched_of(each.raw, id_=each.id, at=each.at, url=self._url_of(each.id))
        except Unreadable as error:
            return Unusable(key=key_of(each.id), why=str(error))

    def _newer(self, listed: Sequence[Listed], cursor: Cursor) -> list[str]:
        rows_by_id = {row.id: row for row in listed}
        stored: Mapping[ConversationKey, datetime] = {}
        if self._known is not None and not cursor.full:
            stored = self._known([key_of(id_) for id_ in rows_by_id])
        return [
            row.id
            for row in rows_by_id.values()
            if not _is_here(row, cursor.seen.get(row.id), stored.get(key_of(row.id)))
        ]

    # What is told.

    def _page(self, cursor: str, haul: _Haul, calls_before: int) -> Page:
        self._people.look_up(haul.fetched)
        fetched = [each for each in haul.fetched if self._people.can_tell(each)]
        orphans = [each.head.key for each in haul.fetched if not self._people.can_tell(each)]
        agents = self._people.untold_agents(fetched) if fetched else ()
        accounts = [self._people.account_of(each) for each in fetched]
        heads = tuple(
            replace(each.head, account=account.key if account else None)
            for each, account in zip(fetched, accounts, strict=True)
        )
        return Page(
            cursor=cursor,
            heads=heads,
            states={each.head.key: each.state for each in fetched},
            messages=tuple(self._messages(fetched)),
            accounts=self._people.untold_accounts(accounts),
            agents=agents,
            gone=tuple(dict.fromkeys(haul.gone)),
            complete=frozenset(each.head.key for each in fetched if each.complete),
            unusable=(*haul.unusable, *(Unusable(key=key, why=_NO_CONTACT) for key in orphans)),
            calls=self._calls() - calls_before,
        )

    def _messages(self, fetched: Sequence[Fetched]) -> Iterator[IncomingMessage]:
        for each in fetched:
            names = self._people.names_in(each)
            for message in each.messages:
                yield IncomingMessage(
                    conversation=each.head.key, message=message, known_names=names
                )

    def _deleted(self, cursor: Cursor) -> tuple[list[ConversationKey], Cursor]:
        """Return what was deleted since the list was last had, and the cursor that knows it.

        A first walk has nothing to forget.
        """
        had = replace(cursor, deleted_since=cursor.until)
        if cursor.deleted_since is None:
            return [], had
        ids = deleted_since(self._client, cursor.deleted_since)
        return ([], cursor) if ids is None else ([key_of(id_) for id_ in ids], had)


def _is_here(row: Listed, seen: int | None, stored: datetime | None) -> bool:
    """Say whether the listed version is one that was fetched, or that we wrote ourselves."""
    if row.updated_at is None:
        return False
    if seen is not None and row.updated_at <= seen:
        return True
    if stored is None or row.updated_at > int(stored.timestamp()):
        return False
    # A reply in the very second of our own write has the same updated_at as the write.
    same_second = row.updated_at == int(stored.timestamp())
    return not (same_second and row.happened_at == row.updated_at)
