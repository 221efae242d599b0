"""The ledger of paid calls and the batches that are out. Knows no price and no vendor.

A call is noted for good before it is made, so that a crash leaves a row and never a gap. What was
noted and not settled counts in full; after a while it is called lost.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, func, select, update

from service.domain.conversations import ConversationKey
from service.domain.costs import (
    BatchRow,
    BatchState,
    Payment,
    RowState,
    SentBatch,
    Spending,
    Usage,
)
from service.ports import Clock
from storage.bulk import chunks, insert
from storage.engine import Engine
from storage.moments import from_ms, to_ms
from storage.tables.costs import batch_request, batch_sent, paid_call

OUT, SETTLED, FREE, LOST = "out", "settled", "free", "lost"
LOST_AFTER = timedelta(minutes=15)  # longer than any single call with its time limit
_ALONE = 5_736_418  # any number of our own
_SENDING, _SENT = str(BatchState.SENDING), str(BatchState.SENT)


class SqlCosts:
    """Implements CostLedger and BatchStore."""

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def note(self, analyser: str, *, most: int, limit: int, batch: str | None = None) -> int | None:
        """Alone, so that two processes together cannot pass the limit."""
        now = self._clock()
        with self._alone() as connection:
            if self._counted(connection, now.date()) + most > limit:
                return None
            row = {
                "day": now.date().toordinal(),
                "noted_at": to_ms(now),
                "state": OUT,
                "analyser": analyser,
                "batch": batch,
                "most": most,
            }
            nothing = dict.fromkeys(_SUMS, 0)
            new = paid_call.insert().values(**row, **nothing).returning(paid_call.c.id)
            return int(connection.execute(new).scalar_one())

    def settle(self, call: int, payment: Payment) -> None:
        usage = payment.usage
        self._change(
            call,
            state=SETTLED,
            cost=payment.nano,
            answers=payment.answers,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cache_read=usage.cache_read,
            cache_written=usage.cache_written + usage.cache_written_long,
            thinking=usage.thinking,
            request=payment.request,
        )

    def release(self, call: int) -> None:
        self._change(call, state=FREE)

    def lose(self, call: int) -> None:
        self._change(call, state=LOST)

    def graded(self, call: int, *, quotes: int, dropped: int) -> None:
        row = paid_call.c
        with self._engine.writing() as connection:
            connection.execute(
                update(paid_call)
                .where(row.id == call)
                .values(quotes=row.quotes + quotes, quotes_dropped=row.quotes_dropped + dropped)
            )

    def spending(self, first: date, last: date) -> Spending:
        row = paid_call.c
        forgotten = to_ms(self._clock() - LOST_AFTER)
        is_lost = (row.state == LOST) | (
            (row.state == OUT) & row.batch.is_(None) & (row.noted_at < forgotten)
        )
        is_out = (row.state == OUT) & ~is_lost
        sums = [func.coalesce(func.sum(row[name]), 0).label(name) for name in _SUMS]
        query = select(
            *sums,
            func.count().label("calls"),
            func.coalesce(func.sum(case((is_out, row.most), else_=0)), 0).label("reserved"),
            func.coalesce(func.sum(case((is_lost, row.most), else_=0)), 0).label("lost"),
            func.coalesce(func.sum(case((is_lost, 1), else_=0)), 0).label("calls_lost"),
        ).where(row.day.between(first.toordinal(), last.toordinal()), row.state != FREE)
        with self._engine.reading() as connection:
            return _spending(connection.execute(query).one())

    def begin(self, batch: SentBatch) -> bool:
        """Note a batch before it is sent; False when another one already holds a conversation."""
        values = {
            "name": batch.name,
            "remote": batch.remote,
            "state": str(batch.state),
            "analyser": batch.analyser,
            "taxonomy": batch.taxonomy,
            "call": batch.call,
            "created_at": to_ms(batch.created_at),
        }
        rows = [
            {
                "batch": batch.name,
                "custom_id": one.custom_id,
                "conversation": one.conversation,
                "fingerprint": one.fingerprint,
                "state": str(one.state),
            }
            for one in batch.rows
        ]
        with self._alone() as connection:
            if _waiting_in(connection, [one.conversation for one in batch.rows]):
                return False
            insert(connection, batch_sent, [values])
            insert(connection, batch_request, rows)
        return True

    def sent(self, name: str, remote: str) -> None:
        with self._engine.writing_for_good() as connection:
            connection.execute(
                update(batch_sent)
                .where(batch_sent.c.name == name)
                .values(remote=remote, state=_SENT)
            )

    def under_way(self) -> list[SentBatch]:
        query = (
            select(batch_sent)
            .where(batch_sent.c.state.in_((_SENDING, _SENT)))
            .order_by(batch_sent.c.created_at, batch_sent.c.name)
        )
        with self._engine.reading() as connection:
            return [_batch(connection, row) for row in connection.execute(query).all()]

    def known_remotes(self) -> frozenset[str]:
        query = select(batch_sent.c.remote).where(batch_sent.c.remote.is_not(None))
        with self._engine.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def answered(self, name: str, outcomes: Sequence[tuple[str, RowState]]) -> None:
        row = batch_request.c
        with self._engine.writing() as connection:
            for custom_id, state in outcomes:
                connection.execute(
                    update(batch_request)
                    .where(row.batch == name, row.custom_id == custom_id)
                    .values(state=str(state))
                )

    def close(self, name: str, state: BatchState) -> None:
        """The requests of a closed batch are not needed any more."""
        with self._engine.writing_for_good() as connection:
            connection.execute(
                update(batch_sent).where(batch_sent.c.name == name).values(state=str(state))
            )
            connection.execute(batch_request.delete().where(batch_request.c.batch == name))

    def in_batches(self) -> frozenset[ConversationKey]:
        row = batch_request.c
        query = select(row.conversation).where(row.state == str(RowState.WAITING))
        with self._engine.reading() as connection:
            return frozenset(ConversationKey(key) for key in connection.execute(query).scalars())

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """SQLite has one writer anyway; PostgreSQL would let two read the same sum."""
        with self._engine.writing_for_good() as connection:
            if not self._engine.is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")
            yield connection

    def _counted(self, connection: Connection, day: date) -> int:
        row = paid_call.c
        counts = case((row.state == SETTLED, row.cost), else_=row.most)
        query = select(func.coalesce(func.sum(counts), 0)).where(
            row.day == day.toordinal(), row.state != FREE
        )
        return int(connection.execute(query).scalar_one())

    def _change(self, call: int, **values: Any) -> None:
        with self._engine.writing_for_good() as connection:
            connection.execute(update(paid_call).where(paid_call.c.id == call).values(**values))


_SUMS = (
    "cost", "answers", "tokens_in", "tokens_out", "cache_read", "cache_written", "thinking",
    "quotes", "quotes_dropped",
)  # fmt: skip


def _waiting_in(connection: Connection, keys: Sequence[ConversationKey]) -> bool:
    row = batch_request.c
    return any(
        connection.execute(
            select(row.conversation)
            .where(row.state == str(RowState.WAITING), row.conversation.in_(chunk))
            .limit(1)
        ).first()
        for chunk in chunks(keys)
    )


def _spending(row: Any) -> Spending:
    return Spending(
        nano=int(row.cost),
        reserved=int(row.reserved),
        lost=int(row.lost),
        calls=int(row.calls),
        calls_lost=int(row.calls_lost),
        answers=int(row.answers),
        usage=Usage(
            tokens_in=int(row.tokens_in),
            tokens_out=int(row.tokens_out),
            cache_read=int(row.cache_read),
            cache_written=int(row.cache_written),
            thinking=int(row.thinking),
        ),
        quotes=int(row.quotes),
        quotes_dropped=int(row.quotes_dropped),
    )


def _batch(connection: Connection, row: Row[Any]) -> SentBatch:
    query = (
        select(batch_request)
        .where(batch_request.c.batch == row.name)
        .order_by(batch_request.c.custom_id)
    )
    rows = tuple(
        BatchRow(
            custom_id=one.custom_id,
            conversation=ConversationKey(one.conversation),
            fingerprint=one.fingerprint,
            state=RowState(one.state),
        )
        for one in connection.execute(query)
    )
    return SentBatch(
        name=row.name,
        remote=row.remote,
        state=BatchState(row.state),
        analyser=row.analyser,
        taxonomy=row.taxonomy,
        call=row.call,
        created_at=from_ms(row.created_at),
        rows=rows,
    )
