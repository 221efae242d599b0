"""Keeps the facts, the touched tags and the rollups equal to the rows they are made from.

`refresh` takes the given conversations out of the rollups, derives their facts anew and adds them
again, in the caller's transaction; `rebuild` does it for everything.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)

from service.domain.taxonomy import UNMAPPED
from service.query import NO_VALUE, Dimension
from storage.bulk import chunks, insert_into
from storage.in_force import value_in_force
from storage.tables.accounts import account
from storage.tables.analyses import PERSON, assigned_tag, measurement
from storage.tables.conversations import conversation
from storage.tables.facts import ALL_DRIVERS, NOT_ANALYSED, fact, rollup_day, touch

ROLLED_UP = {
    "sentiment": fact.c.sentiment,
    "effort": fact.c.effort,
    "churn_risk": fact.c.churn_risk,
}

# Limits a statement to the conversations in question, given its column with their ids.
Among = Callable[[Column[Any]], ColumnElement[bool]]


def refresh(connection: Connection, ids: Iterable[int]) -> None:
    for chunk in chunks(sorted(set(ids))):
        among = _any_of(chunk)
        _roll_up(connection, among, sign=-1)
        _forget(connection, among)
        _derive(connection, among)
        _roll_up(connection, among, sign=1)
    connection.execute(rollup_day.delete().where(_nothing()))


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Take conversations out of facts and rollups."""
    for chunk in chunks(sorted(set(ids))):
        _roll_up(connection, _any_of(chunk), sign=-1)
        _forget(connection, _any_of(chunk))
    connection.execute(rollup_day.delete().where(_nothing()))


def rebuild(connection: Connection) -> int:
    """Derive everything again; return how many conversations there are."""
    connection.execute(rollup_day.delete())
    _forget(connection, _everything)
    _derive(connection, _everything)
    _roll_up(connection, _everything, sign=1)
    return connection.execute(select(func.count()).select_from(conversation)).scalar_one()


def _any_of(ids: list[int]) -> Among:
    return lambda column: column.in_(ids)


def _everything(_column: Column[Any]) -> ColumnElement[bool]:
    return true()


def _nothing() -> ColumnElement[bool]:
    # A literal, because a partial index is not used for a bound value.
    return rollup_day.c.n == literal_column("0")


def _forget(connection: Connection, among: Among) -> None:
    connection.execute(fact.delete().where(among(fact.c.conversation_id)))
    connection.execute(touch.delete().where(among(touch.c.conversation_id)))


def _derive(connection: Connection, among: Among) -> None:
    made = _facts(among)
    connection.execute(fact.insert().from_select(list(made.selected_columns.keys()), made))
    for dimension, column in (
        (Dimension.TAG, assigned_tag.c.canonical),
        (Dimension.RAW_TAG, assigned_tag.c.raw),
    ):
        for rows in (_touched(dimension, column, among), _untouched(dimension, among)):
            connection.execute(touch.insert().from_select(list(touch.c.keys()), rows))


def _facts(among: Among) -> Select[Any]:
    drivers = _drivers(among).subquery()
    c = conversation.c
    person = exists().where(measurement.c.conversation_id == c.id, measurement.c.origin == PERSON)
    known = (c.measured_by != "") | person
    analysed = case((c.measured_by != "", 1), else_=0)
    without = case((known, UNMAPPED), else_=NOT_ANALYSED)
    return (
        select(
            c.id.label("conversation_id"),
            func.coalesce(drivers.c.rank, 0).label("rank"),
            func.coalesce(drivers.c.driver, without).label("driver"),
            func.coalesce(drivers.c.m, 1).label("m"),
            *(c[name] for name in ("day", "month", "created_at", "source", "channel", "status")),
            _or_none(c.account).label("account"),
            _or_none(account.c.segment).label("segment"),
            _or_none(account.c.owner).label("owner"),
            _or_none(c.agent).label("agent"),
            *(value_in_force(metric, c.id).label(metric) for metric in ROLLED_UP),
            analysed.label("analysed"),
        )
        .select_from(
            conversation.outerjoin(account, account.c.key == c.account).outerjoin(
                drivers, drivers.c.conversation_id == c.id
            )
        )
        .where(among(c.id))
    )


def _drivers(among: Among) -> Select[Any]:
    """Each conversation's distinct drivers, ranked; a person's choice replaces the analyser's."""
    tag, chosen = assigned_tag.c, measurement.c
    is_choice = and_(chosen.metric == "driver", chosen.origin == PERSON)
    by_person = select(chosen.conversation_id, chosen.value.label("driver"), chosen.nth).where(
        is_choice, chosen.value.is_not(None), among(chosen.conversation_id)
    )
    overruled = exists().where(chosen.conversation_id == tag.conversation_id, is_choice)
    by_tags = (
        select(tag.conversation_id, tag.driver, func.min(tag.nth).label("nth"))
        .where(tag.driver.is_not(None), ~overruled, among(tag.conversation_id))
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


def _touched(dimension: Dimension, value: Column[Any], among: Among) -> Select[Any]:
    distinct = (
        select(assigned_tag.c.conversation_id, value.label("value"))
        .where(value.is_not(None), among(assigned_tag.c.conversation_id))
        .distinct()
        .subquery()
    )
    m = func.count().over(partition_by=distinct.c.conversation_id)
    return select(distinct.c.conversation_id, literal(dimension.value), distinct.c.value, m)


def _untouched(dimension: Dimension, among: Among) -> Select[Any]:
    """Measured conversations without any such tag still touch one value: Unmapped."""
    has_one = exists().where(
        touch.c.conversation_id == fact.c.conversation_id, touch.c.dimension == dimension.value
    )
    return select(
        fact.c.conversation_id, literal(dimension.value), literal(UNMAPPED), literal(1)
    ).where(
        fact.c.rank == 0, fact.c.driver != NOT_ANALYSED, ~has_one, among(fact.c.conversation_id)
    )


def _roll_up(connection: Connection, among: Among, *, sign: int) -> None:
    counted = union_all(
        *(
            part
            for metric, value in ROLLED_UP.items()
            for part in (
                _by_driver(metric, value, among, sign),
                _altogether(metric, value, among, sign),
            )
        )
    )
    names = ("metric", "driver", "day", "m", "value", "n")
    statement = insert_into(connection, rollup_day).from_select(names, counted)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(names[:-1]),
            set_={"n": rollup_day.c.n + statement.excluded.n},
        )
    )


def _by_driver(metric: str, value: Column[Any], among: Among, sign: int) -> Select[Any]:
    f = fact.c
    return (
        select(literal(metric), f.driver, f.day, f.m, value, sign * func.count())
        .where(f.driver != NOT_ANALYSED, among(f.conversation_id))
        .group_by(f.driver, f.day, f.m, value)
    )


def _altogether(metric: str, value: Column[Any], among: Among, sign: int) -> Select[Any]:
    f = fact.c
    return (
        select(literal(metric), literal(ALL_DRIVERS), f.day, literal(0), value, sign * func.count())
        .where(f.rank == 0, among(f.conversation_id))
        .group_by(f.day, value)
    )


def _or_none(column: Column[Any]) -> ColumnElement[str]:
    return func.coalesce(func.nullif(column, ""), NO_VALUE)
