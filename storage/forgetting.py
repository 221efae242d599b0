"""Erases a person or an account: first a tombstone of every conversation, then all the rest.

Killed anywhere, the tombstones and the erasure's own row say what is left to do. What is kept are
keys, hashes and counts.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, exists, func, select, update

from service.domain.erasures import (
    PAST_RETENTION,
    WHY,
    Erased,
    Subject,
    SubjectKind,
    quoted_name,
)
from service.ports import Clock
from storage import erasing
from storage.bulk import chunks, upsert
from storage.engine import Engine
from storage.forgotten import subject_of_account, subject_of_requester
from storage.heads import Hashed
from storage.inbox import Inbox
from storage.moments import from_ms, to_ms
from storage.purge import purge
from storage.tables.accounts import account
from storage.tables.analyses import analysis, assigned_tag, history, ledger, measurement, quote
from storage.tables.checks import spot_check
from storage.tables.conversations import conversation, message, tombstone, waiting_message
from storage.tables.erasures import erasure
from storage.tables.feedback import feedback
from storage.tables.flags import account_outcome, flag_change
from storage.tables.follows import followed_account
from storage.tables.work import memory
from storage.traces import Traces, clean

_QUOTED = quoted_name("")
_CASES = "second-reading:case:"  # then the day: questions that two readers read
_TOLD = "told:flag:"
_MOST_ODD = 20  # rows whose time of change may be nonsense
_AT_ONCE = 200  # conversations erased in one transaction
_COUNTED: Mapping[str, Table] = {
    "messages": message,
    "analyses": analysis,
    "values": measurement,
    "values of before": history,
    "tags": assigned_tag,
    "quotes": quote,
    "spot checks": spot_check,
    "written fields": ledger,
}


class SqlErasures:
    """Implements ErasureStore."""

    def __init__(self, engine: Engine, *, inbox: Inbox, hashed: Hashed, clock: Clock) -> None:
        self._engine = engine
        self._inbox = inbox
        self._hashed = hashed
        self._clock = clock

    def held(self, subject: Subject) -> Erased:
        with self._engine.reading() as connection:
            rows = connection.execute(_of(self._name(subject))).all()
            ids = [row.id for row in rows]
            removed = _counted(connection, ids)
        return Erased(conversations=len(ids), removed=removed)

    def erase(self, subject: Subject, *, at: datetime) -> Erased:
        name = self._name(subject)
        with self._engine.changing() as connection:
            row = {"subject": name, "at": to_ms(at), "done_at": None}
            upsert(connection, erasure, ["subject"], [row])
        return self._finish(name)

    def resume(self) -> Erased:
        with self._engine.reading() as connection:
            query = select(erasure.c.subject).where(erasure.c.done_at.is_(None))
            names = list(connection.execute(query.order_by(erasure.c.at)).scalars())
        done = Erased()
        for name in names:
            done = done.and_(self._finish(name))
        erasing.finish(self._engine)  # of a purge that was cut off before its last step
        return done

    def withdrawn(self, post: str) -> None:
        with self._engine.writing() as connection:
            connection.execute(memory.delete().where(memory.c.name == quoted_name(post)))

    def silent_since(self, before: datetime) -> int:
        with self._engine.reading() as connection:
            query = _silent(before).with_only_columns(func.count())
            return connection.execute(query).scalar_one()

    def newest_news(self, until: datetime) -> datetime | None:
        c = conversation.c
        known = c.updated_at <= to_ms(until)
        with self._engine.reading() as connection:
            counted = select(func.count()).select_from(conversation).where(known)
            odd = min(_MOST_ODD, connection.execute(counted).scalar_one() // 10)
            query = select(c.updated_at).where(known).order_by(c.updated_at.desc())
            newest = connection.execute(query.offset(odd).limit(1)).scalar_one_or_none()
        return None if newest is None else from_ms(newest)

    def purge_silent_since(self, before: datetime) -> int:
        purged, found = 0, _AT_ONCE
        while found == _AT_ONCE:
            with self._engine.changing() as connection:
                rows = connection.execute(_silent(before).limit(_AT_ONCE)).all()
                found = len(rows)
                purged += self._purge(connection, rows, PAST_RETENTION)
        with self._engine.changing() as connection:
            _forget_older(connection, to_ms(before))
        erasing.finish(self._engine)
        return purged

    def _finish(self, name: str) -> Erased:
        """Do what is left of an erasure."""
        self._bury(name)
        done = self._take_away(name)
        with self._engine.changing() as connection:
            removed = _account(connection, name)
            posts = _posts(connection)
        erasing.finish(self._engine)
        with self._engine.writing() as connection:
            mine = erasure.c.subject == name
            now = to_ms(self._clock())
            connection.execute(update(erasure).where(mine).values(done_at=now))
        return done.and_(Erased(removed=removed, posts=posts))

    def _bury(self, name: str) -> None:
        """Leave the tombstones before anything goes: no page brings back what was half erased."""
        with self._engine.changing() as connection:
            now = to_ms(self._clock())
            rows = connection.execute(_of(name)).all()
            upsert(connection, tombstone, ["key"], [_tombstone(row, name, now) for row in rows])

    def _take_away(self, name: str) -> Erased:
        conversations, removed, found = 0, Counter[str](), _AT_ONCE
        buried = select(conversation).where(
            exists().where(tombstone.c.key == conversation.c.key, tombstone.c.erasure == name)
        )
        while found == _AT_ONCE:
            with self._engine.changing() as connection:
                rows = connection.execute(buried.limit(_AT_ONCE)).all()
                found = len(rows)
                ids = [row.id for row in rows]
                removed.update(_counted(connection, ids))
                traces = Traces(_words(connection, rows), names=_names(connection, name))
                # In a file of its own: what is emptied there is found again if this is cut off.
                emptied = self._inbox.empty_payloads(traces.are_in_json)
                removed.update({"waiting events": emptied})
                removed.update(clean(connection, [row.key for row in rows], traces))
                conversations += self._purge(connection, rows, WHY)
        return Erased(conversations=conversations, removed=dict(removed))

    def _purge(self, connection: Connection, rows: Sequence[Row[Any]], why: str) -> int:
        seen = {row.key: row.updated_at for row in rows}
        days = {row.key: row.day for row in rows}
        return purge(connection, seen, at=to_ms(self._clock()), why=why, days=days)

    def _name(self, subject: Subject) -> str:
        if subject.kind is SubjectKind.ACCOUNT:
            return subject_of_account(subject.id)
        return subject_of_requester(self._hashed(subject.id))


def _of(name: str) -> Select[Any]:
    """The stored conversations of a subject."""
    kind, _, value = name.partition(":")
    column = conversation.c.account if kind == SubjectKind.ACCOUNT else conversation.c.requester
    return select(conversation).where(column == value)


def _silent(before: datetime) -> Select[Any]:
    """Conversations begun and last written in before. A helpdesk's own changes are no words."""
    moment = to_ms(before)
    written = exists().where(
        message.c.conversation_id == conversation.c.id, message.c.created_at >= moment
    )
    return select(conversation).where(conversation.c.created_at < moment, ~written)


