"""What was measured in each conversation: analyses in and out, people's values, failures.

A stored analysis is always one of the conversation's present words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select, update

from service.domain.conversations import ConversationKey
from service.domain.measurements import (
    Analysis,
    Measurement,
    SetBy,
    TagAssignment,
    ValueChange,
)
from service.errors import NotFound
from service.ports import Clock
from storage import calendar_days, rollups
from storage.analysis_rows import (
    analysis_row,
    measurement_rows,
    quote_rows,
    quotes_of,
    tag_rows,
)
from storage.bulk import chunks, insert, upsert
from storage.conversations import measured_by
from storage.engine import Engine
from storage.history import note_analysis, note_person, read_history
from storage.in_force import FIELDS_OF_PEOPLE, measurements_of, people_driver
from storage.moments import from_ms, to_ms
from storage.purge import forget_analyses
from storage.tables.analyses import (
    PERSON,
    analysis,
    assigned_tag,
    failure,
    measurement,
    quote,
)
from storage.tables.conversations import conversation


class SqlAnalyses:
    """Implements AnalysisStore."""

    def __init__(self, engine: Engine, *, zone: ZoneInfo, clock: Clock) -> None:
        self._engine = engine
        self._zone = zone
        self._clock = clock

    def save(self, analyses: Sequence[Analysis]) -> None:
        """Analyses of words that changed since, or of conversations that are gone, are dropped."""
        newest = {one.conversation: one for one in analyses}
        with self._engine.changing() as connection:
            for chunk in chunks(newest.values()):
                _save(connection, chunk)

    def fail(
        self, conversation_key: ConversationKey, fingerprint: str, version: str, why: str
    ) -> None:
        row = {"version": version, "fingerprint": fingerprint, "why": why}
        with self._engine.changing() as connection:
            found = _known(connection, [conversation_key]).get(conversation_key)
            if found is not None:
                row["conversation_id"] = found.id
                upsert(connection, failure, ["conversation_id", "version"], [row])

    def get(self, key: ConversationKey) -> Analysis | None:
        with self._engine.reading() as connection:
            return analyses_of(connection, [key]).get(key)

    def fingerprints(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, str]:
        found: dict[ConversationKey, str] = {}
        with self._engine.reading() as connection:
            for chunk in chunks(keys):
                for key, row in _known(connection, chunk).items():
                    found[ConversationKey(key)] = row.fingerprint
        return found

    def get_many(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, Analysis]:
        with self._engine.reading() as connection:
            return analyses_of(connection, keys)

    def failures(self) -> list[tuple[ConversationKey, str]]:
        """Conversations that could not be read as they are now, with the reason."""
        query = (
            select(conversation.c.key, failure.c.why)
            .join(failure, failure.c.conversation_id == conversation.c.id)
            .where(failure.c.fingerprint == conversation.c.fingerprint)
            .order_by(conversation.c.key, failure.c.version)
        )
        with self._engine.reading() as connection:
            return [(ConversationKey(row.key), row.why) for row in connection.execute(query)]

    def set_by_person(
        self,
        key: ConversationKey,
        metric: str,
        value: str | None,
        *,
        set_by: SetBy = SetBy.AGENT,
    ) -> None:
        at = to_ms(self._clock())
        with self._engine.changing() as connection:
            found = _known(connection, [key]).get(key)
            if found is None:
                raise NotFound(f"There is no conversation {key}.")
            row = {
                "conversation_id": found.id,
                "metric": metric,
                "origin": PERSON,
                "nth": 0,
                "value": value,
                "reason": None,
                "confidence": None,
                "detail": None,
                "set_by": set_by.value,
                "analyser": None,
                "fingerprint": found.fingerprint,
                "created_at": at,
            }
            upsert(connection, measurement, ["conversation_id", "metric", "origin"], [row])
            note_person(connection, row)
            _mark_pending(connection, [found.id])
            rollups.refresh(connection, [found.id])

    def set_by_people(self, metric: str) -> list[tuple[ConversationKey, str]]:
        """Conversations with the value that a person set, where it is not blank."""
        query = (
            select(conversation.c.key, measurement.c.value)
            .join(measurement, measurement.c.conversation_id == conversation.c.id)
            .where(
                measurement.c.metric == metric,
                measurement.c.origin == PERSON,
                measurement.c.value.is_not(None),
            )
            .order_by(conversation.c.key)
        )
        with self._engine.reading() as connection:
            rows = connection.execute(query).all()
        return [(ConversationKey(row.key), row.value) for row in rows]

    def history(self, key: ConversationKey) -> list[ValueChange]:
        """Every value a conversation's metrics ever had, oldest first."""
        with self._engine.reading() as connection:
            return read_history(connection, key)

    def rebuild(self) -> int:
        with self._engine.changing() as connection:
            calendar_days.recompute(connection, self._zone)
            return rollups.rebuild(connection)

    def fill(self) -> None:
        """Derive what a migration left empty. Safe to repeat after it was cut off."""
        with self._engine.changing() as connection:
            if rollups.are_missing(connection):
                rollups.rebuild(connection)


