"""One number by one or two dimensions, every cell published: what /api/v1/group tells.

It asks the desk to count and refuses to know how a group is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service import measures
from service.answering.breakdown import Grouped, narrowed, tallies
from service.answering.desk import Desk, is_rate
from service.domain.answers import Counted, Tally
from service.errors import Misused
from service.query import (
    CONVERSATIONS,
    EMPTY_VALUE,
    MULTI_VALUED,
    TIME,
    UNMEASURED_VALUE,
    Dimension,
    Query,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A group's number and, of a share, what it leaves out; None where there is no share."""

    values: tuple[str, ...]
    counted: Counted
    conversations: Counted
    empty: Counted | None
    unmeasured: Counted | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """All groups, or the first ones. The groups of `overlaps` may hold a conversation twice."""

    query: Query
    total: Counted
    groups: tuple[Cells, ...]
    left_out: int
    overlaps: bool
    caveats: tuple[str, ...]


def grouped(desk: Desk, query: Query, *, most: int) -> Grouping:
    """Count every group and publish the first `most`: time in its order, the rest by size."""
    plain = replace(query, compare_to=None)
    found = sorted(tallies(desk, plain), key=lambda one: _order(plain, one))
    overall = replace(plain, group_by=())
    return Grouping(
        query=plain,
        total=desk.counted(overall),
        groups=tuple(_cells(desk, plain, one) for one in found[:most]),
        left_out=max(0, len(found) - most),
        overlaps=any(by in MULTI_VALUED for by in plain.group_by),
        caveats=tuple(desk.caveats(overall, desk.coverage(overall))),
    )


def _order(query: Query, group: Grouped) -> tuple[int, Sequence[str]]:
    values, tally = group
    return (0 if query.group_by[0] in TIME else -tally.total, values)


def _cells(desk: Desk, query: Query, group: Grouped) -> Cells:
    values, tally = group
    one = narrowed(query, query.group_by, values)
    listed = replace(one, metric=CONVERSATIONS)
    share = is_rate(query.metric)
    return Cells(
        values=values,
        counted=desk.published(one, tally),
        conversations=desk.publish(listed, tally.total, tally.total),
        empty=_state(desk, one, EMPTY_VALUE, tally) if share else None,
        unmeasured=_state(desk, one, UNMEASURED_VALUE, tally) if share else None,
    )


def _state(desk: Desk, one: Query, state: str, tally: Tally) -> Counted | None:
    """The conversations of a group that its share leaves out.

    None when the question's own conditions rule them out.
    """
    metric, _ = measures.rate_named(one.metric)
    try:
        asked = replace(one.narrowed(Dimension(metric.name), state), metric=CONVERSATIONS)
    except Misused:
        return None
    n = tally.empty if state == EMPTY_VALUE else tally.unmeasured
    return desk.publish(asked, n, n)
