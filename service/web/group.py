"""Group: one number by one or two dimensions, as a table and a chart whose every cell opens.

Tallies come from the facts; this module lays them out and links them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, render_template, request

from service.domain.answers import Intent, Tally
from service.errors import Misused
from service.measures import own_metrics, rate_named, rate_names, tells, title
from service.query import (
    ACCOUNTS,
    CONVERSATIONS,
    EMPTY_VALUE,
    MULTI_VALUED,
    NO_VALUE,
    TIME,
    UNMEASURED_VALUE,
    Dimension,
    Query,
    Window,
)
from service.web import charts
from service.web.explore import form_of, listing, listing_of, withheld_page
from service.web.numbers import Confidence, Share, share, whole
from service.web.site import current_viewer, site

MAX_ROWS = 200
MAX_BARS = 20
MAX_COLUMNS = 8

pages = Blueprint("group", __name__)


def offered() -> tuple[Dimension, ...]:
    """What to group by: the workspace's own metrics too."""
    own = (Dimension(metric.name) for metric in own_metrics())
    return (*(d for d in Dimension if d is not Dimension.CONVERSATION), *own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number and the list behind it; no address where no conversation can be both."""

    words: str
    remark: str
    n: int
    url: str | None
    pale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group: its names, its number, and what the number leaves out."""

    values: tuple[str, ...]
    titles: tuple[str, ...]
    main: Cell
    rate: float | None
    empty: Cell | None
    unmeasured: Cell | None
    total: Cell


@pages.get("/group")
def page() -> str:
    here, viewer = site(), current_viewer()
    query = Query.from_params(request.args.items(multi=True))
    if not query.group_by:
        query = replace(query, group_by=(Dimension.DRIVER,))
    if query.metric not in {CONVERSATIONS, ACCOUNTS}:
        rate_named(query.metric)  # an unknown number is refused with the names there are
    names = here.names(viewer)
    hidden = here.answers.withheld(viewer)
    if tells(query, hidden):
        return withheld_page(query, names)
    found = rows(query, here.database.facts.groups(query, viewer), names)
    whole_query = replace(query, group_by=())
    answer = here.answers.ask(whole_query, viewer, intent=Intent.COUNT)
    return render_template(
        "group.html",
        query=query,
        sentence=query.sentence({**names, query.metric: title(query.metric)}),
        rows=found[:MAX_ROWS],
        left_out=max(0, len(found) - MAX_ROWS),
        pivot=pivot(found),
        chart=chart(query, found),
        upright=is_upright(query),
        overall=number(whole_query, here.database.facts.count(whole_query, viewer)),
        receipt=answer.headline.current.receipt if answer.headline else None,
        caveats=answer.caveats,
        is_rate=is_rate(query),
        metric_title=title(query.metric),
        metrics=[
            (name, title(name))
            for name in (CONVERSATIONS, ACCOUNTS, *rate_names())
            if not tells(Query(metric=name), hidden)
        ],
        dimensions=[(d.value, d.words) for d in offered()],
        shared=any(d in MULTI_VALUED for d in query.group_by),
        list_url=listing(query),
        form=form_of(query, viewer, here, names),
    )


def is_rate(query: Query) -> bool:
    return query.metric not in {CONVERSATIONS, ACCOUNTS}


def is_upright(query: Query) -> bool:
    """Time runs from left to right as long as it fits; everything else is read downwards."""
    return len(query.group_by) == 1 and query.group_by[0] in TIME


def rows(
    query: Query,
    groups: Sequence[tuple[tuple[str, ...], Tally]],
    names: dict[str, str],
) -> list[Row]:
    """Return the table's rows: time in its own order, everything else by size."""
    found = [_row(query, values, tally, names) for values, tally in groups]
    if query.group_by[0] in TIME:
        return sorted(found, key=lambda row: row.values)
    return sorted(found, key=lambda row: (-row.total.n, row.values))


def narrowed(query: Query, values: Sequence[str]) -> Query | None:
    """Return the Query of one group; None when its conditions exclude each other."""
    try:
        one = replace(query, compare_to=None)
        for dimension, value in zip(query.group_by, values, strict=True):
            one = one.narrowed(dimension, value)
    except Misused:
        return None
    return one


def number(query: Query | None, tally: Tally) -> Cell:
    """Return the number of a group by the rules for small numbers, linked to what it counts."""
    if query is None:
        return Cell(words="none", remark="", n=0, url=None)
    if not is_rate(query):
        return Cell(words=whole(tally.numerator), remark="", n=tally.numerator, url=listing(query))
    found = share(tally)
    metric, rate = rate_named(query.metric)
    return Cell(
        words=found.words,
        remark=found.remark,
        n=found.n,
        url=listing_of(query, Dimension(metric.name), rate.value) if found.n else None,
        pale=found.confidence in {Confidence.LIST, Confidence.FEW},
    )


def pivot(found: Sequence[Row]) -> list[tuple[str, ...]] | None:
    """Return the columns of a cross table when two dimensions fit into one, else None."""
    if not found or len(found[0].values) != 2:
        return None
    columns: dict[tuple[str, ...], int] = {}
    for row in found:
        key = (row.values[1], row.titles[1])
        columns[key] = columns.get(key, 0) + row.total.n
    if len(columns) > MAX_COLUMNS:
        return None
    return sorted(columns, key=lambda key: -columns[key])


def chart(query: Query, found: Sequence[Row]) -> charts.Chart | None:
    shown = list(found)
    if is_upright(query):
        shown = shown[-MAX_BARS:]
    points = [
        charts.Point(
            title=" · ".join(row.titles),
            value=row.rate if is_rate(query) else float(row.main.n),
            words=row.main.words,
            url=row.main.url or row.total.url,
            pale=row.main.pale,
        )
        for row in shown[:MAX_BARS]
    ]
    if not points:
        return None
    top = charts.scale(points)
    words = f"{top:.0%}" if is_rate(query) else whole(int(top))
    layout = charts.columns if is_upright(query) else charts.bars
    return layout(points, top=top, top_words=words)


def _row(query: Query, values: tuple[str, ...], tally: Tally, names: dict[str, str]) -> Row:
    one = narrowed(query, values)
    counted: Share = share(tally)
    listed = Cell(
        words=whole(tally.total), remark="", n=tally.total, url=listing(one) if one else None
    )
    return Row(
        values=values,
        titles=tuple(
            value_title(dimension, value, names)
            for dimension, value in zip(query.group_by, values, strict=True)
        ),
        main=number(one, tally),
        rate=counted.rate if counted.confidence is not Confidence.NOTHING else None,
        empty=_state(one, EMPTY_VALUE, tally.empty) if is_rate(query) else None,
        unmeasured=_state(one, UNMEASURED_VALUE, tally.unmeasured) if is_rate(query) else None,
        total=listed,
    )


def value_title(dimension: Dimension, value: str, names: dict[str, str]) -> str:
    """Return a group's value as people say it: "12-18 Oct" for a week, a name for a key."""
    if value == NO_VALUE:
        return f"No {dimension.words}"
    if value == EMPTY_VALUE:
        return "Measured as empty"
    if value == UNMEASURED_VALUE:
        return "Not measured yet"
    if dimension in TIME:
        return time_title(dimension, value)
    return names.get(value, value)


def time_title(dimension: Dimension, value: str) -> str:
    start = date.fromisoformat(value)
    if dimension is Dimension.MONTH:
        return f"{start:%b %Y}"
    if dimension is Dimension.WEEK:
        return f"from {start.day} {start:%b}"
    return Window(start, date.fromordinal(start.toordinal() + 1)).words()


def _state(query: Query | None, state: str, n: int) -> Cell:
    if query is None or n == 0:
        return Cell(words="0", remark="", n=0, url=None)
    metric, _ = rate_named(query.metric)
    url = listing_of(query, Dimension(metric.name), state)
    return Cell(words=whole(n), remark="", n=n, url=url)
