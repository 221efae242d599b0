"""Spot checks: draws conversations of each measured class, and keeps what people answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, update

from service.domain.conversations import ConversationKey, Role
from service.domain.feedback import QuoteReport, ShownQuote
from service.domain.measurements import SetBy
from service.domain.people import Viewer
from service.domain.validation import Check, allocate
from storage.bulk import insert
from storage.engine import Engine
from storage.moments import from_ms, to_ms
from storage.querying import ONCE, scope
from storage.tables.analyses import ANALYSER, measurement
from storage.tables.checks import quote_report, spot_check
from storage.tables.conversations import conversation, message
from storage.tables.facts import fact

# A mixed order that both databases compute alike and that a seed changes: a product modulo a prime.
_PRIME, _FACTOR = 1_000_003, 7_919
_REPORT_KEY = ("conversation_id", "metric", "message", "start")


class SqlChecks:
    """Implements CheckStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def draw(self, metric: str, size: int, *, seed: int, at: datetime) -> int:
        with self._engine.changing() as connection:
            counts = {
                (row.analyser, row.value): row.n for row in connection.execute(_counts(metric))
            }
            newest = _commonest(counts)
            if newest is None:
                return 0
            of_newest = {value: n for (version, value), n in counts.items() if version == newest}
            rows: list[dict[str, Any]] = []
            for value, wanted in allocate(of_newest, size).items():
                drawn = connection.execute(_drawn(metric, newest, value, wanted, seed)).all()
                weight = of_newest[value] / max(1, len(drawn))
                same = {"metric": metric, "analyser": newest, "measured": value, "weight": weight}
                rows += [_new(row, same, at) for row in drawn]
            insert(connection, spot_check, rows)
        return len(rows)

    def next(self, metric: str, viewer: Viewer) -> ConversationKey | None:
        query = (
            select(conversation.c.key)
            .select_from(spot_check)
            .join(conversation, conversation.c.id == spot_check.c.conversation_id)
            .join(fact, fact.c.conversation_id == spot_check.c.conversation_id)
            .where(
                ONCE,
                spot_check.c.metric == metric,
                spot_check.c.answered_at.is_(None),
                *scope(viewer),
            )
            .order_by(spot_check.c.drawn_at.desc(), spot_check.c.place)
            .limit(1)
        )
        with self._engine.reading() as connection:
            key = connection.execute(query).scalar_one_or_none()
        return None if key is None else ConversationKey(key)

    def answer(
        self, key: ConversationKey, metric: str, value: str | None, *, by: str, at: datetime
    ) -> bool:
        mine = select(conversation.c.id).where(conversation.c.key == key).scalar_subquery()
        statement = (
            update(spot_check)
            .where(
                spot_check.c.conversation_id == mine,
                spot_check.c.metric == metric,
                spot_check.c.answered_at.is_(None),
            )
            .values(answered_by=by, answer=value, answered_at=to_ms(at))
        )
        with self._engine.writing() as connection:
            return connection.execute(statement).rowcount > 0

    def checks(self, metric: str | None = None) -> Sequence[Check]:
        query = (
            select(spot_check, conversation.c.key)
            .join(conversation, conversation.c.id == spot_check.c.conversation_id)
            .order_by(spot_check.c.answered_at, spot_check.c.place)
        )
        if metric is not None:
            query = query.where(spot_check.c.metric == metric)
        with self._engine.reading() as connection:
            return [_check(row) for row in connection.execute(query)]

    def report(self, reports: Sequence[QuoteReport]) -> int:
        """The first report of a quote stands: naming it again asks for nothing new."""
        added = 0
        with self._engine.changing() as connection:
            for one in reports:
                found = select(conversation.c.id).where(
                    conversation.c.key == one.quote.conversation
                )
                number = connection.execute(found).scalar_one_or_none()
                if number is None:
                    continue  # it was purged meanwhile
                row = _report_row(one, number)
                known = select(quote_report.c.start).where(
                    *(quote_report.c[name] == row[name] for name in _REPORT_KEY)
                )
                if connection.execute(known).first() is None:
                    insert(connection, quote_report, [row])
                    added += 1
        return added

    def next_report(self, metric: str, viewer: Viewer) -> QuoteReport | None:
        query = (
            select(quote_report, conversation.c.key)
            .join(conversation, conversation.c.id == quote_report.c.conversation_id)
            .join(fact, fact.c.conversation_id == quote_report.c.conversation_id)
            .where(
                ONCE,
                quote_report.c.metric == metric,
                quote_report.c.answered_at.is_(None),
                *scope(viewer),
            )
            .order_by(quote_report.c.reported_at, quote_report.c.conversation_id)
            .limit(1)
        )
        with self._engine.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _report(row)

    def reports_waiting(self) -> Mapping[str, int]:
        query = (
            select(quote_report.c.metric, func.count().label("n"))
            .where(quote_report.c.answered_at.is_(None))
            .group_by(quote_report.c.metric)
        )
        with self._engine.reading() as connection:
            return {row.metric: row.n for row in connection.execute(query)}

    def settle_reports(self, key: ConversationKey, metric: str, *, by: str, at: datetime) -> bool:
        mine = select(conversation.c.id).where(conversation.c.key == key).scalar_subquery()
        statement = (
            update(quote_report)
            .where(
                quote_report.c.conversation_id == mine,
                quote_report.c.metric == metric,
                quote_report.c.answered_at.is_(None),
            )
            .values(answered_by=by, answered_at=to_ms(at))
        )
        with self._engine.writing() as connection:
            return connection.execute(statement).rowcount > 0


