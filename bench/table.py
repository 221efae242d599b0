"""The table that the bench prints: figure, value, bar, ratio to the bar, and how it was taken."""

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTHS = (44, 34, 16, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a figure is held to; a `ratio` above one misses it."""

    says: str
    ratio: float


def at_most(value: float, bar: float, says: str) -> Bar:
    return Bar(says=says, ratio=value / bar if bar else float(value > 0) * 2)


def at_least(value: float, bar: float, says: str) -> Bar:
    return Bar(says=says, ratio=bar / value if value else 2.0)


def percentile(taken: Sequence[float], share: int) -> float:
    """Return the figure that `share` percent of them do not exceed."""
    return sorted(taken)[max(0, round(len(taken) * share / 100) - 1)]


def heading() -> None:
    _print("figure", "value", "bar", "of bar", "how it was taken")


def line(name: str, figure: str, note: str, bar: Bar | None = None) -> None:
    """Print a row. A ratio above 1.00 misses the bar, and is marked."""
    says, ratio = ("-", "-") if bar is None else (bar.says, _marked(bar.ratio))
    _print(name, figure, says, ratio, note)


def _marked(ratio: float) -> str:
    return f"{ratio:.2f}{' !' if round(ratio, 2) > 1 else ''}"


def _print(*cells: str) -> None:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    print(" | ".join([*padded, cells[-1]]), flush=True)
