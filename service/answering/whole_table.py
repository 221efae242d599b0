"""The whole decomposition as `why --json` prints it: every row of every lens, with receipts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.answer_json import cause_as_json
from service.answering.desk import Desk
from service.answering.explaining import Explained, explain, row_counts
from service.decomposition import Decomposition, Row
from service.query import Query, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class LensRow:
    """A row of `why --json`. n and x weigh a conversation 1/m; `touched` counts it once."""

    value: str
    n0: float
    x0: float
    n1: float
    x1: float
    adjusted_n0: float  # after the weekday weights: what rate and mix are made of
    adjusted_x0: float
    rate: float
    mix: float
    z: float
    clear: bool
    state: str | None  # "new", "gone"
    touched: Mapping[str, int]
    receipt: str
    baseline_receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyResult:
    """The exact decomposition, named and shaped as `why --json` prints it."""

    metric: str
    period: Mapping[str, str]
    baseline: Mapping[str, str]
    n0: int
    x0: int
    n1: int
    x1: int
    p0: float
    p1: float
    delta: float
    composition: float
    adjust: Mapping[str, object] | None
    z: float
    clustered_z: float
    verdict: str
    cause: Mapping[str, object] | None
    lenses: Mapping[str, tuple[LensRow, ...]]
    receipt: str
    baseline_receipt: str


def why(desk: Desk, query: Query) -> WhyResult:
    """The whole table, every row with receipts."""
    found = explain(desk, query)
    split, baseline = found.split, found.headline.baseline
    return WhyResult(
        metric=query.metric,
        period=_span(found.window),
        baseline=_span(found.baseline),
        n0=split.n0,
        x0=split.x0,
        n1=split.n1,
        x1=split.x1,
        p0=float(split.p0),
        p1=float(split.p1),
        delta=float(split.delta),
        composition=float(split.composition),
        adjust=_adjust(split),
        z=split.z,
        clustered_z=split.clustered_z,
        verdict=split.verdict.value,
        cause=cause_as_json(found.cause),
        lenses={
            lens.value: tuple(_lens_row(desk, replace(found, lens=lens), row) for row in rows)
            for lens, rows in split.lenses.items()
        },
        receipt=found.headline.current.receipt,
        baseline_receipt=baseline.receipt if baseline else "",
    )


def _span(window: Window) -> dict[str, str]:
    return {"start": window.start.isoformat(), "end": window.end.isoformat()}


def _adjust(split: Decomposition) -> dict[str, object] | None:
    weights = split.weights
    if weights.grain is None:
        return None
    return {
        "by": weights.grain,
        "weights": {str(day): float(value) for day, value in weights.by_weekday.items()},
        "missing": list(weights.missing),
    }


def _lens_row(desk: Desk, found: Explained, row: Row) -> LensRow:
    current, baseline = row_counts(desk, found, row)
    (n0, x0), (n1, x1) = row.touched0, row.touched1
    return LensRow(
        value=row.value,
        n0=float(row.n0),
        x0=float(row.x0),
        n1=float(row.n1),
        x1=float(row.x1),
        adjusted_n0=float(row.adjusted_n0),
        adjusted_x0=float(row.adjusted_x0),
        rate=float(row.rate),
        mix=float(row.mix),
        z=row.z,
        clear=row.clear,
        state=row.state,
        touched={"n0": n0, "x0": x0, "n1": n1, "x1": x1},
        receipt=current.receipt,
        baseline_receipt=baseline.receipt,
    )
