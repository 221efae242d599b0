"""Slack's rich_text elements, which show every word literally.

No customer's text and no account called "<!channel>" can mention, link or format in them.
"""

import re
from collections.abc import Sequence

Element = dict[str, object]
Block = dict[str, object]

MAX_URL = 3000
_URL = re.compile(r"https?://\S+")
_ADDRESS = re.compile(r"https?://[!-~]+")
# Halves of characters cost the whole message; marks of direction turn the words around them over.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def literal(value: str, limit: int) -> str:
    """At most `limit` characters, without those that Slack does not take.

    Slack does not say how it counts: a character outside the basic plane counts twice here.
    """
    clean = _CONTROL.sub(" ", value[: 2 * limit])
    if units(clean) <= limit:
        return clean
    kept = clean[: limit - 1]
    while units(kept) >= limit:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def units(words: str) -> int:
    """The length as UTF-16 counts it; `words` holds no half characters."""
    return len(words) + sum(each > "\uffff" for each in words)


def without_addresses(line: str) -> str:
    """For notifications and screen readers, which would read an address out."""
    return " ".join(_URL.sub("", line).split())


def is_address(url: str) -> bool:
    """Whether Slack takes it as a link."""
    return len(url) <= MAX_URL and _ADDRESS.fullmatch(url) is not None


def site(url: str) -> str:
    """Where an address leads: "https://verbatim.example"."""
    return "/".join(url.split("/", 3)[:3])


def text(value: str, *styles: str) -> Element:
    """`value` must not be empty; styles are "bold" and "italic"."""
    element: Element = {"type": "text", "text": value}
    if styles:
        element["style"] = dict.fromkeys(styles, True)
    return element


def link(url: str, label: str) -> Element:
    """Only an http(s) address of a length that Slack takes is a link; else the label stands."""
    if not is_address(url):
        return text(label)
    return {"type": "link", "url": url, "text": label}


def linked(line: str, *styles: str, home: str) -> list[Element]:
    """Our own line: each address of ours in it becomes a short link.

    A line may quote a customer; other addresses than those of `home` stay words.
    """
    elements: list[Element] = []
    at = 0
    for match in _URL.finditer(line):
        url = match.group().rstrip(".,;:)\"'")
        if not home or site(url) != home:
            continue
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
