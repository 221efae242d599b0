"""What Slack refuses in a message. Stricter than its documentation where others measured it so.

Block Kit reference (api.slack.com/reference/block-kit/blocks); the budget of a whole message was
measured by other projects between 11,341 and 13,297 characters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100  # of an App Home or a modal
MAX_SECTION = 3000
MAX_HEADER = 150
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_URL = 3000
MAX_CONTEXT = 2000
MAX_CONTEXT_ELEMENTS = 10
MAX_ACTIONS = 25
MAX_TEXT = 40_000
MAX_CHART_TITLE = 50
MAX_SERIES = 6
MAX_CATEGORIES = 20
MAX_CATEGORY = 20
MAX_MESSAGE = 13_000  # characters of all blocks together

_KNOWN_TYPES = frozenset(
    {
        "actions", "alert", "card", "carousel", "container", "context", "context_actions",
        "data_table", "data_visualization", "divider", "file", "header", "image", "input",
        "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
    }
)  # fmt: skip


_RICH_PARTS = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
)


def refusal(text: str, blocks: Sequence[Mapping[str, object]]) -> str | None:
    """Return Slack's error code for a message that it would not take, else None."""
    if not text.strip() and not blocks:
        return "no_text"
    if len(text) > MAX_TEXT:
        return "msg_too_long"
    if len(blocks) > MAX_BLOCKS or any(_bad_block(block) for block in blocks):
        return "invalid_blocks"
    if sum(len(piece) for block in blocks for piece in texts(block)) > MAX_MESSAGE:
        return "msg_blocks_too_long"
    return None


def texts(node: object) -> Iterator[str]:
    """Yield every piece of text below a block, alternative texts included."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in {"text", "alt_text", "title"} and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)


def words_of(blocks: Iterable[object]) -> str:
    """All that can be read of a message's blocks, a piece a line."""
    return "\n".join(piece for block in blocks for piece in texts(block))


def _bad_block(block: Mapping[str, object]) -> bool:
    kind = block.get("type")
    if kind not in _KNOWN_TYPES:
        return True
    if kind == "header":
        return not 0 < _length(block.get("text")) <= MAX_HEADER
    if kind == "section":
        fields = block.get("fields")
        if block.get("text") is None and not fields:
            return True
        return _length(block.get("text")) > MAX_SECTION
    if kind == "image":
        return not block.get("alt_text")
    if kind == "data_visualization":
        return _bad_chart(block)
    if kind in {"actions", "context", "context_actions", "rich_text"}:
        elements = block.get("elements")
        if not isinstance(elements, list) or not elements:
            return True
        return _BAD.get(str(kind), _bad_buttons)(elements)
    return False


def _bad_chart(block: Mapping[str, object]) -> bool:
    """A title, one to six series, and in each of them the categories of the axis in their order.

    https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
    """
    title, chart = block.get("title"), block.get("chart")
    if not isinstance(title, str) or not 0 < len(title) <= MAX_CHART_TITLE:
        return True
    if not isinstance(chart, Mapping) or chart.get("type") not in {"line", "bar", "area"}:
        return True
    series, axis = chart.get("series"), chart.get("axis_config")
    if not isinstance(series, list) or not isinstance(axis, Mapping):
        return True
    categories = axis.get("categories") or []
    return (
        not 0 < len(series) <= MAX_SERIES
        or not 0 < len(categories) <= MAX_CATEGORIES
        or any(not 0 < len(category) <= MAX_CATEGORY for category in categories)
        or any([point["label"] for point in one["data"]] != categories for one in series)
    )


def _bad_buttons(elements: list[Any]) -> bool:
    names = [element.get("action_id") for element in elements]
    return (
        len(elements) > MAX_ACTIONS
        or len(set(names)) != len(names)
        or any(
            not 0 < _length(element.get("text")) <= MAX_BUTTON
            or len(str(element.get("value", ""))) > MAX_VALUE
            or len(str(element.get("url", ""))) > MAX_URL
            for element in elements
            if element.get("type") == "button"
        )
    )


def _bad_context(elements: list[Any]) -> bool:
    return len(elements) > MAX_CONTEXT_ELEMENTS or any(
        not element.get("text") or len(element["text"]) > MAX_CONTEXT
        for element in elements
        if element.get("type") != "image"
    )


def _bad_rich_text(elements: list[Any]) -> bool:
    """A list holds sections; everything else holds texts and links, none of them empty."""
    for element in elements:
        kind, inner = element.get("type"), element.get("elements")
        if kind not in _RICH_PARTS or not isinstance(inner, list) or not inner:
            return True
        if kind == "rich_text_list":
            if any(one.get("type") != "rich_text_section" for one in inner):
                return True
            if _bad_rich_text(inner):
                return True
        elif any(_bad_piece(piece) for piece in inner):
            return True
    return False


def _bad_piece(piece: Any) -> bool:
    if piece.get("type") == "link":
        url = str(piece.get("url", ""))
        return not url.startswith(("http://", "https://", "mailto:")) or len(url) > MAX_URL
    return piece.get("type") == "text" and not piece.get("text")


_BAD: Mapping[str, Callable[[list[Any]], bool]] = {
    "context": _bad_context,
    "rich_text": _bad_rich_text,
}


def _length(text: object) -> int:
    """The length of a text object; an empty one is as wrong as one that is too long."""
    value = text.get("text") if isinstance(text, Mapping) else None
    return len(value) if isinstance(value, str) and value else (0 if text is None else 1 << 30)
