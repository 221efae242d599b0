"""All words of one ticket, asked for by its number: the repair of what the exports leave out.

The comments' list lacks messaging and chat, whose words are only in the conversation log.
"""

from collections.abc import Sequence
from itertools import islice

from connectors._http import Refused, ServerFailed
from connectors.zendesk import mapping
from connectors.zendesk.audits import Comment, comment_of
from connectors.zendesk.client import Client, Json
from connectors.zendesk.people import People
from connectors.zendesk.poison import MOST_MESSAGES, too_many_messages
from service.domain.conversations import IncomingMessage, Message
from service.errors import Misbehaving, Unauthorized, Unreachable

_NOT_THERE = frozenset((404, 410))
_MISSES_IN_A_ROW = 3  # one ticket may have been deleted meanwhile; three mean there are no logs
_OF_ONE_TICKET = frozenset((408, 500, 504))  # others, and no answer at all, are an outage
_FAILURES_IN_A_ROW = 3  # one ticket may be broken at the vendor; three mean the vendor is


class Words:
    def __init__(self, client: Client, people: People) -> None:
        self._client = client
        self._people = people
        self._logs_found = self._logs_missed = self._failures = 0

    def of_ticket(
        self, ticket_id: int, *, requester: object, assignee: object
    ) -> list[IncomingMessage] | None:
        """Return every comment; None when the ticket is not there any more."""
        rows = self._rows(f"tickets/{ticket_id}/comments", "comments")
        if rows is None:
            return None
        self._people.users.ensure(row.get("author_id") for row in rows)
        return [
            self.incoming(
                ticket_id,
                comment_of(row),
                author=row.get("author_id"),
                requester=requester,
                assignee=assignee,
            )
            for row in rows
        ]

    def of_log(
        self, ticket_id: int, *, requester: object, assignee: object
    ) -> list[IncomingMessage] | None:
        """Return a messaging ticket's words; None when the server keeps no log of it."""
        if not self._logs_found and self._logs_missed >= _MISSES_IN_A_ROW:
            return None
        rows = self._rows(f"tickets/{ticket_id}/conversation_log", "events")
        if rows is None:
            self._logs_missed += 1
            return None
        self._logs_found += 1
        names = self._people.names(requester, assignee)
        messages = (mapping.log_message_of(row) for row in rows)
        return [_incoming(ticket_id, each, names) for each in messages if each is not None]

    def incoming(
        self,
        ticket_id: int,
        comment: Comment,
        *,
        author: object,
        requester: object,
        assignee: object,
        created_at: object = None,
    ) -> IncomingMessage:
        """Return one comment; its author's record should have been asked for before."""
        role = mapping.role_of(author, self._people.users.get(author), requester=requester)
        message = mapping.message_in(comment, role, created_at=created_at)
        # The same names as those of the ticket, so that they are put together only once.
        others = () if author in (requester, assignee) else (author,)
        return _incoming(ticket_id, message, self._people.names(requester, assignee, *others))

    def _rows(self, path: str, name: str) -> Sequence[Json] | None:
        try:
            rows = list(islice(self._client.listed(path, name), MOST_MESSAGES + 1))
        except Refused as refusal:
            if refusal.status in _NOT_THERE:
                return None
            self._count_failure(refusal)
            raise
        except (Misbehaving, ServerFailed) as failure:
            self._count_failure(failure)
            raise
        except Unauthorized:
            # The log needs a right of its own; a token that is wrong altogether failed before.
            if name == "events":
                return None
            raise
        self._failures = 0
        if len(rows) > MOST_MESSAGES:
            raise too_many_messages()
        return rows

    def _count_failure(self, failure: Misbehaving | ServerFailed) -> None:
        """Let the ticket be set aside by its own failure, but not one ticket after another."""
        self._failures += 1
        outage = isinstance(failure, ServerFailed) and failure.status not in _OF_ONE_TICKET
        if outage or self._failures >= _FAILURES_IN_A_ROW:
            raise Unreachable(
                "Zendesk fails to give the comments of one ticket after another; nothing was lost."
            ) from failure


def _incoming(ticket_id: int, message: Message, names: tuple[str, ...]) -> IncomingMessage:
    return IncomingMessage(
        conversation=mapping.ticket_key(ticket_id), message=message, known_names=names
    )
