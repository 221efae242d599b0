"""Why a share changed: fetches the cells, decomposes, and picks what the answer tells first.

The arithmetic is service.decomposition's and the sentences are service.wording's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service import causes, statistics, wording
from service.answering.desk import Desk, change_of, is_rate
from service.both_windows import BothWindows
from service.causes import LENSES, Counts, Narrowed, Pair
from service.decomposition import LIKELY, Decomposition, Kind, Row, Verdict
from service.domain.answers import Cause, Counted, Headline, Part
from service.domain.taxonomy import UNMAPPED
from service.errors import Misused
from service.query import NO_VALUE, Dimension, Query, Window
from service.sides import Sides

Lenses = tuple[Dimension, ...]
TOP_PARTS = 3
WORTH_A_LINE = 1.0  # points of mix that are told apart from "everything else"
SHIFT = 0.05  # change of a channel's share that is worth saying
MOST = 0.5  # of the change, for "most of it comes from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One change with its parts, before it becomes sentences."""

    query: Query
    window: Window
    baseline: Window
    split: Decomposition
    headline: Headline
    cause: Cause | None
    pair: tuple[Counted, Counted] | None  # of the cause with its `within`: now, before
    lens: Dimension


def windows_of(query: Query) -> tuple[Window, Window]:
    if query.window is None:
        raise Misused("A change needs a period; give one, such as last week.")
    return query.window, query.compare_to or query.window.preceding()


def explain(desk: Desk, query: Query) -> Explained:
    """Decompose the change of the query's rate between its two windows."""
    if not is_rate(query.metric):
        raise Misused(f"{query.metric} is a count: only a share can be decomposed.")
    window, baseline = windows_of(query)
    lenses = _lenses(query)
    counts = _counts(desk, query, window, baseline)
    split = causes.split(counts, lenses)
    current = desk.publish(query.during(window), split.x1, split.n1)
    before = desk.publish(query.during(baseline), split.x0, split.n0)
    headline = Headline(
        metric=query.metric,
        current=current,
        baseline=before,
        change=change_of(before, current),
    )
    cause = _told(causes.cause_of(split, counts, _closed(query)))
    return Explained(
        query=query,
        window=window,
        baseline=baseline,
        split=split,
        headline=headline,
        cause=cause,
        pair=_pair_counts(desk, query, cause, counts),
        lens=_lens_of(cause, lenses),
    )


def _lenses(query: Query) -> tuple[Dimension, ...]:
    """The lenses to explain by: within a driver its tags say more than the driver itself."""
    if query.values_of(Dimension.DRIVER):
        return (*LENSES, Dimension.TAG)
    return LENSES


def _counts(desk: Desk, query: Query, window: Window, baseline: Window) -> Counts:
    """Counts of both windows under the question's own filters, as cause finding asks for them.

    The conversations are read once, and once more for each lens or value that they do not show.
    """
    facts, known = desk.database.facts, dict[tuple[Narrowed, Lenses], BothWindows]()
    plain = replace(query, group_by=(), compare_to=None)

    def read(narrowed: Narrowed, lenses: Lenses) -> BothWindows:
        asked = plain
        for dimension, value in narrowed:
            asked = asked.narrowed(dimension, value)
        sides = (facts.columns(asked, desk.viewer, lenses, one) for one in (baseline, window))
        return BothWindows.of(*sides)

    def counts(narrowed: Narrowed, lens: Dimension | None) -> Sides:
        lenses = LENSES if lens is None or lens in LENSES else (lens,)
        apart = tuple(one for one in narrowed if one[0] not in lenses)
        here = tuple(one for one in narrowed if one[0] in lenses)
        if (apart, lenses) not in known:
            known[apart, lenses] = read(apart, lenses)
        return known[apart, lenses].sides(here, lens)

    return counts


def _closed(query: Query) -> frozenset[Dimension]:
    """What the question itself is about explains nothing."""
    return frozenset(one.dimension for one in query.filters)


def _told(pair: Pair | None) -> Cause | None:
    if pair is None:
        return None
    first, *more = pair.names
    second = more[0] if more else None
    return Cause(
        type=pair.found.kind.value,
        dimension=first[0],
        value=first[1],
        within_dimension=second[0] if second else None,
        within_value=second[1] if second else None,
    )


