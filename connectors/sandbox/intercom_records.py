"""What an Intercom workspace holds, and how the bundled corpus becomes one.

Knows conversations, parts, contacts, companies and admins as rows. Knows nothing of HTTP or JSON.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from connectors.sandbox.corpus import Corpus, CorpusConversation, CorpusMessage
from connectors.sandbox.records import seconds

FIN = 1  # the vendor's bot, which signs attribute changes made through the API
SERVICE_ADMIN = 900
_FIRST_CONVERSATION = 215_000_001


class AuthorType(StrEnum):
    USER = "user"
    ADMIN = "admin"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Author:
    type: AuthorType
    id: int


@dataclass(slots=True, kw_only=True)
class Admin:
    id: int
    name: str
    email: str


@dataclass(slots=True, kw_only=True)
class Company:
    id: int
    company_id: str
    name: str
    custom_attributes: dict[str, Any]
    created_at: int
    updated_at: int


@dataclass(slots=True, kw_only=True)
class Contact:
    id: int
    external_id: str
    name: str
    email: str
    companies: list[int]
    created_at: int
    updated_at: int


@dataclass(slots=True, kw_only=True)
class Part:
    """Something that happened in a conversation; only some have words."""

    id: int
    part_type: str
    author: Author
    text: str | None
    created_at: int
    updated_at: int
    redacted: bool = False
    event_details: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Conversation:
    id: int
    title: str
    channel: str
    state: str  # open, closed, snoozed
    source: Part
    contact: int
    company: int | None
    admin: int | None
    created_at: int
    updated_at: int
    tags: dict[int, int] = field(default_factory=dict)  # tag id to when it was applied
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    rating: dict[str, Any] | None = None
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Numbers:
    """Hands out ids that grow, as the vendor's do."""

    last: int

    def next(self) -> int:
        self.last += 1
        return self.last


@dataclass(slots=True, kw_only=True)
class World:
    """Everything the workspace holds at the start."""

    admins: dict[int, Admin]
    contacts: dict[int, Contact]
    companies: dict[int, Company]
    conversations: dict[int, Conversation]
    tags: dict[int, str]
    conversation_ids: dict[str, int]  # corpus conversation id to ours
    person_ids: dict[str, int]  # corpus person id to contact or admin id
    numbers: Numbers


def world_of(corpus: Corpus, *, begun_at: datetime) -> World:
    """Turn the corpus's Intercom conversations into ours; ids follow the order of creation."""
    rows = sorted(
        (each for each in corpus.conversations if each.helpdesk == "intercom"),
        key=lambda each: (each.created_at, each.id),
    )
    begun = seconds(begun_at)
    companies, company_ids = _companies(corpus, begun)
    admins, contacts, person_ids = _people(corpus, company_ids, begun)
    names = sorted({tag for each in rows for tag in each.helpdesk_tags})
    tag_ids = {name: number for number, name in enumerate(names, start=7001)}
    numbers = Numbers(100_000)
    conversation_ids = {
        each.id: number for number, each in enumerate(rows, start=_FIRST_CONVERSATION)
    }
    conversations = {
        conversation_ids[each.id]: _conversation(
            each, conversation_ids[each.id], person_ids, company_ids, tag_ids, numbers
        )
        for each in rows
    }
    return World(
        admins=admins,
        contacts=contacts,
        companies=companies,
        conversations=conversations,
        tags={number: name for name, number in tag_ids.items()},
        conversation_ids=conversation_ids,
        person_ids=person_ids,
        numbers=numbers,
    )


def _companies(corpus: Corpus, begun: int) -> tuple[dict[int, Company], dict[str, int]]:
    ids = {account.id: 5000 + number for number, account in enumerate(corpus.accounts, start=1)}
    rows = {
        ids[account.id]: Company(
            id=ids[account.id],
            company_id=account.id,
            name=account.name,
            custom_attributes={
                "segment": account.segment,
                "owner": account.owner,
                "domain": account.domain,
            },
            created_at=begun,
            updated_at=begun,
        )
        for account in corpus.accounts
    }
    return rows, ids


def _people(
    corpus: Corpus, company_ids: dict[str, int], begun: int
) -> tuple[dict[int, Admin], dict[int, Contact], dict[str, int]]:
    service = Admin(id=SERVICE_ADMIN, name="Verbatim service", email="verbatim@example.com")
    admins, contacts, ids = {SERVICE_ADMIN: service}, dict[int, Contact](), dict[str, int]()
    for number, agent in enumerate(corpus.agents, start=SERVICE_ADMIN + 1):
        ids[agent.id] = number
        admins[number] = Admin(id=number, name=agent.name, email=agent.email)
    for number, person in enumerate(corpus.requesters, start=10_001):
        company = company_ids.get(person.account or "")
        ids[person.id] = number
        contacts[number] = Contact(
            id=number,
            external_id=person.id,
            name=person.name,
            email=person.email,
            companies=[] if company is None else [company],
            created_at=begun,
            updated_at=begun,
        )
    return admins, contacts, ids


def _conversation(
    row: CorpusConversation,
    number: int,
    person_ids: dict[str, int],
    company_ids: dict[str, int],
    tag_ids: dict[str, int],
    numbers: Numbers,
) -> Conversation:
    parts = _parts(row.messages, person_ids, numbers)
    created, updated = seconds(row.created_at), seconds(row.updated_at)
    contact = person_ids[row.requester]
    admin = person_ids[row.agent] if row.agent else None
    closed = row.status in ("solved", "closed")
    source = parts[0] if parts else _silent_source(contact, created, numbers)
    made = Conversation(
        id=number,
        title=row.subject,
        channel=row.channel,
        state="closed" if closed else "open",
        source=source,
        contact=contact,
        company=company_ids.get(row.account or ""),
        admin=admin,
        created_at=created,
        updated_at=updated,
        tags={tag_ids[name]: created for name in row.helpdesk_tags},
        parts=parts[1:],
    )
    if closed:
        author = Author(AuthorType.ADMIN, admin) if admin else Author(AuthorType.BOT, FIN)
        made.parts.append(
            Part(
                id=numbers.next(),
                part_type="close",
                author=author,
                text=None,
                created_at=updated,
                updated_at=updated,
            )
        )
    return made


def _silent_source(contact: int, created: int, numbers: Numbers) -> Part:
    return Part(
        id=numbers.next(),
        part_type="comment",
        author=Author(AuthorType.USER, contact),
        text="",
        created_at=created,
        updated_at=created,
    )


def _parts(
    messages: Sequence[CorpusMessage], person_ids: dict[str, int], numbers: Numbers
) -> list[Part]:
    ordered: Iterable[CorpusMessage] = sorted(messages, key=lambda each: each.created_at)
    return [
        Part(
            id=numbers.next(),
            part_type="comment" if each.public else "note",
            author=_author(each, person_ids),
            text=each.text,
            created_at=seconds(each.created_at),
            updated_at=seconds(each.created_at),
        )
        for each in ordered
    ]


def _author(message: CorpusMessage, person_ids: dict[str, int]) -> Author:
    if message.role == "bot" or message.author is None:
        return Author(AuthorType.BOT, FIN)
    kind = AuthorType.USER if message.role == "customer" else AuthorType.ADMIN
    return Author(kind, person_ids[message.author])
