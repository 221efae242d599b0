"""Draws a small chart as a picture. Imports matplotlib late: that is slow.

The chart's own words state the same numbers, for those who do not see the picture.
"""

import io
import threading

from service.charting import Chart, Unit

INK, SOFT, EARLIER, NOW = "#1c2227", "#58616a", "#a4abb2", "#0a5a73"
SIZE = (6.4, 2.4)  # inches
DOTS = 150  # an inch
_ROOMY = 9  # bars, up to which their names fit side by side
_SIDE_BY_SIDE = 70  # characters of all numbers together
_one_at_a_time = threading.Lock()  # matplotlib keeps fonts without a lock of its own


def draw(chart: Chart) -> bytes:
    """Return a PNG: one bar a period with its number, the last one in another colour."""
    with _one_at_a_time:
        return _drawn(chart)


def _drawn(chart: Chart) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
    axes = figure.subplots()
    places = range(len(chart.bars))
    colours = [EARLIER] * (len(chart.bars) - 1) + [NOW]
    bars = axes.bar(places, [bar.value for bar in chart.bars], color=colours, width=0.7)
    size, turned = (8, 0) if len(chart.bars) <= _ROOMY else (7, 60)
    said = [_said(chart, bar.value) for bar in chart.bars]
    # A long number stands upright where its neighbour leaves no room for it.
    longest = max(map(len, said), default=0)
    upright = len(said) * longest > _SIDE_BY_SIDE
    axes.bar_label(bars, said, color=INK, fontsize=size, padding=2, rotation=90 * upright)
    labels = [bar.label for bar in chart.bars]
    axes.set_xticks(
        places,
        labels,
        fontsize=size,
        color=SOFT,
        rotation=turned,
        ha="right" if turned else "center",
        rotation_mode="anchor",
    )
    axes.set_title(chart.title, loc="left", fontsize=10, color=INK)
    if not chart.title.startswith(chart.measured):
        axes.set_title(chart.measured, loc="right", fontsize=8, color=SOFT)
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.margins(y=0.08 * longest if upright else 0.15)
    axes.set_ylim(bottom=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(EARLIER)
    found = io.BytesIO()
    # Without these, the file would name the library's version and differ between machines.
    figure.savefig(found, format="png", metadata={"Software": None})
    return found.getvalue()


def _said(chart: Chart, value: int) -> str:
    return f"{value}%" if chart.unit is Unit.SHARE else f"{value:,}"