def _report_row(one: QuoteReport, number: int) -> dict[str, Any]:
    return {
        "conversation_id": number,
        "metric": one.quote.metric,
        "message": one.quote.message,
        "start": one.quote.start,
        "end": one.quote.end,
        "reported_by": one.by,
        "reported_at": to_ms(one.at),
        "answered_by": None,
        "answered_at": None,
    }


def _report(row: Row[Any]) -> QuoteReport:
    quote = ShownQuote(
        conversation=ConversationKey(row.key),
        message=row.message,
        start=row.start,
        end=row.end,
        metric=row.metric,
    )
    return QuoteReport(
        quote=quote,
        by=row.reported_by,
        at=from_ms(row.reported_at),
    )


def _new(row: Row[Any], same: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A check that waits for its answer."""
    return {
        **same,
        "conversation_id": row.conversation_id,
        "drawn_at": to_ms(at),
        "place": row.place,
        "answered_by": None,
        "answer": None,
        "answered_at": None,
    }


def _counts(metric: str) -> Select[Any]:
    """How many conversations are measured as what, by analyser version."""
    columns = (measurement.c.analyser, measurement.c.value)
    return (
        select(*columns, func.count().label("n"))
        .where(*_measured(metric), ~_drawn_before())
        .group_by(*columns)
    )


def _drawn(metric: str, analyser: str, value: str, size: int, seed: int) -> Select[Any]:
    mixed = measurement.c.conversation_id % _PRIME * _FACTOR + seed
    place = (mixed % _PRIME).label("place")
    return (
        select(measurement.c.conversation_id, place)
        .where(
            *_measured(metric),
            ~_drawn_before(),
            measurement.c.analyser == analyser,
            measurement.c.value == value,
        )
        .order_by(place, measurement.c.conversation_id)
        .limit(size)
    )


def _measured(metric: str) -> list[ColumnElement[bool]]:
    """What the analyser measured, also where a person set another value since, and with words."""
    words = exists().where(
        message.c.conversation_id == measurement.c.conversation_id,
        message.c.role == Role.CUSTOMER.value,
        message.c.public,
    )
    return [
        measurement.c.metric == metric,
        measurement.c.origin == ANALYSER,
        measurement.c.value.is_not(None),
        measurement.c.set_by == SetBy.ANALYSER.value,
        words.correlate(measurement),
    ]


def _drawn_before() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            spot_check.c.conversation_id == measurement.c.conversation_id,
            spot_check.c.metric == measurement.c.metric,
            spot_check.c.analyser == measurement.c.analyser,
        )
        .correlate(measurement)
    )


def _commonest(counts: Mapping[tuple[str, str], int]) -> str | None:
    """The analyser version that measured most of what could be drawn."""
    by_version: Counter[str] = Counter()
    for (version, _), n in counts.items():
        by_version[version] += n
    return max(by_version, key=lambda version: (by_version[version], version), default=None)


def _check(row: Row[Any]) -> Check:
    return Check(
        metric=row.metric,
        conversation=ConversationKey(row.key),
        analyser=row.analyser,
        measured=row.measured,
        weight=row.weight,
        drawn_at=from_ms(row.drawn_at),
        answered_by=row.answered_by,
        answer=row.answer,
        answered_at=None if row.answered_at is None else from_ms(row.answered_at),
    )
