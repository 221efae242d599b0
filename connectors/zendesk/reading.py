"""Reads what changed in a Zendesk account: tickets first, then the words of the ticket events.

Two exports give a thousand rows a call, so no ticket costs a call of its own, except messaging
tickets (their words are in the conversation log), redacted ones and gaps. Every page carries the
position to go on from; what a page holds may be stored twice without harm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from heapq import nlargest

from connectors._http import PageLoopGuard, Refused
from connectors.zendesk import mapping, poison
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.audits import ABSENT, Audit, Comment, audits_in
from connectors.zendesk.client import Client, Json, rows_of
from connectors.zendesk.exports import Exports
from connectors.zendesk.fields import OurFields
from connectors.zendesk.gaps import MOST_DOUBTS, gaps_of
from connectors.zendesk.intake import Intake, shown
from connectors.zendesk.notes import Draft, Note
from connectors.zendesk.page_ends import (
    end_of,
    ids_at,
    is_last_event_page,
    is_last_ticket_page,
    second_of,
)
from connectors.zendesk.poison import MOST_MESSAGES, too_many_messages
from connectors.zendesk.position import MOST_OWED, MOST_REMEMBERED, Position, newest_counts
from connectors.zendesk.transport import WHO
from service.domain.conversations import IncomingMessage, Page
from service.errors import Misbehaving
from service.ports import Known

Said = tuple[int, Audit, Comment]  # in which ticket

_MOST_EMPTY_PAGES = 5  # in a row and at the same place; an empty page is not the end
_REWRITTEN = ("redact", "privacy")  # kinds of events after which a comment reads differently


class Reading:
    """One run over what changed since a position."""

    def __init__(
        self,
        client: Client,
        fields: OurFields,
        already: AlreadyRead,
        position: Position,
        *,
        known: Known | None = None,
    ) -> None:
        self._client = client
        self._exports = Exports(client)
        self._fields = fields
        self._already = already
        self._intake = Intake(client, fields, already, known)
        self._notes = self._intake.notes
        self._position = position
        self._resumed = position.unfinished
        self._events_from = position.events
        self._certain: frozenset[int] = frozenset()
        self._first_events: Json | None = None
        self._us: object = None  # our own user, once it matters
        already.recall_comments(position.counts)

    def pages(self) -> Iterator[Page]:
        self._fields.refresh()
        if self._position.at_start:
            self._try_events()
        yield from self._tickets()
        if not self._position.each_ticket:
            yield from self._events()
        yield from self._repairs()

    # --- Tickets ---------------------------------------------------------------------------------

    def _tickets(self) -> Iterator[Page]:
        guard, empty = PageLoopGuard(WHO), 0
        if self._position.tickets is not None:
            guard.go_on(self._position.tickets)
        while True:
            asked = self._position.tickets
            answer = self._exports.tickets(asked)
            rows = rows_of(answer, "tickets")
            # The last page may carry null: what comes later is found from the last cursor.
            cursor = answer.get("after_cursor") or asked
            over = is_last_ticket_page(answer, rows)
            if cursor is None and not over:
                raise Misbehaving("Zendesk says there are more tickets, but not where.")
            running = bool(rows) and not self._position.each_ticket
            self._position = replace(
                self._position,
                tickets=cursor,
                unfinished=self._position.unfinished or running,
            )
            yield from self._page(self._draft_of(rows, answer), always=asked != cursor)
            if over or cursor is None:
                return
            empty = 0 if rows or cursor != asked else empty + 1
            if empty > _MOST_EMPTY_PAGES:
                raise Misbehaving("Zendesk keeps sending the same empty page; nothing was lost.")
            if not empty:
                guard.go_on(cursor)

    def _draft_of(self, rows: Sequence[Json], answer: Json) -> Draft:
        """Take tickets in, and the words of those that have no events."""
        draft = Draft()
        for ticket_id in self._intake.tickets(rows, answer, draft):
            note = self._notes[ticket_id]
            if note.messaging and not self._may_wait(ticket_id, note):
                self._intake.read_log(ticket_id, draft)
            if self._position.each_ticket and ticket_id in self._notes and not note.by_log:
                self._intake.read_comments(ticket_id, draft)
        return draft

    # --- Logs that perhaps only our own write touched --------------------------------------------

    def _may_wait(self, ticket_id: int, note: Note) -> bool:
        """Put a log off until the events show whether anybody but us touched the ticket."""
        owed = self._position.owed
        if not self._already.log_may_be_unchanged(ticket_id) or self._position.each_ticket:
            return False
        if ticket_id not in owed:
            if len(owed) >= MOST_OWED:
                return False
            self._position = replace(self._position, owed=(*owed, ticket_id))
        note.by_log = note.log_waits = True
        return True

    def _see_write(self, note: Note, event: Audit) -> None:
        """Keep a log waiting only while every event of its ticket is a wordless one of ours."""
        if self._us is None:
            user = self._client.get("users/me").get("user")
            self._us = user.get("id") if isinstance(user, dict) else None
        kinds = [str(child.event_type) for child in event.told()]
        ours = self._us is not None and event.updater_id == self._us
        if ours and "Comment" not in kinds:
            note.last_write = max(note.last_write, second_of(event))
        else:
            note.log_waits = False

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

    # --- Events ----------------------------------------------------------------------------------

    def _try_events(self) -> None:
        """Read the first page of events before anything is stored: some servers have none."""
        try:
            self._first_events = self._exports.events(0)
        except Refused as refusal:
            if refusal.status not in (404, 410):
                raise
            self._position = replace(self._position, each_ticket=True)

    def _events(self) -> Iterator[Page]:
        empty = 0
        while True:
            start, seen = self._position.events, frozenset(self._position.seen)
            answer = self._next_events(start)
            rows = audits_in(answer)
            news = [row for row in rows if row.id not in seen]
            draft = self._draft_of_events(news)
            end, over = end_of(answer, rows, start), is_last_event_page(answer, rows, start)
            if _is_stuck(rows, end, start, over=over):
                self._read_second(start, news, draft)
                end = start + 1
            before = self._position
            self._position = replace(
                self._position,
                events=end,
                seen=ids_at(end, rows, before=seen, start=start),
                unfinished=not over,
            )
            if over:
                self._find_gaps()
            yield from self._page(draft, always=self._position != before)
            if over:
                return
            empty = 0 if rows else empty + 1
            if empty > _MOST_EMPTY_PAGES:
                raise Misbehaving("Zendesk keeps sending empty pages of events; nothing was lost.")

    def _next_events(self, start: int) -> Json:
        answer, self._first_events = self._first_events, None
        if answer is None:
            answer = self._exports.events(start)
        rows = audits_in(answer)
        over = is_last_event_page(answer, rows, start)
        if _is_stuck(rows, end_of(answer, rows, start), start, over=over):
            # A page that was made small may be too small for one second's events.
            return self._exports.more_events(start) or answer
        return answer

    def _draft_of_events(self, events: Sequence[Audit]) -> Draft:
        draft = self._draft_of_unknown(events)
        comments: list[Said] = []
        again: set[int] = set()
        for event in events:
            ticket_id = event.ticket_id
            if not isinstance(ticket_id, int) or (note := self._notes.get(ticket_id)) is None:
                continue
            try:
                found, rewritten = self._words_in(event, note)
            except poison.UNREADABLE as error:
                self._intake.set_aside(ticket_id, poison.why(error), draft)
                continue
            for child in found:
                comments.append((ticket_id, event, child))
            if rewritten:
                again.add(ticket_id)
        self._say(comments, draft)
        for ticket_id in sorted(id_ for id_ in again if id_ in self._notes):
            self._intake.read_comments(ticket_id, draft)
        return draft

    def _words_in(self, event: Audit, note: Note) -> tuple[list[Comment], bool]:
        """Count the event, and return its comments and whether to read the ticket's again."""
        note.events += 1
        if note.log_waits:
            self._see_write(note, event)
        if note.by_log:
            return [], False
        return _comments_of(event, note)

    def _draft_of_unknown(self, events: Iterable[Audit]) -> Draft:
        """Take in tickets that have events but did not come: newer ones, or after a restart."""
        ids = {event.ticket_id for event in events if isinstance(event.ticket_id, int)}
        # One by one: a union would copy every note of the run for each page.
        for known in (self._notes, self._intake.gone, self._intake.aside):
            ids = {id_ for id_ in ids if id_ not in known}
        return self._draft_of_ids(sorted(ids))

    def _draft_of_ids(self, ids: Sequence[int]) -> Draft:
        # A deleted ticket is not shown; the export of tickets tells that it is gone.
        rows = [row for _, some in shown(self._client, ids) for row in some]
        return self._draft_of(rows, {})

    def _say(self, comments: Sequence[Said], draft: Draft) -> None:
        authors = [_author(event, child) for _, event, child in comments]
        self._intake.people.users.ensure(authors)
        draft.people.extend(authors)
        for (ticket_id, event, child), author in zip(comments, authors, strict=True):
            note = self._notes.get(ticket_id)
            if note is None or (note.fetched and str(child.id) in note.fetched):
                continue
            try:
                draft.messages.append(self._said(ticket_id, note, event, child, author))
            except poison.UNREADABLE as error:
                self._intake.set_aside(ticket_id, poison.why(error), draft)

    def _said(
        self, ticket_id: int, note: Note, event: Audit, child: Comment, author: object
    ) -> IncomingMessage:
        note.seen += 1
        if note.seen > MOST_MESSAGES:
            raise too_many_messages()
        return self._intake.words.incoming(
            ticket_id,
            child,
            author=author,
            requester=note.requester,
            assignee=note.assignee,
            created_at=event.created_at,
        )

    def _read_second(self, second: int, events: Sequence[Audit], draft: Draft) -> None:
        """Read the tickets of a second with more events than a page holds one by one.

        Others of that second, changed again later, are found by their count of comments.
        """
        told = {event.ticket_id for event in events}
        touched = {id_ for id_, note in self._notes.items() if note.updated == second}
        for ticket_id in sorted(id_ for id_ in told | touched if isinstance(id_, int)):
            note = self._notes.get(ticket_id)
            if note is None or note.by_log or self._already.has_comments(ticket_id, note.comments):
                continue
            self._intake.read_comments(ticket_id, draft)

    # --- Repairs ---------------------------------------------------------------------------------

    def _find_gaps(self) -> None:
        """Owe what this run's events lack, and remember the counts of everything else."""
        gaps = gaps_of(
            self._notes.items(),
            events_from=self._events_from,
            stored_are_known=self._intake.knows_stored,
            before=self._already.comment_count,
        )
        # A run that was broken off has counted only a part of the events: no doubt follows.
        doubtful = () if self._resumed else gaps.doubtful
        self._certain = frozenset(gaps.certain)
        owed = tuple(dict.fromkeys((*gaps.certain, *self._position.owed, *doubtful)))
        lacking = {*owed, *gaps.doubtful}
        complete = (each for each in self._notes.items() if each[0] not in lacking)
        counts = self._counts(complete, without=owed)
        self._position = replace(self._position, owed=owed, counts=counts)

    def _repairs(self) -> Iterator[Page]:
        """Read what is owed: every certain gap, and as many doubtful ones as a run may settle."""
        if not self._position.owed:
            return  # nor is there a log that waits, and no note needs to be looked at
        unchanged = self._unchanged_logs()
        owed = [id_ for id_ in self._position.owed if id_ not in unchanged]
        if len(owed) < len(self._position.owed):
            self._position = replace(self._position, owed=tuple(owed))
            yield from self._page(Draft(), always=True)
        now = self._to_repair(owed)
        rest = tuple(id_ for id_ in owed if id_ not in set(now))
        while now:
            some, now = now[:100], now[100:]
            draft = self._draft_of_ids([id_ for id_ in some if id_ not in self._notes])
            for ticket_id in some:
                self._repair(ticket_id, draft)
            self._position = replace(
                self._position,
                owed=(*now, *rest),
                counts=self._counts(self._noted(some), without=some),
            )
            yield from self._page(draft, always=True)

    def _to_repair(self, owed: Sequence[int]) -> list[int]:
        logs = {id_ for id_, note in self._notes.items() if note.by_log}
        must = [id_ for id_ in owed if id_ in self._certain or id_ in logs]
        others = [id_ for id_ in owed if id_ not in set(must)]
        # Those that do not fit into the cursor are not put off: they would be forgotten.
        return must + others[: max(MOST_DOUBTS, len(others) - MOST_OWED)]

    def _repair(self, ticket_id: int, draft: Draft) -> None:
        note = self._notes.get(ticket_id)
        if note is None or mapping.ticket_key(ticket_id) in draft.complete:
            return
        if note.by_log:
            self._intake.read_log(ticket_id, draft)
        if ticket_id in self._notes and not note.by_log:
            self._intake.read_comments(ticket_id, draft)

    def _counts(
        self, complete: Iterable[tuple[int, Note]], *, without: Iterable[int]
    ) -> tuple[tuple[int, int], ...]:
        """Note tickets of which all comments were read; return what the cursor remembers."""
        known = nlargest(MOST_REMEMBERED, self._counted(complete))
        return newest_counts(self._position.counts, dict(sorted(known)), without=without)

    def _counted(self, complete: Iterable[tuple[int, Note]]) -> Iterator[tuple[int, int]]:
        for ticket_id, note in complete:
            if note.comments is not None and not note.by_log:
                self._already.comments(ticket_id, note.comments)
                yield ticket_id, note.comments

    def _noted(self, ids: Iterable[int]) -> Iterator[tuple[int, Note]]:
        for ticket_id in ids:
            note = self._notes.get(ticket_id)
            if note is not None:
                yield ticket_id, note

    # --- Pages -----------------------------------------------------------------------------------

    def _page(self, draft: Draft, *, always: bool) -> Iterator[Page]:
        if always or not draft.is_empty:
            here = self._position
            yield self._intake.page(draft, cursor=here.encode(), words_until=here.words_until)


def _is_stuck(rows: Sequence[Audit], end: int, start: int, *, over: bool) -> bool:
    """More events in one second than a page holds: going on from its end would never end."""
    return bool(rows) and end <= start and not over


def _comments_of(event: Audit, note: Note) -> tuple[list[Comment], bool]:
    """Return the comments that came along, and whether the ticket's must be read again."""
    comments: list[Comment] = []
    again = False
    for child in event.told():
        kind = child.event_type or child.type or ""
        if kind == "Comment":
            if mapping.has_words(child) and child.id is not ABSENT:
                comments.append(child)
            elif str(child.id) not in note.fetched:
                again = True
        elif _rewrites(str(kind)):
            again = True
    return comments, again


@lru_cache(maxsize=256)  # kinds are few, events are not
def _rewrites(kind: str) -> bool:
    folded = kind.lower()
    return any(word in folded for word in _REWRITTEN)


def _author(event: Audit, child: Comment) -> object:
    return child.author_id if child.author_id is not None else event.updater_id
