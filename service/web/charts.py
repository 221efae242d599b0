"""Where the marks of a chart stand. Every mark carries the address of what it shows.

It knows lengths and refuses to know colours or conversations; templates draw it as SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000  # units of the stacked bar; the page scales it


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    key: str
    title: str
    n: int
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A segment with its place in a bar."""

    segment: Segment
    start: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value to be drawn. `value` is None where there is nothing to show, such as no share."""

    title: str
    value: float | None
    words: str
    url: str | None
    pale: bool = False  # too few conversations to be sure of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    point: Point
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    width: int
    height: int
    marks: tuple[Mark, ...]
    top: str  # what the end of the scale is called


LABEL_WIDTH = 250  # at most; a chart of short names needs less, and a narrow screen has less
LETTER_WIDTH = 7.5
BAR_WIDTH = 400
VALUE_WIDTH = 150
ROW_HEIGHT = 26
COLUMN_HEIGHT = 120
COLUMN_STEP = 52


def stacked(segments: Sequence[Segment]) -> tuple[Placed, ...]:
    """Lay segments side by side over WIDTH, in proportion to their numbers."""
    total = sum(segment.n for segment in segments)
    placed: list[Placed] = []
    start = 0.0
    for segment in segments:
        length = WIDTH * segment.n / total
        placed.append(Placed(segment=segment, start=round(start, 2), length=round(length, 2)))
        start += length
    return tuple(placed)


def bars(points: Sequence[Point], *, top: float, top_words: str) -> Chart:
    """Lay out one horizontal bar a point, on a scale from 0 to `top`."""
    longest = max((len(point.title) for point in points), default=0)
    labels = min(LABEL_WIDTH, 14 + round(LETTER_WIDTH * longest))
    marks = tuple(
        Mark(
            point=point,
            x=labels,
            y=index * ROW_HEIGHT + 4,
            width=_length(point, top, BAR_WIDTH),
            height=ROW_HEIGHT - 10,
        )
        for index, point in enumerate(points)
    )
    return Chart(
        width=labels + BAR_WIDTH + VALUE_WIDTH,
        height=max(1, len(points)) * ROW_HEIGHT,
        marks=marks,
        top=top_words,
    )


def columns(points: Sequence[Point], *, top: float, top_words: str) -> Chart:
    """Lay out one column a point, for time: it runs from left to right."""
    marks = []
    for index, point in enumerate(points):
        height = _length(point, top, COLUMN_HEIGHT)
        marks.append(
            Mark(
                point=point,
                x=index * COLUMN_STEP + 6,
                y=round(18 + COLUMN_HEIGHT - height, 2),
                width=COLUMN_STEP - 12,
                height=height,
            )
        )
    return Chart(
        width=max(1, len(points)) * COLUMN_STEP,
        height=COLUMN_HEIGHT + 40,
        marks=tuple(marks),
        top=top_words,
    )


def scale(points: Sequence[Point]) -> float:
    """Return the end of a scale that holds every point; never 0, so that nothing divides by it."""
    return max((point.value or 0.0 for point in points), default=0.0) or 1.0


def _length(point: Point, top: float, room: int) -> float:
    if not point.value:
        return 0.0
    return max(2.0, round(room * min(point.value, top) / top, 2))
