"""The reading side: counts, groups, columns, lists, keys and quotes of a Query, within a scope."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
)

from service.collecting import no_collections
from service.domain.answers import Tally
from service.domain.conversations import ConversationKey
from service.domain.people import Viewer
from service.query import (
    EMPTY_VALUE,
    MULTI_VALUED,
    NO_VALUE,
    TIME,
    UNMEASURED_VALUE,
    Dimension,
    Query,
    Window,
)
from service.stores import Column, Columns, CoverageCounts, Kind, Listing, QuoteRow
from storage.columnar import Read, columns_of, in_pieces, read
from storage.engine import Engine
from storage.in_force import LEFT_BLANK
from storage.leading import newest_for, rows_for
from storage.listing import list_page
from storage.moments import iso
from storage.names_in_use import names_in_use
from storage.querying import (
    ONCE,
    PLACE,
    Rows,
    grouping,
    rows_of,
    value_of,
    why_empty,
)
from storage.quoting import newest, quotes_of
from storage.remembered import RememberedDays
from storage.rollup_reading import (
    analysed_from_rollups,
    empty_from_rollups,
    from_rollups,
    values_from_rollups,
)
from storage.rollups import ROLLED_UP
from storage.tables.analyses import analysis, failure
from storage.tables.conversations import conversation
from storage.tables.facts import fact
from storage.tallies import Measure, Measures, sums, tallies, tally_of

_MOST_VALUES = 200
_MOST_NAMES = 5_000
_BEYOND = 1 << 40  # more than any sum of counts
_ACCOUNT = case((fact.c.account == NO_VALUE, ""), else_=fact.c.account)
# What the facts and the touched tags tell; there are more dimensions, which metrics add.
_OF_FACTS = frozenset(Dimension) - {Dimension.CONVERSATION}
_PLACE = tuple(column.name for column in PLACE)


class SqlFacts:
    """Implements Facts."""

    def __init__(self, engine: Engine, measures: Measures) -> None:
        self._engine = engine
        self._measures = measures
        self._days = RememberedDays()

    def count(self, query: Query, viewer: Viewer) -> Tally:
        plain = replace(query, group_by=())
        with self._engine.reading() as connection:
            row = connection.execute(self._grouped(connection, plain, viewer)).one()
        return tallies([[int(number)] for number in row])[0]

    def groups(self, query: Query, viewer: Viewer) -> list[tuple[tuple[str, ...], Tally]]:
        """Largest first; along a time, in its order."""
        with self._engine.reading() as connection, no_collections():
            counted = columns_of(connection, self._grouped(connection, query, viewer))
            return _sorted_groups(query, counted)

    def columns(
        self, query: Query, viewer: Viewer, lenses: Sequence[Dimension], window: Window
    ) -> Columns:
        measure = self._measures.named(query.metric)

        def rows(of: Window) -> Read:
            return _rows_in_columns(connection, query.during(of), viewer, lenses, measure)

        with self._engine.reading() as connection:
            if _is_remembered(query, viewer, lenses, measure):
                asked = (query.metric, query.filters, query.exclude, *lenses)
                names = ("account", "kind", *lenses)
                columns = self._days.columns(connection, asked, names, window, rows)
            else:
                columns = in_pieces(window, rows)
        accounts, kinds, *values = columns
        return Columns(
            accounts=accounts,
            kinds=Column([_kind_of(number) for number in kinds.known], kinds.places),
            values=dict(zip(lenses, values, strict=True)),
        )

    def conversations(
        self, query: Query, viewer: Viewer, *, after: str | None = None, limit: int = 50
    ) -> Listing:
        metrics = [metric.name for metric in self._measures.metrics()]
        with self._engine.reading() as connection:
            rows = newest_for(connection, query, viewer, limit)
            return list_page(
                connection, rows, sort=query.sort, after=after, limit=limit, metrics=metrics
            )

    def keys(
        self, query: Query, viewer: Viewer, *, numerator: bool, limit: int
    ) -> tuple[ConversationKey, ...]:
        measure = self._measures.named(query.metric)
        counted = []
        if numerator and measure.metric is not None:
            counted.append(value_of(measure.metric) == measure.value)
        return self._keys(query, viewer, counted, limit)

    def others(self, query: Query, viewer: Viewer, *, limit: int) -> tuple[ConversationKey, ...]:
        measure = self._measures.named(query.metric)
        if measure.metric is None:
            return ()
        not_counted = [measure.value, EMPTY_VALUE, UNMEASURED_VALUE]
        complement = value_of(measure.metric).not_in(not_counted)
        return self._keys(query, viewer, [complement], limit)

    def _keys(
        self, query: Query, viewer: Viewer, also: Sequence[ColumnElement[bool]], limit: int
    ) -> tuple[ConversationKey, ...]:
        with self._engine.reading() as connection:
            rows = newest_for(connection, query, viewer, limit)
            some = newest(rows, also, limit).subquery()
            named = (
                select(conversation.c.key)
                .join(some, some.c.conversation_id == conversation.c.id)
                .order_by(*(some.c[name].desc() for name in _PLACE))
            )
            return tuple(ConversationKey(key) for key in connection.execute(named).scalars())

    def quotes(
        self, query: Query, viewer: Viewer, *, shows: Sequence[str], limit: int
    ) -> list[QuoteRow]:
        """Without any `shows`, quotes of every kind."""
        with self._engine.reading() as connection:
            rows = newest_for(connection, query, viewer, limit)
            return quotes_of(connection, rows, shows, limit)

    def coverage(self, query: Query, viewer: Viewer) -> CoverageCounts:
        query = replace(query, group_by=())
        with self._engine.reading() as connection:
            rows = rows_for(connection, query, viewer)
            measure = self._measures.named(query.metric)
            found = _from_rollups(connection, query, viewer, measure.metric)
            if found is None:
                found = _from_rows(connection, rows, measure)
            with_, without = found.analysed.get("1", 0), found.analysed.get("0", 0)
            return CoverageCounts(
                total=with_ + without,
                analysed=with_,
                failed=_failed(connection, rows) if without else 0,
                empty=found.empty,
                tally=found.tally,
            )

    def languages(self, query: Query, viewer: Viewer) -> Mapping[str, int]:
        """Led by the analyses in other languages, which are few."""
        query = replace(query, group_by=())
        is_other = analysis.c.language != literal_column("'en'")  # as the partial index spells it
        known = select(analysis.c.language).where(is_other).distinct()
        with self._engine.reading() as connection:
            rows = rows_for(connection, query, viewer)
            found = {
                language: _among(
                    connection,
                    rows,
                    select(analysis.c.conversation_id).where(
                        is_other, analysis.c.language == language
                    ),
                )
                for language in connection.execute(known).scalars().all()
            }
        return {one: n for one, n in sorted(found.items(), key=lambda each: -each[1]) if n}

    def days(self) -> Window | None:
        # Apart, each is the first or the last row of the table; together they read all of it.
        ends = [select(end(fact.c.day)).scalar_subquery() for end in (func.min, func.max)]
        with self._engine.reading() as connection:
            first, last = connection.execute(select(*ends)).one()
        if first is None:
            return None
        return Window(date.fromordinal(first), date.fromordinal(last + 1))

    def names(self, dimension: Dimension, viewer: Viewer) -> list[str]:
        with self._engine.reading() as connection:
            found = names_in_use(connection, dimension, viewer, most=_MOST_NAMES)
        if found is None:
            return self.values(dimension, viewer)
        return [name for name in found if name != NO_VALUE]

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
            select(*by.values, *sums(measure, value))
            .select_from(by.source)
            .where(*by.wanted)
            .group_by(*by.values)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """How many have an analysis ("1") and none ("0"), and how many are empty by reason."""

    analysed: Mapping[str, int]
    empty: Mapping[str, int]
    tally: Tally | None = None


def _from_rollups(
    connection: Connection, query: Query, viewer: Viewer, metric: str | None
) -> _Found | None:
    analysed = analysed_from_rollups(query, viewer)
    empty = None if metric is None else empty_from_rollups(query, viewer, metric)
    if analysed is None or (empty is None and metric is not None):
        return None
    reasons = () if empty is None else connection.execute(empty).all()
    return _Found(
        analysed={value: int(n) for value, n in connection.execute(analysed)},
        empty={reason or LEFT_BLANK: int(n) for reason, n in reasons},
    )


def _from_rows(connection: Connection, rows: Rows, measure: Measure) -> _Found:
    """All of it in one pass over the conversations: words are looked for in each of them."""
    of: ColumnElement[Any] = null()
    why: ColumnElement[Any] = null()
    if measure.metric is not None:
        of = value_of(measure.metric)
        why = case((of == EMPTY_VALUE, func.coalesce(why_empty(measure.metric), "")))
    inner = (
        select(fact.c.analysed, of.label("value"), why.label("why"))
        .select_from(rows.source)
        .where(rows.once, *rows.wanted)
        .subquery()
    )
    groups = (inner.c.analysed, inner.c.value, inner.c.why)
    analysed, empty, values = Counter[str](), Counter[str](), Counter[str | None]()
    found = connection.execute(select(*groups, func.count()).group_by(*groups))
    for is_analysed, value, reason, n in found:
        analysed[str(is_analysed)] += n
        values[value] += n
        if reason is not None:
            empty[reason or LEFT_BLANK] += n
    return _Found(analysed=analysed, empty=empty, tally=tally_of(measure, values))


def _sorted_groups(
    query: Query, counted: Sequence[Sequence[Any]]
) -> list[tuple[tuple[str, ...], Tally]]:
    size = len(query.group_by)
    counts, totals = tallies(counted[size:]), counted[size]
    columns = [
        _words(dimension, column)
        for dimension, column in zip(query.group_by, counted[:size], strict=True)
    ]
    names = list(zip(*columns, strict=True)) if size else [()] * len(counts)
    spelled = columns[0] if len(columns) == 1 else names
    # Nothing is one group, too, and no number.
    order = [place for place, total in enumerate(totals) if total]
    order.sort(key=spelled.__getitem__)
    if not set(query.group_by[:1]) & TIME:
        largest = totals
        if len(counted) > size + 1:
            # By one number: a key of both would take longer for twenty thousand accounts.
            pairs = zip(counted[size + 1], totals, strict=True)
            largest = [n * _BEYOND + total for n, total in pairs]
        order.sort(key=largest.__getitem__, reverse=True)
    return [(names[place], counts[place]) for place in order]


def _words(dimension: Dimension, values: Sequence[Any]) -> Sequence[str]:
    return [iso(value) for value in values] if dimension in TIME else values


def _is_remembered(
    query: Query, viewer: Viewer, lenses: Sequence[Dimension], measure: Measure
) -> bool:
    """Whether a change of what is read is always one of the facts, and of everybody's."""
    if query.text or viewer.accounts is not None or measure.metric not in ROLLED_UP:
        return False
    return {*lenses, *(one.dimension for one in (*query.filters, *query.exclude))} <= _OF_FACTS


