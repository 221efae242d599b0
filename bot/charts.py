"""The digest's chart for Slack: its own chart block, or a picture where a workspace refuses that.

Slack draws a native chart in the reader's theme; not every workspace takes the block yet.
"""

from collections.abc import Sequence
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.rich_text import Block
from service.chart_image import WeekBar, alternative, draw

_TITLE = "Conversations by week"
_MOST_CATEGORIES = 20  # https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block


def native_chart(weeks: Sequence[WeekBar]) -> Block:
    """Slack's own bar chart of at most twenty weeks."""
    shown = weeks[-_MOST_CATEGORIES:]
    points: list[dict[str, Any]] = [{"label": week.label, "value": week.n} for week in shown]
    return {
        "type": "data_visualization",
        "title": _TITLE,
        "chart": {
            "type": "bar",
            "series": [{"name": "Conversations", "data": points}],
            "axis_config": {
                "categories": [week.label for week in shown],
                "y_label": "Conversations",
            },
        },
    }


def picture(client: WebClient, weeks: Sequence[WeekBar], *, name: str) -> Block | None:
    """Upload the chart and return the block that shows it; None when Slack does not take it.

    A digest without its picture is still a digest, so nothing of this is raised.
    """
    words = alternative(weeks)
    try:
        answer = client.files_upload_v2(
            content=draw(weeks), filename=f"{name}.png", title=_TITLE, alt_txt=words
        )
    except (SlackApiError, SlackClientError, OSError):
        return None
    file_id = (answer.get("file") or {}).get("id")
    if not file_id:
        return None
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": words}
