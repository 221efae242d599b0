"""Sees to it that every question is answered, each once, on threads of our own.

A question is stored before Slack is told that we have it, so a crash loses and repeats nothing.
Knows when to try, to try again and to give up; what is said is bot.telling's.
"""

import json
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.clients import Clients
from bot.telling import Asked, Telling, log
from service.errors import RetryLater, Unauthorized, Unreachable, VerbatimError
from service.ports import Clock
from service.stores import Database

logger = logging.getLogger("verbatim")

SOURCE = "slack"
LEASE = timedelta(minutes=3)  # longer than the longest answer with all its waiting
TOO_OLD = timedelta(hours=1)  # an answer that comes later surprises more than it helps
HOPELESS = timedelta(days=7)  # nobody waits to hear that there is none, either
WORKERS = 8
_ONCE = datetime(2000, 1, 1, tzinfo=UTC)  # a question is due once, at no particular time


class Asking:
    """The questions under way, also among several processes."""

    def __init__(
        self,
        *,
        telling: Telling,
        clients: Clients,
        database: Database,
        clock: Clock,
        give_way: Callable[[], None],
    ) -> None:
        self._telling = telling
        self._clients = clients
        self._work = database.work
        self._clock = clock
        self._give_way = give_way
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="verbatim-slack")
        self._owner = f"{os.getpid()}-{id(self)}"
        self._running: set[str] = set()
        self._late: dict[str, timedelta] = {}  # how old a question was when it was taken up again
        self._lock = threading.Lock()

    def accept(self, asked: Asked) -> bool:
        """Store the question; False when it was stored before, as Slack's retries are."""
        stored = {"at": self._clock().timestamp(), "asked": asdict(asked)}
        return self._work.accept(SOURCE, asked.key, json.dumps(stored), at=self._clock())

    def start(self, asked: Asked) -> None:
        """Answer on a worker thread; harmless while the same question is being answered."""
        with self._lock:
            if asked.key in self._running:
                return
            self._running.add(asked.key)
        self._workers.submit(self._answer_once, asked).add_done_callback(
            partial(self._settle, asked)
        )

    def resume(self) -> int:
        """Start what was accepted and not finished, here or by a process that died.

        Return how many were started.
        """
        started = 0
        for key, payload in self._work.unfinished(SOURCE):
            asked = self._stored(payload)
            if asked is None:
                logger.warning("slack.question_dropped", extra={"question": key})
                self._work.finish(SOURCE, key)
            else:
                self.start(asked)
                started += 1
        return started

    def close(self) -> None:
        """Answer what was started, then stop."""
        self._workers.shutdown(wait=True)

    def _stored(self, payload: str) -> Asked | None:
        """Read a stored question; None when it cannot be read."""
        try:
            stored = json.loads(payload)
            asked, at = Asked(**stored["asked"]), float(stored["at"])
        except (ValueError, TypeError, KeyError):
            return None
        age = timedelta(seconds=self._clock().timestamp() - at)
        if age >= TOO_OLD:
            self._late[asked.key] = age
        return asked

    def _answer_once(self, asked: Asked) -> None:
        job = f"slack:{asked.key}"
        lease = LEASE.total_seconds()
        if not self._work.claim(job, _ONCE, self._owner, at=self._clock(), lease=lease):
            return  # another process is at it, or a failed try is not over yet
        self._give_way()
        try:
            if asked.key in self._late:
                self._telling.give_up(asked)
            else:
                self._telling.answer(asked)
            self._clients.works(asked.team)
        except (RetryLater, Unreachable, Unauthorized) as error:
            # The question stays unfinished and is taken up when the lease is over.
            log("slack.answer_delayed", error)
            if isinstance(error, Unauthorized):
                self._clients.doubt(asked.team)
            if self._late.get(asked.key, timedelta()) < HOPELESS:
                return
        except VerbatimError as error:
            log("slack.answer_refused", error)
        self._finish(asked)

    def _settle(self, asked: Asked, done: "Future[None]") -> None:
        """The end of a worker's task: a defect of ours is told once, not tried for ever."""
        error = done.exception()
        if error is not None:
            log("slack.answer_failed", error)
            self._telling.apologise(asked)
            self._finish(asked)
        with self._lock:
            self._running.discard(asked.key)

    def _finish(self, asked: Asked) -> None:
        self._work.finish(SOURCE, asked.key)
        self._work.done(f"slack:{asked.key}", _ONCE, self._owner, "answered")
        self._late.pop(asked.key, None)
