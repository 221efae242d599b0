"""The conversations as stored: pages in, conversations out. Measures nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from service.domain.conversations import (
    Account,
    Agent,
    Conversation,
    ConversationKey,
    Message,
    Page,
)
from service.domain.measurements import SetBy
from service.ports import Clock
from service.stores import Quarantined, Stored
from service.stores.analyses import Labels
from storage import erasing, quarantine
from storage.among import rows_among
from storage.bulk import chunks, upsert
from storage.engine import Engine
from storage.heads import ACCOUNT, Hashed, account_of, agent_of, head_of, message_of
from storage.measuring import measured_by
from storage.moments import from_ms, to_ms
from storage.pages import PageSaver
from storage.purge import last_seen, purge
from storage.tables.accounts import account, agent
from storage.tables.analyses import failure
from storage.tables.conversations import conversation, message, source

_BATCH = 200  # conversations handed to an analyser at once
_KEYS = 1_000  # keys handed out at once
_STORED: Select[Any] = select(conversation)


class SqlConversations:
    """Implements ConversationStore."""

    def __init__(self, engine: Engine, *, zone: ZoneInfo, hashed: Hashed, clock: Clock) -> None:
        self._engine = engine
        self._zone = zone
        self._hashed = hashed
        self._clock = clock

    def cursor(self, source_name: str) -> str | None:
        with self._engine.reading() as connection:
            query = select(source.c.cursor).where(source.c.name == source_name)
            return connection.execute(query).scalar_one_or_none()

    def save_page(
        self, source_name: str, page: Page, labels: Labels = MappingProxyType({})
    ) -> Stored:
        with self._engine.changing() as connection:
            at = to_ms(self._clock())
            saver = PageSaver(connection, page, zone=self._zone, hashed=self._hashed, at=at)
            stored = saver.save(labels)
            quarantine.keep_up(connection, page, at=at)
            if page.cursor:  # a page that was fetched by keys moves nothing
                until = None if page.words_until is None else to_ms(page.words_until)
                row = {"name": source_name, "cursor": page.cursor, "words_until": until}
                upsert(connection, source, ["name"], [row])
            return stored

    def sync_finished(self, source_name: str, at: datetime) -> None:
        with self._engine.writing() as connection:
            row = {"name": source_name, "synced_at": to_ms(at)}
            upsert(connection, source, ["name"], [row])
        erasing.finish(self._engine)

    def synced_at(self) -> Mapping[str, datetime]:
        with self._engine.reading() as connection:
            query = select(source).where(source.c.synced_at.is_not(None))
            return {row.name: from_ms(row.synced_at) for row in connection.execute(query)}

    def get(self, key: ConversationKey) -> Conversation | None:
        return next(iter(self.get_many([key])), None)

    def get_many(self, keys: Sequence[ConversationKey]) -> list[Conversation]:
        """Return the conversations that are stored, in the order of the keys."""
        with self._engine.reading() as connection:
            rows = rows_among(connection, _STORED, conversation.c.key, dict.fromkeys(keys))
            found = {one.key: one for one in conversations_of(connection, rows)}
        return [found[key] for key in keys if key in found]

    def unmeasured(self, analyser: str, taxonomy: str) -> Iterator[list[Conversation]]:
        # Two ranges around the current mark: an index cannot look for "not equal".
        mark, current = conversation.c.measured_by, measured_by(analyser, taxonomy)
        for beside in (mark < current, mark > current):
            after: tuple[str, int] | None = ("", -1)
            while after is not None:
                waiting = select(conversation).where(beside, _waiting(analyser))
                batch, after = self._batch(waiting, after)
                if batch:
                    yield batch

    def _batch(
        self, waiting: Select[Any], after: tuple[str, int]
    ) -> tuple[list[Conversation], tuple[str, int] | None]:
        place = (conversation.c.measured_by, conversation.c.id)
        with self._engine.reading() as connection:
            complete = waiting.where(*_complete(connection), tuple_(*place) > after)
            query = complete.order_by(*place).limit(_BATCH)
            rows = connection.execute(query).all()
            last = (rows[-1].measured_by, rows[-1].id) if rows else None
            return list(conversations_of(connection, rows)), last

    def unmeasured_count(self, analyser: str, taxonomy: str) -> int:
        current = measured_by(analyser, taxonomy)
        query = select(func.count()).where(
            conversation.c.measured_by != current, _waiting(analyser)
        )
        with self._engine.reading() as connection:
            return connection.execute(query.where(*_complete(connection))).scalar_one()

    def awaiting_words(self) -> Mapping[str, int]:
        with self._engine.reading() as connection:
            lacking = _lacking(connection)
            if not lacking:
                return {}
            query = (
                select(conversation.c.source, func.count().label("n"))
                .where(conversation.c.measured_by == "", or_(*lacking))
                .group_by(conversation.c.source)
            )
            return {row.source: row.n for row in connection.execute(query)}

    def accounts(self) -> list[Account]:
        with self._engine.reading() as connection:
            query = select(*ACCOUNT).order_by(account.c.name, account.c.key)
            return [account_of(row) for row in connection.execute(query)]

    def agents(self) -> list[Agent]:
        with self._engine.reading() as connection:
            query = select(agent).order_by(agent.c.name, agent.c.key)
            return [agent_of(row) for row in connection.execute(query)]

    def exists(self, keys: Iterable[ConversationKey]) -> set[ConversationKey]:
        found: set[ConversationKey] = set()
        with self._engine.reading() as connection:
            for chunk in chunks(keys):
                query = select(conversation.c.key).where(conversation.c.key.in_(chunk))
                found.update(ConversationKey(key) for key in connection.execute(query).scalars())
        return found

    def stored_keys(self, source_name: str) -> Iterator[list[ConversationKey]]:
        place = conversation.c.key
        query = select(place).where(conversation.c.source == source_name).order_by(place)
        batch: list[ConversationKey] = [ConversationKey("")]
        while batch:
            with self._engine.reading() as connection:
                found = connection.execute(query.where(place > batch[-1]).limit(_KEYS)).scalars()
                batch = [ConversationKey(key) for key in found]
            if batch:
                yield batch

    def purge(self, keys: Sequence[ConversationKey], *, why: str) -> int:
        """Return how many were not gone yet. Safe to repeat after it was cut off in the middle."""
        removed = 0
        for chunk in chunks(dict.fromkeys(keys)):
            with self._engine.changing() as connection:
                seen = last_seen(connection, chunk)
                removed += purge(connection, seen, at=to_ms(self._clock()), why=why)
        erasing.finish(self._engine)
        return removed

    def quarantined(self) -> list[Quarantined]:
        """Longest waiting first."""
        with self._engine.reading() as connection:
            return quarantine.everything(connection)

    def release(self, keys: Sequence[ConversationKey]) -> int:
        with self._engine.changing() as connection:
            return quarantine.release(connection, keys)

    def updated_at(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        found: dict[ConversationKey, datetime] = {}
        with self._engine.reading() as connection:
            for chunk in chunks(keys):
                query = select(conversation.c.key, conversation.c.updated_at)
                for row in connection.execute(query.where(conversation.c.key.in_(chunk))):
                    found[ConversationKey(row.key)] = from_ms(row.updated_at)
        return found

    def daily_counts(self, source_name: str) -> Mapping[date, int]:
        query = (
            select(conversation.c.day, func.count().label("n"))
            .where(conversation.c.source == source_name)
            .group_by(conversation.c.day)
            .order_by(conversation.c.day)
        )
        with self._engine.reading() as connection:
            return {date.fromordinal(row.day): row.n for row in connection.execute(query)}


def _lacking(connection: Connection) -> list[ColumnElement[bool]]:
    """What is true of conversations of which later pages bring words; none while no walk goes on.

    Measured now, they would be measured again, and paid for again, when the words are here.
    """
    query = select(source.c.name, source.c.words_until).where(source.c.words_until.is_not(None))
    return [
        and_(conversation.c.source == row.name, conversation.c.updated_at >= row.words_until)
        for row in connection.execute(query)
    ]


def _complete(connection: Connection) -> list[ColumnElement[bool]]:
    return [not_(lacking) for lacking in _lacking(connection)]


def _waiting(analyser: str) -> ColumnElement[bool]:
    """Not what failed in this version, and not what came measured: imported labels stand."""
    came_measured = conversation.c.measured_by.startswith(f"{SetBy.IMPORTED}|")
    return ~_failed(analyser) & ~came_measured


def conversations_of(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[Conversation]:
    """Yield the conversations of these rows, in their order, with their messages."""
    said: dict[int, list[Message]] = {row.id: [] for row in rows}
    for chunk in chunks(said):
        query = (
            select(message)
            .where(message.c.conversation_id.in_(chunk))
            .order_by(message.c.conversation_id, message.c.created_at, message.c.id)
        )
        for row in connection.execute(query):
            said[row.conversation_id].append(message_of(row))
    for row in rows:
        yield Conversation(head=head_of(row), messages=tuple(said[row.id]))


def _failed(version: str) -> ColumnElement[bool]:
    """Whether this version could not read the present words."""
    return exists().where(
        failure.c.conversation_id == conversation.c.id,
        failure.c.version == version,
        failure.c.fingerprint == conversation.c.fingerprint,
    )
