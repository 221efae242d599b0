"""What came in and was accepted: events of helpdesks and questions from Slack, by id.

Whoever sent them waits for an answer, and SQLite has one writer, who may be at a long page. So on
SQLite they are kept in a small file of their own, which no page is ever written to.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, bindparam, select, update

from storage.bulk import insert_into
from storage.engine import Engine
from storage.moments import to_ms
from storage.tables.work import inbox

INBOX = "inbox"  # what SQLite's second file is called after the first


class Inbox:
    def __init__(self, engine: Engine) -> None:
        self._main = engine
        self._turn = threading.Lock()

    def accept(self, source: str, event_id: str, payload: str, *, at: datetime) -> bool:
        row = {
            "source": source,
            "event_id": event_id,
            "payload": payload,
            "received_at": to_ms(at),
            "finished": False,
        }
        with self._writing() as connection:
            new = insert_into(connection, inbox).values(row).on_conflict_do_nothing()
            done = connection.execute(new, execution_options={"preserve_rowcount": True})
            return done.rowcount == 1

    def unfinished(self, source: str) -> list[tuple[str, str]]:
        query = (
            select(inbox.c.event_id, inbox.c.payload)
            .where(inbox.c.source == source, ~inbox.c.finished)
            .order_by(inbox.c.received_at, inbox.c.event_id)
        )
        with self._engine.reading() as connection:
            return [(row.event_id, row.payload) for row in connection.execute(query)]

    def finish(self, source: str, event_id: str) -> None:
        """The id stays to recognise a repetition; the payload is not needed any more."""
        mine = (inbox.c.source == source) & (inbox.c.event_id == event_id)
        with self._writing() as connection:
            connection.execute(update(inbox).where(mine).values(finished=True, payload=""))

    def empty_payloads(self, which: Callable[[str], bool]) -> int:
        """Finish events of which the payload is not to be kept, and keep their ids only."""
        with self._engine.reading() as connection:
            query = select(inbox).where(inbox.c.payload != "")
            found = [row for row in connection.execute(query) if which(row.payload)]
        for row in found:
            self.finish(row.source, row.event_id)
        if found and self._engine is not self._main:
            self._engine.empty_log()
        return len(found)

    def forget_finished(self, before: datetime) -> int:
        old = inbox.delete().where(inbox.c.finished, inbox.c.received_at < to_ms(before))
        with self._engine.writing() as connection:
            forgotten = connection.execute(old).rowcount
        if self._engine is not self._main:
            self._engine.empty_log()  # it is too small to be emptied by itself before long
        return forgotten

    def close(self) -> None:
        if "_engine" in self.__dict__ and self._engine is not self._main:
            self._engine.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """SQLite's writers one after the other: whoever finds it busy sleeps for up to a tenth of a
        second, and again, while others who come later are served. PostgreSQL's beside each other.
        """
        with (
            self._turn if self._engine.is_sqlite else nullcontext(),
            self._engine.writing() as connection,
        ):
            yield connection

    @cached_property
    def _engine(self) -> Engine:
        """Open the file at first use, and take over what an older release kept with the rest."""
        beside = self._main.beside(INBOX)
        if beside is not self._main:
            with beside.writing() as connection:
                inbox.create(connection, checkfirst=True)
            self._take_over(beside)
        return beside

    def _take_over(self, beside: Engine) -> None:
        """Whoever dies in between has the rows twice, and the next to come removes them."""
        with self._main.reading() as connection:
            if not connection.dialect.has_table(connection, inbox.name):
                return
            old = [row._asdict() for row in connection.execute(select(inbox))]
        if not old:
            return
        with beside.writing() as connection:
            connection.execute(insert_into(connection, inbox).on_conflict_do_nothing(), old)
        taken = (inbox.c.source == bindparam("of")) & (inbox.c.event_id == bindparam("named"))
        with self._main.writing() as connection:
            keys = [{"of": row["source"], "named": row["event_id"]} for row in old]
            connection.execute(inbox.delete().where(taken), keys)
