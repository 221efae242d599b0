"""Conversations as Verbatim knows them, whichever helpdesk they came from.

A helpdesk's own words (ticket, comment, part, organization, company) end at its connector.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType

from service.domain.segments import has_new_text, new_text_spans

ConversationKey = NewType("ConversationKey", str)  # "zendesk:360001200001"
AccountKey = NewType("AccountKey", str)  # "zendesk:4200001"
AgentKey = NewType("AgentKey", str)  # "zendesk:77"


class Role(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"


class Status(StrEnum):
    """Where a conversation stands. CLOSED cannot be written to in Zendesk."""

    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


def conversation_key(source: str, external_id: str) -> ConversationKey:
    return ConversationKey(f"{source}:{external_id}")


def account_key(source: str, external_id: str) -> AccountKey:
    return AccountKey(f"{source}:{external_id}")


def agent_key(source: str, external_id: str) -> AgentKey:
    return AgentKey(f"{source}:{external_id}")


def split_key(key: str) -> tuple[str, str]:
    """Return (source, external id) of a conversation, account or agent key."""
    source, _, external_id = key.partition(":")
    return source, external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The customer company: a Zendesk organization or an Intercom company."""

    key: AccountKey
    name: str
    segment: str | None = None
    owner: str | None = None  # e-mail address of the customer success manager
    aliases: tuple[str, ...] = ()
    renewal: str | None = None  # ISO date, when the helpdesk knows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    key: AgentKey
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One comment or part.

    `text` is plain; after ingest it is masked, and quotes count in its code points.
    """

    id: str  # the helpdesk's id, unique within the conversation
    role: Role
    public: bool  # a private note is never the customer's voice
    created_at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    score: str
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationHead:
    """Everything of a conversation but its messages."""

    key: ConversationKey
    channel: str
    subject: str
    status: Status
    created_at: datetime
    updated_at: datetime
    account: AccountKey | None = None
    requester: str | None = None  # the helpdesk's id; stored only as a keyed hash
    agent: AgentKey | None = None
    helpdesk_tags: tuple[str, ...] = ()
    rating: Rating | None = None
    url: str | None = None  # where an agent reads it


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    head: ConversationHead
    messages: tuple[Message, ...]  # in the order of time

    @property
    def key(self) -> ConversationKey:
        return self.head.key

    def customer_messages(self) -> tuple[Message, ...]:
        """The customer's voice: public words of a customer, and not of old mail alone."""
        return tuple(m for m in self.messages if is_customer_voice(m))

    def fingerprint(self) -> str:
        """A hash of what an analysis reads.

        Our own write-back changes no message, so it cannot loop.
        """
        return fingerprint(self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskState:
    """What the helpdesk shows on one conversation: our fields (name -> value) and all its tags."""

    fields: Mapping[str, str | None]
    tags: frozenset[str]
    writable: bool
    reason: str | None = None  # why not writable


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """A message as fetched: not yet masked. `known_names` are people the helpdesk names in this
    conversation.
    """

    conversation: ConversationKey
    message: Message
    known_names: tuple[str, ...] = ()


class Told(NamedTuple):
    """What a conversation's fingerprint is made of, for each message."""

    id: str
    role: str
    public: bool
    text: str


class Spelled(NamedTuple):
    """A message as it is stored. A tuple, for there are many of them."""

    id: str
    role: str
    public: bool
    at: int  # UTC milliseconds
    text: str
    words: str | None  # the searchable ones, where it is the customer's voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What was said in a conversation, as it is stored where nothing of it is stored yet."""

    conversation: ConversationKey
    fingerprint: str
    said: tuple[Spelled, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A conversation that arrived and could not be read: set aside, so that its page goes on."""

    key: ConversationKey
    why: str  # one sentence, without any of its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of news from a helpdesk. It is stored together with its cursor or not at all."""

    cursor: str  # opaque; where to go on after this page
    heads: tuple[ConversationHead, ...] = ()
    states: Mapping[ConversationKey, HelpdeskState]
    messages: tuple[IncomingMessage, ...] = ()
    beginnings: tuple[Beginning, ...] = ()  # the messages of others, masked and spelled already
    accounts: tuple[Account, ...] = ()
    agents: tuple[Agent, ...] = ()
    gone: tuple[ConversationKey, ...] = ()  # deleted, scrubbed or merged away: purge on sight
    complete: frozenset[ConversationKey] = frozenset()  # all messages are here; others are removed
    unusable: tuple[Unusable, ...] = ()  # quarantined; `fetch` tries them again
    known_names: Mapping[ConversationKey, tuple[str, ...]] = field(default_factory=dict)  # people
    # in it whom the helpdesk names: for a head that comes without its messages
    calls: int = 0  # requests made for this page
    words_until: datetime | None = None  # later pages bring words of what changed since; None: no


def is_customer_voice(message: Message | Told) -> bool:
    """A message that only repeats old mail says nothing of the customer's."""
    return message.role == Role.CUSTOMER and message.public and has_new_text(message.text)


def new_words(message: Message) -> str:
    """Return what was written for this message, without old mail and signatures.

    For reading only: offsets count in the whole text.
    """
    text = message.text
    return "".join(text[start:end] for start, end in new_text_spans(text)).strip()


def fingerprint(messages: Iterable[Message]) -> str:
    return fingerprint_of((each.id, each.role, each.public, each.text) for each in messages)


def fingerprint_of(told: Iterable[tuple[str, str, bool, str]]) -> str:
    """Return the hash of messages of which only id, role, whether public and text are at hand."""
    whole = "".join([f"{id_}\0{role}\0{public}\0{text}\0" for id_, role, public, text in told])
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:32]
