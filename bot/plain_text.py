"""Slack's blocks and buttons of plain text, which show every word literally and link nothing."""

from collections.abc import Iterable, Sequence

from bot.rich_text import MAX_URL, Block, literal

MAX_LINE = 600
MAX_NAME = 80
MAX_SMALL = 6  # lines of small print
_MAX_LABEL = 75


def plain(words: str) -> dict[str, object]:
    """`words` must not be empty, nor longer than its place allows."""
    return {"type": "plain_text", "text": words, "emoji": False}


def label(words: str) -> dict[str, object]:
    """What stands on a button or beside a choice, cut to what Slack takes there."""
    return plain(literal(words, _MAX_LABEL))


def visible(lines: Iterable[str]) -> list[str]:
    """Lines that still show something without their control characters."""
    return [line for line in lines if literal(line, MAX_LINE).strip()]


def header(title: str) -> Block:
    return {"type": "header", "text": plain(title)}


def divider() -> Block:
    return {"type": "divider"}


def small(lines: Sequence[str]) -> Block | None:
    """Small print; None when no line shows anything."""
    shown = [literal(line, MAX_LINE) for line in visible(lines)][:MAX_SMALL]
    return {"type": "context", "elements": [plain(line) for line in shown]} if shown else None


def actions(buttons: Sequence[Block]) -> Block | None:
    return {"type": "actions", "elements": list(buttons)} if buttons else None


def button(words: str, action: str, value: str = "") -> Block:
    made: Block = {"type": "button", "text": label(words), "action_id": action}
    return {**made, "value": value} if value else made


def link_button(words: str, url: str, action: str) -> list[Block]:
    """A button that opens an address; none for an address that is too long for Slack."""
    return [{**button(words, action), "url": url}] if len(url) <= MAX_URL else []
