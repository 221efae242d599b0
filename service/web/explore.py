"""Explore: a row per conversation, the question in words, and the same question as a CSV file.

The page, its count and its export come from one Query; it counts nothing itself.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
)
from werkzeug.wrappers import Response as AnyResponse

from service.domain.answers import Intent, Tally
from service.domain.people import Viewer
from service.errors import Forbidden, Misused
from service.measures import all_metrics, tells, title
from service.query import (
    CONVERSATIONS,
    EMPTY_VALUE,
    UNMEASURED_VALUE,
    Dimension,
    Query,
)
from service.stores import Facts, ListedConversation
from service.web import columns, form
from service.web.charts import Segment, stacked
from service.web.site import HERE, Site, current_viewer, site
from service.web.spreadsheet import csv_lines
from service.wording import WITHHELD

PAGE = 50
_A_YEAR = 365 * 24 * 3600  # seconds
EXPORT_PAGE = 500
_STATE_TITLES = {EMPTY_VALUE: "empty", UNMEASURED_VALUE: "not measured"}

pages = Blueprint("explore", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A sentiment value's number and the list behind it."""

    value: str
    title: str
    n: int
    url: str | None


@pages.get("/")
def page() -> Response:
    asked = request.args.get(columns.PARAM)
    shown = columns.chosen(asked, request.cookies.get(columns.COOKIE))
    response = make_response(_page(shown))
    if asked is not None:
        response.set_cookie(
            columns.COOKIE,
            columns.written(shown),
            max_age=_A_YEAR,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def _page(shown: frozenset[str]) -> str:
    here, viewer = site(), current_viewer()
    query, after = read_list_query(list(request.args.items(multi=True)))
    names = here.names(viewer)
    hidden = here.answers.withheld(viewer)
    if tells(query, hidden):
        return withheld_page(query, names)
    listing = here.database.facts.conversations(query, viewer, after=after, limit=PAGE)
    total = here.answers.ask(query, viewer, intent=Intent.COUNT)
    count = total.headline.current if total.headline else None
    sentiment = all_metrics()[0].name
    labels = [] if sentiment in hidden else sentiment_labels(query, viewer, here.database.facts)
    synced = here.database.conversations.synced_at()
    return render_template(
        "explore.html",
        shown=shown,
        listed=_listed(query),
        tick=_tick(query),
        columns=columns.choices(shown, paged(query, after) or HERE.explore(query)),
        query=query,
        sentence=query.sentence(names),
        rows=listing.rows,
        names=names,
        total=count.n if count else 0,
        count=count,
        labels=labels,
        bar=stacked([Segment(key=x.value, title=x.title, n=x.n, url=x.url) for x in labels]),
        next_page=paged(query, listing.next),
        previous_page=paged(query, listing.previous),
        first_page=HERE.explore(query) if after else None,
        export=HERE.explore(query).replace("/", "/export.csv", 1),
        sort_url=HERE.explore(replace(query, sort=_other_order(query.sort))),
        group_url=HERE.group(replace(query, metric="negative_rate", group_by=(Dimension.DRIVER,))),
        form=form_of(query, viewer, here, names),
        hidden=hidden,
        withheld=withheld_words(hidden),
        unvalidated=here.answers.unvalidated(viewer),
        metrics=all_metrics(),
        synced=max(synced.values(), default=None),
    )


def _listed(query: Query) -> list[tuple[str, str]]:
    """What the form of ticked rows sends along, so that it never asks beyond its own list."""
    return replace(query, group_by=(Dimension.DRIVER,)).to_params()


def _tick(query: Query) -> str:
    """A ticked row's name in the address: a second condition where the list is of chosen rows."""
    return "conversation~2" if query.values_of(Dimension.CONVERSATION) else "conversation"


@pages.get("/find")
def find() -> AnyResponse:
    """Turn what the form sent into the one clean address of that question."""
    params = list(request.args.items(multi=True))
    query = form.asked(params, site().today())
    grouped = ("form", "group") in params
    return redirect(HERE.group(query) if grouped else HERE.explore(query), code=303)


@pages.get("/export.csv")
def export() -> Response:
    query, _ = read_list_query(list(request.args.items(multi=True)))
    viewer = current_viewer()
    hidden = site().answers.withheld(viewer)
    if tells(query, hidden):
        raise Forbidden(f"This list is {WITHHELD}.")
    lines = csv_lines(_header(), _export_rows(query, viewer, site(), hidden))
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="conversations.csv"'
    return response


def withheld_words(hidden: Collection[str]) -> str:
    """Which metrics are not shown, and why; blank when all are."""
    titles = [metric.title for metric in all_metrics() if metric.name in hidden]
    which = "Metrics" if len(titles) == len(all_metrics()) else ", ".join(titles)
    return f"{which}: {WITHHELD}." if titles else ""


def withheld_page(query: Query, names: dict[str, str]) -> str:
    """Say what is not shown, and nothing of its content."""
    sentence = query.sentence({**names, query.metric: title(query.metric)})
    return render_template("withheld.html", sentence=sentence)


def read_list_query(params: list[tuple[str, str]]) -> tuple[Query, str | None]:
    """Read a list's address: the question, and the place in its pages."""
    tokens = [value for name, value in params if name == "after"]
    if len(tokens) > 1:
        raise Misused("after is given twice.")
    query = Query.from_params([pair for pair in params if pair[0] not in {"after", columns.PARAM}])
    return _as_list(query), tokens[0] if tokens and tokens[0] else None


def paged(query: Query, token: str | None) -> str | None:
    if token is None:
        return None
    address = HERE.explore(query)
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'after': token})}"


