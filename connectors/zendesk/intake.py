"""Takes tickets into a page: their heads and states, and their words where they are asked for
one ticket at a time. What cannot be read is set aside with its reason, and the page goes on.

Shared by the reading of exports and by the fetching of single tickets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from connectors.zendesk import mapping, poison
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.client import Client, Json, required_rows_of
from connectors.zendesk.fields import OurFields
from connectors.zendesk.noted import Notes
from connectors.zendesk.notes import Draft, Note
from connectors.zendesk.people import People, in_hundreds
from connectors.zendesk.words import Words
from service.domain.conversations import ConversationKey, IncomingMessage, Page, Unusable
from service.ports import Known


class Intake:
    def __init__(
        self, client: Client, fields: OurFields, already: AlreadyRead, known: Known | None
    ) -> None:
        self.people = People(client)
        self.words = Words(client, self.people)
        self.notes = Notes()
        self.gone: set[int] = set()
        self.aside: set[int] = set()
        self.knows_stored = known is not None
        self._client = client
        self._fields = fields
        self._already = already
        self._known = known
        self._calls_told = client.calls

    def tickets(self, rows: Sequence[Json], answer: Json, draft: Draft) -> list[int]:
        """Take tickets in; return those that live and can be read. A row needs an id."""
        self.people.learn(answer)
        living: dict[int, Json] = {}
        for row in rows:
            ticket_id = row.get("id")
            if isinstance(ticket_id, bool) or not isinstance(ticket_id, int):
                continue
            with self.setting_aside(ticket_id, draft):
                if mapping.is_gone(row):
                    self.forget(ticket_id, draft)
                else:
                    living[ticket_id] = row
        self.people.users.ensure(
            row.get(who) for row in living.values() for who in ("requester_id", "assignee_id")
        )
        stored = self._stored(living)
        for ticket_id, row in living.items():
            with self.setting_aside(ticket_id, draft):
                self._take_in(row, stored, draft)
        return [ticket_id for ticket_id in living if ticket_id not in self.aside]

    def forget(self, ticket_id: int, draft: Draft) -> None:
        """Tell that a ticket is gone: deleted, scrubbed, merged away, or not there any more."""
        self.gone.add(ticket_id)
        self.notes.pop(ticket_id)
        key = mapping.ticket_key(ticket_id)
        draft.forget(key)
        draft.gone.append(key)

    def read_log(self, ticket_id: int, draft: Draft) -> None:
        """Read a messaging ticket's words; where the server keeps no log, the comments serve."""
        note = self.notes[ticket_id]
        with self.setting_aside(ticket_id, draft):
            messages = self.words.of_log(
                ticket_id, requester=note.requester, assignee=note.assignee
            )
            note.by_log = messages is not None
            if messages is not None:
                self._already.log(ticket_id, note.stamp)
                self._complete(ticket_id, messages, draft)

    def read_comments(self, ticket_id: int, draft: Draft) -> None:
        note = self.notes[ticket_id]
        with self.setting_aside(ticket_id, draft):
            messages = self.words.of_ticket(
                ticket_id, requester=note.requester, assignee=note.assignee
            )
            if messages is None:
                self.forget(ticket_id, draft)
            else:
                note.fetched = frozenset(each.message.id for each in messages)
                self._complete(ticket_id, messages, draft)

    @contextmanager
    def setting_aside(self, ticket_id: int, draft: Draft) -> Iterator[None]:
        try:
            yield
        except poison.UNREADABLE as error:
            self.set_aside(ticket_id, poison.why(error), draft)

    def set_aside(self, ticket_id: int, why: str, draft: Draft) -> None:
        key = mapping.ticket_key(ticket_id)
        self.aside.add(ticket_id)
        self.notes.pop(ticket_id)
        draft.forget(key)
        draft.unusable[key] = Unusable(key=key, why=why)

    def page(self, draft: Draft, *, cursor: str, words_until: datetime | None = None) -> Page:
        accounts = self.people.new_accounts(draft.organizations)
        agents = self.people.new_agents(draft.people)
        self.notes.settle()
        calls, self._calls_told = self._client.calls - self._calls_told, self._client.calls
        return Page(
            cursor=cursor,
            heads=tuple(draft.heads.values()),
            states=draft.states,
            messages=tuple(draft.messages),
            accounts=accounts,
            agents=agents,
            gone=tuple(dict.fromkeys(draft.gone)),
            complete=frozenset(draft.complete),
            unusable=tuple(draft.unusable.values()),
            known_names=dict(draft.names),
            calls=calls,
            words_until=words_until,
        )

    def _take_in(self, row: Json, stored: Mapping[ConversationKey, datetime], draft: Draft) -> None:
        ticket_id, count = row["id"], row.get("comment_count")
        head = mapping.head_of(row, account_url=self._client.account.url)
        if isinstance(count, int) and count > poison.MOST_MESSAGES:
            raise poison.too_many_messages()
        state = self._fields.state_of(row, head.status)
        draft.heads[head.key], draft.states[head.key] = head, state
        draft.names[head.key] = self.people.names(row.get("requester_id"), row.get("assignee_id"))
        draft.organizations.append(mapping.number_of(row.get("organization_id")))
        draft.people.append(mapping.number_of(row.get("assignee_id")))
        self.gone.discard(ticket_id)
        self.aside.discard(ticket_id)
        before, found = self.notes.get(ticket_id), stored.get(head.key)
        stamp, messaging = str(row.get("updated_at")), mapping.is_messaging(row)
        note = Note(
            requester=row.get("requester_id"),
            assignee=row.get("assignee_id"),
            created=int(head.created_at.timestamp()),
            updated=int(head.updated_at.timestamp()),
            stamp=stamp if messaging else "",
            messaging=messaging,
            stored=int(found.timestamp()) if found else None,
            comments=count if isinstance(count, int) else None,
        )
        if before is not None:
            note.seen, note.events, note.stored = before.seen, before.events, before.stored
        self.notes[ticket_id] = note
        self._already.ticket(ticket_id, stamp, self._fields.values_of(row))

    def _stored(self, ids: Iterable[int]) -> Mapping[ConversationKey, datetime]:
        keys = [mapping.ticket_key(id_) for id_ in ids]
        return self._known(keys) if self._known is not None and keys else {}

    def _complete(self, ticket_id: int, messages: Iterable[IncomingMessage], draft: Draft) -> None:
        key = mapping.ticket_key(ticket_id)
        # Words that came with the events of this page may be older than a redaction.
        draft.forget_messages(key)
        draft.messages.extend(messages)
        draft.complete.add(key)


def shown(client: Client, ids: Sequence[int]) -> Iterator[tuple[Sequence[int], list[Json]]]:
    """Yield (ids, rows) by hundreds, as the tickets are now; one that is gone has no row.

    A server without such a list is asked for each ticket: an answer that is missing must never
    look like tickets that are missing.
    """
    for some in in_hundreds(ids):
        answer = client.find(
            "tickets/show_many", ids=",".join(map(str, some)), include="comment_count"
        )
        if answer is None:
            found = (client.find(f"tickets/{id_}") for id_ in some)
            rows = [row for each in found if each and isinstance(row := each.get("ticket"), dict)]
        else:
            rows = required_rows_of(answer, "tickets")
        yield some, rows
