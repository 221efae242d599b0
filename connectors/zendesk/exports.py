"""The two incremental exports: pages that shrink when they come too slowly, and grow again."""

from typing import Any

import requests

from connectors._http import Refused
from connectors.zendesk.audits import page_of_audits, with_audits
from connectors.zendesk.client import Client, Json, Reader, TooHeavy
from connectors.zendesk.transport import body_of
from service.errors import Unreachable

LARGEST_PAGE = 1000
SMALLEST_PAGE = 50
_GOOD_PAGES = 3  # in a row before a larger page is tried; doubles with every failure
_MOST_GOOD_PAGES = 48
_SIDE_LOADS = "users,organizations,comment_count"


class PageSize:
    """How many rows to ask for: halved by every timeout, doubled after some good pages."""

    def __init__(self) -> None:
        self.rows = LARGEST_PAGE
        self._good = 0
        self._needed = _GOOD_PAGES

    def too_heavy(self) -> None:
        if self.rows <= SMALLEST_PAGE:
            raise Unreachable("Zendesk's export times out even for its smallest page.")
        self.rows = max(self.rows // 2, SMALLEST_PAGE)
        self._good = 0
        self._needed = min(self._needed * 2, _MOST_GOOD_PAGES)

    def worked(self) -> None:
        self._good += 1
        if self._good >= self._needed and self.rows < LARGEST_PAGE:
            self.rows = min(self.rows * 2, LARGEST_PAGE)
            self._good = 0


class Exports:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._ticket_rows = PageSize()
        self._event_rows = PageSize()

    def tickets(self, cursor: str | None) -> Json:
        """Return the page after the cursor. The next one is asked for by its cursor, never by the
        link of an answer, which may name a host that is not the account's.
        """
        where: dict[str, Any] = {"cursor": cursor} if cursor else {"start_time": 0}
        return self._page("tickets/cursor", self._ticket_rows, include=_SIDE_LOADS, **where)

    def events(self, start: int) -> Json:
        """Return a page whose ticket_events are Audits."""
        try:
            return self._page(
                "ticket_events",
                self._event_rows,
                read_as=_audits_of,
                include="comment_events",
                start_time=start,
            )
        except Refused as refusal:
            # "Too recent start_time": nothing happened since the last second that was read.
            if refusal.status == 422 and start:
                return {"ticket_events": [], "end_of_stream": True, "end_time": start}
            raise

    def more_events(self, start: int) -> Json | None:
        """Ask once more with the largest page; None when it was that already, or too heavy."""
        if self._event_rows.rows == LARGEST_PAGE:
            return None
        try:
            return self._client.export(
                "incremental/ticket_events",
                read_as=_audits_of,
                include="comment_events",
                start_time=start,
                per_page=LARGEST_PAGE,
            )
        except TooHeavy:
            return None

    def _page(
        self, path: str, size: PageSize, *, read_as: Reader = body_of, **parameters: object
    ) -> Json:
        while True:
            try:
                answer = self._client.export(
                    f"incremental/{path}", read_as=read_as, **parameters, per_page=size.rows
                )
            except TooHeavy:
                size.too_heavy()
            else:
                size.worked()
                return answer


def _audits_of(response: requests.Response) -> Json:
    return page_of_audits(response.content) or with_audits(body_of(response))