def _lens_of(cause: Cause | None, lenses: Sequence[Dimension]) -> Dimension:
    if cause is not None and cause.dimension in lenses:
        return cause.dimension
    return Dimension.TAG if Dimension.TAG in lenses else Dimension.DRIVER


# --- Parts that sum ------------------------------------------------------------------------------


def parts_of(desk: Desk, found: Explained) -> tuple[Part, ...]:
    """The three largest parts and what is left, in points; together exactly the change."""
    named = found.cause.value if found.cause else None  # the cause is told first
    rows = sorted(found.split.lenses[found.lens], key=lambda row: row.value != named)
    return _parts(desk, found, rows, [row for row in rows[:TOP_PARTS] if row.total != 0])


def offsetting(desk: Desk, found: Explained) -> tuple[Part, ...]:
    """The parts that moved clearly under a whole that did not, and what made up for them."""
    named = found.cause.value if found.cause else None
    rows = sorted(found.split.lenses[found.lens], key=lambda row: row.value != named)
    clear = [row for row in rows if (row.clear or row.value == named) and row.total != 0]
    return _parts(desk, found, rows, clear[:TOP_PARTS]) if clear else ()


def _parts(
    desk: Desk, found: Explained, rows: Sequence[Row], named: Sequence[Row]
) -> tuple[Part, ...]:
    """The named rows as parts, and the others as one or two: together exactly the change."""
    if found.headline.change is None:
        return ()
    top = [_part(desk, found, row) for row in named]
    rest = [row for row in rows if row.value not in {part.value for part in top}]
    composition = float(100 * (found.split.composition + sum(row.mix for row in rest)))
    left = found.headline.change.points - sum(part.points for part in top)
    parts = list(top)
    if abs(composition) >= WORTH_A_LINE:
        parts.append(_rest("composition", "mix", rate=0.0, mix=composition))
        left -= composition
        composition = 0.0
    parts.append(
        _rest("everything else", "everything else", rate=left - composition, mix=composition)
    )
    return tuple(parts)


def _part(desk: Desk, found: Explained, row: Row) -> Part:
    current, baseline = row_counts(desk, found, row)
    return Part(
        dimension=found.lens.value,
        value=row.value,
        points=float(100 * row.total),
        rate_effect=float(100 * row.rate),
        mix_effect=float(100 * row.mix),
        current=current,
        baseline=baseline,
        receipt=current.receipt,
        clear=row.clear,
    )


def _rest(dimension: str, value: str, *, rate: float, mix: float) -> Part:
    return Part(
        dimension=dimension,
        value=value,
        points=rate + mix,
        rate_effect=rate,
        mix_effect=mix,
        current=None,
        baseline=None,
        receipt=None,
        clear=False,
    )


def row_counts(desk: Desk, found: Explained, row: Row) -> tuple[Counted, Counted]:
    """Conversation-level counts: a conversation counts once for each value that it touches."""
    narrowed = found.query.narrowed(found.lens, row.value)
    (n0, x0), (n1, x1) = row.touched0, row.touched1
    return (
        desk.publish(narrowed.during(found.window), x1, n1),
        desk.publish(narrowed.during(found.baseline), x0, n0),
    )


def evidence_query(found: Explained, parts: Sequence[Part]) -> Query:
    """The conversations that an answer quotes: of its cause, else of its largest part."""
    query = found.query.during(found.window)
    cause = found.cause
    if cause is not None:
        query = query.narrowed(cause.dimension, cause.value)
        if cause.within_dimension is not None and cause.within_value is not None:
            query = query.narrowed(cause.within_dimension, cause.within_value)
        return query
    top = next((part for part in parts if part.current is not None), None)
    return query.narrowed(found.lens, top.value) if top else query


