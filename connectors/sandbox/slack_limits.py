"""What Slack refuses in a message. Stricter than its documentation where others measured it so.

Block Kit reference (api.slack.com/reference/block-kit/blocks); the budget of a whole message was
measured by other projects between 11,341 and 13,297 characters.
"""

from collections.abc import Iterator, Mapping, Sequence

MAX_BLOCKS = 50
MAX_SECTION = 3000
MAX_HEADER = 150
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_TEXT = 40_000
MAX_MESSAGE = 13_000  # characters of all blocks together

_KNOWN_TYPES = frozenset(
    {
        "actions", "alert", "card", "carousel", "container", "context", "context_actions",
        "data_table", "data_visualization", "divider", "file", "header", "image", "input",
        "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
    }
)  # fmt: skip


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


def _bad_block(block: Mapping[str, object]) -> bool:
    kind = block.get("type")
    if kind not in _KNOWN_TYPES:
        return True
    if kind == "header":
        return _length(block.get("text")) > MAX_HEADER
    if kind == "section":
        fields = block.get("fields")
        if block.get("text") is None and not fields:
            return True
        return _length(block.get("text")) > MAX_SECTION
    if kind == "image":
        return not block.get("alt_text")
    if kind in {"actions", "context", "context_actions", "rich_text"}:
        elements = block.get("elements")
        return not isinstance(elements, list) or not elements or _bad_elements(elements)
    return False


def _bad_elements(elements: list[object]) -> bool:
    return any(
        isinstance(element, Mapping)
        and element.get("type") == "button"
        and (
            _length(element.get("text")) > MAX_BUTTON
            or len(str(element.get("value", ""))) > MAX_VALUE
        )
        for element in elements
    )


def _length(text: object) -> int:
    """The length of a text object; an empty one is as wrong as one that is too long."""
    value = text.get("text") if isinstance(text, Mapping) else None
    return len(value) if isinstance(value, str) and value else (0 if text is None else 1 << 30)
