"""A message cut at the edges of its quotes and old parts, so that escaping and marks never mix.

It knows spans in code points and refuses to know HTML.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.domain.conversations import Conversation, Message, is_customer_voice
from service.domain.measurements import Quote
from service.domain.segments import Kind, lies_in_new_text, segments

_SPAN = re.compile(r"(?P<message>.+):(?P<start>\d{1,9})-(?P<end>\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The words an address points at: code points [start, end) of one message."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Text with the same marks from end to end. `anchor` is set on the first linked piece."""

    text: str
    shows: tuple[str, ...] = ()
    linked: bool = False
    anchor: bool = False
    kind: Kind = Kind.NEW  # anything else is shown pale


def read_span(value: str) -> Span | None:
    """Read "m1:4-20"; None when it is not written like that."""
    match = _SPAN.fullmatch(value)
    if match is None:
        return None
    return Span(message=match["message"], start=int(match["start"]), end=int(match["end"]))


def still_there(span: Span, conversation: Conversation) -> bool:
    """Whether a span lies within something that a customer publicly wrote and was new."""
    return any(
        message.id == span.message
        and is_customer_voice(message)
        and 0 <= span.start < span.end <= len(message.text)
        and lies_in_new_text(message.text, span.start, span.end)
        for message in conversation.messages
    )


def pieces(message: Message, quotes: Sequence[Quote], linked: Span | None) -> tuple[Piece, ...]:
    """Cut a message at every edge of its quotes and of its old parts; joined they are its text."""
    parts = segments(message.text)
    own = [q for q in quotes if q.message == message.id and _is_slice(q, message)]
    target = linked if linked is not None and linked.message == message.id else None
    spans = [(q.start, q.end) for q in own] + ([(target.start, target.end)] if target else [])
    edges = sorted({0, *(part.end for part in parts), *(edge for span in spans for edge in span)})
    found = []
    remaining = iter(parts)
    part = next(remaining, None)
    for start, end in pairwise(edges):
        while part is not None and part.end <= start:
            part = next(remaining, None)
        shows = dict.fromkeys(q.shows for q in own if q.start <= start and end <= q.end)
        inside = target is not None and target.start <= start and end <= target.end
        found.append(
            Piece(
                text=message.text[start:end],
                shows=tuple(shows),
                linked=inside,
                anchor=inside and target is not None and start == target.start,
                kind=part.kind if part is not None else Kind.NEW,
            )
        )
    return tuple(found)


def _is_slice(quote: Quote, message: Message) -> bool:
    """A quote that is not letter for letter in a customer's public message is not shown as one."""
    return (
        is_customer_voice(message)
        and 0 <= quote.start < quote.end
        and message.text[quote.start : quote.end] == quote.text
        and lies_in_new_text(message.text, quote.start, quote.end)
    )
