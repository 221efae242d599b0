"""The names that a dimension has, found by hopping from one to the next over an index.

Counting them reads every row; naming them reads one of each. Knows what no viewer is kept from.
"""

from sqlalchemy import Column, ColumnElement, Connection, func, select

from service.domain.people import Viewer
from service.query import Dimension
from storage.rollups import LENSES
from storage.tables.facts import rollup_day, touch

_ANY_METRIC = "sentiment"  # each metric's rows count every conversation


def names_in_use(
    connection: Connection, dimension: Dimension, viewer: Viewer, *, most: int
) -> list[str] | None:
    """Return all names, at most `most`; None where there are more, or no index to hop over."""
    if viewer.accounts is not None:
        return None
    if str(dimension) in LENSES:
        r = rollup_day.c
        place = (r.metric == _ANY_METRIC, r.lens == str(dimension))
        hops = _hops(connection, r.name, place, most=most)
        found = [name for name in hops if _counts(connection, place, name)]
    elif dimension is Dimension.TAG:
        t = touch.c
        hops = found = _hops(connection, t.value, (t.dimension == str(dimension),), most=most)
    else:
        return None
    return found if len(hops) <= most else None


def _hops(
    connection: Connection,
    name: "Column[str]",
    place: tuple[ColumnElement[bool], ...],
    *,
    most: int,
) -> list[str]:
    """The first names in one statement, one more than `most` when there are more."""
    first = select(func.min(name).label("name")).where(*place).cte("hop", recursive=True)
    beyond = select(func.min(name)).where(*place, name > first.c.name).correlate(first)
    hop = first.union_all(select(beyond.scalar_subquery()).where(first.c.name.is_not(None)))
    found = select(hop.c.name).where(hop.c.name.is_not(None)).limit(most + 1)
    return list(connection.execute(found).scalars())


def _counts(connection: Connection, place: tuple[ColumnElement[bool], ...], name: str) -> bool:
    """Rows of the past may count nothing any more."""
    r = rollup_day.c
    wanted = select(r.n).where(*place, r.name == name, r.n != 0).limit(1)
    return connection.execute(wanted).first() is not None