def _forget_older(connection: Connection, moment: int) -> None:
    """Words that belong to no stored conversation: they have no row that ages with them."""
    old = waiting_message.c.created_at < moment
    connection.execute(waiting_message.delete().where(old))
    noted = (feedback.c.at < moment) & (feedback.c.note != "")
    connection.execute(update(feedback).where(noted).values(note=""))
    cases = memory.c.name.startswith(_CASES) & (memory.c.name < f"{_CASES}{from_ms(moment).date()}")
    connection.execute(memory.delete().where(cases))


def _tombstone(row: Row[Any], name: str, now: int) -> dict[str, Any]:
    return {
        "key": row.key,
        "updated_at": row.updated_at,
        "gone_at": now,
        "why": WHY,
        "source": row.source,
        "day": row.day,
        "erasure": name,
    }


def _counted(connection: Connection, ids: Collection[int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for chunk in chunks(ids):
        for words, table in _COUNTED.items():
            query = select(func.count()).select_from(table)
            mine = table.c.conversation_id.in_(chunk)
            found[words] += connection.execute(query.where(mine)).scalar_one()
    return dict(found)


def _words(connection: Connection, rows: Sequence[Row[Any]]) -> list[str]:
    """Everything that was said in these conversations or was made of what was said."""
    ids = [row.id for row in rows]
    found = [text for row in rows for text in (row.subject, row.rating or "")]
    for chunk in chunks(ids):
        for column in (message.c.text, analysis.c.summary, assigned_tag.c.raw):
            mine = column.table.c.conversation_id.in_(chunk)
            found += connection.execute(select(column).where(mine)).scalars()
    return found


def _names(connection: Connection, name: str) -> list[str]:
    kind, _, key = name.partition(":")
    if kind != SubjectKind.ACCOUNT:
        return []
    row = connection.execute(select(account).where(account.c.key == key)).one_or_none()
    return [key] if row is None else [key, row.name, *json.loads(row.aliases)]


def _account(connection: Connection, name: str) -> dict[str, int]:
    """Remove what is held of an account itself, unless it has begun something new since."""
    kind, _, key = name.partition(":")
    lives = select(conversation.c.id).where(conversation.c.account == key).limit(1)
    if kind != SubjectKind.ACCOUNT or connection.execute(lives).first() is not None:
        return {}
    told = memory.c.name.startswith(f"{_TOLD}{key}:", autoescape=True)
    return {
        "accounts": connection.execute(account.delete().where(account.c.key == key)).rowcount,
        "changes of flags": connection.execute(
            flag_change.delete().where(flag_change.c.account == key)
        ).rowcount,
        "followers": connection.execute(
            followed_account.delete().where(followed_account.c.account == key)
        ).rowcount,
        "outcomes": connection.execute(
            account_outcome.delete().where(account_outcome.c.account == key)
        ).rowcount,
        "remembered states": connection.execute(memory.delete().where(told)).rowcount,
    }


def _posts(connection: Connection) -> tuple[str, ...]:
    """Outgoing messages that may still show the words of anybody who was erased."""
    rows = connection.execute(select(memory).where(memory.c.name.startswith(_QUOTED))).all()
    quoted = {row.name.removeprefix(_QUOTED): set(json.loads(row.value)) for row in rows}
    erased: set[str] = set()
    for chunk in chunks(sorted(set().union(*quoted.values()))):
        query = select(tombstone.c.key).where(
            tombstone.c.key.in_(chunk), tombstone.c.erasure.is_not(None)
        )
        erased.update(connection.execute(query).scalars())
    return tuple(sorted(post for post, keys in quoted.items() if keys & erased))
