"""Translates an analysis to its rows, and quotes back to words out of their messages."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from service.domain.conversations import Role
from service.domain.measurements import Analysis, Quote
from storage.moments import to_ms
from storage.tables.analyses import ANALYSER, quote
from storage.tables.conversations import message


def analysis_row(conversation_id: int, one: Analysis) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "fingerprint": one.fingerprint,
        "analyser": one.analyser,
        "taxonomy": one.taxonomy,
        "language": one.language,
        "summary": one.summary,
        "tone_start": one.tone_start,
        "tone_end": one.tone_end,
        "created_at": to_ms(one.created_at),
    }


def measurement_rows(conversation_id: int, one: Analysis) -> list[dict[str, Any]]:
    distinct = {found.metric: found for found in one.measurements}
    return [
        {
            "conversation_id": conversation_id,
            "metric": found.metric,
            "origin": ANALYSER,
            "nth": nth,
            "value": found.value,
            "reason": None if found.reason is None else found.reason.value,
            "confidence": found.confidence,
            "detail": found.detail,
            "set_by": found.set_by.value,
            "analyser": one.analyser,
            "fingerprint": one.fingerprint,
            "created_at": to_ms(one.created_at),
        }
        for nth, found in enumerate(distinct.values())
    ]


def tag_rows(conversation_id: int, one: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "conversation_id": conversation_id,
            "nth": nth,
            "raw": tag.raw,
            "canonical": tag.canonical,
            "driver": tag.driver,
            "confidence": tag.confidence,
        }
        for nth, tag in enumerate(one.tags)
    ]


def quote_rows(conversation_id: int, one: Analysis) -> list[dict[str, Any]]:
    so_far: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for nth, found in enumerate(one.quotes):
        so_far[found.shows] = so_far.get(found.shows, -1) + 1
        rows.append(
            {
                "conversation_id": conversation_id,
                "nth": nth,
                "shows": found.shows,
                "nth_of_kind": so_far[found.shows],
                "message": found.message,
                "start_at": found.start,
                "end_at": found.end,
                "text_hash": text_hash(found.text),
            }
        )
    return rows


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


# The only way to a quote's words: through the public message of a customer that holds them.
SPOKEN_BY_CUSTOMER = and_(
    message.c.conversation_id == quote.c.conversation_id,
    message.c.external_id == quote.c.message,
    message.c.role == Role.CUSTOMER.value,
    message.c.public,
)


def quotes_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Quote, ...]]:
    found: dict[int, tuple[Quote, ...]] = {}
    query = (
        select(quote, message.c.text)
        .join(message, SPOKEN_BY_CUSTOMER)
        .where(quote.c.conversation_id.in_(ids))
        .order_by(quote.c.conversation_id, quote.c.nth)
    )
    for row in connection.execute(query):
        one = quote_of(row)
        if one is not None:
            found[row.conversation_id] = (*found.get(row.conversation_id, ()), one)
    return found


def quote_of(row: Row[Any]) -> Quote | None:
    """Return a quote of `row.text`, or None when the words there are not those once quoted."""
    text = row.text[row.start_at : row.end_at]
    if text_hash(text) != row.text_hash:
        return None
    return Quote(
        message=row.message, start=row.start_at, end=row.end_at, text=text, shows=row.shows
    )
