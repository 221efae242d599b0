"""Tickets asked for by their keys: whole, as they are now, or only whether they are still there."""

from collections.abc import Iterator, Sequence

from connectors.zendesk import mapping
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.client import Client
from connectors.zendesk.fields import OurFields
from connectors.zendesk.intake import Intake, shown
from connectors.zendesk.notes import Draft
from service.domain.conversations import ConversationKey, Page, split_key

_PER_PAGE = 100


class Fetching:
    def __init__(self, client: Client, fields: OurFields, already: AlreadyRead) -> None:
        self._client = client
        self._already = already
        self._intake = Intake(client, fields, already, None)

    def pages(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        """Yield these tickets whole: a call per hundred, and one per hundred words of a ticket."""
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), _PER_PAGE):
            some = wanted[start : start + _PER_PAGE]
            draft = Draft(gone=[key for key in some if number_in(key) is None])
            for ids, rows in shown(self._client, _numbers(some)):
                living = self._intake.tickets(rows, {}, draft)
                for ticket_id in sorted(set(ids) - set(living) - self._intake.aside):
                    self._intake.forget(ticket_id, draft)
                for ticket_id in living:
                    self._read_words(ticket_id, draft)
            yield self._intake.page(draft, cursor="")

    def _read_words(self, ticket_id: int, draft: Draft) -> None:
        note = self._intake.notes[ticket_id]
        if note.messaging:
            self._intake.read_log(ticket_id, draft)
        if ticket_id in self._intake.notes and not note.by_log:
            self._intake.read_comments(ticket_id, draft)
        if ticket_id in self._intake.notes and note.comments is not None:
            self._already.comments(ticket_id, note.comments)


def missing(client: Client, keys: Sequence[ConversationKey]) -> frozenset[ConversationKey]:
    """Return those that are deleted, scrubbed or merged away: a call per hundred."""
    there = {
        mapping.ticket_key(row.get("id"))
        for _, rows in shown(client, _numbers(keys))
        for row in rows
        if not mapping.is_gone(row)
    }
    return frozenset(keys) - there


def number_in(key: ConversationKey) -> int | None:
    """Return the ticket's number; None for a key that no ticket of Zendesk can have."""
    source, number = split_key(key)
    usable = source == mapping.SOURCE and number.isascii() and number.isdecimal()
    return int(number) if usable else None


def _numbers(keys: Sequence[ConversationKey]) -> list[int]:
    found = (number_in(key) for key in keys)
    return list(dict.fromkeys(number for number in found if number is not None))
