"""The bundled corpus: real customer texts, told as conversations of a made-up company.

Knows the shape of the corpus and how to place it in time. Knows nothing of HTTP or of any helpdesk's format;
the stand-ins beside this file dress it up as tickets, comments, conversations and parts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

HelpdeskName = Literal["zendesk", "intercom"]
SpeakerRole = Literal["customer", "agent", "bot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusAccount:
    """A synthetic customer company."""

    id: str
    name: str
    segment: str
    owner: str  # e-mail address of the synthetic customer success manager
    domain: str  # e-mail domain of its people


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPerson:
    """A synthetic requester (of an account) or support agent (account is None)."""

    id: str
    name: str
    email: str
    account: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusMessage:
    id: str
    role: SpeakerRole
    author: str | None  # CorpusPerson.id; None for a bot
    public: bool
    created_at: datetime  # aware, UTC
    text: str  # plain text; the stand-ins make HTML of it where the vendor would


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConversation:
    id: str
    helpdesk: HelpdeskName
    channel: str  # email, web, chat, messaging ... as the product names it
    subject: str
    status: str  # open, pending, solved, closed
    account: str | None
    requester: str
    agent: str | None
    helpdesk_tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    messages: tuple[CorpusMessage, ...]
    origin: str  # data set and row the customer's words come from, for attribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    accounts: tuple[CorpusAccount, ...]
    agents: tuple[CorpusPerson, ...]
    requesters: tuple[CorpusPerson, ...]
    conversations: tuple[CorpusConversation, ...]


def load_corpus(*, now: datetime, seed: int = 0, conversations: int | None = None) -> Corpus:
    """Return the corpus placed so that its thirteenth week is the last whole Monday-to-Sunday week before `now`.

    Times are UTC. The same arguments give the same corpus. `conversations` takes a sample that keeps the weeks' shares;
    more than the bundle holds repeats texts under new ids.
    """
    raise NotImplementedError
