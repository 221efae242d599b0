"""The one question that every surface asks: which number, of which conversations, in which days.

A Query is frozen and hashable, survives its URL, and states itself in words. It knows no SQL and no
surface.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from service.errors import Misused

CONVERSATIONS = "conversations"
ACCOUNTS = "accounts"
_CUSTOM = re.compile(r"custom_[a-z][a-z0-9_]{0,39}")


class Dimension(StrEnum):
    """What conversations can be filtered and grouped by; of MULTI_VALUED ones several at once."""

    ACCOUNT = "account"
    DRIVER = "driver"
    TAG = "tag"
    RAW_TAG = "raw_tag"
    SEGMENT = "segment"
    CHANNEL = "channel"
    AGENT = "agent"
    OWNER = "owner"
    SOURCE = "source"
    STATUS = "status"
    SENTIMENT = "sentiment"
    EFFORT = "effort"
    CHURN_RISK = "churn_risk"
    CONVERSATION = "conversation"
    DAY = "day"
    WEEK = "week"  # the Monday it starts on
    MONTH = "month"  # the first day of it

    @classmethod
    def _missing_(cls, value: object) -> "Dimension | None":
        """A metric that a workspace defines is a dimension too; which there are is not known here.

        Such members are equal by value and not listed, so compare them with `==`.
        """
        if not isinstance(value, str) or not _CUSTOM.fullmatch(value):
            return None
        made = str.__new__(cls, value)
        made._name_ = value.upper()
        made._value_ = value
        return made

    @property
    def words(self) -> str:
        """What people read: "churn risk", and "legal threat" for a metric of their own."""
        return self.value.removeprefix("custom_").replace("_", " ")


TIME = frozenset({Dimension.DAY, Dimension.WEEK, Dimension.MONTH})


MULTI_VALUED = frozenset({Dimension.DRIVER, Dimension.TAG, Dimension.RAW_TAG})
EMPTY_VALUE = "empty"  # filter value for "measured as empty"
EMPTY_BECAUSE = f"{EMPTY_VALUE}: "  # with a reason after it: "measured as empty for this reason"
DASH = "\u2013"  # between two days; a hyphen would read as a minus
UNMEASURED_VALUE = "unmeasured"  # filter value for "not measured yet"
NO_VALUE = "none"  # filter value for "the helpdesk has none": no account, no segment, no agent


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Whole days of the workspace's time zone, half-open: `start <= day < end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise Misused(f"The period {self.start}..{self.end} has no day in it.")

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def preceding(self) -> "Window":
        """The equally long window that ends where this one starts."""
        return Window(self.start - timedelta(days=self.days), self.start)

    def words(self, *, year: bool = True) -> str:
        """Return "9\u201315 Nov 2026": what both days share is said once."""
        first, last = self.start, self.end - timedelta(days=1)
        ending = f" {last.year}" if year else ""
        if first == last:
            return f"{first:%a} {_day_month(first)}{ending}"
        if first.year != last.year:
            return f"{_day_month(first)} {first.year} {DASH} {_day_month(last)} {last.year}"
        if first.month != last.month:
            return f"{_day_month(first)} {DASH} {_day_month(last)}{ending}"
        return f"{first.day}{DASH}{_day_month(last)}{ending}"


@dataclass(frozen=True, slots=True, order=True)
class Filter:
    """Conversations that touch one of these values (or, as an exclusion, none of them)."""

    dimension: Dimension
    values: tuple[str, ...]  # sorted, distinct, never empty

    @staticmethod
    def of(dimension: Dimension, *values: str) -> "Filter":
        if not values:
            raise Misused(f"The filter on {dimension} names no value.")
        return Filter(dimension, tuple(sorted(set(values))))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a metric is empty, of the values that ask for just one reason."""
        found = (value.partition(EMPTY_BECAUSE) for value in self.values)
        return tuple(why for before, because, why in found if because and not before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    metric: str = CONVERSATIONS  # or ACCOUNTS, or the name of a Rate such as "negative_rate"
    window: Window | None = None
    filters: tuple[Filter, ...] = ()
    exclude: tuple[Filter, ...] = ()
    text: tuple[str, ...] = ()  # each must occur in a customer's message
    group_by: tuple[Dimension, ...] = ()
    compare_to: Window | None = None
    sort: str = field(default="-created")  # of lists: -created, created

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", _every(self.filters))
        object.__setattr__(self, "exclude", _none_of(self.exclude))
        texts = {" ".join(t.split()).lower() for t in self.text} - {""}
        object.__setattr__(self, "text", tuple(sorted(texts)))
        if len(self.group_by) > 2:
            raise Misused("A question can be grouped by two dimensions at most.")
        if self.sort not in {"created", "-created"}:
            raise Misused(
                f"Conversations cannot be sorted by {self.sort!r}; use created or -created."
            )

    def narrowed(self, dimension: Dimension, *values: str) -> "Query":
        """The Query that lists what is behind one group's number; a time grain narrows the
        window.
        """
        if dimension in TIME:
            return replace(
                self, window=_grain_window(dimension, values[0], self.window), group_by=()
            )
        return replace(self, filters=(*self.filters, Filter.of(dimension, *values)), group_by=())

    def during(self, window: Window | None) -> "Query":
        return replace(self, window=window, compare_to=None)

    def values_of(self, dimension: Dimension) -> tuple[str, ...]:
        return next((f.values for f in self.filters if f.dimension == dimension), ())

    def to_params(self) -> list[tuple[str, str]]:
        """Return URL parameters, in a canonical order; defaults are left out."""
        params: list[tuple[str, str]] = []
        if self.metric != CONVERSATIONS:
            params.append(("metric", self.metric))
        params += _window_params(self.window, "from", "to")
        params += _filter_params(self.filters)
        params += [(f"not.{f.dimension.value}", value) for f in self.exclude for value in f.values]
        params += [("text", value) for value in self.text]
        params += [("group", dimension.value) for dimension in self.group_by]
        params += _window_params(self.compare_to, "vs_from", "vs_to")
        if self.sort != "-created":
            params.append(("sort", self.sort))
        return params

    @staticmethod
    def from_params(params: Iterable[tuple[str, str]]) -> "Query":
        """Read URL parameters. An unknown name or an unreadable value raises Misused."""
        many: dict[str, list[str]] = {}
        for name, value in params:
            if value != "":
                many.setdefault(name, []).append(value)
        known = {
            "metric": _one(many, "metric") or CONVERSATIONS,
            "window": _read_window(many, "from", "to"),
            "compare_to": _read_window(many, "vs_from", "vs_to"),
            "text": tuple(many.pop("text", [])),
            "group_by": tuple(_dimension(value) for value in many.pop("group", [])),
            "sort": _one(many, "sort") or "-created",
        }
        filters, exclude = [], []
        for name, values in many.items():
            if name.startswith("not."):
                exclude.append(Filter.of(_dimension(name.removeprefix("not.")), *values))
            else:
                filters.append(Filter.of(_dimension(name.partition("~")[0]), *values))
        return Query(filters=tuple(filters), exclude=tuple(exclude), **known)  # type: ignore[arg-type]  # each value was built for its own field above

    def sentence(self, names: Mapping[str, str] | None = None) -> str:
        """State the question in words. `names` maps account and agent keys to their names."""
        names = names or {}
        parts = [names.get(self.metric, self.metric.replace("_", " "))]
        parts += [
            _filter_words(f, names, "not " if f in self.exclude else "")
            for f in (*self.filters, *self.exclude)
        ]
        parts += [f'mentions "{value}"' for value in self.text]
        if self.window is not None:
            parts.append(self.window.words())
        if self.compare_to is not None:
            parts.append(f"against {self.compare_to.words()}")
        if self.group_by:
            parts.append("by " + " and ".join(d.words for d in self.group_by))
        return ", ".join(parts)


def _day_month(day: date) -> str:
    return f"{day.day} {day:%b}"


def _every(filters: Sequence[Filter]) -> tuple[Filter, ...]:
    """Put filters in one order. All must hold, so two on a single-valued dimension intersect.

    A conversation may touch several drivers or tags: there, two filters stay two, unless one
    implies the other.
    """
    kept: list[Filter] = []
    for new in filters:
        same = [old for old in kept if old.dimension == new.dimension]
        if new.dimension in MULTI_VALUED:
            if any(set(old.values) <= set(new.values) for old in same):
                continue
            kept = [o for o in kept if o not in same or not set(new.values) <= set(o.values)]
            kept.append(new)
        else:
            kept = [old for old in kept if old not in same]
            kept.append(_both(same[0], new) if same else new)
    return tuple(sorted(kept))


def _none_of(filters: Sequence[Filter]) -> tuple[Filter, ...]:
    """Put exclusions in one order. None may hold, so those on one dimension unite."""
    values: dict[Dimension, set[str]] = {}
    for one in filters:
        values.setdefault(one.dimension, set()).update(one.values)
    return tuple(sorted(Filter.of(dimension, *found) for dimension, found in values.items()))


def _both(old: Filter, new: Filter) -> Filter:
    common = set(old.values) & set(new.values)
    if not common:
        raise Misused(
            f"No conversation can be both {old.values[0]} and {new.values[0]} in {old.dimension}."
        )
    return Filter.of(old.dimension, *common)


def _filter_params(filters: Sequence[Filter]) -> list[tuple[str, str]]:
    """A second filter on one dimension is written `driver~2`, so that it is not read as an "or"."""
    params: list[tuple[str, str]] = []
    seen: dict[Dimension, int] = {}
    for one in filters:
        seen[one.dimension] = seen.get(one.dimension, 0) + 1
        suffix = f"~{seen[one.dimension]}" if seen[one.dimension] > 1 else ""
        params += [(f"{one.dimension.value}{suffix}", value) for value in one.values]
    return params


def _window_params(window: Window | None, first: str, second: str) -> list[tuple[str, str]]:
    return (
        []
        if window is None
        else [(first, window.start.isoformat()), (second, window.end.isoformat())]
    )


def _one(many: dict[str, list[str]], name: str) -> str | None:
    values = many.pop(name, [])
    if len(values) > 1:
        raise Misused(f"{name} is given twice.")
    return values[0] if values else None


def _read_window(many: dict[str, list[str]], first: str, second: str) -> Window | None:
    start, end = _one(many, first), _one(many, second)
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Misused(f"A period needs both {first} and {second}.")
    return Window(_day(start), _day(end))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Misused(f"{value!r} is not a date; write it as 2026-11-16.") from error


def _dimension(value: str) -> Dimension:
    try:
        return Dimension(value)
    except ValueError as error:
        known = ", ".join(d.value for d in Dimension)
        raise Misused(
            f"{value!r} is not something to filter or group by; there is {known}."
        ) from error


def _grain_window(dimension: Dimension, value: str, within: Window | None) -> Window:
    start = _day(value)
    if dimension is Dimension.DAY:
        end = start + timedelta(days=1)
    elif dimension is Dimension.WEEK:
        end = start + timedelta(days=7)
    else:
        end = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    if within is None:
        return Window(start, end)
    return Window(max(start, within.start), min(end, within.end))


def _filter_words(one: Filter, names: Mapping[str, str], prefix: str) -> str:
    return f"{one.dimension.words} {prefix}{values_in_words(one, names)}"


_SPELT_OUT = 2  # conversations named one by one; more of them would bury the question


def values_in_words(one: Filter, names: Mapping[str, str]) -> str:
    """Name a filter's values; conversations picked by hand are counted when they are many."""
    if one.dimension is Dimension.CONVERSATION and len(one.values) > _SPELT_OUT:
        return f"one of {len(one.values)} chosen"
    return " or ".join(names.get(value, value) for value in one.values)
