"""Inbox, outbox, the ledger of scheduled jobs and small remembered state.

Each decision is one statement whose row count says who won, so repeating and racing are harmless.
"""

from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sqlalchemy import exists, func, select, update

from service.ports import Clock
from storage.bulk import insert_into, upsert
from storage.engine import Engine
from storage.inbox import Inbox
from storage.moments import from_ms, to_ms
from storage.tables.work import job_run, memory, outbox

# Whatever is due only once is due at a time before this program was written.
_OF_NO_TIME = to_ms(datetime(2020, 1, 1, tzinfo=UTC))
# A lease that ends so much later than one that begins now was taken by a clock that ran ahead.
_CLOCKS_APART = 5 * 60 * 1000
PENDING, SENDING, SENT = "pending", "sending", "sent"


class SqlWork:
    """Implements WorkStore."""

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self.inbox = Inbox(engine)
        self._clock = clock

    def accept(self, source: str, event_id: str, payload: str, *, at: datetime) -> bool:
        return self.inbox.accept(source, event_id, payload, at=at)

    def unfinished(self, source: str) -> list[tuple[str, str]]:
        return self.inbox.unfinished(source)

    def finish(self, source: str, event_id: str) -> None:
        self.inbox.finish(source, event_id)

    def claim(self, job: str, due: datetime, owner: str, *, at: datetime, lease: float) -> bool:
        now = to_ms(at)
        ends = now + round(lease * 1000)
        row = {"job": job, "due": to_ms(due), "owner": owner, "lease_until": ends}
        until = job_run.c.lease_until
        over = (until < now) | (until > ends + _CLOCKS_APART)
        with self._engine.writing() as connection:
            new = insert_into(connection, job_run).values(row)
            claimed = new.on_conflict_do_update(
                index_elements=["job", "due"],
                set_={"owner": new.excluded.owner, "lease_until": new.excluded.lease_until},
                where=job_run.c.done_at.is_(None) & over,
            )
            done = connection.execute(claimed, execution_options={"preserve_rowcount": True})
            return done.rowcount == 1

    def renew(self, job: str, due: datetime, owner: str, *, at: datetime, lease: float) -> bool:
        run = job_run.c
        mine = (run.job == job) & (run.due == to_ms(due)) & (run.owner == owner)
        with self._engine.writing() as connection:
            renewed = connection.execute(
                update(job_run)
                .where(mine, run.done_at.is_(None))
                .values(lease_until=to_ms(at) + round(lease * 1000))
            )
            return renewed.rowcount == 1

    def done(self, job: str, due: datetime, owner: str, result: str) -> bool:
        run = job_run.c
        mine = (run.job == job) & (run.due == to_ms(due)) & (run.owner == owner)
        with self._engine.writing() as connection:
            closed = connection.execute(
                update(job_run)
                .where(mine, run.done_at.is_(None))
                .values(done_at=to_ms(self._clock()), result=result)
            )
            return closed.rowcount == 1

    def last_done(self, job: str) -> datetime | None:
        """The newest due time that was done."""
        query = select(func.max(job_run.c.due)).where(
            job_run.c.job == job, job_run.c.done_at.is_not(None)
        )
        with self._engine.reading() as connection:
            due = connection.execute(query).scalar_one()
        return None if due is None else from_ms(due)

    def forget_done(self, before: datetime) -> int:
        moment = to_ms(before)
        run, other = job_run.c, job_run.alias().c
        later = exists().where(
            other.job == run.job, other.due > run.due, other.done_at.is_not(None)
        )
        old_run = job_run.delete().where(
            run.done_at < moment, later | (run.due < _OF_NO_TIME), run.done_at.is_not(None)
        )
        with self._engine.writing() as connection:
            forgotten = connection.execute(old_run).rowcount
        return forgotten + self.inbox.forget_finished(before)

    def close(self) -> None:
        self.inbox.close()

    def alone(self, name: str) -> AbstractContextManager[bool]:
        return self._engine.alone(name)

    def outbox_start(self, key: str, payload: str, *, at: datetime) -> str:
        row = {"key": key, "payload": payload, "state": PENDING, "created_at": to_ms(at)}
        with self._engine.writing_for_good() as connection:
            new = insert_into(connection, outbox).values(row).on_conflict_do_nothing()
            connection.execute(new)
            query = select(outbox.c.state).where(outbox.c.key == key)
            return str(connection.execute(query).scalar_one())

    def outbox_sending(self, key: str) -> None:
        with self._engine.writing_for_good() as connection:
            connection.execute(update(outbox).where(outbox.c.key == key).values(state=SENDING))

    def outbox_sent(self, key: str, remote_id: str) -> None:
        with self._engine.writing_for_good() as connection:
            connection.execute(
                update(outbox).where(outbox.c.key == key).values(state=SENT, remote_id=remote_id)
            )

    def outbox_remote(self, key: str) -> str | None:
        with self._engine.reading() as connection:
            query = select(outbox.c.remote_id).where(outbox.c.key == key)
            return connection.execute(query).scalar_one_or_none()

    def outbox_open(self) -> tuple[int, datetime | None]:
        query = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.state != SENT)
        with self._engine.reading() as connection:
            count, oldest = connection.execute(query).one()
        return int(count), None if oldest is None else from_ms(oldest)

    def remember(self, name: str, value: str) -> None:
        with self._engine.writing() as connection:
            upsert(connection, memory, ["name"], [{"name": name, "value": value}])

    def recall(self, name: str) -> str | None:
        with self._engine.reading() as connection:
            query = select(memory.c.value).where(memory.c.name == name)
            return connection.execute(query).scalar_one_or_none()

    def recall_all(self, opening: str) -> list[str]:
        with self._engine.reading() as connection:
            named = memory.c.name.startswith(opening, autoescape=True)
            query = select(memory.c.value).where(named).order_by(memory.c.name)
            return list(connection.execute(query).scalars())
