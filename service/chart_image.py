"""Draws the digest's small chart as a picture. Imports matplotlib late: that is slow.

The words of the alternative text state the same numbers, for those who do not see the picture.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

INK, SOFT, EARLIER, NOW = "#1c2227", "#58616a", "#a4abb2", "#0a5a73"
SIZE = (6.4, 2.4)  # inches
DOTS = 150  # an inch


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekBar:
    """Conversations of one week."""

    monday: date
    n: int

    @property
    def label(self) -> str:
        return f"{self.monday.day} {self.monday:%b}"


def alternative(weeks: Sequence[WeekBar]) -> str:
    """The chart in words, oldest week first."""
    told = ", ".join(f"{week.label} {week.n:,}" for week in weeks)
    return f"Conversations by week, each from its Monday: {told}."


def draw(weeks: Sequence[WeekBar]) -> bytes:
    """Return a PNG: one bar a week with its number, the last one in another colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
    axes = figure.subplots()
    places = range(len(weeks))
    colours = [EARLIER] * (len(weeks) - 1) + [NOW]
    bars = axes.bar(places, [week.n for week in weeks], color=colours, width=0.7)
    axes.bar_label(bars, [f"{week.n:,}" for week in weeks], color=INK, fontsize=8, padding=2)
    axes.set_xticks(places, [week.label for week in weeks], fontsize=8, color=SOFT)
    axes.set_title("Conversations by week", loc="left", fontsize=10, color=INK)
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.margins(y=0.15)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(EARLIER)
    found = io.BytesIO()
    # Without these, the file would name the library's version and differ between machines.
    figure.savefig(found, format="png", metadata={"Software": None})
    return found.getvalue()
