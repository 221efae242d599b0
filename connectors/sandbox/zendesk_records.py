"""What a Zendesk account holds, and how the bundled corpus becomes one.

Knows tickets, comments, audits, users and organizations as rows. Knows nothing of HTTP or JSON.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.sandbox.corpus import Corpus, CorpusConversation, CorpusMessage

SYSTEM_USER = -1
API_USER = 9001
GROUP = 7001
MESSAGING_CHANNELS = frozenset({"messaging", "chat", "native_messaging", "whatsapp", "sms"})


@dataclass(slots=True, kw_only=True)
class User:
    id: int
    name: str
    email: str
    role: str  # end-user, agent, admin
    organization_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Organization:
    id: int
    name: str
    external_id: str
    domain_names: list[str]
    organization_fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Comment:
    id: int
    ticket_id: int
    audit_id: int
    author_id: int
    public: bool
    created_at: datetime
    text: str
    role: str  # customer, agent, bot
    messaging: bool  # only in the conversation log
    odd: dict[str, Any] = field(default_factory=dict)  # told instead, as no documentation says


@dataclass(slots=True, kw_only=True)
class Change:
    """One field that an audit moved; field_name is a custom field's id as text, or a name."""

    id: int
    type: str  # Create, Change, CommentRedactionEvent, CommentPrivacyChange
    field_name: str
    value: Any
    previous: Any
    comment_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Audit:
    id: int
    ticket_id: int
    author_id: int
    created_at: datetime
    comment: Comment | None
    changes: tuple[Change, ...]


@dataclass(slots=True, kw_only=True)
class Ticket:
    id: int
    external_id: str | None
    subject: str
    status: str
    channel: str
    requester_id: int
    submitter_id: int
    assignee_id: int | None
    organization_id: int | None
    group_id: int | None
    tags: set[str]
    custom_fields: dict[int, Any]
    created_at: datetime
    updated_at: datetime
    generated_timestamp: int
    priority: str | None = None
    type: str | None = None
    rating: dict[str, Any] | None = None
    scrubbed: bool = False
    odd: dict[str, Any] = field(default_factory=dict)  # told instead, as no documentation says
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)

    @property
    def messaging(self) -> bool:
        return self.channel in MESSAGING_CHANNELS


@dataclass(slots=True)
class Numbers:
    """Hands out ids that grow, as the vendor's do."""

    last: int

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass(slots=True, kw_only=True)
class World:
    """Everything the account holds at the start."""

    users: dict[int, User]
    organizations: dict[int, Organization]
    tickets: dict[int, Ticket]
    ticket_ids: dict[str, int]  # corpus conversation id to ticket id
    user_ids: dict[str, int]  # corpus person id to user id
    numbers: Numbers  # audits, comments and changes share one sequence


def world_of(corpus: Corpus, *, begun_at: datetime) -> World:
    """Turn the corpus's Zendesk conversations into tickets; ids follow the order of creation."""
    conversations = sorted(
        (each for each in corpus.conversations if each.helpdesk == "zendesk"),
        key=lambda each: (each.created_at, each.id),
    )
    organizations, organization_ids = _organizations(corpus, begun_at)
    users, user_ids = _users(corpus, organization_ids, begun_at)
    tickets = {
        number: _ticket(number, each, user_ids, organization_ids)
        for number, each in enumerate(conversations, start=1)
    }
    numbers = Numbers(100_000)
    _tell(conversations, tickets.values(), user_ids, numbers)
    return World(
        users=users,
        organizations=organizations,
        tickets=tickets,
        ticket_ids={each.id: number for number, each in enumerate(conversations, start=1)},
        user_ids=user_ids,
        numbers=numbers,
    )


def _organizations(
    corpus: Corpus, begun_at: datetime
) -> tuple[dict[int, Organization], dict[str, int]]:
    ids = {account.id: 5000 + number for number, account in enumerate(corpus.accounts, start=1)}
    rows = {
        ids[account.id]: Organization(
            id=ids[account.id],
            name=account.name,
            external_id=account.id,
            domain_names=[account.domain],
            organization_fields={"segment": account.segment, "owner": account.owner},
            created_at=begun_at,
            updated_at=begun_at,
        )
        for account in corpus.accounts
    }
    return rows, ids


