"""Writes our values into conversations that are closed or quiet.

Knows that every written value is a visible line in the thread and moves updated_at, and how the
answer tells what else happened meanwhile. Never writes a note or a reply.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from connectors._http import Refused
from connectors.intercom.client import WORKERS, Client, not_there
from connectors.intercom.mapping import (
    TITLES,
    changed_by_others_since,
    has_parts,
    is_closed,
    last_said_at,
    state_of,
)
from connectors.intercom.payload import Json, moment_of, seconds
from connectors.intercom.tags import Tags
from service.domain.conversations import ConversationKey, split_key
from service.domain.writeback import FieldChange, WriteOutcome
from service.ports import Known

logger = logging.getLogger(__name__)

NOT_QUIET = "not quiet yet"
_CHUNK = 64
_MOST_REFUSALS = 10  # in a row; then it is not one option that is missing
_WRONG_VALUE = frozenset((400, 404, 422))  # the same values would be refused again


class Writer:
    """Makes changes, several at a time.

    A conversation may be written to when it is closed or nobody wrote in it for `quiet_seconds`.
    When the stored updated_at is older than that, which is nearly always so, no call is needed to
    know it: nothing can have been said later than the last change. Only a conversation that
    changed recently, or whose stored time is not known, is read first.
    """

    def __init__(
        self,
        client: Client,
        tags: Tags,
        *,
        known: Known | None,
        now: Callable[[], int],
        quiet_seconds: int,
    ) -> None:
        self._client = client
        self._tags = tags
        self._known = known
        self._now = now
        self._quiet_seconds = quiet_seconds
        self._refusals = 0  # in a row
        self._last_refusal = ""

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        self._refusals = 0
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intercom") as pool:
            for start in range(0, len(changes), _CHUNK):
                yield from self._chunk(changes[start : start + _CHUNK], pool)

    def _chunk(
        self, changes: Sequence[FieldChange], pool: ThreadPoolExecutor
    ) -> Iterator[WriteOutcome]:
        if self._refusals >= _MOST_REFUSALS:
            yield from (_unwritten(change, self._last_refusal) for change in changes)
            return
        stored: Mapping[ConversationKey, datetime] = {}
        if self._known is not None:
            stored = self._known([change.conversation for change in changes])
        running = [
            pool.submit(self._write, change, stored.get(change.conversation)) for change in changes
        ]
        yield from self._outcomes(running)

    def _outcomes(self, running: Sequence[Future[WriteOutcome]]) -> Iterator[WriteOutcome]:
        """Yield what was done before raising what went wrong, so that nothing done is lost."""
        problems: list[BaseException] = []
        for future in running:
            problem = future.exception()
            if problem is None:
                yield self._counted(future.result())
            else:
                problems.append(problem)
        if problems:
            raise problems[0]

    def _counted(self, outcome: WriteOutcome) -> WriteOutcome:
        if outcome.written:
            self._refusals = 0
        elif outcome.permanent:
            self._refusals += 1
            self._last_refusal = outcome.reason or ""
        return outcome

    def _write(self, change: FieldChange, stored: datetime | None) -> WriteOutcome:
        try:
            return self._write_or_raise(change, stored)
        except Refused as error:
            reason = "deleted" if not_there(error) else str(error)
            logger.info(
                "intercom.write_refused",
                extra={"conversation": change.conversation, "status": error.status},
            )
            return _unwritten(change, reason, permanent=error.status in _WRONG_VALUE)

    def _write_or_raise(self, change: FieldChange, stored: datetime | None) -> WriteOutcome:
        fields = {name: change.fields[name] for name in sorted(change.fields) if name in TITLES}
        add, remove = self._tags.wanted(change)
        if not (fields or add or remove):
            return WriteOutcome(change=change, written=True)
        before = None if stored is None else int(stored.timestamp())
        if before is None or before > self._now() - self._quiet_seconds:
            current = self._retrieved(change)
            if not self._may_be_written(current):
                return _unwritten(change, NOT_QUIET)
            shown = state_of(current).fields
            fields = {name: value for name, value in fields.items() if shown[name] != value}
        # The tag first: the update's answer then also tells how the tag left the conversation.
        self._tags.change(change.conversation, add=add, remove=remove)
        return self._outcome(change, self._put(change, fields), before)

    def _may_be_written(self, current: Json) -> bool:
        return is_closed(current) or last_said_at(current) <= self._now() - self._quiet_seconds

    def _put(self, change: FieldChange, fields: Mapping[str, str | None]) -> Json:
        """Update and return the whole conversation; null clears a value."""
        if not fields:
            return self._retrieved(change)
        values = {TITLES[name]: value for name, value in fields.items()}
        answer = self._client.put(_path(change), {"custom_attributes": values})
        return answer if has_parts(answer) else self._retrieved(change)

    def _retrieved(self, change: FieldChange) -> Json:
        return self._client.get(_path(change))

    def _outcome(self, change: FieldChange, answer: Json, before: int | None) -> WriteOutcome:
        """Tell how the conversation stands now.

        Its time is told only when nothing but our own write happened since it was last fetched: a
        time that is told counts as fetched, and a reply that arrived in between would be missed.
        """
        updated = seconds(answer.get("updated_at"))
        news = before is None or changed_by_others_since(answer, before)
        return WriteOutcome(
            change=change,
            written=True,
            state=state_of(answer),
            updated_at=None if news or updated is None else moment_of(updated),
        )


def _path(change: FieldChange) -> str:
    return f"/conversations/{split_key(change.conversation)[1]}"


def _unwritten(change: FieldChange, reason: str, *, permanent: bool = False) -> WriteOutcome:
    return WriteOutcome(change=change, written=False, reason=reason, permanent=permanent)
