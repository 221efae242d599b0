"""Says in SQL what the facts and touched tags of many conversations are: makes or compares them.

Of a few conversations `storage.derived` makes the same rows. Knows nothing of rollups.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    union_all,
)

from service.domain.taxonomy import UNMAPPED
from service.query import EMPTY_VALUE, NO_VALUE, UNMEASURED_VALUE, Dimension
from storage.derived import METRICS
from storage.in_force import LEFT_BLANK
from storage.tables.accounts import account
from storage.tables.analyses import PERSON, assigned_tag, measurement
from storage.tables.conversations import conversation
from storage.tables.facts import NOT_ANALYSED, fact, touch

EVERYTHING = range(2**62)  # no id is larger

# Of which conversations, so that each statement is built once.
_FIRST, _STOP = bindparam("first_id", type_=BigInteger()), bindparam("stop_id", type_=BigInteger())
_TOUCHED = {Dimension.TAG: assigned_tag.c.canonical, Dimension.RAW_TAG: assigned_tag.c.raw}


def derive_everything(connection: Connection) -> None:
    """Write every row anew, in the tables' order where that is not the order of reading."""
    touches = _touches()
    ordered = touches.order_by(*touches.selected_columns)
    for table, rows in ((fact, _facts()), (touch, ordered)):
        connection.execute(table.delete())
        with _indexed_afterwards(connection, table):
            filled = table.insert().from_select(table.c.keys(), rows)
            connection.execute(filled, _of(EVERYTHING))


def is_derived(connection: Connection, ids: range) -> bool:
    """Whether these conversations have the facts and touched tags that they should, and no more."""
    return all(
        len(set(connection.execute(compared, _of(ids)).one())) == 1 for compared in _comparisons()
    )


@lru_cache(maxsize=1)
def _comparisons() -> tuple[Select[Any], ...]:
    return _compared(_facts(), fact), _compared(_touches(), touch)


def _compared(wanted: Select[Any] | CompoundSelect[Any], table: Table) -> Select[Any]:
    """Count the rows that should be there, those of them that are, and all that are.

    Looking each row up takes half as long as comparing all with all.
    """
    mine = _among(table.c.conversation_id)
    new, there = wanted.subquery(), select(table).where(mine).subquery()
    same = and_(*(one == other for one, other in zip(there.c, new.c, strict=True)))
    stored = select(func.count()).select_from(table).where(mine).scalar_subquery()
    counted = select(func.count(), func.count(there.c.conversation_id), stored)
    return counted.select_from(new.outerjoin(there, same))


@contextmanager
def _indexed_afterwards(connection: Connection, table: Table) -> Iterator[None]:
    """Fill a table without its indexes, then make them: sorting is faster than inserting.

    Only on SQLite: PostgreSQL would keep every reader waiting for as long as that takes.
    """
    indexes = table.indexes if connection.dialect.name == "sqlite" else set()
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _facts() -> Select[Any]:
    """The conversations' facts, in the order of the table's columns."""
    people = _said_by_people()
    drivers = _drivers(people).subquery()
    measured = {metric: _measured(metric, people).subquery(metric) for metric in METRICS}
    c = conversation.c
    known = (c.measured_by != "") | c.id.in_(select(people.c.conversation_id))
    without = case((known, UNMAPPED), else_=NOT_ANALYSED)
    found = conversation.outerjoin(account, account.c.key == c.account)
    for one in (*measured.values(), drivers):
        found = found.outerjoin(one, one.c.conversation_id == c.id)
    return (
        select(
            c.day,
            c.created_at,
            c.id.label("conversation_id"),
            func.coalesce(drivers.c.rank, 0).label("rank"),
            func.coalesce(drivers.c.driver, without).label("driver"),
            func.coalesce(drivers.c.m, 1).label("m"),
            *(c[name] for name in ("month", "source", "channel", "status")),
            or_none(c.account).label("account"),
            or_none(account.c.segment).label("segment"),
            or_none(account.c.owner).label("owner"),
            or_none(c.agent).label("agent"),
            *(func.coalesce(measured[metric].c.value, UNMEASURED_VALUE) for metric in METRICS),
            *(func.coalesce(measured[metric].c.why, "") for metric in METRICS),
            case((c.measured_by != "", 1), else_=0).label("analysed"),
        )
        .select_from(found)
        .where(_among(c.id))
    )


