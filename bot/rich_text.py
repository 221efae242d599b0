"""Slack's rich_text elements, which show every word literally.

No customer's text and no account called "<!channel>" can mention, link or format in them.
"""

import re
from collections.abc import Sequence

Element = dict[str, object]
Block = dict[str, object]

MAX_URL = 3000
_URL = re.compile(r"https?://\S+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def literal(value: str, limit: int) -> str:
    """At most `limit` characters, without the control characters that Slack does not take."""
    clean = _CONTROL.sub(" ", value)
    return clean if len(clean) <= limit else f"{clean[: limit - 1].rstrip()}…"


def text(value: str, *styles: str) -> Element:
    """`value` must not be empty; styles are "bold" and "italic"."""
    element: Element = {"type": "text", "text": value}
    if styles:
        element["style"] = dict.fromkeys(styles, True)
    return element


def link(url: str, label: str) -> Element:
    """Only an http(s) address of a length that Slack takes is a link; else the label stands."""
    if not _URL.fullmatch(url) or len(url) > MAX_URL:
        return text(label)
    return {"type": "link", "url": url, "text": label}


def linked(line: str, *styles: str) -> list[Element]:
    """Our own line: each address in it becomes a short link."""
    elements: list[Element] = []
    at = 0
    for match in _URL.finditer(line):
        url = match.group().rstrip(".,;:)\"'")
        before = line[at : match.start()]
        if before:
            elements.append(text(before, *styles))
        elements.append(link(url, "receipt" if "/r/" in url else "open"))
        at = match.start() + len(url)
    if line[at:]:
        elements.append(text(line[at:], *styles))
    return elements


def section(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def bullets(lines: Sequence[Sequence[Element]]) -> Element:
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [section(line) for line in lines],
    }


def quotation(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_quote", "elements": list(elements)}


def rich_text(*parts: Element) -> Block:
    return {"type": "rich_text", "elements": list(parts)}
