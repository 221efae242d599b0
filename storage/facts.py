"""The reading side: counts, groups, cells, lists, keys and quotes of a Query, within a scope."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal, select

from service.domain.answers import Tally
from service.domain.conversations import ConversationKey
from service.domain.people import Viewer
from service.query import (
    EMPTY_VALUE,
    MULTI_VALUED,
    NO_VALUE,
    UNMEASURED_VALUE,
    Dimension,
    Query,
    Window,
)
from service.stores import Columns, CoverageCounts, Kind, Listing, QuoteRow
from storage.analysis_rows import SPOKEN_BY_CUSTOMER, quote_of
from storage.columnar import Numbering, pieces, read
from storage.engine import Engine
from storage.heads import account_of
from storage.in_force import LEFT_BLANK
from storage.leading import rows_for
from storage.listing import list_page
from storage.moments import from_ms, iso
from storage.querying import (
    GRAINS,
    ONCE,
    PLACE,
    Grouping,
    Rows,
    grouping,
    rows_of,
    value_of,
    why_empty,
)
from storage.rollup_reading import (
    analysed_from_rollups,
    empty_from_rollups,
    from_rollups,
    values_from_rollups,
)
from storage.tables.accounts import account
from storage.tables.analyses import failure, quote
from storage.tables.conversations import conversation, message
from storage.tables.facts import fact
from storage.tallies import Measure, Measures, sums, tally

_MOST_VALUES = 200
_FEW = 2  # times the wanted quotes: so many conversations are looked at first
_ACCOUNT = case((fact.c.account == NO_VALUE, ""), else_=fact.c.account)
_PLACE = tuple(column.name for column in PLACE)


class SqlFacts:
    """Implements Facts."""

    def __init__(self, engine: Engine, measures: Measures) -> None:
        self._engine = engine
        self._measures = measures

    def count(self, query: Query, viewer: Viewer) -> Tally:
        plain = replace(query, group_by=())
        with self._engine.reading() as connection:
            return tally(connection.execute(self._grouped(connection, plain, viewer)).one())

    def groups(self, query: Query, viewer: Viewer) -> list[tuple[tuple[str, ...], Tally]]:
        """Largest first; along a time, in its order."""
        with self._engine.reading() as connection:
            rows = connection.execute(self._grouped(connection, query, viewer)).all()
        found = [(_words(query.group_by, row), tally(row)) for row in rows if row.total]
        if set(query.group_by[:1]) & GRAINS:
            return sorted(found, key=lambda pair: pair[0])
        return sorted(found, key=lambda pair: (-pair[1].numerator, -pair[1].total, pair[0]))

    def columns(
        self, query: Query, viewer: Viewer, lenses: Sequence[Dimension], window: Window
    ) -> Columns:
        measure = self._measures.named(query.metric)
        accounts, kinds = Numbering[str](), Numbering[Kind]()
        values = {lens: Numbering[str]() for lens in lenses}
        with self._engine.reading() as connection:
            for piece in pieces(window):
                rows = rows_for(connection, replace(query, window=piece), viewer)
                kind, wanted, by = _each_row(lenses, rows, measure)
                asked = [_ACCOUNT, kind, *by.values]
                who, what, *found = read(connection, asked, by.source, wanted)
                accounts.add(who)
                kinds.add(what)
                for numbering, names in zip(values.values(), found, strict=True):
                    numbering.add(names)
        return Columns(
            accounts=accounts.column(str),
            kinds=kinds.column(_kind_of),
            values={lens: one.column(partial(_word, lens)) for lens, one in values.items()},
        )

    def conversations(
        self, query: Query, viewer: Viewer, *, after: str | None = None, limit: int = 50
    ) -> Listing:
        metrics = [metric.name for metric in self._measures.metrics]
        with self._engine.reading() as connection:
            rows = rows_for(connection, query, viewer)
            return list_page(
                connection, rows, sort=query.sort, after=after, limit=limit, metrics=metrics
            )

    def keys(
        self, query: Query, viewer: Viewer, *, numerator: bool, limit: int
    ) -> tuple[ConversationKey, ...]:
        measure = self._measures.named(query.metric)
        with self._engine.reading() as connection:
            rows = rows_for(connection, query, viewer)
            counted = []
            if numerator and measure.metric is not None:
                counted.append(value_of(measure.metric) == measure.value)
            newest = _newest(rows, counted, limit).subquery()
            named = (
                select(conversation.c.key)
                .join(newest, newest.c.conversation_id == conversation.c.id)
                .order_by(*(newest.c[name].desc() for name in _PLACE))
            )
            return tuple(ConversationKey(key) for key in connection.execute(named).scalars())

    def quotes(
        self, query: Query, viewer: Viewer, *, shows: Sequence[str], limit: int
    ) -> list[QuoteRow]:
        """Without any `shows`, quotes of every kind."""
        with self._engine.reading() as connection:
            rows = rows_for(connection, query, viewer)
            fit = [quote.c.nth_of_kind == 0, *([quote.c.shows.in_(list(shows))] if shows else [])]
            # Most conversations hold a quote: among the newest few are nearly always enough, and
            # otherwise every one is asked for its quotes before it is taken.
            some = _quotes(_newest(rows, [], _FEW * limit), fit, limit)
            found = connection.execute(some).all()
            if len(found) < limit:
                every = _quotes(_newest(rows, [_quoted(fit)], limit), fit, limit)
                found = connection.execute(every).all()
        return [one for row in found if (one := _quote_row(row)) is not None]

    def coverage(self, query: Query, viewer: Viewer) -> CoverageCounts:
        with self._engine.reading() as connection:
            rows = rows_for(connection, query, viewer)
            with_, without = self._analysed(connection, query, viewer, rows)
            return CoverageCounts(
                total=with_ + without,
                analysed=with_,
                failed=_failed(connection, rows) if without else 0,
                empty=self._empty(connection, query, viewer, rows),
            )

    def days(self) -> Window | None:
        # Apart, each is the first or the last row of the table; together they read all of it.
        ends = [select(end(fact.c.day)).scalar_subquery() for end in (func.min, func.max)]
        with self._engine.reading() as connection:
            first, last = connection.execute(select(*ends)).one()
        if first is None:
            return None
        return Window(date.fromordinal(first), date.fromordinal(last + 1))

    def values(self, dimension: Dimension, viewer: Viewer) -> list[str]:
        with self._engine.reading() as connection:
            statement = values_from_rollups(dimension, viewer)
            if statement is None:
                by = grouping((dimension,), rows_of(Query(), viewer))
                value = by.values[0].label("value")
                inner = select(value).select_from(by.source).where(*by.wanted).subquery()
                statement = select(inner.c.value, func.count().label("n")).group_by(inner.c.value)
            counted = statement.subquery()
            rows = connection.execute(
                select(counted.c.value)
                .where(*_not_none(dimension, counted.c.value))
                .order_by(counted.c.n.desc(), counted.c.value)
                .limit(_MOST_VALUES)
            ).all()
        return [_word(dimension, row.value) for row in rows]

    def _grouped(self, connection: Connection, query: Query, viewer: Viewer) -> Select[Any]:
        measure = self._measures.named(query.metric)
        quick = from_rollups(query, viewer, measure)
        if quick is not None:
            return quick
        by = grouping(query.group_by, rows_for(connection, query, viewer))
        value = None if measure.metric is None else value_of(measure.metric)
        return (
            select(*by.values, *sums(measure, value, literal(1)))
            .select_from(by.source)
            .where(*by.wanted)
            .group_by(*by.values)
        )

    def _analysed(
        self, connection: Connection, query: Query, viewer: Viewer, rows: Rows
    ) -> tuple[int, int]:
        """How many have an analysis and how many have none."""
        quick = analysed_from_rollups(query, viewer)
        if quick is None:
            quick = (
                select(fact.c.analysed, func.count())
                .select_from(rows.source)
                .where(rows.once, *rows.wanted)
                .group_by(fact.c.analysed)
            )
        found = {int(value): int(n) for value, n in connection.execute(quick)}
        return found.get(1, 0), found.get(0, 0)

    def _empty(
        self, connection: Connection, query: Query, viewer: Viewer, rows: Rows
    ) -> dict[str, int]:
        metric = self._measures.named(query.metric).metric
        if metric is None:
            return {}
        quick = empty_from_rollups(query, viewer, metric)
        if quick is None:
            why = why_empty(metric)
            blank = value_of(metric) == EMPTY_VALUE
            inner = (
                select(why.label("reason"))
                .select_from(rows.source)
                .where(rows.once, *rows.wanted, blank)
                .subquery()
            )
            quick = select(inner.c.reason, func.count()).group_by(inner.c.reason)
        return {reason or LEFT_BLANK: int(n) for reason, n in connection.execute(quick)}


def _each_row(
    lenses: Sequence[Dimension], rows: Rows, measure: Measure
) -> tuple[ColumnElement[int], list[ColumnElement[bool]], Grouping]:
    """How to read the explained conversations: their kind in one number, where, and by what."""
    by = grouping(lenses, rows)
    wanted = list(by.wanted)
    divisors = [m for lens, m in zip(lenses, by.divisors, strict=True) if lens in MULTI_VALUED]
    (m,) = divisors or [literal(1)]
    first: ColumnElement[Any] = literal(0 if divisors else 1)
    if Dimension.DRIVER in lenses:
        first = case((ONCE, 1), else_=0)
        wanted = list(rows.each.wanted)  # those that nobody analysed are there, too
    counted: ColumnElement[Any] = literal(1)
    if measure.metric is not None:
        value = value_of(measure.metric)
        wanted.append(value.not_in([EMPTY_VALUE, UNMEASURED_VALUE]))
        counted = case((value == measure.value, 1), else_=0)
    # Ordinal 1 was a Monday, and the remainder is the weekday.
    weekday = (fact.c.day - 1) % 7
    return ((m * 7 + weekday) * 2 + first) * 2 + counted, wanted, by


def _kind_of(number: int) -> Kind:
    rest, counted = divmod(number, 2)
    rest, first = divmod(rest, 2)
    m, weekday = divmod(rest, 7)
    return Kind(m, weekday, bool(first), bool(counted))


def _newest(rows: Rows, also: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The places of the newest conversations."""
    return (
        select(*rows.place)
        .select_from(rows.source)
        .where(rows.once, *rows.wanted, *also)
        .order_by(*(one.desc() for one in rows.place))
        .limit(limit)
    )