def _touches() -> CompoundSelect[Any]:
    """The tags that they touch, where their facts are right; in the order of the columns."""
    return union_all(*(_touched(dimension, value) for dimension, value in _TOUCHED.items()))


def within(column: ColumnElement[int], numbers: range) -> ColumnElement[bool]:
    return and_(column >= numbers.start, column < numbers.stop)


def _among(column: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(column >= _FIRST, column < _STOP)


def _of(ids: range) -> dict[str, int]:
    return {_FIRST.key: ids.start, _STOP.key: ids.stop}


def _said_by_people() -> CTE:
    of = measurement.c
    said = select(of.conversation_id, of.metric, of.nth, of.value)
    return said.where(of.origin == PERSON, _among(of.conversation_id)).cte("people")


def _not_said(metric: str, of: Column[int], people: CTE) -> ColumnElement[bool]:
    """By a list that is made once: a look for each row would read far beyond these ids."""
    return of.not_in(select(people.c.conversation_id).where(people.c.metric == metric))


def _measured(metric: str, people: CTE) -> Select[Any]:
    """Each conversation's value in force, and why it is empty: a person's before the analyser's."""
    of = measurement.c
    value = func.coalesce(of.value, EMPTY_VALUE)
    reason = func.coalesce(func.nullif(of.reason, ""), LEFT_BLANK)
    return select(
        of.conversation_id,
        value.label("value"),
        case((value == EMPTY_VALUE, reason), else_="").label("why"),
    ).where(
        of.metric == metric,
        (of.origin == PERSON) | _not_said(metric, of.conversation_id, people),
        _among(of.conversation_id),
    )


def _drivers(people: CTE) -> Select[Any]:
    """Each conversation's distinct drivers, ranked; a person's choice replaces the analyser's."""
    tag, said = assigned_tag.c, people.c
    chosen = select(said.conversation_id, said.value.label("driver"), said.nth).where(
        said.metric == "driver", said.value.is_not(None)
    )
    by_tags = (
        select(tag.conversation_id, tag.driver, func.min(tag.nth).label("nth"))
        .where(
            tag.driver.is_not(None),
            _not_said("driver", tag.conversation_id, people),
            _among(tag.conversation_id),
        )
        .group_by(tag.conversation_id, tag.driver)
    )
    both = union_all(by_tags, chosen).subquery()
    ranked = func.row_number().over(partition_by=both.c.conversation_id, order_by=both.c.nth)
    return select(
        both.c.conversation_id,
        both.c.driver,
        (ranked - 1).label("rank"),
        func.count().over(partition_by=both.c.conversation_id).label("m"),
    )


def _touched(dimension: Dimension, value: Column[Any]) -> Select[Any]:
    """What is measured without any such tag still touches one value: Unmapped."""
    of, f = assigned_tag.c.conversation_id, fact.c
    distinct = (
        select(of, value.label("value")).where(value.is_not(None), _among(of)).distinct()
    ).subquery()
    touched = distinct.c.value
    m = func.count().over(partition_by=f.conversation_id)
    return (
        select(
            literal(dimension.value).label("dimension"),
            func.coalesce(touched, UNMAPPED).label("value"),
            *(f.day, f.created_at, f.conversation_id.label("conversation_id")),
            m.label("m"),
        )
        .select_from(fact.outerjoin(distinct, distinct.c.conversation_id == f.conversation_id))
        .where(
            f.rank == 0,
            (f.driver != NOT_ANALYSED) | touched.is_not(None),
            _among(f.conversation_id),
        )
    )


def or_none(column: Column[Any]) -> ColumnElement[str]:
    return func.coalesce(func.nullif(column, ""), NO_VALUE)
