"""The API for programs: the objects that the commands print, for whom a token stands.

A program shows a bearer token and never a cookie, so no page can ask in a person's name. It reads
through the same gateway as every other surface and counts nothing itself.
"""

from collections.abc import Callable, Iterator, Mapping

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from service.answer_json import as_json
from service.domain.answers import Counted, Intent
from service.domain.people import Viewer
from service.errors import Forbidden, Misused, NotSignedIn
from service.flag_json import flag_json
from service.flags import Flags
from service.measures import all_metrics, tells, title
from service.query import Query
from service.stores import ListedConversation
from service.web import api_shapes as shapes
from service.web.api_params import asked_groups, asked_list
from service.web.group import value_title
from service.web.openapi import ENDPOINTS, PREFIX, description
from service.web.receipts import within
from service.web.site import Site, current_viewer, site
from service.wording import WITHHELD

MAX_BODY = 512 * 1024

Words = dict[str, list[str]]
routes = Blueprint("api", __name__)


@routes.before_request
def _who_asks() -> None:
    if request.endpoint == "api.openapi":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("This needs a token.")
    g.viewer = site().tokens.viewer(token.strip())


@routes.get(f"{PREFIX}/openapi.json")
def openapi() -> Response:
    return jsonify(description())


def ask() -> dict[str, object]:
    """Answer a question in words."""
    _no_parameters()
    asked = _body(shapes.Question)
    if not asked.text.strip():
        raise Misused("The question has no words.")
    thread = [one.model_dump(mode="json", exclude_unset=True) for one in asked.thread]
    if any("\0" in words for words in _words_in([asked.text, *thread])):
        raise Misused("A character of the question cannot be read.")
    try:
        answer = site().answers.ask_text(asked.text, current_viewer(), thread, asked.today)
    except ValueError as error:  # what somebody put together as a reading, and we never gave
        if not thread:
            raise
        raise Misused("A reading of the thread is not one that an answer came with.") from error
    return as_json(answer)


def conversations() -> BaseModel:
    """List conversations: what Explore shows, and no more."""
    here, viewer = site(), current_viewer()
    asked = asked_list(request.args.items(multi=True))
    hidden = _not_hidden(asked.query, viewer, here)
    store = here.database.facts
    listing = store.conversations(asked.query, viewer, after=asked.after, limit=asked.limit)
    total = here.answers.ask(asked.query, viewer, intent=Intent.COUNT).headline
    if total is None:
        raise Forbidden(f"This list is {WITHHELD}.")
    return shapes.Conversations(
        query=_words(asked.query),
        sentence=asked.query.sentence(here.names(viewer)),
        total=_counted(total.current),
        conversations=[_row(row, here, hidden) for row in listing.rows],
        next=listing.next,
        previous=listing.previous,
    )


def group() -> BaseModel:
    """Count by one or two dimensions: what Group shows."""
    here, viewer = site(), current_viewer()
    asked = asked_groups(request.args.items(multi=True))
    query, names = asked.query, here.names(viewer)
    _not_hidden(query, viewer, here)
    found = here.answers.groups(query, viewer, most=asked.limit)
    return shapes.Grouping(
        query=_words(query),
        sentence=query.sentence({**names, query.metric: title(query.metric)}),
        metric=query.metric,
        group_by=[dimension.value for dimension in query.group_by],
        total=_counted(found.total),
        groups=[
            shapes.GroupRow(
                values=list(one.values),
                titles=[
                    value_title(dimension, value, names)
                    for dimension, value in zip(query.group_by, one.values, strict=True)
                ],
                conversations=_counted(one.conversations),
                empty=_counted(one.empty) if one.empty else None,
                unmeasured=_counted(one.unmeasured) if one.unmeasured else None,
                **_counted(one.counted).model_dump(),
            )
            for one in found.groups
        ],
        left_out=found.left_out,
        overlaps=found.overlaps,
        caveats=list(found.caveats),
    )


