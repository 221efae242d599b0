"""Keeps what people think of answers, with the receipt of the number they were shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from service.domain.feedback import Feedback, Verdict, WrongPart
from storage.bulk import upsert
from storage.engine import Engine
from storage.moments import from_ms, to_ms
from storage.tables.feedback import feedback


class SqlFeedback:
    """Implements FeedbackStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, one: Feedback) -> None:
        row = {
            "answer": one.answer,
            "person": one.person,
            "verdict": one.verdict.value,
            "what": None if one.what is None else one.what.value,
            "note": one.note,
            "receipt": one.receipt,
            "at": to_ms(one.at),
        }
        with self._engine.writing() as connection:
            upsert(connection, feedback, ["answer", "person"], [row])

    def since(self, at: datetime) -> Sequence[Feedback]:
        query = select(feedback).where(feedback.c.at >= to_ms(at)).order_by(feedback.c.at.desc())
        with self._engine.reading() as connection:
            return [_feedback(row) for row in connection.execute(query)]


def _feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        answer=row.answer,
        person=row.person,
        verdict=Verdict(row.verdict),
        what=None if row.what is None else WrongPart(row.what),
        note=row.note,
        receipt=row.receipt,
        at=from_ms(row.at),
    )
