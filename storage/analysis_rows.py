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

ANALYSIS = (
    *("conversation_id", "fingerprint", "analyser", "taxonomy", "language", "summary"),
    *("tone_start", "tone_end", "created_at"),
)
MEASUREMENT = (
    *("conversation_id", "metric", "origin", "nth", "value", "reason", "confidence", "detail"),
    *("set_by", "analyser", "fingerprint", "created_at"),
)
TAG = ("conversation_id", "nth", "raw", "canonical", "driver", "confidence")
QUOTE = (
    *("conversation_id", "nth", "shows", "nth_of_kind", "message", "start_at", "end_at"),
    "text_hash",
)
Values = tuple[Any, ...]  # in the order of the names above


def analysis_row(conversation_id: int, one: Analysis) -> Values:
    return (
        *(conversation_id, one.fingerprint, one.analyser, one.taxonomy, one.language, one.summary),
        *(one.tone_start, one.tone_end, to_ms(one.created_at)),
    )


def measurement_rows(conversation_id: int, one: Analysis) -> list[Values]:
    distinct = {found.metric: found for found in one.measurements}
    of_all = (one.analyser, one.fingerprint, to_ms(one.created_at))
    return [
        (
            *(conversation_id, found.metric, ANALYSER, nth, found.value),
            None if found.reason is None else found.reason.value,
            *(found.confidence, found.detail, found.set_by.value, *of_all),
        )
        for nth, found in enumerate(distinct.values())
    ]


def tag_rows(conversation_id: int, one: Analysis) -> list[Values]:
    return [
        (conversation_id, nth, tag.raw, tag.canonical, tag.driver, tag.confidence)
        for nth, tag in enumerate(one.tags)
    ]


def quote_rows(conversation_id: int, one: Analysis) -> list[Values]:
    so_far: dict[str, int] = {}
    rows: list[Values] = []
    for nth, found in enumerate(one.quotes):
        so_far[found.shows] = so_far.get(found.shows, -1) + 1
        rows.append(
            (
                *(conversation_id, nth, found.shows, so_far[found.shows], found.message),
                *(found.start, found.end, text_hash(found.text)),
            )
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