def _quotes(newest: Select[Any], fit: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """Quotes of these conversations, which are found by themselves: they lead."""
    of = newest.subquery()
    return (
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
        .select_from(of)
        .join(quote, quote.c.conversation_id == of.c.conversation_id)
        .join(message, SPOKEN_BY_CUSTOMER)
        .join(conversation, conversation.c.id == of.c.conversation_id)
        .outerjoin(account, account.c.key == conversation.c.account)
        .where(*fit)
        .order_by(*(of.c[name].desc() for name in _PLACE), quote.c.nth)
        .limit(limit)
    )


def _quoted(fit: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether a conversation has such a quote that a customer said."""
    said = select(quote.c.nth).join(message, SPOKEN_BY_CUSTOMER)
    of_one = quote.c.conversation_id == fact.c.conversation_id
    return said.where(of_one, *fit).correlate(fact).exists()


def _failed(connection: Connection, rows: Rows) -> int:
    """Those that could not be read as they are now; led by the failures, which are few."""
    known = select(failure.c.conversation_id).join(
        conversation,
        and_(
            conversation.c.id == failure.c.conversation_id,
            conversation.c.fingerprint == failure.c.fingerprint,
        ),
    )
    if connection.execute(known.limit(1)).first() is None:
        return 0
    counted = (
        select(func.count())
        .select_from(rows.source)
        .where(
            rows.once,
            *rows.wanted,
            fact.c.analysed == 0,
            fact.c.conversation_id.in_(known),
        )
    )
    return connection.execute(counted).scalar_one()


def _words(dimensions: Sequence[Dimension], row: Row[Any]) -> tuple[str, ...]:
    return tuple(_word(dimension, row[place]) for place, dimension in enumerate(dimensions))


def _word(dimension: Dimension | None, value: Any) -> str:
    return iso(value) if dimension in GRAINS else str(value)


def _not_none(dimension: Dimension, value: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [] if dimension in GRAINS else [value != NO_VALUE]


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
