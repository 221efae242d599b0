"""Writes our values into conversations that are closed or quiet.

Knows that every written value is a visible line in the thread and moves updated_at, and how the
answer tells what else happened meanwhile. Never writes a note or a reply, and never over what
changed since it was read: an agent's value is in there.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from connectors._http import Refused
from connectors.intercom.attributes import make_own
from connectors.intercom.client import WORKERS, Client
from connectors.intercom.mapping import (
    changed_by_others_since,
    has_parts,
    is_closed,
    last_said_at,
    our_names,
    set_by_agents_since,
    state_of,
    title_of,
)
from connectors.intercom.payload import Json, identity, moment_of, seconds
from connectors.intercom.presence import BATCH, rows_of
from connectors.intercom.problems import deleted_there, not_there
from connectors.intercom.refusals import Refusals
from connectors.intercom.retrieving import path_of
from connectors.intercom.tags import Tags
from service.domain.conversations import ConversationKey, split_key
from service.domain.writeback import FieldChange, WriteOutcome
from service.errors import SkipThis
from service.ports import Known

logger = logging.getLogger(__name__)

Fields = Mapping[str, str | None]

NOT_QUIET = "not quiet yet"
CHANGED = "changed since it was read"


class _ChangedMeanwhile(SkipThis):
    """Somebody changed the conversation since it was read; the next pass reads it."""


class Writer:
    """Makes changes, several at a time.

    A conversation may be written to when it is closed or nobody wrote in it for `quiet_seconds`.
    When the stored updated_at is older than that, which is nearly always so, no call is needed to
    know it: nothing can have been said later than the last change. One search for a hundred
    conversations tells which of them changed since; those wait for the next pass. Only a
    conversation that changed recently, or whose stored time is not known, is read first.
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
        self._refusals = Refusals(client)

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        make_own(self._client, {name for change in changes for name in change.fields})
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intercom") as pool:
            for start in range(0, len(changes), BATCH):
                yield from self._chunk(changes[start : start + BATCH], pool)

    def _chunk(
        self, changes: Sequence[FieldChange], pool: ThreadPoolExecutor
    ) -> Iterator[WriteOutcome]:
        stored: Mapping[ConversationKey, datetime] = {}
        if self._known is not None:
            stored = self._known([change.conversation for change in changes])
        before = {key: int(moment.timestamp()) for key, moment in stored.items()}
        mine = [change.conversation for change in changes if self._touches(change)]
        listed = self._listed([key for key in mine if key in before])
        running = []
        for change in changes:
            at = before.get(change.conversation)
            if not self._touches(change):
                yield WriteOutcome(change=change, written=True)
            elif at is not None and (listed or {}).get(change.conversation, at) > at:
                yield _unwritten(change, CHANGED)
            else:
                running.append(pool.submit(self._write, change, at, look=listed is None))
        yield from self._outcomes(running)

    def _listed(self, keys: Sequence[ConversationKey]) -> dict[ConversationKey, int] | None:
        """Return when a search says they last changed; None where it cannot be asked for ids."""
        if self._refusals.whole is not None:
            return {}
        by_id = {split_key(key)[1]: key for key in keys}
        found = rows_of(self._client, list(by_id)) if by_id else []
        if found is None:
            return None
        moments = ((identity(row.get("id")), seconds(row.get("updated_at"))) for row in found)
        return {by_id[i]: at for i, at in moments if i in by_id and at is not None}

    def _touches(self, change: FieldChange) -> bool:
        add, remove = self._tags.wanted(change)
        return bool(add or remove or _ours(change))

    def _outcomes(self, running: Sequence[Future[WriteOutcome]]) -> Iterator[WriteOutcome]:
        """Yield what was done before raising what went wrong, so that nothing done is lost."""
        problems: list[BaseException] = []
        for future in running:
            problem = future.exception()
            if problem is None:
                yield future.result()
            else:
                problems.append(problem)
        if problems:
            raise problems[0]

    def _write(self, change: FieldChange, before: int | None, *, look: bool) -> WriteOutcome:
        """Write what is not known to be refused; the rest waits, and what was written is told."""
        fields = _ours(change)
        refused = self._refusals.known(fields)
        why = self._refusals.whole or next(iter(refused.values()), None)
        fields = {name: value for name, value in fields.items() if name not in refused}
        if why is not None and not fields:
            return _unwritten(change, why)
        try:
            outcome = self._write_or_raise(change, fields, before, look=look)
            return outcome if why is None else replace(outcome, written=False, reason=why)
        except SkipThis as problem:
            return _unwritten(change, str(problem))
        except Refused as error:
            if not_there(error) and deleted_there(error):
                return _unwritten(change, "deleted", permanent=True)
            logger.info(
                "intercom.write_refused",
                extra={"conversation": change.conversation, "status": error.status},
            )
            reason, permanent = self._refusals.judge(error, fields)
            if 0 < len(self._refusals.known(fields)) < len(fields):
                return self._write(change, before, look=look)
            return _unwritten(change, reason, permanent=permanent)

    def _write_or_raise(
        self,
        change: FieldChange,
        fields: Fields,
        before: int | None,
        *,
        look: bool,
    ) -> WriteOutcome:
        add, remove = self._tags.wanted(change)
        read = before
        if look or before is None or before > self._now() - self._quiet_seconds:
            current = self._client.get(_path(change))
            read = seconds(current.get("updated_at"))
            if before is not None and read is not None and read > before:
                raise _ChangedMeanwhile(CHANGED)
            if not self._may_be_written(current):
                return _unwritten(change, NOT_QUIET)
            fields = _differing(fields, current)
        # The tag first: the update's answer then also tells how the tag left the conversation.
        self._tags.change(change.conversation, add=add, remove=remove)
        # A tag moves updated_at too: after it the time proves nothing.
        answer = self._put(change, fields, None if add or remove else read)
        answer = self._given_back(change, fields, answer, read)
        return self._outcome(change, answer, before)

    def _given_back(
        self, change: FieldChange, fields: Fields, answer: Json, read: int | None
    ) -> Json:
        """Set the values again that agents had set before us, unlisted yet, and we wrote over."""
        theirs = {} if read is None else set_by_agents_since(answer, read)
        over = {name: theirs[name] for name in theirs.keys() & fields.keys()}
        return self._put(change, _differing(over, answer), None) if over else answer

    def _may_be_written(self, current: Json) -> bool:
        return is_closed(current) or last_said_at(current) <= self._now() - self._quiet_seconds

    def _put(self, change: FieldChange, fields: Fields, read: int | None) -> Json:
        """Update and return the whole conversation; null clears a value."""
        if not fields:
            return self._client.get(_path(change))

        def landed(current: Json) -> bool:
            """Say whether our update arrived, or raise when somebody else's did."""
            if not _differing(fields, current):
                return True
            updated = seconds(current.get("updated_at"))
            if read is not None and updated is not None and updated > read:
                raise _ChangedMeanwhile(CHANGED)
            return False

        values = {title_of(name): value for name, value in fields.items()}
        body = {"custom_attributes": values}
        answer = self._client.put(_path(change), body, landed=landed)
        return answer if has_parts(answer) else self._client.get(_path(change))

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


def _ours(change: FieldChange) -> Fields:
    return {name: change.fields[name] for name in sorted(our_names()) if name in change.fields}


def _path(change: FieldChange) -> str:
    return path_of(split_key(change.conversation)[1])


def _differing(fields: Fields, current: Json) -> dict[str, str | None]:
    """Return the values that the conversation does not show; writing the others changes nothing."""
    shown = state_of(current).fields
    return {name: value for name, value in fields.items() if shown.get(name) != value}


def _unwritten(change: FieldChange, reason: str, *, permanent: bool = False) -> WriteOutcome:
    return WriteOutcome(change=change, written=False, reason=reason, permanent=permanent)