def _users(
    corpus: Corpus, organization_ids: dict[str, int], begun_at: datetime
) -> tuple[dict[int, User], dict[str, int]]:
    service = User(
        id=API_USER,
        name="Verbatim service",
        email="verbatim@example.com",
        role="admin",
        organization_id=None,
        created_at=begun_at,
        updated_at=begun_at,
    )
    users, ids = {API_USER: service}, {}
    people = [(person, "agent") for person in corpus.agents]
    people += [(person, "end-user") for person in corpus.requesters]
    for number, (person, role) in enumerate(people, start=10_001):
        ids[person.id] = number
        users[number] = User(
            id=number,
            name=person.name,
            email=person.email,
            role=role,
            organization_id=organization_ids.get(person.account or ""),
            created_at=begun_at,
            updated_at=begun_at,
        )
    return users, ids


def _ticket(
    number: int,
    conversation: CorpusConversation,
    user_ids: dict[str, int],
    organization_ids: dict[str, int],
) -> Ticket:
    requester = user_ids[conversation.requester]
    return Ticket(
        id=number,
        external_id=conversation.id,
        subject=conversation.subject,
        status=conversation.status,
        channel=conversation.channel,
        requester_id=requester,
        submitter_id=requester,
        assignee_id=user_ids[conversation.agent] if conversation.agent else None,
        organization_id=organization_ids.get(conversation.account or ""),
        group_id=GROUP,
        tags=set(conversation.helpdesk_tags),
        custom_fields={},
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        generated_timestamp=int(conversation.updated_at.timestamp()),
    )


def _tell(
    conversations: Iterable[CorpusConversation],
    tickets: Iterable[Ticket],
    user_ids: dict[str, int],
    numbers: Numbers,
) -> None:
    """Give each ticket its audits, numbered over the whole account in order of time."""
    steps: list[tuple[datetime, int, Ticket, CorpusMessage | None]] = []
    for conversation, ticket in zip(conversations, tickets, strict=True):
        if ticket.messaging or not conversation.messages:
            _open_without_words(ticket, numbers)
        steps += [(each.created_at, ticket.id, ticket, each) for each in conversation.messages]
        if ticket.status not in ("new", "open"):
            steps.append((ticket.updated_at, ticket.id, ticket, None))
    for moment, _, ticket, message in sorted(steps, key=lambda step: step[:2]):
        if message is None:
            _settle(ticket, moment, numbers)
        else:
            _say(ticket, message, user_ids, numbers)


def _open_without_words(ticket: Ticket, numbers: Numbers) -> None:
    """A messaging ticket starts with a line by the system; its words are in the log."""
    audit = numbers.next()
    opening = Comment(
        id=numbers.next(),
        ticket_id=ticket.id,
        audit_id=audit,
        author_id=SYSTEM_USER,
        public=False,
        created_at=ticket.created_at,
        text="Conversation started. The messages are in the conversation log.",
        role="bot",
        messaging=False,
    )
    _record(ticket, audit, opening, (_created(ticket, numbers),))


def _say(
    ticket: Ticket, message: CorpusMessage, user_ids: dict[str, int], numbers: Numbers
) -> None:
    first = not ticket.audits
    audit = numbers.next()
    comment = Comment(
        id=numbers.next(),
        ticket_id=ticket.id,
        audit_id=audit,
        author_id=user_ids[message.author] if message.author else SYSTEM_USER,
        public=message.public,
        created_at=message.created_at,
        text=message.text,
        role=message.role,
        messaging=ticket.messaging and message.public,
    )
    if comment.messaging:
        ticket.comments.append(comment)
        return
    _record(ticket, audit, comment, (_created(ticket, numbers),) if first else ())


def _created(ticket: Ticket, numbers: Numbers) -> Change:
    return Change(
        id=numbers.next(), type="Create", field_name="subject", value=ticket.subject, previous=None
    )


def _settle(ticket: Ticket, moment: datetime, numbers: Numbers) -> None:
    audit = Audit(
        id=numbers.next(),
        ticket_id=ticket.id,
        author_id=ticket.assignee_id or SYSTEM_USER,
        created_at=moment,
        comment=None,
        changes=(
            Change(
                id=numbers.next(),
                type="Change",
                field_name="status",
                value=ticket.status,
                previous="open",
            ),
        ),
    )
    ticket.audits.append(audit)


def _record(ticket: Ticket, audit: int, comment: Comment, changes: tuple[Change, ...]) -> None:
    ticket.comments.append(comment)
    ticket.audits.append(
        Audit(
            id=audit,
            ticket_id=ticket.id,
            author_id=comment.author_id,
            created_at=comment.created_at,
            comment=comment,
            changes=changes,
        )
    )
