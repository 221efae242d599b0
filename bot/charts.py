"""A chart in a message: Slack's own chart block, or a picture where a workspace refuses that.

Slack draws a native chart in the reader's theme; not every workspace takes the block yet. Where it
takes neither, the message comes without: its lines state the same numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from slack_sdk import WebClient

from bot.blocks import Message
from bot.calling import upload
from bot.plain_text import small
from bot.rich_text import Block, literal
from service.chart_image import draw
from service.charting import Chart
from service.errors import VerbatimError

_LONGEST_TITLE = 50  # https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
_LONGEST_NAME = 20
_LONGEST_WORDS = 2_000  # of a picture


def charted(
    chart: Chart | None,
    make: Callable[[Sequence[Block]], Message],
    *,
    picture: Callable[[Chart], Block | None],
) -> Message:
    """Make a message with Slack's own chart, and what to post where Slack does not take that."""
    if chart is None:
        return make([])
    note = [block for block in [small([chart.note] if chart.note else [])] if block]
    if not chart.bars:
        return make(note)

    def pictured() -> Message:
        drawn = picture(chart)
        return make([drawn, *note] if drawn else note)

    return replace(make([native_chart(chart), *note]), instead=pictured)


def native_chart(chart: Chart) -> Block:
    """Slack's own bar chart."""
    points: list[dict[str, Any]] = [{"label": bar.label, "value": bar.value} for bar in chart.bars]
    return {
        "type": "data_visualization",
        "title": literal(chart.title, _LONGEST_TITLE),
        "chart": {
            "type": "bar",
            "series": [{"name": literal(chart.measured, _LONGEST_NAME), "data": points}],
            "axis_config": {
                "categories": [bar.label for bar in chart.bars],
                "y_label": literal(chart.measured, _LONGEST_TITLE),
            },
        },
    }


def picture(client: WebClient, chart: Chart, *, name: str) -> Block | None:
    """Upload the chart and return the block that shows it; None when Slack does not take it.

    What is told is told without its picture too, so nothing of this is raised. The file is shared
    with nobody: an upload that is lost or repeated changes nothing that people see.
    """
    try:
        file_id = upload(client, draw(chart), name=f"{name}.png", title=chart.title)
    except VerbatimError:
        return None
    words = literal(chart.alternative(), _LONGEST_WORDS)
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": words}
