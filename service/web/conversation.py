"""One conversation: its transcript with the quotes in place, and where each label comes from.

Private notes are shown, apart and never quoted. It shows what is stored and judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from service.domain.conversations import Conversation, ConversationKey, Message
from service.domain.measurements import (
    CUSTOM,
    Analysis,
    Measurement,
    Metric,
    Quote,
    SetBy,
    ValueChange,
    quote_is_true,
)
from service.domain.people import Viewer
from service.errors import Misused, NotFound
from service.measures import all_metrics
from service.query import Dimension, Filter, Query
from service.stores import ListedConversation
from service.web.site import HERE, Site, current_viewer, site
from service.web.transcript import Piece, Span, pieces, read_span, still_there

pages = Blueprint("conversation", __name__)

_SET_BY = {
    SetBy.ANALYSER: "by the analyser",
    SetBy.AGENT: "by an agent in the helpdesk; it stays in force",
    SetBy.IMPORTED: "by an imported label",
    SetBy.REVIEWER: "by a reviewer; it stays in force",
}


_BY = {
    SetBy.ANALYSER: "the analyser",
    SetBy.AGENT: "an agent, in the helpdesk",
    SetBy.IMPORTED: "an imported label",
    SetBy.REVIEWER: "a reviewer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change of a value: of what, and who made it, in words."""

    change: ValueChange
    metric: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as the page prints it."""

    message: Message
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One metric: measured, measured as empty, or not measured; with its evidence."""

    metric: Metric
    measurement: Measurement | None
    value: str | None
    set_by: str
    evidence: tuple[tuple[Quote, str], ...]


@pages.get("/conversations/<key>")
def page(key: str) -> str:
    unknown = set(request.args) - {"quote"}
    if unknown:
        raise Misused(f"{sorted(unknown)[0]!r} is not something this page can be asked.")
    here, viewer = site(), current_viewer()
    row = visible(ConversationKey(key), viewer, here)
    conversation = here.database.conversations.get(row.head.key)
    if conversation is None:
        raise NotFound("This conversation is not stored, or no longer.")
    analysis = here.database.analyses.get(row.head.key)
    hidden = here.answers.withheld(viewer)
    quotes = [q for q in true_quotes(analysis, conversation) if q.shows not in hidden]
    linked = _linked(conversation)
    return render_template(
        "conversation.html",
        row=row,
        head=row.head,
        messages=[
            Shown(message=m, pieces=pieces(m, quotes, linked)) for m in conversation.messages
        ],
        analysis=analysis,
        panels=[_panel(metric, row, analysis, quotes) for metric in all_metrics()],
        quote_missing="quote" in request.args and linked is None,
        hidden=hidden,
        unvalidated=here.answers.unvalidated(viewer),
        tags=analysis.tags if analysis else (),
        history=[
            Told(change=one, metric=_title(one.metric), by=_BY[one.set_by])
            for one in reversed(here.database.analyses.history(row.head.key))
            if one.metric not in hidden
        ],
    )


def _title(name: str) -> str:
    """A metric that is asked no more is left with its name."""
    known = {metric.name: metric.title for metric in all_metrics()}
    return known.get(name, name.removeprefix(CUSTOM).replace("_", " ").capitalize())


def visible(key: ConversationKey, viewer: Viewer, here: Site) -> ListedConversation:
    """Return a conversation's row, or raise NotFound: hidden and unknown look the same."""
    query = Query(filters=(Filter.of(Dimension.CONVERSATION, key),))
    rows = here.database.facts.conversations(query, viewer, limit=1).rows
    if not rows:
        raise NotFound("There is no such conversation, or it is not among your accounts.")
    return rows[0]


def true_quotes(analysis: Analysis | None, conversation: Conversation) -> tuple[Quote, ...]:
    if analysis is None:
        return ()
    return tuple(quote for quote in analysis.quotes if quote_is_true(quote, conversation))


def _linked(conversation: Conversation) -> Span | None:
    span = read_span(request.args.get("quote", ""))
    return span if span is not None and still_there(span, conversation) else None


def _panel(
    metric: Metric,
    row: ListedConversation,
    analysis: Analysis | None,
    quotes: Sequence[Quote],
) -> Panel:
    measurement = analysis.measured(metric.name) if analysis else None
    evidence = tuple(
        (
            quote,
            HERE.words(row.head.key, message=quote.message, start=quote.start, end=quote.end),
        )
        for quote in quotes
        if quote.shows == metric.name
    )
    return Panel(
        metric=metric,
        measurement=measurement,
        value=row.labels.get(metric.name),
        set_by=_SET_BY[measurement.set_by] if measurement else "",
        evidence=evidence,
    )
