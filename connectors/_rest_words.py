"""A small vendor's conversation put in our words: what its file fills in, and what is made of it.

Knows which values can be stored as ids, words and messages; knows no requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors._text import clean, plain
from service.domain.conversations import (
    Account,
    Agent,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Message,
    Role,
    Status,
)

# What mapping raises when JSON has another shape than documented.
MISREAD = (AttributeError, LookupError, OverflowError, OSError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message as the vendor sent it."""

    id: object
    role: Role
    public: object  # anything but True is private
    at: datetime
    body: str
    is_html: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A conversation as the vendor sent it, in our terms; words are not cleaned yet."""

    channel: str
    subject: str
    status: Status
    created_at: datetime
    updated_at: datetime
    requester: object
    url: str
    messages: Sequence[Said]
    names: Sequence[str | None]  # of the people in it, to be masked
    tags: Sequence[str]
    fields: Mapping[str, Any]  # values of our fields by our names; others are left out
    account: Account | None = None
    agent: Agent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The same as a page holds it."""

    head: ConversationHead
    state: HelpdeskState
    messages: tuple[IncomingMessage, ...]
    account: Account | None
    agent: Agent | None


def read(key: ConversationKey, told: Told, *, fields: frozenset[str]) -> Read:
    """Return the conversation, or raise one of MISREAD."""
    state = state_of(told, fields=fields)
    names = tuple(sorted({word(name) for name in told.names if name}))
    said = [_message(each) for each in told.messages]
    return Read(
        head=ConversationHead(
            key=key,
            channel=clean(word(told.channel)),
            subject=clean(word(told.subject)),
            status=told.status,
            created_at=told.created_at,
            updated_at=told.updated_at,
            account=told.account.key if told.account else None,
            requester=word(told.requester),
            agent=told.agent.key if told.agent else None,
            helpdesk_tags=tuple(sorted(state.tags)),
            url=told.url,
        ),
        state=state,
        messages=tuple(
            IncomingMessage(conversation=key, message=each, known_names=names) for each in said
        ),
        account=told.account,
        agent=told.agent,
    )


def state_of(told: Told, *, fields: frozenset[str]) -> HelpdeskState:
    shown = {name: told.fields.get(name) for name in sorted(fields)}
    if isinstance(told.tags, str):
        raise TypeError("str")
    return HelpdeskState(
        fields={name: None if value is None else word(value) for name, value in shown.items()},
        tags=frozenset(clean(word(tag)) for tag in told.tags),
        writable=True,
    )


def word(value: object) -> str:
    """Return an id or a word; null, a list or an object is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(type(value).__name__)
    return str(value)


def from_seconds(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def in_seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _message(said: Said) -> Message:
    return Message(
        id=word(said.id),
        role=said.role,
        public=said.public is True,
        created_at=said.at,
        text=plain(said.body, is_html=said.is_html),
    )
