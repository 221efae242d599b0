"""The stand-in's Zendesk account while it lives: what people and programs do to tickets.

Knows which change moves updated_at, which only generated_timestamp, and which leaves an audit.
Knows no HTTP.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.corpus import Corpus
from connectors.sandbox.records import Keyset, seconds
from connectors.sandbox.zendesk_fields import (
    Refusal,
    TicketFields,
    accepted_value,
    follow_tags,
    follow_value,
)
from connectors.sandbox.zendesk_records import (
    GROUP,
    SYSTEM_USER,
    Audit,
    Change,
    Comment,
    Organization,
    Ticket,
    User,
    world_of,
)

_REDACTED = "▇"


@dataclass(slots=True, kw_only=True)
class Job:
    """A bulk update: done at once, told bit by bit, as the vendor's queue does."""

    id: str
    created_at: datetime
    results: list[dict[str, Any]]
    polls: int = 0


@dataclass(slots=True)
class Draft:
    """A ticket's values as an update wants them, before anything is stored."""

    tags: set[str]
    custom_fields: dict[int, Any]
    attributes: dict[str, Any] = field(default_factory=dict)


class ZendeskState:
    """One account; its methods are what people do, and move the clocks as the vendor's do."""

    def __init__(
        self, corpus: Corpus, *, clock: Callable[[], datetime], hide: timedelta = timedelta(0)
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.hide = hide
        moments = [each.created_at for each in corpus.conversations]
        begun_at = min(moments, default=clock()) - timedelta(days=1)
        world = world_of(corpus, begun_at=begun_at)
        self.users, self.organizations, self.tickets = (
            world.users,
            world.organizations,
            world.tickets,
        )
        self.ticket_ids, self.user_ids = world.ticket_ids, world.user_ids
        self.fields = TicketFields(begun_at)
        self.jobs: dict[str, Job] = {}
        self._numbers = world.numbers
        self.audits = {each.id: each for row in self.tickets.values() for each in row.audits}
        rows = self.tickets.values()
        self.changed = Keyset((row.generated_timestamp, row.id) for row in rows)
        self.created = Keyset((seconds(row.created_at), row.id) for row in rows)
        self.events = Keyset((seconds(row.created_at), row.id) for row in self.audits.values())
        self.users_changed = Keyset((seconds(r.updated_at), r.id) for r in self.users.values())
        self.organizations_changed = Keyset(
            (seconds(row.updated_at), row.id) for row in self.organizations.values()
        )

    def visible_until(self) -> int:
        """Return the newest second that exports may show."""
        return seconds(self.clock() - self.hide)

    def live(self, ticket_id: int) -> Ticket | None:
        row = self.tickets.get(ticket_id)
        return None if row is None or row.status == "deleted" else row

    # What people do.

    def open_ticket(
        self, *, requester_id: int, subject: str, text: str, channel: str = "email"
    ) -> Ticket:
        """A customer writes for the first time."""
        with self.lock:
            now = self.clock()
            row = Ticket(
                id=max(self.tickets, default=0) + 1,
                external_id=None,
                subject=subject,
                status="open",
                channel=channel,
                requester_id=requester_id,
                submitter_id=requester_id,
                assignee_id=None,
                organization_id=self.users[requester_id].organization_id,
                group_id=GROUP,
                tags=set(),
                custom_fields={},
                created_at=now,
                updated_at=now,
                generated_timestamp=seconds(now),
            )
            self.tickets[row.id] = row
            self.created.put(row.id, seconds(now))
            self.add_comment(row.id, text, author_id=requester_id)
            return row

    def add_comment(
        self, ticket_id: int, text: str, *, author_id: int | None = None, public: bool = True
    ) -> Comment:
        """The requester (or the author given) answers; a note is a comment that is not public."""
        with self.lock:
            row = self.tickets[ticket_id]
            author = row.requester_id if author_id is None else author_id
            comment = self.new_comment(row, text, author_id=author, public=public)
            if comment.messaging:
                row.comments.append(comment)
                self.touch(row)
            else:
                self.record(row, author, comment=comment)
            return comment

    def set_field_as_agent(
        self, ticket_id: int, field_id: int, value: Any, *, author_id: int | None = None
    ) -> None:
        with self.lock:
            row = self.tickets[ticket_id]
            draft = self.draft(row)
            self.put_value(draft, field_id, value)
            self.store(row, draft, self._agent(row, author_id))

    def set_status(self, ticket_id: int, status: str, *, author_id: int | None = None) -> None:
        with self.lock:
            row = self.tickets[ticket_id]
            draft = self.draft(row)
            draft.attributes["status"] = status
            self.store(row, draft, self._agent(row, author_id))

    def set_tags_as_agent(
        self, ticket_id: int, tags: Iterable[str], *, author_id: int | None = None
    ) -> None:
        with self.lock:
            row = self.tickets[ticket_id]
            draft = self.draft(row)
            self.put_tags(draft, set(tags))
            self.store(row, draft, self._agent(row, author_id))

    def close(self, ticket_id: int) -> None:
        """The vendor's automation closes the ticket for good."""
        self.set_status(ticket_id, "closed", author_id=SYSTEM_USER)

    def rate(self, ticket_id: int, score: str, comment: str | None = None) -> None:
        with self.lock:
            row = self.tickets[ticket_id]
            row.rating = {"id": self._numbers.next(), "score": score, "comment": comment}
            change = self._change("Change", "satisfaction_score", score, "offered")
            self.record(row, row.requester_id, changes=(change,))

    def redact(self, ticket_id: int, comment_id: int, text: str) -> None:
        """An agent blacks out the text in place; it cannot be brought back."""
        with self.lock:
            row = self.tickets[ticket_id]
            if row.status == "closed":
                raise Refusal(422, "RecordInvalid", "Closed tickets cannot be redacted")
            comment = self._comment(row, comment_id)
            comment.text = comment.text.replace(text, _REDACTED * len(text))
            change = self._change("CommentRedactionEvent", "comment_id", comment_id, None)
            change.comment_id = comment_id
            self.record(row, self._agent(row, None), changes=(change,))

    def make_private(self, ticket_id: int, comment_id: int) -> None:
        with self.lock:
            row = self.tickets[ticket_id]
            self._comment(row, comment_id).public = False
            change = self._change("CommentPrivacyChange", "public", value=False, previous=True)
            change.comment_id = comment_id
            self.record(row, self._agent(row, None), changes=(change,))

    def merge(self, source_id: int, target_id: int) -> None:
        """The source closes with a note and a tag, the target gets a note."""
        with self.lock:
            source, target = self.tickets[source_id], self.tickets[target_id]
            agent = self._agent(source, None)
            note = f"This request was closed and merged into request #{target_id}."
            self.add_comment(source_id, note, author_id=agent, public=False)
            draft = self.draft(source)
            draft.attributes["status"] = "closed"
            self.put_tags(draft, source.tags | {"closed_by_merge"})
            self.store(source, draft, agent)
            told = f"Request #{source_id} was closed and merged into this request."
            self.add_comment(target.id, told, author_id=agent, public=False)

    def spoil_ticket(self, ticket_id: int, **odd: Any) -> None:
        """Tell these values of the ticket from now on, whatever they are; none: mend it."""
        with self.lock:
            row = self.tickets[ticket_id]
            row.odd = odd
            self.touch(row)

    def spoil_comment(self, ticket_id: int, place: int, **odd: Any) -> None:
        with self.lock:
            row = self.tickets[ticket_id]
            row.comments[place].odd = odd
            self.touch(row)

    def restore_ticket(self, ticket_id: int) -> None:
        """Take a ticket out of the deleted ones again."""
        with self.lock:
            row = self.tickets[ticket_id]
            row.status = "open"
            self.created.put(ticket_id, seconds(row.created_at))
            self.touch(row)

    def lose_jobs(self) -> None:
        """Forget the results of all bulk updates, as the vendor does after an hour or a day."""
        with self.lock:
            self.jobs.clear()

    def delete_field(self, field_id: int) -> None:
        """An admin removes a field: its values and its options' tags go from every ticket."""
        with self.lock:
            field_ = self.fields.get(field_id)
            if field_ is not None:
                self.wipe_values(field_id, field_.values)
                self.fields.remove(field_id)

    def delete_ticket(self, ticket_id: int) -> None:
        """Soft deletion: the export still shows the row, with its words."""
        with self.lock:
            row = self.tickets[ticket_id]
            row.status = "deleted"
            self.created.discard(ticket_id)
            self.touch(row)

    def scrub_ticket(self, ticket_id: int) -> None:
        """Thirty days after deletion: the words go, updated_at stays, generated_timestamp moves."""
        with self.lock:
            row = self.tickets[ticket_id]
            row.subject, row.scrubbed, row.comments = "SCRUBBED", True, []
            self._forget_events(row)
            self.touch_by_system(row)

    def vanish_ticket(self, ticket_id: int) -> None:
        """Months after deletion even the tombstone is gone."""
        with self.lock:
            row = self.tickets.pop(ticket_id)
            self.created.discard(ticket_id)
            self.changed.discard(ticket_id)
            self._forget_events(row)

    def edit_organization(self, organization_id: int, **values: Any) -> Organization:
        """Set organization_fields or the name of a company."""
        with self.lock:
            row = self.organizations[organization_id]
            row.name = str(values.pop("name", row.name))
            row.organization_fields.update(values)
            row.updated_at = self.clock()
            self.organizations_changed.put(row.id, seconds(row.updated_at))
            return row

    def edit_user(self, user_id: int, *, name: str) -> User:
        with self.lock:
            row = self.users[user_id]
            row.name, row.updated_at = name, self.clock()
            self.users_changed.put(row.id, seconds(row.updated_at))
            return row

    # What every change is made of.

    def draft(self, row: Ticket) -> Draft:
        return Draft(tags=set(row.tags), custom_fields=dict(row.custom_fields))

    def put_value(self, draft: Draft, field_id: int, value: Any) -> None:
        """Unknown field ids are ignored, as the vendor does."""
        known = self.fields.get(field_id)
        if known is None or not known.removable:
            return
        stored = accepted_value(known, value)
        draft.custom_fields[field_id] = stored
        draft.tags = follow_value(known, stored, draft.tags)

    def put_tags(self, draft: Draft, tags: set[str]) -> None:
        draft.tags = tags
        draft.custom_fields = follow_tags(self.fields.custom(), draft.custom_fields, tags)

    def store(
        self, row: Ticket, draft: Draft, author_id: int, comment: Comment | None = None
    ) -> None:
        """Store what differs, with one audit; a draft that changes nothing leaves no trace."""
        changes: list[Change] = []
        for name, value in draft.attributes.items():
            before = getattr(row, name)
            if before != value:
                changes.append(self._change("Change", name, value, before))
                setattr(row, name, value)
        for id_, value in draft.custom_fields.items():
            before = row.custom_fields.get(id_)
            if before != value and (before or value):
                changes.append(self._change("Change", str(id_), value, before))
        if draft.tags != row.tags:
            changes.append(self._change("Change", "tags", sorted(draft.tags), sorted(row.tags)))
        row.tags, row.custom_fields = draft.tags, draft.custom_fields
        if changes or comment is not None:
            self.record(row, author_id, comment=comment, changes=tuple(changes))

    def new_comment(self, row: Ticket, text: str, *, author_id: int, public: bool) -> Comment:
        author = self.users.get(author_id)
        role = "bot" if author is None else "customer" if author.role == "end-user" else "agent"
        return Comment(
            id=self._numbers.next(),
            ticket_id=row.id,
            audit_id=0,
            author_id=author_id,
            public=public,
            created_at=self.clock(),
            text=text,
            role=role,
            messaging=row.messaging and public,
        )

    def record(
        self,
        row: Ticket,
        author_id: int,
        *,
        comment: Comment | None = None,
        changes: tuple[Change, ...] = (),
    ) -> None:
        audit = Audit(
            id=self._numbers.next(),
            ticket_id=row.id,
            author_id=author_id,
            created_at=self.clock(),
            comment=comment,
            changes=changes,
        )
        if comment is not None:
            comment.audit_id = audit.id
            row.comments.append(comment)
        row.audits.append(audit)
        self.audits[audit.id] = audit
        self.events.put(audit.id, seconds(audit.created_at))
        self.touch(row)

    def touch(self, row: Ticket) -> None:
        row.updated_at = self.clock()
        self.touch_by_system(row)

    def touch_by_system(self, row: Ticket) -> None:
        """Move only generated_timestamp, as the vendor's own upkeep does."""
        row.generated_timestamp = seconds(self.clock())
        self.changed.put(row.id, row.generated_timestamp)

    def wipe_values(self, field_id: int, values: frozenset[str]) -> None:
        """Take removed options off every ticket, as the vendor does behind a field's PUT."""
        for row in self.tickets.values():
            if row.custom_fields.get(field_id) in values or row.tags & values:
                row.tags -= values
                row.custom_fields[field_id] = None
                self.touch_by_system(row)

    def _forget_events(self, row: Ticket) -> None:
        for audit in row.audits:
            self.events.discard(audit.id)
            self.audits.pop(audit.id, None)
        row.audits = []

    def _agent(self, row: Ticket, author_id: int | None) -> int:
        if author_id is not None:
            return author_id
        return row.assignee_id or min(
            each.id for each in self.users.values() if each.role in ("agent", "admin")
        )

    def _comment(self, row: Ticket, comment_id: int) -> Comment:
        for comment in row.comments:
            if comment.id == comment_id:
                return comment
        raise Refusal(404, "RecordNotFound", "Not found")

    def _change(self, kind: str, name: str, value: Any, previous: Any) -> Change:
        return Change(
            id=self._numbers.next(), type=kind, field_name=name, value=value, previous=previous
        )