def _pair_counts(
    desk: Desk, query: Query, cause: Cause | None, counts: Counts
) -> tuple[Counted, Counted] | None:
    """The counts of a driver within a segment, now and before, when the pair says more."""
    if cause is None or cause.within_dimension is None or cause.within_value is None:
        return None
    window, baseline = windows_of(query)
    inside = counts(((cause.dimension, cause.value),), cause.within_dimension)
    (n0, x0), (n1, x1) = inside.of_value(cause.within_value)
    pair = query.narrowed(cause.dimension, cause.value).narrowed(
        cause.within_dimension, cause.within_value
    )
    return desk.publish(pair.during(window), x1, n1), desk.publish(pair.during(baseline), x0, n0)


# --- Sentences -----------------------------------------------------------------------------------


def cause_sentence(desk: Desk, found: Explained, parts: Sequence[Part]) -> str:
    cause, change = found.cause, found.headline.change
    if change is None:
        return ""
    if cause is None:
        return _nothing_named(found.split)
    rising = change.points > 0
    name = _spoken(desk, cause.dimension, cause.value)
    if cause.type == Kind.ACCOUNT:
        return wording.concentrated(name, rising, *_account_counts(desk, found, cause.value))
    inside = None
    if cause.within_dimension is not None and cause.within_value is not None:
        inside = _spoken(desk, cause.within_dimension, cause.within_value)
    row = next(r for r in found.split.lenses[found.lens] if r.value == cause.value)
    shares = [float(100 * row.total), *_pair_points(found)]
    if cause.type == Kind.MIX and row.state is None:
        name = wording.share_of(name, "larger" if _grew(found.split, row) else "smaller")
    most = min(points / change.points for points in shares) >= MOST
    sentence = wording.contributor(name, inside, rising, most=most)
    if row.state:
        sentence = f"{sentence[:-1]} ({row.state})."
    return sentence


def inside_sentence(desk: Desk, found: Explained) -> str:
    """What moved clearly under a whole that did not."""
    cause = found.cause
    if cause is None or found.pair is None or cause.within_dimension is None:
        return wording.OFFSET
    now, before = found.pair
    name = _spoken(desk, cause.dimension, cause.value)
    inside = _spoken(desk, cause.within_dimension, cause.within_value or "")
    return wording.moved_inside(name, inside, rising=now.n * before.of > before.n * now.of)


def _grew(split: Decomposition, row: Row) -> bool:
    return row.n1 * split.n0 > row.n0 * split.n1


def _nothing_named(split: Decomposition) -> str:
    if split.verdict is Verdict.TOO_FEW:
        return ""
    if split.p_value >= LIKELY and split.weights.grain:
        return "After adjusting for weekdays it is not distinguishable from noise."
    return "No driver, channel or segment stands out from noise."


def _spoken(desk: Desk, dimension: Dimension, value: str) -> str:
    """A value as the end of "comes from"."""
    if value in {"", NO_VALUE}:
        return f"conversations without {wording.a(dimension.value)}"
    return "unmapped conversations" if value == UNMAPPED else desk.name(dimension, value)


def _account_counts(desk: Desk, found: Explained, account: str) -> tuple[Counted, Counted]:
    narrowed = found.query.narrowed(Dimension.ACCOUNT, account)
    before, now = narrowed.during(found.baseline), narrowed.during(found.window)
    return desk.counted(before), desk.counted(now)


def _pair_points(found: Explained) -> list[float]:
    """What the conversations of the named pair add, each of them counted whole."""
    if found.pair is None:
        return []
    split, (now, before) = found.split, found.pair
    middle = float(split.p0 + split.composition + split.p1) / 2
    added = (now.n - now.of * middle) / split.n1 - (before.n - before.of * middle) / split.n0
    return [100 * added]


def shifts(found: Explained, desk: Desk) -> list[str]:
    """Channels whose share of the conversations clearly moved, by five points or more."""
    split = found.split
    said = []
    for row in split.lenses.get(Dimension.CHANNEL, ()):
        before, now = (row.touched0[0], split.n0), (row.touched1[0], split.n1)
        if not split.n0 or not split.n1 or abs(now[0] / now[1] - before[0] / before[1]) < SHIFT:
            continue
        if statistics.difference_p(*before, *now) < LIKELY:
            name = desk.name(Dimension.CHANNEL, row.value)
            said.append(wording.share_moved(name, before, now))
    return said
