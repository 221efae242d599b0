"""A reading to the Query that answers it, and what was assumed on the way, in words."""

from collections.abc import Mapping, Sequence

from service import measures
from service.catalogue import Catalogue
from service.errors import Misused
from service.query import CONVERSATIONS, EMPTY_VALUE, NO_VALUE, Dimension, Filter, Query
from service.reading.leftover import IGNORED
from service.reading.model import Reading

TAKEN = "taken: "  # how a name of two things stands among what was assumed


def to_query(reading: Reading, catalogue: Catalogue, *, person: str = "") -> Query:
    """Turn a reading into the Query that answers it; "me" is the person who asks."""
    metric = reading.metric or CONVERSATIONS
    if metric == "sentiment":
        metric = "negative_rate"
    if metric.startswith("custom:"):
        metric = _rate_of(metric.removeprefix("custom:"), catalogue)
    filters = _filters(reading.filters, catalogue, person)
    return Query(
        metric=metric,
        window=reading.period,
        filters=filters,
        exclude=_filters(reading.exclude, catalogue, person),
        text=tuple(reading.filters.get("text", ())),
        group_by=tuple(Dimension(one) for one in reading.group_by if one != "conversation"),
        compare_to=reading.baseline.window if reading.baseline else None,
    )


def _filters(
    filters: Mapping[str, tuple[str, ...]], catalogue: Catalogue, person: str
) -> tuple[Filter, ...]:
    found = []
    for kind, values in filters.items():
        if kind == "text":
            continue
        if kind == "custom":
            found += [Filter.of(*_own(value, catalogue)) for value in values]
            continue
        if kind == "segment":
            found += _segments(values, catalogue)
            continue
        keys = [key for value in values for key in _keys(kind, value, catalogue, person)]
        found.append(Filter.of(Dimension(kind), *keys))
    return tuple(found)


def undefined(reading: Reading, catalogue: Catalogue) -> bool:
    """Whether a reading speaks of a metric of the workspace's own that it has not defined."""
    asked = [*reading.filters.get("custom", ()), *reading.exclude.get("custom", ())]
    if (reading.metric or "").startswith("custom:"):
        asked.append(str(reading.metric).removeprefix("custom:"))
    return any(len(catalogue.keys("custom", one)) != len(("metric", "value")) for one in asked)


def _own(value: str, catalogue: Catalogue) -> tuple[Dimension, str]:
    name, wanted = catalogue.keys("custom", value)
    return Dimension(name), wanted


def _rate_of(value: str, catalogue: Catalogue) -> str:
    name, wanted = catalogue.keys("custom", value)
    return next(rate.name for rate in measures.metric_named(name).rates if rate.value == wanted)


def _segments(values: Sequence[str], catalogue: Catalogue) -> list[Filter]:
    """Segments of one group are "or"; of two groups nobody can be both here, so that is said."""
    groups: dict[str | None, list[str]] = {}
    for value in values:
        entity = catalogue.get("segment", value)
        keys = catalogue.keys("segment", value)
        groups.setdefault(entity.group if entity else None, []).extend(keys)
    return [Filter.of(Dimension.SEGMENT, *keys) for keys in groups.values()]


def _keys(kind: str, value: str, catalogue: Catalogue, person: str) -> tuple[str, ...]:
    if value == "me":
        return (person or NO_VALUE,)
    if kind in {"sentiment", "effort", "churn_risk"}:
        return (EMPTY_VALUE if value == "empty" else value,)
    if kind not in set(Dimension):
        raise Misused(f"Conversations cannot be filtered by {kind}.")
    return catalogue.keys(kind, value)


def sides_of(reading: Reading, catalogue: Catalogue) -> tuple[tuple[str, ...], ...]:
    """The filter values of each side of a comparison."""
    if reading.compare is None:
        return ()
    by = reading.compare.by
    return tuple(catalogue.keys(by, value) for value in reading.compare.values)


def assumptions(reading: Reading) -> tuple[str, ...]:
    """Say in words what the reader filled in or took a word to mean."""
    said = []
    left = [one.removeprefix(IGNORED) for one in reading.assumed if one.startswith(IGNORED)]
    if left:
        said.append(f"not understood and left out: {', '.join(f'“{one}”' for one in left)}")
    others = [Reading.from_dict(one).filters.get("text", ()) for one in reading.alternatives]
    said += [
        f"nothing here is called “{one}”; put it in quotation marks to look for it"
        for one in left
        if (one.lower(),) in others
    ]
    said += [one.removeprefix(TAKEN) for one in reading.assumed if one.startswith(TAKEN)]
    if reading.metric == "sentiment":
        moved = {"down": '"drop" = share of negative conversations up'}
        moved["up"] = '"improve" = share of negative conversations down'
        said.append(
            moved.get(reading.direction or "", "sentiment = share of negative conversations")
        )
    if "period" in reading.assumed and reading.period is not None:
        length = f"last {reading.period.days} full days"
        if reading.baseline is not None and reading.baseline.window.end == reading.period.start:
            length += f" against the {reading.baseline.window.days} before"
        said.append(length)
    return tuple(said)