def receipt(receipt_id: str) -> BaseModel:
    """Count a published number again."""
    _no_parameters()
    here, viewer = site(), current_viewer()
    stored = here.database.receipts.get(receipt_id)
    if stored is not None and not within(stored.query, viewer):
        raise Forbidden("This number counts accounts that are not among yours.")
    if stored is not None:
        _not_hidden(stored.query, viewer, here)
    recount = here.answers.recount(receipt_id, viewer)
    kept, query = recount.receipt, recount.receipt.query
    still = here.database.conversations.exists(recount.left)
    return shapes.Recount(
        id=kept.id,
        receipt=here.links.receipt(kept.id),
        metric=query.metric,
        query=_words(query),
        sentence=query.sentence({**here.names(viewer), query.metric: title(query.metric)}),
        as_of=kept.as_of,
        versions=dict(kept.versions),
        then=shapes.Number(n=kept.n, of=kept.of),
        now=shapes.Number(n=recount.now_n, of=recount.now_of),
        same=not recount.differs,
        arrived=list(recount.arrived),
        left=[key for key in recount.left if key in still],
        erased=recount.erased,
        joined=list(recount.joined),
        parted=list(recount.parted),
        unnamed=recount.unnamed,
        reasons={
            key: shapes.Reason(why=one.why, words=one.words) for key, one in recount.reasons.items()
        },
        text=list(here.answers.recount_told(recount)),
    )


def flags() -> dict[str, object]:
    """List the standing churn-risk flags; the cycle keeps them true, reading changes none."""
    _no_parameters()
    here, viewer = site(), current_viewer()
    if "churn_risk" in here.answers.withheld(viewer):
        raise Forbidden(f"Churn-risk flags are {WITHHELD}.")
    found = Flags(database=here.database, links=here.links, clock=here.clock).standing(viewer)
    return {"flags": [flag_json(one) for one in found]}


_VIEWS: Mapping[str, Callable[..., BaseModel | dict[str, object]]] = {
    "ask": ask,
    "conversations": conversations,
    "group": group,
    "receipt": receipt,
    "flags": flags,
}


def _answering(view: Callable[..., BaseModel | dict[str, object]]) -> Callable[..., Response]:
    def answer(**parts: str) -> Response:
        found = view(**parts)
        return jsonify(found.model_dump(mode="json") if isinstance(found, BaseModel) else found)

    return answer


for _one in ENDPOINTS:
    routes.add_url_rule(
        _one.rule, _one.name, _answering(_VIEWS[_one.name]), methods=[_one.method.upper()]
    )


def _no_parameters() -> None:
    """Refuse what would have no effect: also a token in an address, where logs would keep it."""
    for name in request.args:
        raise Misused(f"{name!r} is not something to ask here.")


def _body(shape: type[shapes.Question]) -> shapes.Question:
    if not request.is_json:
        raise UnsupportedMediaType
    if (request.content_length or 0) > MAX_BODY:
        raise RequestEntityTooLarge
    try:
        return shape.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise Misused(f"{where or 'The body'}: {wrong['msg']}") from None


def _words_in(value: object) -> Iterator[str]:
    """Yield every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _words_in([*value, *value.values()])
    elif isinstance(value, list):
        for one in value:
            yield from _words_in(one)


def _not_hidden(query: Query, viewer: Viewer, here: Site) -> frozenset[str]:
    """Return the metrics that the viewer is not shown; Forbidden when the question asks one."""
    hidden = here.answers.withheld(viewer)
    if tells(query, hidden):
        raise Forbidden(f"This is {WITHHELD}.")
    return hidden


def _row(row: ListedConversation, here: Site, hidden: frozenset[str]) -> shapes.ListedConversation:
    head, account = row.head, row.account
    return shapes.ListedConversation(
        conversation=head.key,
        url=here.links.conversation(head.key),
        helpdesk_url=head.url,
        created_at=head.created_at,
        updated_at=head.updated_at,
        account=shapes.AccountName(key=account.key, name=account.name, segment=account.segment)
        if account
        else None,
        subject=head.subject,
        summary=row.summary,
        channel=head.channel,
        status=head.status,
        labels={one.name: _label(row, one.name, hidden) for one in all_metrics()},
        drivers=list(row.drivers),
        tags=list(row.tags),
    )


def _label(row: ListedConversation, metric: str, hidden: frozenset[str]) -> shapes.Label:
    if metric in hidden:
        return shapes.Label(state="withheld", value=None)
    if metric not in row.labels:
        return shapes.Label(state="unmeasured", value=None)
    value = row.labels[metric]
    return shapes.Label(state="empty" if value is None else "measured", value=value)


def _counted(counted: Counted) -> shapes.Counted:
    return shapes.Counted(
        n=counted.n,
        of=counted.of,
        rate=counted.rate,
        low=counted.low,
        high=counted.high,
        receipt=counted.receipt,
        listing=counted.listing,
    )


def _words(query: Query) -> Words:
    found: Words = {}
    for name, value in query.to_params():
        found.setdefault(name, []).append(value)
    return found
