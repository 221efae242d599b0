"""The coverage ledger: by source and day, what a helpdesk counts against what is held here."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, case, exists, func, select

from service.domain.conversations import ConversationKey
from service.domain.measurements import Metric
from service.query import Dimension, Window
from service.stores import DayCoverage
from storage.bulk import upsert
from storage.engine import Engine
from storage.in_force import LEFT_BLANK
from storage.moments import from_ms, local_day, to_ms
from storage.rollups import ANALYSED
from storage.tables.analyses import PERSON, failure, ledger, measurement
from storage.tables.conversations import conversation, helpdesk_count, quarantine, tombstone
from storage.tables.facts import rollup_day

Reasons = Mapping[int, Mapping[str, int]]  # day -> reason -> conversations


class SqlCoverage:
    """Implements CoverageLedger."""

    def __init__(
        self, engine: Engine, *, metrics: Callable[[], Sequence[Metric]], zone: ZoneInfo
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self._zone = zone

    def record(self, source: str, counts: Mapping[date, int], *, at: datetime) -> None:
        rows = [
            {"source": source, "day": day.toordinal(), "n": n, "asked_at": to_ms(at)}
            for day, n in counts.items()
        ]
        with self._engine.writing() as connection:
            upsert(connection, helpdesk_count, ["source", "day"], rows)

    def days(self, source: str, window: Window) -> list[DayCoverage]:
        with self._engine.reading() as connection:
            asked = _by_day(connection, _asked(source, window))
            held = _by_day(connection, _held(source, window))
            aside = self._set_aside(connection, window)[source]
            empty = self._empty(connection, source, window)
            not_written = _not_written(connection, source, window)
            erased = _erased(connection, source, window)
        counted = {day for day, row in asked.items() if row.n} | held.keys() | aside.keys()
        counted |= {day for _, day in erased}
        return [
            DayCoverage(
                source=source,
                day=date.fromordinal(day),
                helpdesk=asked[day].n if day in asked else None,
                stored=held[day].stored if day in held else 0,
                analysed=int(held[day].analysed) if day in held else 0,
                failed=int(held[day].failed) if day in held else 0,
                quarantined=aside[day],
                empty=empty.get(day, {}),
                not_written=not_written.get(day, {}),
                asked_at=from_ms(asked[day].asked_at) if day in asked else None,
                erased=erased.get((source, day), 0),
            )
            for day in sorted(counted)
        ]

    def keys(self, source: str, day: date) -> set[ConversationKey]:
        c = conversation.c
        query = select(c.key).where(c.source == source, c.day == day.toordinal())
        with self._engine.reading() as connection:
            return {ConversationKey(key) for key in connection.execute(query).scalars()}

    def erased(self, source: str) -> int:
        with self._engine.reading() as connection:
            return sum(_erased(connection, source, None).values())

    def erased_keys(self, source: str, day: date) -> set[ConversationKey]:
        t = tombstone.c
        query = select(t.key).where(t.source == source, t.day == day.toordinal())
        with self._engine.reading() as connection:
            return {ConversationKey(key) for key in connection.execute(query).scalars()}

    def missing(self, window: Window | None) -> Mapping[str, int]:
        """Of every source whose helpdesk was asked, 0 when nothing is missing.

        A day that holds more than its helpdesk counts makes up for no other day; what is in
        quarantine does, because only the day of its arrival is known.
        """
        lacking: Counter[str] = Counter()
        with self._engine.reading() as connection:
            asked = connection.execute(_asked(None, window)).all()
            held = _stored(connection, window) if asked else {}
            erased = _erased(connection, None, window) if asked else {}
            for row in asked:
                here = (row.source, row.day)
                lacking[row.source] += max(0, row.n - held.get(here, 0) - erased.get(here, 0))
            aside = self._set_aside(connection, window)
        return {source: max(0, n - aside[source].total()) for source, n in sorted(lacking.items())}

    def _set_aside(
        self, connection: Connection, window: Window | None
    ) -> defaultdict[str, Counter[int]]:
        """By source and day of arrival; not what is stored as it was before."""
        stored = exists().where(conversation.c.key == quarantine.c.key)
        found: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for row in connection.execute(select(quarantine).where(~stored)):
            day = local_day(from_ms(row.since), self._zone)
            if window is None or window.start <= day < window.end:
                found[row.source][day.toordinal()] += 1
        return found

    def _empty(
        self, connection: Connection, source: str, window: Window
    ) -> Mapping[int, Mapping[str, Mapping[str, int]]]:
        """Day -> metric -> reason -> conversations, of the values in force."""
        person = measurement.alias()
        overruled = exists().where(
            person.c.conversation_id == measurement.c.conversation_id,
            person.c.metric == measurement.c.metric,
            person.c.origin == PERSON,
            measurement.c.origin != PERSON,
        )
        names = (conversation.c.day, measurement.c.metric, measurement.c.reason)
        query = (
            select(*names, func.count().label("n"))
            .join(conversation, conversation.c.id == measurement.c.conversation_id)
            .where(
                *_of(conversation.c.source, conversation.c.day, source, window),
                measurement.c.metric.in_([one.name for one in self._metrics()]),
                measurement.c.value.is_(None),
                ~overruled,
            )
            .group_by(*names)
            .order_by(*names)
        )
        found: dict[int, dict[str, dict[str, int]]] = {}
        for row in connection.execute(query):
            reasons = found.setdefault(row.day, {}).setdefault(row.metric, {})
            reasons[row.reason or LEFT_BLANK] = row.n
        return found


def _asked(source: str | None, window: Window | None) -> Select[Any]:
    columns = helpdesk_count.c
    return select(helpdesk_count).where(*_of(columns.source, columns.day, source, window))


def _stored(connection: Connection, window: Window | None) -> Mapping[tuple[str, int], int]:
    """Conversations by source and day; the rollups count every one of them."""
    r = rollup_day.c
    query = (
        select(r.name, r.day, func.sum(r.n))
        .where(
            *_of(r.name, r.day, None, window),
            r.lens == Dimension.SOURCE.value,
            r.metric == ANALYSED,
        )
        .group_by(r.name, r.day)
    )
    return {(source, day): int(n) for source, day, n in connection.execute(query)}


def _erased(
    connection: Connection, source: str | None, window: Window | None
) -> Mapping[tuple[str, int], int]:
    """Erased conversations that their helpdesk still counts, by source and day."""
    t = tombstone.c
    query = (
        select(t.source, t.day, func.count().label("n"))
        .where(*_of(t.source, t.day, source, window), t.day.is_not(None))
        .group_by(t.source, t.day)
    )
    return {(row.source, row.day): row.n for row in connection.execute(query)}


def _held(source: str | None, window: Window | None) -> Select[Any]:
    c = conversation.c
    analysed = c.measured_by != ""
    refused = exists().where(
        failure.c.conversation_id == c.id, failure.c.fingerprint == c.fingerprint
    )
    return (
        select(
            c.source,
            c.day,
            func.count().label("stored"),
            func.sum(case((analysed, 1), else_=0)).label("analysed"),
            func.sum(case((~analysed & refused, 1), else_=0)).label("failed"),
        )
        .where(*_of(c.source, c.day, source, window))
        .group_by(c.source, c.day)
    )


def _not_written(connection: Connection, source: str, window: Window) -> Reasons:
    names = (conversation.c.day, ledger.c.reason)
    query = (
        select(*names, func.count().label("n"))
        .join(conversation, conversation.c.id == ledger.c.conversation_id)
        .where(
            *_of(conversation.c.source, conversation.c.day, source, window),
            ledger.c.reason.is_not(None),
        )
        .group_by(*names)
        .order_by(*names)
    )
    found: dict[int, dict[str, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.day, {})[row.reason] = row.n
    return found


def _of(
    source: Column[Any], day: Column[Any], wanted: str | None, window: Window | None
) -> Iterable[ColumnElement[bool]]:
    if wanted is not None:
        yield source == wanted
    if window is not None:
        yield day >= window.start.toordinal()
        yield day < window.end.toordinal()


def _by_day(connection: Connection, query: Select[Any]) -> Mapping[int, Row[Any]]:
    return {row.day: row for row in connection.execute(query)}
