"""Translates conversations, states and messages between the domain and their rows."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from service.domain.conversations import (
    Account,
    AccountKey,
    Agent,
    AgentKey,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    Message,
    Rating,
    Role,
    Status,
    split_key,
)
from storage.moments import from_ms, local_day, month_of, to_ms
from storage.tables.accounts import account
from storage.tables.conversations import conversation

Hashed = Callable[[str], str]
_SPELLED = 2_048  # states and lists of tags, most of which are of many conversations
# What heads and accounts are read from; both have a key, so an account's is named.
HEAD = tuple(
    conversation.c[name]
    for name in (
        *("key", "channel", "subject", "status", "created_at", "updated_at"),
        *("account", "requester", "agent", "tags", "rating", "url"),
    )
)
ACCOUNT = tuple(column.label(f"account_{column.name}") for column in account.c)
_IN_ONE_SPELLING = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":")
).encode


def keyed_hash(secret: bytes) -> Hashed:
    """Return the hash under which people's ids are stored: without the secret it says nothing."""

    def hashed(identifier: str) -> str:
        return hmac.digest(secret, identifier.encode("utf-8", "replace"), "sha256").hex()

    return hashed


def head_row(head: ConversationHead, *, zone: ZoneInfo, hashed: Hashed) -> dict[str, Any]:
    day = local_day(head.created_at, zone)
    rating = head.rating
    return {
        "key": head.key,
        "source": split_key(head.key)[0],
        "channel": head.channel,
        "subject": head.subject,
        "status": head.status.value,
        "created_at": to_ms(head.created_at),
        "updated_at": to_ms(head.updated_at),
        "day": day.toordinal(),
        "month": month_of(day).toordinal(),
        "account": head.account,
        "requester": None if head.requester is None else hashed(head.requester),
        "agent": head.agent,
        "tags": _list_text(head.helpdesk_tags),
        "rating": None if rating is None else dumped([rating.score, rating.comment]),
        "url": head.url,
    }


def head_of(row: Row[Any]) -> ConversationHead:
    """Read a head back; its requester is the keyed hash."""
    rating = None if row.rating is None else json.loads(row.rating)
    return ConversationHead(
        key=ConversationKey(row.key),
        channel=row.channel,
        subject=row.subject,
        status=Status(row.status),
        created_at=from_ms(row.created_at),
        updated_at=from_ms(row.updated_at),
        account=None if row.account is None else AccountKey(row.account),
        requester=row.requester,
        agent=None if row.agent is None else AgentKey(row.agent),
        helpdesk_tags=_texts(row.tags),
        rating=None if rating is None else Rating(score=rating[0], comment=rating[1]),
        url=row.url,
    )


def shortened(message: Message) -> Message:
    """The message as it will be read back: its time in whole milliseconds."""
    return replace(message, created_at=from_ms(to_ms(message.created_at)))


def message_of(row: Row[Any]) -> Message:
    return Message(
        id=row.external_id,
        role=Role(row.role),
        public=bool(row.public),
        created_at=from_ms(row.created_at),
        text=row.text,
    )


def account_row(one: Account) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": one.name,
        "segment": one.segment,
        "owner": one.owner,
        "aliases": _list_text(one.aliases),
        "renewal": one.renewal,
    }


def account_of(row: Row[Any]) -> Account:
    return Account(
        key=AccountKey(row.account_key),
        name=row.account_name,
        segment=row.account_segment,
        owner=row.account_owner,
        aliases=_texts(row.account_aliases),
        renewal=row.account_renewal,
    )


def agent_of(row: Row[Any]) -> Agent:
    return Agent(key=AgentKey(row.key), name=row.name)


def state_text(state: HelpdeskState) -> str:
    fields = tuple(state.fields.items())
    return _state_text(fields, state.tags, state.writable, state.reason)


@lru_cache(maxsize=_SPELLED)
def _state_text(
    fields: tuple[tuple[str, str | None], ...],
    tags: frozenset[str],
    writable: bool,  # noqa: FBT001  # a value to be stored
    reason: str | None,
) -> str:
    return dumped(
        {"fields": dict(fields), "tags": sorted(tags), "writable": writable, "reason": reason}
    )


def state_of(text: str) -> HelpdeskState:
    read = json.loads(text)
    return HelpdeskState(
        fields=read["fields"],
        tags=frozenset(read["tags"]),
        writable=read["writable"],
        reason=read["reason"],
    )


@lru_cache(maxsize=_SPELLED)
def _list_text(texts: tuple[str, ...]) -> str:
    return dumped(list(texts))


@lru_cache(maxsize=_SPELLED)
def _texts(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def dumped(value: list[Any] | Mapping[str, Any]) -> str:
    """JSON in one spelling, so that equal values are equal texts."""
    return _IN_ONE_SPELLING(value)
