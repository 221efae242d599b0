"""What was understood of one message: the reading. It never holds a result.

The same object, as a dict, is what `verbatim read` prints and what a Slack thread remembers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from service.domain.answers import Intent
from service.query import Window

Filters = Mapping[str, tuple[str, ...]]  # kind -> catalogue ids; churn_risk is ("yes",)


def without(filters: Filters, others: Filters) -> dict[str, tuple[str, ...]]:
    """What is left out now is not asked for any more, and the other way round."""
    left = {
        kind: tuple(one for one in of if one not in others.get(kind, ()))
        for kind, of in filters.items()
    }
    return {kind: of for kind, of in left.items() if of}


class BaselineKind(StrEnum):
    PRECEDING = "preceding"
    NAMED = "named"
    SAME_LAST_YEAR = "same_last_year"
    BEFORE_FIX = "before_fix"
    PRIOR_90 = "prior_90"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    kind: BaselineKind
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Named sides of one dimension; two periods have no values."""

    by: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarify:
    """The one thing to ask back, and what to go on with once it is known."""

    slot: str
    reason: str  # ambiguous, missing, unknown
    options: tuple[str, ...] = ()
    pending: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    intent: Intent
    metric: str | None = None
    direction: str | None = None
    filters: Filters = field(default_factory=dict)
    exclude: Filters = field(default_factory=dict)
    period: Window | None = None
    baseline: Baseline | None = None
    compare: Compare | None = None
    group_by: tuple[str, ...] = ()
    rank_by: str | None = None
    order: str | None = None
    limit: int | None = None
    fix: str | None = None
    funnel: str | None = None
    term: str | None = None
    clarify: Clarify | None = None
    refuse: str | None = None
    assumed: tuple[str, ...] = ()
    alternatives: tuple[Mapping[str, object], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the JSON object of a reading; what is absent is left out."""
        found: dict[str, object | None] = {
            "intent": self.intent.value,
            "metric": self.metric,
            "direction": self.direction,
            "filters": _filters_dict(self.filters),
            "exclude": _filters_dict(self.exclude),
            "period": _span(self.period),
            "baseline": _baseline_dict(self.baseline),
            "compare": _compare_dict(self.compare),
            "group_by": list(self.group_by),
            "rank_by": self.rank_by,
            "order": self.order,
            "limit": self.limit,
            "fix": self.fix,
            "funnel": self.funnel,
            "term": self.term,
            "clarify": _clarify_dict(self.clarify),
            "refuse": {"reason": self.refuse} if self.refuse else None,
            "assumed": list(self.assumed),
            "alternatives": [dict(one) for one in self.alternatives],
        }
        return {name: value for name, value in found.items() if value not in (None, [], {})}

    @staticmethod
    def from_dict(found: Mapping[str, object]) -> "Reading":
        """Read a reading's JSON object; raises ValueError for one of another shape."""
        refuse = _mapping(found.get("refuse"))
        return Reading(
            intent=Intent(str(found.get("intent"))),
            metric=_text(found.get("metric")),
            direction=_text(found.get("direction")),
            filters=_read_filters(found.get("filters")),
            exclude=_read_filters(found.get("exclude")),
            period=_read_span(found.get("period")),
            baseline=_read_baseline(found.get("baseline")),
            compare=_read_compare(found.get("compare")),
            group_by=_texts(found.get("group_by")),
            rank_by=_text(found.get("rank_by")),
            order=_text(found.get("order")),
            limit=_number(found.get("limit")),
            fix=_text(found.get("fix")),
            funnel=_text(found.get("funnel")),
            term=_text(found.get("term")),
            clarify=_read_clarify(found.get("clarify")),
            refuse=_text(refuse.get("reason")),
            assumed=_texts(found.get("assumed")),
        )


def _span(window: Window | None) -> dict[str, object] | None:
    if window is None:
        return None
    return {"start": window.start.isoformat(), "end": window.end.isoformat()}


def _filters_dict(filters: Filters) -> dict[str, object]:
    return {
        kind: True if kind == "churn_risk" else list(values)
        for kind, values in filters.items()
        if values
    }


def _baseline_dict(baseline: Baseline | None) -> dict[str, object] | None:
    if baseline is None:
        return None
    return {"kind": baseline.kind.value, **(_span(baseline.window) or {})}


def _compare_dict(compare: Compare | None) -> dict[str, object] | None:
    if compare is None:
        return None
    values: dict[str, object] = {"values": list(compare.values)} if compare.values else {}
    return {"by": compare.by, **values}


def _clarify_dict(clarify: Clarify | None) -> dict[str, object] | None:
    if clarify is None:
        return None
    found: dict[str, object] = {
        "slot": clarify.slot,
        "reason": clarify.reason,
        "options": list(clarify.options),
    }
    if clarify.pending:
        found["pending"] = dict(clarify.pending)
    return found


def _mapping(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("A reading's part is not an object.")  # noqa: TRY004  # it is input, not code, that is wrong
    return value


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _read_filters(value: object) -> Filters:
    found = {}
    for kind, values in _mapping(value).items():
        found[kind] = ("yes",) if values is True else _texts(values)
    return {kind: values for kind, values in found.items() if values}


def _read_span(value: object) -> Window | None:
    found = _mapping(value)
    if not found:
        return None
    return Window(
        date.fromisoformat(str(found.get("start"))), date.fromisoformat(str(found.get("end")))
    )


def _read_baseline(value: object) -> Baseline | None:
    found, window = _mapping(value), _read_span(value)
    if window is None:
        return None
    return Baseline(kind=BaselineKind(str(found.get("kind", "preceding"))), window=window)


def _read_compare(value: object) -> Compare | None:
    found = _mapping(value)
    if not found:
        return None
    return Compare(by=str(found.get("by")), values=_texts(found.get("values")))


def _read_clarify(value: object) -> Clarify | None:
    found = _mapping(value)
    if not found:
        return None
    return Clarify(
        slot=str(found.get("slot")),
        reason=str(found.get("reason")),
        options=_texts(found.get("options")),
        pending=_mapping(found.get("pending")),
    )