def _rows_in_columns(
    connection: Connection,
    query: Query,
    viewer: Viewer,
    lenses: Sequence[Dimension],
    measure: Measure,
) -> Read:
    """The explained conversations: the day, the account, the kind in one number, and the lenses."""
    by = grouping(lenses, rows := rows_for(connection, query, viewer))
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
    kind = ((m * 7 + weekday) * 2 + first) * 2 + counted
    day, *columns = read(connection, [fact.c.day, _ACCOUNT, kind, *by.values], by.source, wanted)
    accounts, kinds, *values = columns
    words = [_words(lens, value) for lens, value in zip(lenses, values, strict=True)]
    return Read(day, [accounts, kinds, *words])


def _kind_of(number: int) -> Kind:
    rest, counted = divmod(number, 2)
    rest, first = divmod(rest, 2)
    m, weekday = divmod(rest, 7)
    return Kind(m, weekday, bool(first), bool(counted))


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
    return _among(connection, rows, known, fact.c.analysed == 0)


def _among(
    connection: Connection, rows: Rows, some: Select[Any], *also: ColumnElement[bool]
) -> int:
    counted = (
        select(func.count())
        .select_from(rows.source)
        .where(rows.once, *rows.wanted, *also, fact.c.conversation_id.in_(some))
    )
    return connection.execute(counted).scalar_one()


def _word(dimension: Dimension | None, value: Any) -> str:
    return iso(value) if dimension in TIME else str(value)


def _not_none(dimension: Dimension, value: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [] if dimension in TIME else [value != NO_VALUE]
