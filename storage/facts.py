"""The reading side: counts, groups, cells, lists, keys and quotes of a Query, within a scope."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, literal, select

from service.domain.answers import Tally
from service.domain.conversations import ConversationKey
from service.domain.people import Viewer
from service.query import (
    EMPTY_VALUE,
    NO_VALUE,
    UNMEASURED_VALUE,
    Dimension,
    Query,
    Window,
)
from service.stores import Cell, CoverageCounts, Listing, QuoteRow
from storage.analysis_rows import SPOKEN_BY_CUSTOMER, quote_of
from storage.engine import Engine
from storage.heads import account_of
from storage.in_force import LEFT_BLANK, reason_in_force
from storage.listing import list_page
from storage.moments import from_ms, iso, weekday_of
from storage.querying import GRAINS, ONCE, conditions, grouping, scope, value_of
from storage.rollup_reading import from_rollups
from storage.rollups import ROLLED_UP
from storage.tables.accounts import account
from storage.tables.analyses import failure, quote
from storage.tables.conversations import conversation, message
from storage.tables.facts import fact
from storage.tallies import Measures, sums, tally

_MOST_VALUES = 200


class SqlFacts:
    """Implements Facts."""

    def __init__(self, engine: Engine, measures: Measures) -> None:
        self._engine = engine
        self._measures = measures
        self._dialect = "sqlite" if engine.is_sqlite else "postgresql"

    def count(self, query: Query, viewer: Viewer) -> Tally:
        return tally(self._all(self._grouped(replace(query, group_by=()), viewer))[0])

    def groups(self, query: Query, viewer: Viewer) -> list[tuple[tuple[str, ...], Tally]]:
        """Largest first; along a time, in its order."""
        rows = self._all(self._grouped(query, viewer))
        found = [(_words(query.group_by, row), tally(row)) for row in rows if row.total]
        if set(query.group_by[:1]) & GRAINS:
            return sorted(found, key=lambda pair: pair[0])
        return sorted(found, key=lambda pair: (-pair[1].numerator, -pair[1].total, pair[0]))

    def cells(
        self, query: Query, viewer: Viewer, lens: Dimension | None, window: Window
    ) -> Sequence[Cell]:
        measure = self._measures.named(query.metric)
        by = grouping((lens,) if lens is not None else ())
        value: ColumnElement[Any] = by.values[0] if by.values else literal("")
        m: ColumnElement[Any] = by.divisors[0] if by.divisors else literal(1)
        asked = replace(query, window=window)
        wanted = [by.rows, *conditions(asked, viewer, self._dialect)]
        counted: ColumnElement[Any] = literal(1)
        if measure.metric is not None:
            current = value_of(measure.metric)
            wanted.append(current.not_in([EMPTY_VALUE, UNMEASURED_VALUE]))
            counted = case((current == measure.value, 1), else_=0)
        inner = (
            select(
                value.label("value"),
                m.label("m"),
                fact.c.day.label("day"),
                fact.c.account.label("account"),
                counted.label("x"),
            )
            .select_from(by.source)
            .where(*wanted)
            .subquery()
        )
        names = (inner.c.value, inner.c.m, inner.c.day, inner.c.account)
        rows = self._all(
            select(*names, func.count().label("n"), func.sum(inner.c.x).label("x")).group_by(*names)
        )
        return _by_weekday(rows, lens)

    def conversations(
        self, query: Query, viewer: Viewer, *, after: str | None = None, limit: int = 50
    ) -> Listing:
        wanted = [ONCE, *conditions(query, viewer, self._dialect)]
        metrics = [metric.name for metric in self._measures.metrics]
        with self._engine.reading() as connection:
            return list_page(
                connection, wanted, sort=query.sort, after=after, limit=limit, metrics=metrics
            )

    def keys(
        self, query: Query, viewer: Viewer, *, numerator: bool, limit: int
    ) -> tuple[ConversationKey, ...]:
        wanted = [ONCE, *conditions(query, viewer, self._dialect)]
        measure = self._measures.named(query.metric)
        if numerator and measure.metric is not None:
            wanted.append(value_of(measure.metric) == measure.value)
        rows = self._all(
            select(conversation.c.key)
            .join(fact, fact.c.conversation_id == conversation.c.id)
            .where(*wanted)
            .order_by(fact.c.created_at.desc(), fact.c.conversation_id.desc())
            .limit(limit)
        )
        return tuple(ConversationKey(row.key) for row in rows)

    def quotes(
        self, query: Query, viewer: Viewer, *, shows: Sequence[str], limit: int
    ) -> list[QuoteRow]:
        """Without any `shows`, quotes of every kind."""
        wanted = [ONCE, quote.c.nth_of_kind == 0, *conditions(query, viewer, self._dialect)]
        if shows:
            wanted.append(quote.c.shows.in_(list(shows)))
        rows = self._all(
            select(
                quote,
                message.c.text,
                conversation.c.key.label("conversation_key"),
                conversation.c.created_at.label("begun_at"),
                conversation.c.channel,
                conversation.c.requester,
                conversation.c.url,
                *account.c,
            )
            .select_from(fact)
            .join(quote, quote.c.conversation_id == fact.c.conversation_id)
            .join(message, SPOKEN_BY_CUSTOMER)
            .join(conversation, conversation.c.id == fact.c.conversation_id)
            .outerjoin(account, account.c.key == conversation.c.account)
            .where(*wanted)
            .order_by(fact.c.created_at.desc(), fact.c.conversation_id.desc(), quote.c.nth)
            .limit(limit)
        )
        return [found for row in rows if (found := _quote_row(row)) is not None]

    def coverage(self, query: Query, viewer: Viewer) -> CoverageCounts:
        wanted = [ONCE, *conditions(query, viewer, self._dialect)]
        analysed = fact.c.analysed == 1
        counts = (
            func.count().label("total"),
            func.coalesce(func.sum(case((analysed, 1), else_=0)), 0).label("analysed"),
            func.coalesce(func.sum(case((~analysed & _failed(), 1), else_=0)), 0).label("failed"),
        )
        row = self._all(select(*counts).select_from(fact).where(*wanted))[0]
        return CoverageCounts(
            total=row.total,
            analysed=int(row.analysed),
            failed=int(row.failed),
            empty=self._empty(query, wanted),
        )

    def days(self) -> Window | None:
        row = self._all(select(func.min(fact.c.day).label("a"), func.max(fact.c.day).label("b")))[0]
        if row.a is None:
            return None
        return Window(date.fromordinal(row.a), date.fromordinal(row.b + 1))

    def values(self, dimension: Dimension, viewer: Viewer) -> list[str]:
        by = grouping((dimension,))
        value, n = by.values[0].label("value"), func.count()
        inner = select(value).select_from(by.source).where(by.rows, *scope(viewer)).subquery()
        rows = self._all(
            select(inner.c.value, n.label("n"))
            .where(*_not_none(dimension, inner.c.value))
            .group_by(inner.c.value)
            .order_by(n.desc(), inner.c.value)
            .limit(_MOST_VALUES)
        )
        return [_word(dimension, row.value) for row in rows]

    def _grouped(self, query: Query, viewer: Viewer) -> Select[Any]:
        measure = self._measures.named(query.metric)
        quick = from_rollups(query, viewer, measure, frozenset(ROLLED_UP))
        if quick is not None:
            return quick
        by = grouping(query.group_by)
        value = None if measure.metric is None else value_of(measure.metric)
        return (
            select(*by.values, *sums(measure, value, literal(1)))
            .select_from(by.source)
            .where(by.rows, *conditions(query, viewer, self._dialect))
            .group_by(*by.values)
        )

    def _empty(self, query: Query, wanted: Sequence[ColumnElement[bool]]) -> dict[str, int]:
        measure = self._measures.named(query.metric)
        if measure.metric is None:
            return {}
        reason = reason_in_force(measure.metric, fact.c.conversation_id).label("reason")
        blank = value_of(measure.metric) == EMPTY_VALUE
        inner = select(reason).select_from(fact).where(*wanted, blank).subquery()
        rows = self._all(select(inner.c.reason, func.count().label("n")).group_by(inner.c.reason))
        return {row.reason or LEFT_BLANK: row.n for row in rows}

    def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with self._engine.reading() as connection:
            return connection.execute(statement).all()


def _failed() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            failure.c.conversation_id == fact.c.conversation_id,
            conversation.c.id == fact.c.conversation_id,
            failure.c.fingerprint == conversation.c.fingerprint,
        )
        .correlate(fact)
    )


def _words(dimensions: Sequence[Dimension], row: Row[Any]) -> tuple[str, ...]:
    return tuple(_word(dimension, row[place]) for place, dimension in enumerate(dimensions))


def _word(dimension: Dimension | None, value: Any) -> str:
    return iso(value) if dimension in GRAINS else str(value)


def _not_none(dimension: Dimension, value: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [] if dimension in GRAINS else [value != NO_VALUE]


def _by_weekday(rows: Sequence[Row[Any]], lens: Dimension | None) -> list[Cell]:
    n: Counter[tuple[str, int, int, str]] = Counter()
    x: Counter[tuple[str, int, int, str]] = Counter()
    for row in rows:
        name = "" if row.account == NO_VALUE else row.account
        cell = (_word(lens, row.value), row.m, weekday_of(row.day), name)
        n[cell] += row.n
        x[cell] += int(row.x)
    return [
        Cell(value=value, m=m, weekday=weekday, account=name, n=count, x=x[value, m, weekday, name])
        for (value, m, weekday, name), count in sorted(n.items())
    ]


def _quote_row(row: Row[Any]) -> QuoteRow | None:
    found = quote_of(row)
    if found is None:
        return None
    return QuoteRow(
        quote=found,
        conversation=ConversationKey(row.conversation_key),
        message_text=row.text,
        created_at=from_ms(row.begun_at),
        channel=row.channel,
        account=None if row.key is None else account_of(row),
        requester=row.requester,
        helpdesk_url=row.url,
    )
