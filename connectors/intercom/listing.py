"""Lists conversations by a search: which ids changed or began, and where the next page begins.

Knows the search's quirks: its sort is undocumented for conversations, its comparisons may or may
not include the bound, and large pages fail on heavy days. Treats a row as a hint, never as the
conversation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors._http import PageLoopGuard, Refused, ServerFailed
from connectors.intercom.client import Client
from connectors.intercom.cursor import PAGE_SIZES, Cursor
from connectors.intercom.payload import Json, identity, number, part, rows, seconds, words
from connectors.intercom.problems import WHO
from connectors.intercom.retrying import TRIES
from service.errors import Misbehaving

_SEARCH = "/conversations/search"
_TRIES_BEFORE_SHRINKING = 2
_MOST_EMPTY_PAGES = 20  # in a row; with a new token each time they would never end
_ROWS = ("conversations", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A row of the search."""

    id: str
    created_at: int | None
    updated_at: int | None
    happened_at: int | None  # when somebody last wrote, assigned or closed


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    rows: tuple[Listed, ...]
    next: str | None


class Listing:
    """One walk's questions. A page size that failed and a sort that was refused stay away."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sizes = list(PAGE_SIZES)
        self._sorted = True
        self._guard = PageLoopGuard(WHO)
        self._empty = 0  # pages in a row

    def page(self, cursor: Cursor) -> ListPage:
        """Return the page of what changed at the cursor."""
        # OAS calls ">" "greater (or equal)", others found it strict: a second more on both sides
        # is right either way.
        start, until = max(cursor.start - 1, 0), (cursor.until or 0) + 1
        return self._next(_Question(field="updated_at", after=start, before=until), cursor.token)

    def created(self, start: int, end: int) -> Iterator[list[Listed]]:
        """Yield what was created in [start, end), a page at a time."""
        question = _Question(field="created_at", after=start - 1, before=end + 1)
        token: str | None = None
        while True:
            found = self._next(question, token)
            # Its comparisons may include the bound; a row that tells no time is no proof against.
            yield [
                row for row in found.rows if row.created_at is None or start <= row.created_at < end
            ]
            token = found.next
            if token is None:
                return

    def _next(self, question: "_Question", token: str | None) -> ListPage:
        """Return the page, in smaller pages when Intercom cannot make large ones."""
        found = self._in_some_size(question, token)
        self._empty = 0 if found.rows else self._empty + 1
        if found.next is not None:
            self._guard.go_on(found.next)
            if self._empty > _MOST_EMPTY_PAGES:
                raise Misbehaving(f"{WHO} sent nothing but empty pages; nothing was lost.")
        return found

    def _in_some_size(self, question: "_Question", token: str | None) -> ListPage:
        while len(self._sizes) > 1:
            try:
                return self._page(question, token, tries=_TRIES_BEFORE_SHRINKING)
            except (ServerFailed, Misbehaving) as error:
                if isinstance(error, Refused):
                    raise
                self._sizes.pop(0)
        return self._page(question, token, tries=TRIES)

    def _page(self, question: "_Question", token: str | None, *, tries: int) -> ListPage:
        try:
            answer = self._client.search(_SEARCH, self._body(question, token), tries=tries)
        except Refused:
            # With a page's token the token may be what is refused; our caller starts again then.
            if not self._sorted or token is not None:
                raise
            self._sorted = False
            answer = self._client.search(_SEARCH, self._body(question, token), tries=tries)
        return ListPage(rows=_listed(answer), next=_next_token(answer))

    def _body(self, question: "_Question", token: str | None) -> Json:
        pagination: dict[str, Any] = {"per_page": self._sizes[0]}
        if token is not None:
            pagination["starting_after"] = token
        body: dict[str, Any] = {
            "query": _all_of(
                _compare(question.field, ">", question.after),
                _compare(question.field, "<", question.before),
            ),
            "pagination": pagination,
        }
        if self._sorted:
            # Version 2.16 refuses "asc".
            body["sort"] = {"field": question.field, "order": "ascending"}
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Which time of a conversation lies between which seconds."""

    field: str
    after: int
    before: int


def count_created(client: Client, start: datetime, end: datetime) -> int | None:
    """Return how many conversations were created in [start, end), or None when it does not say."""
    first, behind = ceil(start.timestamp()), ceil(end.timestamp())
    exact = _all_of(
        {
            "operator": "OR",
            "value": [_compare("created_at", ">", first), _compare("created_at", "=", first)],
        },
        _all_of(_compare("created_at", "<", behind), _compare("created_at", "!=", behind)),
    )
    simple = _all_of(_compare("created_at", ">", first - 1), _compare("created_at", "<", behind))
    try:
        answer = _counted(client, exact)
    except Refused:
        answer = _counted(client, simple)
    return number(answer.get("total_count"))


def _counted(client: Client, query: Json) -> Json:
    return client.search(_SEARCH, {"query": query, "pagination": {"per_page": 1}})


def _compare(field: str, operator: str, value: int) -> Json:
    return {"field": field, "operator": operator, "value": value}


def _all_of(*filters: Json) -> Json:
    return {"operator": "AND", "value": list(filters)}


def _listed(answer: Json) -> tuple[Listed, ...]:
    found: Sequence[Json] = rows(answer, *_ROWS)
    return tuple(
        Listed(
            id=id_,
            created_at=seconds(row.get("created_at")),
            updated_at=seconds(row.get("updated_at")),
            happened_at=_last_of(part(row, "statistics")),
        )
        for row in found
        if (id_ := identity(row.get("id"))) is not None and not _is_told_elsewhere(row)
    )


def _last_of(statistics: Json) -> int | None:
    told = (seconds(value) for name, value in statistics.items() if name.endswith("_at"))
    return max((moment for moment in told if moment is not None), default=None)


def _is_told_elsewhere(row: Json) -> bool:
    """Say whether the row is a ticket that was born from a conversation, which is listed itself."""
    linked = rows(row.get("linked_objects"), "data")
    return row.get("type") == "ticket" and any(
        each.get("type") == "conversation" for each in linked
    )


def _next_token(answer: Json) -> str | None:
    """Return the next page's token; some lists give an object and others a whole address."""
    following = part(answer, "pages").get("next")
    if isinstance(following, str):
        return next(iter(parse_qs(urlsplit(following).query).get("starting_after", [])), None)
    return words(part(part(answer, "pages"), "next").get("starting_after")) or None
