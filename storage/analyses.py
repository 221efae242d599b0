"""What was measured in each conversation: analyses in and out, people's values, failures.

A stored analysis is always one of the conversation's present words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, select, update

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
from storage import calendar_days, deriving, rollups
from storage.analysis_rows import quotes_of
from storage.bulk import chunks, upsert
from storage.engine import Engine
from storage.history import note_person, read_history
from storage.in_force import FIELDS_OF_PEOPLE, measurements_of, people_driver
from storage.measuring import known, of_present_words, store
from storage.moments import from_ms, to_ms
from storage.tables.analyses import (
    PERSON,
    analysis,
    assigned_tag,
    failure,
    measurement,
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
        with self._engine.changing() as connection:
            current = of_present_words(connection, analyses)
            rollups.refresh(connection, store(connection, current).values)

    def fail(
        self, conversation_key: ConversationKey, fingerprint: str, version: str, why: str
    ) -> None:
        row = {"version": version, "fingerprint": fingerprint, "why": why}
        with self._engine.changing() as connection:
            found = known(connection, [conversation_key]).get(conversation_key)
            if found is not None:
                row["conversation_id"] = found.id
                upsert(connection, failure, ["conversation_id", "version"], [row])

    def get(self, key: ConversationKey) -> Analysis | None:
        with self._engine.reading() as connection:
            return analyses_of(connection, [key]).get(key)

    def fingerprints(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, str]:
        with self._engine.reading() as connection:
            found = known(connection, keys)
        return {ConversationKey(key): row.fingerprint for key, row in found.items()}

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
            found = known(connection, [key]).get(key)
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
        """Look at it slice by slice, and keep others from writing only where one is wrong."""
        with self._engine.reading() as connection:
            slices = list(rollups.slices(connection))
        for ids in slices:
            with self._engine.reading() as connection:
                right = deriving.is_derived(connection, ids)
                moved = calendar_days.misplaced(connection, self._zone, ids)
            if moved or not right:
                with self._engine.changing() as connection:
                    calendar_days.recompute(connection, self._zone, ids)
                    rollups.mend(connection, ids)
        with self._engine.reading() as connection:
            spans = list(rollups.spans(connection))
        for days in spans:
            with self._engine.reading() as connection:
                wrong = any(rollups.miscounted(connection, days))
            if wrong:
                with self._engine.changing() as connection:
                    rollups.recount(connection, days)
        with self._engine.reading() as connection:
            return connection.execute(select(func.count()).select_from(conversation)).scalar_one()

    def fill(self) -> None:
        """Derive what a migration left empty. Safe to repeat after it was cut off."""
        with self._engine.changing() as connection:
            if rollups.are_missing(connection):
                rollups.build(connection)


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


def _mark_pending(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(
        update(conversation)
        .where(conversation.c.id.in_(ids))
        .values(pending=conversation.c.pending + 1)
    )


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
