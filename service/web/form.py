"""The query form: which choices it offers, what is chosen, and a clean address for what was asked.

It turns a Query into a form and back, and refuses to run one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from service.domain.people import Viewer
from service.errors import Misused
from service.measures import all_metrics
from service.query import (
    EMPTY_VALUE,
    NO_VALUE,
    UNMEASURED_VALUE,
    Dimension,
    Filter,
    Query,
    Window,
    values_in_words,
)
from service.stores import Facts
from service.web.site import HERE

CHOSEN = (
    Dimension.DRIVER,
    Dimension.TAG,
    Dimension.ACCOUNT,
    Dimension.SEGMENT,
    Dimension.CHANNEL,
    Dimension.SOURCE,
    Dimension.AGENT,
    Dimension.STATUS,
)
_WITHOUT = {
    Dimension.ACCOUNT: "No account",
    Dimension.SEGMENT: "No segment",
    Dimension.AGENT: "No agent",
}
_STATES = {EMPTY_VALUE: "Measured as empty", UNMEASURED_VALUE: "Not measured yet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A select of the form. `held` are chosen values that a select cannot show: sent along."""

    name: str
    title: str
    options: tuple[Option, ...]
    held: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One condition in force, and the address without it."""

    words: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    title: str
    url: str
    chosen: bool


def asked(params: Iterable[tuple[str, str]], today: date) -> Query:
    """Read what the form sent: its last day is inclusive, as people mean it, and may be missing."""
    plain = [(name, value.strip()) for name, value in params if value.strip()]
    first = _day(plain, "first")
    last = _day(plain, "last")
    rest = [(name, value) for name, value in plain if name not in {"first", "last", "form"}]
    query = Query.from_params(rest)
    if first is None and last is None:
        return query
    if first is None:
        raise Misused("A period needs its first day.")
    return query.during(Window(first, (last or max(today, first)) + timedelta(days=1)))


def choices(query: Query, viewer: Viewer, facts: Facts, names: Mapping[str, str]) -> list[Choice]:
    """Return the selects, with the values that this viewer's conversations have."""
    found = []
    for dimension in CHOSEN:
        values = [v for v in facts.values(dimension, viewer) if v != NO_VALUE]
        titles = {value: names.get(value, value) for value in values}
        if dimension in _WITHOUT:
            titles[NO_VALUE] = _WITHOUT[dimension]
        found.append(_choice(query, dimension, dimension.words, titles))
    return found


def label_choices(query: Query, hidden: Collection[str] = ()) -> list[Choice]:
    """Return a select for each metric that conversations can be filtered by, and who asks may."""
    found = []
    for metric in all_metrics():
        if metric.name in hidden:
            continue
        titles = {value: value for value in metric.values} | _STATES
        found.append(_choice(query, Dimension(metric.name), metric.title, titles))
    return found


def chips(query: Query, names: Mapping[str, str]) -> list[Chip]:
    """Return the conditions in force. The period has its own place and is not among them."""
    found = []
    for one in query.filters:
        rest = tuple(f for f in query.filters if f != one)
        found.append(Chip(words=_words(one, names), without=_address(query, filters=rest)))
    for one in query.exclude:
        rest = tuple(f for f in query.exclude if f != one)
        found.append(Chip(words=f"not {_words(one, names)}", without=_address(query, exclude=rest)))
    for text in query.text:
        others = tuple(t for t in query.text if t != text)
        found.append(Chip(words=f"mentions “{text}”", without=_address(query, text=others)))
    return found


def presets(query: Query, today: date) -> list[Preset]:
    """Return the usual periods: whole days that are over, so that a number stays the same today."""
    monday = today - timedelta(days=today.weekday())
    windows: list[tuple[str, Window | None]] = [
        ("7 days", Window(today - timedelta(days=7), today)),
        ("28 days", Window(today - timedelta(days=28), today)),
        ("90 days", Window(today - timedelta(days=90), today)),
        ("Last week", Window(monday - timedelta(days=7), monday)),
        ("All", None),
    ]
    return [
        Preset(title=title, url=_address(query, window=window), chosen=query.window == window)
        for title, window in windows
    ]


def last_day(window: Window | None) -> str:
    return "" if window is None else (window.end - timedelta(days=1)).isoformat()


def _choice(query: Query, dimension: Dimension, title: str, titles: Mapping[str, str]) -> Choice:
    own = [f for f in query.filters if f.dimension == dimension]
    single = own[0].values[0] if len(own) == 1 and len(own[0].values) == 1 else None
    shown = dict(titles)
    if single is not None and single not in shown:
        shown[single] = single
    held = () if single is not None else tuple(_params_of(query, dimension))
    options = tuple(
        Option(value=value, title=text, chosen=value == single) for value, text in shown.items()
    )
    excluded = tuple(
        (name, value) for name, value in query.to_params() if name == f"not.{dimension.value}"
    )
    return Choice(
        name=dimension.value,
        title=title[:1].upper() + title[1:],
        options=options,
        held=held + excluded,
    )


def _params_of(query: Query, dimension: Dimension) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in query.to_params()
        if name.partition("~")[0] == dimension.value
    ]


def _words(one: Filter, names: Mapping[str, str]) -> str:
    return f"{one.dimension.words}: {values_in_words(one, names)}"


def _address(query: Query, **changes: object) -> str:
    changed = replace(query, **changes)  # type: ignore[arg-type]  # fields of Query by name
    return HERE.group(changed) if changed.group_by else HERE.explore(changed)


def _day(params: list[tuple[str, str]], name: str) -> date | None:
    values = [value for key, value in params if key == name]
    if not values:
        return None
    try:
        return date.fromisoformat(values[0])
    except ValueError as error:
        raise Misused(f"{values[0]!r} is not a date; write it as 2026-11-16.") from error
