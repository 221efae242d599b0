"""Reads what changed: walks the search, retrieves what is really newer, and tells what is gone.

Knows which version of a conversation is already here. Holds one page in memory at a time, and
writes nothing to Intercom.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from connectors._http import PageLoopGuard, Refused
from connectors.intercom.client import NEWER_VERSION, WHO, WORKERS, Client, not_there
from connectors.intercom.cursor import OVERLAP, Cursor, load
from connectors.intercom.listing import Listed, Listing, ListPage
from connectors.intercom.mapping import Fetched, fetched_of, key_of
from connectors.intercom.payload import Json, identity, number, part, rows, seconds
from connectors.intercom.people import People
from service.domain.conversations import ConversationKey, IncomingMessage, Page
from service.errors import Unauthorized
from service.ports import Known

_DELETED_PAGE = 60  # the most that the list of deleted conversations gives
_MOST_DELETED_PAGES = 500


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
        guard = PageLoopGuard(WHO)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intercom") as pool:
            while True:
                before = self._calls()
                listed, cursor = self._listed(cursor, resumed=resumed)
                resumed = False
                fetched, gone = self._retrieve(listed.rows, cursor, pool)
                cursor = cursor.having_seen(fetched_at(fetched))
                if listed.next is None:
                    break
                cursor = replace(cursor, token=guard.go_on(listed.next))
                yield self._page(cursor, [f for f, _ in fetched], gone, before)
        deleted, cursor = self._deleted(cursor)
        yield self._page(cursor.ended(), [f for f, _ in fetched], [*gone, *deleted], before)

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

    def _retrieve(
        self, listed: Sequence[Listed], cursor: Cursor, pool: ThreadPoolExecutor
    ) -> tuple[list[tuple[Fetched, int]], list[ConversationKey]]:
        """Return the newer conversations, each with the second it was fetched in; and those
        that are gone.
        """
        wanted = self._newer(listed, cursor)
        answers = list(pool.map(self._conversation, wanted))
        gone = [key_of(id_) for id_, (raw, _) in zip(wanted, answers, strict=True) if raw is None]
        fetched = [
            (found, at)
            for raw, at in answers
            if raw is not None
            and (found := fetched_of(raw, url=self._url_of(identity(raw.get("id")) or "")))
        ]
        return fetched, gone

    def _conversation(self, id_: str) -> tuple[Json | None, int]:
        """Return the whole conversation, or None when it was deleted since it was listed."""
        at = self._now()
        try:
            return self._client.get(f"/conversations/{id_}"), at
        except Refused as error:
            if not not_there(error):
                raise
            return None, at

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

    def _page(
        self,
        cursor: Cursor,
        fetched: Sequence[Fetched],
        gone: Sequence[ConversationKey],
        calls_before: int,
    ) -> Page:
        if not fetched:
            return Page(
                cursor=cursor.dump(),
                states={},
                gone=tuple(gone),
                calls=self._calls() - calls_before,
            )
        self._people.look_up(fetched)
        agents = self._people.untold_agents(fetched)
        accounts = [self._people.account_of(each) for each in fetched]
        heads = tuple(
            replace(each.head, account=account.key if account else None)
            for each, account in zip(fetched, accounts, strict=True)
        )
        return Page(
            cursor=cursor.dump(),
            heads=heads,
            states={each.head.key: each.state for each in fetched},
            messages=tuple(self._messages(fetched)),
            accounts=self._people.untold_accounts(accounts),
            agents=agents,
            gone=tuple(gone),
            complete=frozenset(each.head.key for each in fetched if each.complete),
            calls=self._calls() - calls_before,
        )

    def _messages(self, fetched: Sequence[Fetched]) -> Iterator[IncomingMessage]:
        for each in fetched:
            names = self._people.names_in(each)
            for message in each.messages:
                yield IncomingMessage(
                    conversation=each.head.key, message=message, known_names=names
                )

    # What was deleted.

    def _deleted(self, cursor: Cursor) -> tuple[list[ConversationKey], Cursor]:
        """Return what was deleted since the last walk. A first walk has nothing to forget.

        The list exists from version 2.16 on; without it a deletion is noticed as a 404.
        """
        begun = replace(cursor, deleted_since=cursor.until)
        if cursor.deleted_since is None:
            return [], begun
        since = cursor.deleted_since - OVERLAP
        found: list[ConversationKey] = []
        try:
            for row in self._deleted_rows(since):
                id_ = identity(row.get("id"))
                if id_ is not None:
                    found.append(key_of(id_))
        except (Refused, Unauthorized):  # our credentials just worked: it is the list that is not
            return [], begun
        return found, begun

    def _deleted_rows(self, since: int) -> Iterator[Json]:
        """Yield rows of the list, newest deletion first, down to `since`."""
        for page in range(1, _MOST_DELETED_PAGES):
            params = {"page": str(page), "per_page": str(_DELETED_PAGE), "order": "desc"}
            answer = self._client.get(
                "/conversations/deleted", params=params, version=NEWER_VERSION
            )
            listed = rows(answer, "conversations", "data")
            recent = [row for row in listed if (seconds(row.get("deleted_at")) or since) >= since]
            yield from recent
            total = number(part(answer, "pages").get("total_pages"))
            if len(recent) < len(listed) or not listed or (total is not None and page >= total):
                return


def fetched_at(fetched: Sequence[tuple[Fetched, int]]) -> Mapping[str, int]:
    """Return, by id, the last second of which we surely have everything.

    Times are whole seconds: in the second of the fetch itself something may still have followed.
    """
    return {each.head.key.partition(":")[2]: min(each.updated_at, at - 1) for each, at in fetched}


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
    return not (same_second and row.customer_wrote_at == row.updated_at)
