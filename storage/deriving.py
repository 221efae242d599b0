"""Says in SQL what the facts and touched tags of many conversations are, and makes them all.

Of a few conversations `storage.derived` makes the same rows. Knows nothing of rollups.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    exists,
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

_TOUCHED = {Dimension.TAG: assigned_tag.c.canonical, Dimension.RAW_TAG: assigned_tag.c.raw}


def derive_everything(connection: Connection) -> None:
    """Write every row anew, in the tables' order where that is not the order of reading."""
    touches = touches_of(EVERYTHING)
    ordered = touches.order_by(*touches.selected_columns)
    for table, rows in ((fact, facts_of(EVERYTHING)), (touch, ordered)):
        connection.execute(table.delete())
        with _indexed_afterwards(connection, table):
            connection.execute(table.insert().from_select(table.c.keys(), rows))


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


def facts_of(ids: range) -> Select[Any]:
    """The facts of the conversations with these ids, in the order of the table's columns."""
    drivers, measured = _drivers(ids).subquery(), _measured(ids).subquery()
    c = conversation.c
    known = (c.measured_by != "") | (measured.c.by_person == 1)
    without = case((known, UNMAPPED), else_=NOT_ANALYSED)
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
            *(_value(measured.c[metric]).label(metric) for metric in METRICS),
            *(_why(measured.c, metric).label(f"{metric}_why") for metric in METRICS),
            case((c.measured_by != "", 1), else_=0).label("analysed"),
        )
        .select_from(
            conversation.outerjoin(account, account.c.key == c.account)
            .outerjoin(measured, measured.c.conversation_id == c.id)
            .outerjoin(drivers, drivers.c.conversation_id == c.id)
        )
        .where(within(c.id, ids))
    )


def touches_of(ids: range) -> CompoundSelect[Any]:
    """The tags that they touch, where their facts are right; in the order of the columns."""
    return union_all(
        *(_touched(dimension, column, ids) for dimension, column in _TOUCHED.items()),
        *(_untouched(dimension, column, ids) for dimension, column in _TOUCHED.items()),
    )


def within(column: ColumnElement[int], numbers: range) -> ColumnElement[bool]:
    return and_(column >= numbers.start, column < numbers.stop)


def _measured(ids: range) -> Select[Any]:
    """Each conversation's values and reasons in one row, read in one pass.

    Each begins with its origin, so that the greatest is the one in force: a person's before the
    analyser's.
    """
    of = measurement.c
    origin = cast(of.origin, String)
    values = select(
        of.conversation_id,
        func.max(case((of.origin == PERSON, 1), else_=0)).label("by_person"),
        *(
            func.max(
                case((of.metric == metric, origin + func.coalesce(of.value, EMPTY_VALUE)))
            ).label(metric)
            for metric in METRICS
        ),
        *(
            func.max(case((of.metric == metric, origin + func.coalesce(of.reason, "")))).label(
                f"{metric}_why"
            )
            for metric in METRICS
        ),
    )
    return values.where(within(of.conversation_id, ids)).group_by(of.conversation_id)


def _value(found: ColumnElement[Any]) -> ColumnElement[str]:
    return func.coalesce(func.substr(found, 2), UNMEASURED_VALUE)


def _why(measured: Any, metric: str) -> ColumnElement[str]:
    reason = func.coalesce(func.nullif(func.substr(measured[f"{metric}_why"], 2), ""), LEFT_BLANK)
    return case((func.substr(measured[metric], 2) == EMPTY_VALUE, reason), else_="")


def _drivers(ids: range) -> Select[Any]:
    """Each conversation's distinct drivers, ranked; a person's choice replaces the analyser's."""
    tag, chosen = assigned_tag.c, measurement.c
    is_choice = and_(chosen.metric == "driver", chosen.origin == PERSON)
    by_person = select(chosen.conversation_id, chosen.value.label("driver"), chosen.nth).where(
        is_choice, chosen.value.is_not(None), within(chosen.conversation_id, ids)
    )
    overruled = exists().where(chosen.conversation_id == tag.conversation_id, is_choice)
    by_tags = (
        select(tag.conversation_id, tag.driver, func.min(tag.nth).label("nth"))
        .where(tag.driver.is_not(None), ~overruled, within(tag.conversation_id, ids))
        .group_by(tag.conversation_id, tag.driver)
    )
    both = union_all(by_tags, by_person).subquery()
    ranked = func.row_number().over(partition_by=both.c.conversation_id, order_by=both.c.nth)
    return select(
        both.c.conversation_id,
        both.c.driver,
        (ranked - 1).label("rank"),
        func.count().over(partition_by=both.c.conversation_id).label("m"),
    )


def _touched(dimension: Dimension, value: Column[Any], ids: range) -> Select[Any]:
    of = assigned_tag.c.conversation_id
    distinct = (
        select(of, value.label("value")).where(value.is_not(None), within(of, ids)).distinct()
    ).subquery()
    d, c = distinct.c, conversation.c
    m = func.count().over(partition_by=d.conversation_id)
    return select(
        literal(dimension.value).label("dimension"),
        d.value,
        c.day,
        c.created_at,
        d.conversation_id,
        m.label("m"),
    ).join_from(distinct, conversation, c.id == d.conversation_id)


def _untouched(dimension: Dimension, value: Column[Any], ids: range) -> Select[Any]:
    """Measured conversations without any such tag still touch one value: Unmapped."""
    f = fact.c
    has_one = exists().where(
        assigned_tag.c.conversation_id == f.conversation_id, value.is_not(None)
    )
    return select(
        *(literal(dimension.value), literal(UNMAPPED)),
        *(f.day, f.created_at, f.conversation_id, literal(1)),
    ).where(f.rank == 0, f.driver != NOT_ANALYSED, ~has_one, within(f.conversation_id, ids))


def or_none(column: Column[Any]) -> ColumnElement[str]:
    return func.coalesce(func.nullif(column, ""), NO_VALUE)
