"""Keeps out of a page what we were asked to forget: those who asked are known by hash or key.

An erasure is stronger than any newer news of the same conversation. What its subject begins later
is taken in as anybody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from service.domain.conversations import ConversationHead, ConversationKey, Page, split_key
from service.domain.erasures import WHY, SubjectKind
from storage.bulk import chunks, upsert
from storage.heads import Hashed
from storage.moments import local_day, to_ms
from storage.tables.conversations import conversation, quarantine, tombstone, waiting_message
from storage.tables.erasures import erasure


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What of a page is not taken in."""

    keys: frozenset[str] = frozenset()
    heads: Mapping[str, tuple[ConversationHead, str]] = field(
        default_factory=dict
    )  # not yet buried
    accounts: frozenset[str] = frozenset()


def refused(
    connection: Connection,
    page: Page,
    *,
    graves: Mapping[str, Row[Any]],
    hashed: Hashed,
) -> Refused:
    asked = {row.subject: int(row.at) for row in connection.execute(select(erasure))}
    if not asked:
        return Refused()
    buried = {key for key, grave in graves.items() if grave.erasure is not None}
    heads = {
        str(head.key): (head, subject)
        for head in page.heads
        if head.key not in buried and (subject := _asked_by(head, asked, hashed)) is not None
    }
    keys = frozenset(buried | heads.keys())
    return Refused(keys=keys, heads=heads, accounts=_without_a_life(connection, page, keys, asked))


def bury(connection: Connection, found: Refused, *, zone: ZoneInfo, at: int) -> None:
    """Leave a tombstone of each head that was refused for the first time."""
    rows = [
        {
            "key": key,
            "updated_at": to_ms(head.updated_at),
            "gone_at": at,
            "why": WHY,
            "source": split_key(ConversationKey(key))[0],
            "day": local_day(head.created_at, zone).toordinal(),
            "erasure": subject,
        }
        for key, (head, subject) in found.heads.items()
    ]
    upsert(connection, tombstone, ["key"], rows)
    for chunk in chunks(found.heads):
        for column in (waiting_message.c.conversation, quarantine.c.key):
            connection.execute(column.table.delete().where(column.in_(chunk)))


def subject_of_requester(hashed_id: str) -> str:
    return f"{SubjectKind.REQUESTER}:{hashed_id}"


def subject_of_account(key: str) -> str:
    return f"{SubjectKind.ACCOUNT}:{key}"


def _asked_by(head: ConversationHead, asked: Mapping[str, int], hashed: Hashed) -> str | None:
    """Return whose erasure keeps a conversation out; None for one begun after it."""
    subjects = []
    if head.requester is not None:
        subjects.append(subject_of_requester(hashed(head.requester)))
    if head.account is not None:
        subjects.append(subject_of_account(head.account))
    began = to_ms(head.created_at)
    return next((one for one in subjects if one in asked and began <= asked[one]), None)


def _without_a_life(
    connection: Connection, page: Page, keys: frozenset[str], asked: Mapping[str, int]
) -> frozenset[str]:
    """Forgotten accounts that have no conversation but forgotten ones."""
    named = {str(one.key) for one in page.accounts if subject_of_account(one.key) in asked}
    alive = {head.account for head in page.heads if head.key not in keys}
    for chunk in chunks(named):
        query = select(conversation.c.account).where(conversation.c.account.in_(chunk)).distinct()
        alive.update(connection.execute(query).scalars())
    return frozenset(named - alive)
