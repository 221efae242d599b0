"""Reads what changed in a Zendesk account: tickets first, then the words of the ticket events.

Two exports give a thousand rows a call, so no ticket costs a call of its own, except messaging
tickets (their words are in the conversation log), redacted ones and gaps. Every page carries the
position to go on from; what a page holds may be stored twice without harm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors._http import PageLoopGuard, Refused
from connectors.zendesk import mapping
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.client import Client, Json, TooHeavy, rows_of
from connectors.zendesk.fields import OurFields
from connectors.zendesk.notes import Draft, Note
from connectors.zendesk.page_ends import (
    end_of,
    ids_at,
    is_last_event_page,
    is_last_ticket_page,
    second_of,
)
from connectors.zendesk.people import People, in_hundreds
from connectors.zendesk.position import MOST_REMEMBERED, Position
from connectors.zendesk.transport import WHO
from connectors.zendesk.words import Words
from service.domain.conversations import IncomingMessage, Page
from service.errors import Misbehaving, Unreachable

LARGEST_PAGE = 1000
SMALLEST_PAGE = 50
_SIDE_LOADS = "users,organizations,comment_count"
_MOST_EMPTY_PAGES = 5  # in a row and at the same place; an empty page is not the end
_REWRITTEN = ("redact", "privacy")  # kinds of events after which a comment reads differently


class Reading:
    """One run over what changed since a position."""

    def __init__(
        self, client: Client, fields: OurFields, already: AlreadyRead, position: Position
    ) -> None:
        self._client = client
        self._fields = fields
        self._already = already
        self._people = People(client)
        self._words = Words(client, self._people)
        self._position = position
        self._events_from = position.events
        self._notes: dict[int, Note] = {}
        self._gone: set[int] = set()
        self._page_size = LARGEST_PAGE
        self._first_events: Json | None = None
        self._us: object = None  # our own user, once it matters
        self._calls_told = client.calls

    def pages(self) -> Iterator[Page]:
        self._fields.refresh()
        if self._position.at_start:
            self._try_events()
        yield from self._tickets()
        if not self._position.each_ticket:
            yield from self._events()
        yield from self._repairs()
        for ticket_id, note in self._notes.items():
            if note.comments is not None:
                self._already.comments(ticket_id, note.comments)

    # --- Tickets ---------------------------------------------------------------------------------

    def _tickets(self) -> Iterator[Page]:
        guard, empty = PageLoopGuard(WHO), 0
        if self._position.tickets is not None:
            guard.go_on(self._position.tickets)
        while True:
            asked = self._position.tickets
            where = {"cursor": asked} if asked else {"start_time": 0}
            answer = self._export("tickets/cursor", include=_SIDE_LOADS, **where)
            rows = rows_of(answer, "tickets")
            # The last page may carry null: what comes later is found from the last cursor.
            cursor = answer.get("after_cursor") or asked
            self._position = replace(self._position, tickets=cursor)
            yield from self._page(self._draft_of(rows, answer), always=asked != cursor)
            if is_last_ticket_page(answer, rows):
                return
            if cursor is None:
                raise Misbehaving("Zendesk says there are more tickets, but not where.")
            empty = 0 if rows or cursor != asked else empty + 1
            if empty > _MOST_EMPTY_PAGES:
                raise Misbehaving("Zendesk keeps sending the same empty page; nothing was lost.")
            if not empty:
                guard.go_on(cursor)

    def _draft_of(self, rows: Sequence[Json], answer: Json) -> Draft:
        """Take tickets in: their heads and states, and the words of those that have no events."""
        draft = Draft()
        self._people.learn(answer)
        rows = [row for row in rows if isinstance(row.get("id"), int)]
        living = [row for row in rows if not mapping.is_gone(row)]
        self._forget([row for row in rows if mapping.is_gone(row)], draft)
        self._people.users.ensure(
            row.get(who) for row in living for who in ("requester_id", "assignee_id")
        )
        for row in living:
            self._take_in(row, draft)
        return draft

    def _forget(self, rows: Iterable[Json], draft: Draft) -> None:
        for row in rows:
            self._gone.add(row["id"])
            self._notes.pop(row["id"], None)
            draft.gone.append(mapping.ticket_key(row["id"]))

    def _take_in(self, row: Json, draft: Draft) -> None:
        head = mapping.head_of(row, account_url=self._client.account.url)
        draft.heads.append(head)
        draft.states[head.key] = self._fields.state_of(row, head.status)
        draft.organizations.append(row.get("organization_id"))
        draft.people.append(row.get("assignee_id"))
        self._gone.discard(row["id"])
        count = row.get("comment_count")
        before = self._notes.get(row["id"])
        note = self._notes[row["id"]] = Note(
            requester=row.get("requester_id"),
            assignee=row.get("assignee_id"),
            created=int(head.created_at.timestamp()),
            updated=int(head.updated_at.timestamp()),
            stamp=str(row.get("updated_at")),
            comments=count if isinstance(count, int) else None,
            seen=before.seen if before else 0,
        )
        if mapping.is_messaging(row) and not self._may_wait(row["id"], note):
            self._read_log(row["id"], note, draft)
        if self._position.each_ticket and not note.by_log:
            self._read_comments(row["id"], draft)

    # --- The words of single tickets -------------------------------------------------------------

    def _may_wait(self, ticket_id: int, note: Note) -> bool:
        """Put a log off until the events show whether anybody but us touched the ticket."""
        owed = self._position.owed
        if not self._already.log_may_be_unchanged(ticket_id) or self._position.each_ticket:
            return False
        if ticket_id not in owed:
            if len(owed) >= MOST_REMEMBERED:
                return False
            self._position = replace(self._position, owed=(*owed, ticket_id))
        note.by_log = note.log_waits = True
        return True

    def _see_write(self, note: Note, event: Json) -> None:
        """Keep a log waiting only while every event of its ticket is a wordless one of ours."""
        if self._us is None:
            user = self._client.get("users/me").get("user")
            self._us = user.get("id") if isinstance(user, dict) else None
        kinds = [str(child.get("event_type")) for child in rows_of(event, "child_events")]
        ours = self._us is not None and event.get("updater_id") == self._us
        if ours and "Comment" not in kinds:
            note.last_write = max(note.last_write, second_of(event))
        else:
            note.log_waits = False

    def _read_log(self, ticket_id: int, note: Note, draft: Draft) -> None:
        messages = self._words.of_log(ticket_id, requester=note.requester, assignee=note.assignee)
        if messages is not None:
            note.by_log = True
            self._already.log(ticket_id, note.stamp)
            self._complete(ticket_id, messages, draft)

    def _read_comments(self, ticket_id: int, draft: Draft) -> None:
        note = self._notes[ticket_id]
        messages = self._words.of_ticket(
            ticket_id, requester=note.requester, assignee=note.assignee
        )
        if messages is not None:
            note.fetched = frozenset(each.message.id for each in messages)
            self._complete(ticket_id, messages, draft)

    def _complete(self, ticket_id: int, messages: Iterable[IncomingMessage], draft: Draft) -> None:
        key = mapping.ticket_key(ticket_id)
        # Words that came with the events of this page may be older than a redaction.
        draft.messages = [each for each in draft.messages if each.conversation != key]
        draft.messages.extend(messages)
        draft.complete.add(key)

    # --- Events ----------------------------------------------------------------------------------

    def _try_events(self) -> None:
        """Read the first page of events before anything is stored: some servers have none."""
        try:
            self._first_events = self._ask_events(0)
        except Refused as refusal:
            if refusal.status not in (404, 410):
                raise
            self._position = replace(self._position, each_ticket=True)

    def _events(self) -> Iterator[Page]:
        empty = 0
        while True:
            start, seen = self._position.events, frozenset(self._position.seen)
            answer = self._next_events(start)
            rows = rows_of(answer, "ticket_events")
            news = [row for row in rows if row.get("id") not in seen]
            draft = self._draft_of_events(news)
            end, over = end_of(answer, rows, start), is_last_event_page(answer, rows, start)
            if rows and end <= start and not over:
                # More events in one second than a page holds: their tickets are read one by one.
                self._read_second(start, news, draft)
                end = start + 1
            before = self._position
            self._position = replace(
                self._position, events=end, seen=ids_at(end, rows, before=seen, start=start)
            )
            yield from self._page(draft, always=self._position != before)
            if over:
                return
            empty = 0 if rows else empty + 1
            if empty > _MOST_EMPTY_PAGES:
                raise Misbehaving("Zendesk keeps sending empty pages of events; nothing was lost.")

    def _next_events(self, start: int) -> Json:
        first, self._first_events = self._first_events, None
        if first is not None:
            return first
        try:
            return self._ask_events(start)
        except Refused as refusal:
            # "Too recent start_time": nothing happened since the last second that was read.
            if refusal.status == 422 and start:
                return {"ticket_events": [], "end_of_stream": True, "end_time": start}
            raise

    def _ask_events(self, start: int) -> Json:
        return self._export("ticket_events", include="comment_events", start_time=start)

    def _draft_of_events(self, events: Sequence[Json]) -> Draft:
        draft = self._draft_of_unknown(events)
        comments: list[tuple[int, Json, Json]] = []
        again: set[int] = set()
        for event in events:
            ticket_id = event.get("ticket_id")
            note = self._notes.get(ticket_id) if isinstance(ticket_id, int) else None
            if note is None or not isinstance(ticket_id, int):
                continue
            if note.by_log:
                if note.log_waits:
                    self._see_write(note, event)
                continue
            for child in rows_of(event, "child_events"):
                kind = str(child.get("event_type") or child.get("type") or "")
                if any(word in kind.lower() for word in _REWRITTEN):
                    again.add(ticket_id)
                elif kind == "Comment" and mapping.has_words(child) and "id" in child:
                    comments.append((ticket_id, event, child))
                elif kind == "Comment" and str(child.get("id")) not in note.fetched:
                    again.add(ticket_id)
        self._say(comments, draft)
        for ticket_id in sorted(again):
            self._read_comments(ticket_id, draft)
        return draft

    def _draft_of_unknown(self, events: Iterable[Json]) -> Draft:
        """Take in tickets that have events but did not come: newer ones, or after a restart."""
        ids = {event.get("ticket_id") for event in events}
        unknown = sorted(
            id_
            for id_ in ids
            if isinstance(id_, int) and id_ not in self._notes and id_ not in self._gone
        )
        return self._draft_of_ids(unknown)

    def _draft_of_ids(self, ids: Sequence[int]) -> Draft:
        rows: list[Json] = []
        for some in in_hundreds(ids):
            answer = self._client.find("tickets/show_many", ids=",".join(map(str, some)))
            rows.extend(rows_of(answer or {}, "tickets"))
        # A deleted ticket is not shown; the export of tickets tells that it is gone.
        return self._draft_of(rows, {})

    def _say(self, comments: Sequence[tuple[int, Json, Json]], draft: Draft) -> None:
        authors = [_author(event, child) for _, event, child in comments]
        self._people.users.ensure(authors)
        draft.people.extend(authors)
        for (ticket_id, event, child), author in zip(comments, authors, strict=True):
            note = self._notes[ticket_id]
            note.seen += 1
            if str(child["id"]) in note.fetched:
                continue
            draft.messages.append(
                self._words.incoming(
                    ticket_id,
                    {**child, "author_id": author},
                    requester=note.requester,
                    assignee=note.assignee,
                    created_at=event.get("created_at"),
                )
            )

    def _read_second(self, second: int, events: Sequence[Json], draft: Draft) -> None:
        told = {event.get("ticket_id") for event in events}
        touched = {id_ for id_, note in self._notes.items() if note.updated == second}
        for ticket_id in sorted(id_ for id_ in told | touched if isinstance(id_, int)):
            note = self._notes.get(ticket_id)
            if note is None or note.by_log or self._already.has_comments(ticket_id, note.comments):
                continue
            self._read_comments(ticket_id, draft)

    # --- Repairs ---------------------------------------------------------------------------------

    def _repairs(self) -> Iterator[Page]:
        """Read tickets of which fewer comments came than Zendesk counts."""
        owed = sorted({*self._position.owed, *self._short()} - self._unchanged_logs())
        if len(owed) < len(self._position.owed):
            self._position = replace(self._position, owed=tuple(owed))
            yield from self._page(Draft(), always=True)
        while owed:
            some, owed = owed[:100], owed[100:]
            draft = self._draft_of_ids([id_ for id_ in some if id_ not in self._notes])
            for ticket_id in some:
                self._repair(ticket_id, draft)
            self._position = replace(self._position, owed=tuple(owed))
            yield from self._page(draft, always=True)

    def _repair(self, ticket_id: int, draft: Draft) -> None:
        note = self._notes.get(ticket_id)
        if note is None or mapping.ticket_key(ticket_id) in draft.complete:
            return
        if note.by_log:
            self._read_log(ticket_id, note, draft)
        else:
            self._read_comments(ticket_id, draft)

    def _unchanged_logs(self) -> set[int]:
        """Return the tickets that nothing but our write changed; their logs were read before."""
        same = {
            ticket_id
            for ticket_id, note in self._notes.items()
            if note.log_waits and note.last_write == note.updated
        }
        for ticket_id in same:
            self._already.log(ticket_id, self._notes[ticket_id].stamp)
        return same

    def _short(self) -> Iterator[int]:
        """Yield tickets whose whole life lies in the events of this run, and that lack words."""
        for ticket_id, note in self._notes.items():
            whole = note.created >= self._events_from
            counted = note.comments is not None and not note.by_log and not note.fetched
            if whole and counted and note.seen < (note.comments or 0):
                yield ticket_id

    # --- Pages -----------------------------------------------------------------------------------

    def _page(self, draft: Draft, *, always: bool) -> Iterator[Page]:
        if draft.is_empty and not always:
            return
        accounts = self._people.new_accounts(draft.organizations)
        agents = self._people.new_agents(draft.people)
        calls, self._calls_told = self._client.calls - self._calls_told, self._client.calls
        yield Page(
            cursor=self._position.encode(),
            heads=tuple(draft.heads),
            states=draft.states,
            messages=tuple(draft.messages),
            accounts=accounts,
            agents=agents,
            gone=tuple(draft.gone),
            complete=frozenset(draft.complete),
            calls=calls,
        )

    def _export(self, path: str, **parameters: Any) -> Json:
        """Read a page of an export, with half as many rows whenever it came too slowly."""
        while True:
            try:
                return self._client.export(
                    f"incremental/{path}", **parameters, per_page=self._page_size
                )
            except TooHeavy as heavy:
                if self._page_size <= SMALLEST_PAGE:
                    raise Unreachable(
                        "Zendesk's export times out even for its smallest page."
                    ) from heavy
                self._page_size = max(self._page_size // 2, SMALLEST_PAGE)


def _author(event: Json, child: Json) -> object:
    author = child.get("author_id")
    return author if author is not None else event.get("updater_id")