def analyses_of(
    connection: Connection, keys: Sequence[ConversationKey]
) -> dict[ConversationKey, Analysis]:
    """Read analyses with the values in force."""
    query = select(conversation.c.key, analysis).join(
        analysis, analysis.c.conversation_id == conversation.c.id
    )
    found: dict[ConversationKey, Analysis] = {}
    for chunk in chunks(keys):
        rows = connection.execute(query.where(conversation.c.key.in_(chunk))).all()
        ids = [row.conversation_id for row in rows]
        measured = measurements_of(connection, ids)
        tags, quotes = _tags_of(connection, ids), quotes_of(connection, ids)
        for row in rows:
            one = row.conversation_id
            of_one = measured.get(one, {})
            found[ConversationKey(row.key)] = replace(
                _bare(row),
                measurements=tuple(m for n, m in of_one.items() if n not in FIELDS_OF_PEOPLE),
                tags=_overruled(tags.get(one, ()), people_driver(of_one)),
                quotes=quotes.get(one, ()),
            )
    return found


def _save(connection: Connection, analyses: Sequence[Analysis]) -> None:
    known = _known(connection, [one.conversation for one in analyses])
    current = [
        (known[one.conversation].id, one)
        for one in analyses
        if one.conversation in known and known[one.conversation].fingerprint == one.fingerprint
    ]
    ids = [one_id for one_id, _ in current]
    note_analysis(connection, current)
    forget_analyses(connection, ids)
    insert(connection, analysis, [analysis_row(*pair) for pair in current])
    insert(connection, measurement, [row for pair in current for row in measurement_rows(*pair)])
    insert(connection, assigned_tag, [row for pair in current for row in tag_rows(*pair)])
    insert(connection, quote, [row for pair in current for row in quote_rows(*pair)])
    _mark_measured(connection, current)
    _mark_pending(connection, ids)
    rollups.refresh(connection, ids)


def _mark_measured(connection: Connection, current: Sequence[tuple[int, Analysis]]) -> None:
    by_mark: dict[str, list[int]] = {}
    for one_id, one in current:
        by_mark.setdefault(measured_by(one.analyser, one.taxonomy), []).append(one_id)
    for mark, ids in by_mark.items():
        mine = conversation.c.id.in_(ids)
        connection.execute(update(conversation).where(mine).values(measured_by=mark))
        connection.execute(
            failure.delete().where(
                failure.c.conversation_id.in_(ids), failure.c.version == mark.split("|")[0]
            )
        )


def _mark_pending(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(
        update(conversation)
        .where(conversation.c.id.in_(ids))
        .values(pending=conversation.c.pending + 1)
    )


def _known(connection: Connection, keys: Sequence[str]) -> dict[str, Row[Any, Any, Any]]:
    columns = (conversation.c.key, conversation.c.id, conversation.c.fingerprint)
    rows = connection.execute(select(*columns).where(conversation.c.key.in_(keys)))
    return {row.key: row for row in rows}


def _bare(row: Row[Any]) -> Analysis:
    return Analysis(
        conversation=ConversationKey(row.key),
        fingerprint=row.fingerprint,
        analyser=row.analyser,
        taxonomy=row.taxonomy,
        language=row.language,
        measurements=(),
        tags=(),
        quotes=(),
        summary=row.summary,
        tone_start=row.tone_start,
        tone_end=row.tone_end,
        created_at=from_ms(row.created_at),
    )


def _tags_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[TagAssignment, ...]]:
    found: dict[int, tuple[TagAssignment, ...]] = {}
    query = (
        select(assigned_tag)
        .where(assigned_tag.c.conversation_id.in_(ids))
        .order_by(assigned_tag.c.conversation_id, assigned_tag.c.nth)
    )
    for row in connection.execute(query):
        tag = TagAssignment(
            raw=row.raw, canonical=row.canonical, driver=row.driver, confidence=row.confidence
        )
        found[row.conversation_id] = (*found.get(row.conversation_id, ()), tag)
    return found


def _overruled(
    tags: tuple[TagAssignment, ...], chosen: Measurement | None
) -> tuple[TagAssignment, ...]:
    """Let a person's driver stand alone, as it does in the facts."""
    if chosen is None:
        return tags
    kept = tuple(t if t.driver == chosen.value else replace(t, driver=None) for t in tags)
    if chosen.value is None or any(tag.driver == chosen.value for tag in kept):
        return kept
    own = TagAssignment(raw=chosen.value, canonical=None, driver=chosen.value, confidence=1.0)
    return (own, *kept)