def form_of(query: Query, viewer: Viewer, here: Site, names: dict[str, str]) -> dict[str, object]:
    return {
        "choices": form.choices(query, viewer, here.database.facts, names),
        "labels": form.label_choices(query, here.answers.withheld(viewer)),
        "chips": form.chips(query, names),
        "presets": form.presets(query, here.today()),
        "first": "" if query.window is None else query.window.start.isoformat(),
        "last": form.last_day(query.window),
    }


def sentiment_labels(query: Query, viewer: Viewer, facts: Facts) -> list[Label]:
    """Return how many conversations there are of each sentiment, empty and unmeasured included."""
    found: dict[str, Tally] = {
        values[0]: tally
        for values, tally in facts.groups(replace(query, group_by=(Dimension.SENTIMENT,)), viewer)
    }
    order = (*all_metrics()[0].values, EMPTY_VALUE, UNMEASURED_VALUE)
    return [
        Label(
            value=value,
            title=_STATE_TITLES.get(value, value),
            n=found[value].total,
            url=listing_of(query, Dimension.SENTIMENT, value),
        )
        for value in order
        if value in found and found[value].total
    ]


def listing(query: Query) -> str:
    """Return the address of the conversations that a question is about."""
    return HERE.explore(_as_list(query))


def listing_of(query: Query, dimension: Dimension, value: str) -> str | None:
    """Return the address of one group's conversations; None when no conversation can be both."""
    try:
        return listing(query.narrowed(dimension, value))
    except Misused:
        return None


def _as_list(query: Query) -> Query:
    """A list shows conversations, so what a rate or a group adds is left aside."""
    return replace(query, metric=CONVERSATIONS, group_by=(), compare_to=None)


def _other_order(sort: str) -> str:
    return "created" if sort == "-created" else "-created"


def _header() -> list[str]:
    labels = [metric.name for metric in all_metrics()]
    return [
        *("conversation", "url", "created_at", "account", "subject", "summary", "channel"),
        *("status", *labels, "drivers", "tags"),
    ]


def _export_rows(
    query: Query, viewer: Viewer, here: Site, hidden: frozenset[str]
) -> Iterator[list[str]]:
    after: str | None = None
    while True:
        listing = here.database.facts.conversations(query, viewer, after=after, limit=EXPORT_PAGE)
        for row in listing.rows:
            yield _export_row(row, here, hidden)
        if listing.next is None or listing.next == after:
            return
        after = listing.next


def _export_row(row: ListedConversation, here: Site, hidden: frozenset[str]) -> list[str]:
    head = row.head
    return [
        head.key,
        here.links.conversation(head.key),
        here.local(head.created_at).isoformat(timespec="seconds"),
        row.account.name if row.account else "",
        head.subject,
        row.summary,
        head.channel,
        head.status.value,
        *(
            WITHHELD if metric.name in hidden else label_cell(row, metric.name)
            for metric in all_metrics()
        ),
        "; ".join(row.drivers),
        "; ".join(row.tags),
    ]


def label_cell(row: ListedConversation, metric: str) -> str:
    """A value, "empty" or "unmeasured": three states stay three in a spreadsheet too."""
    if metric not in row.labels:
        return UNMEASURED_VALUE
    return row.labels[metric] or EMPTY_VALUE
