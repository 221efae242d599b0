"""Makes plain, storable text of what a helpdesk sends, once, at the door.

Offsets of quotes count in this text, so nothing after it may change a character. Knows HTML and
broken Unicode; knows nothing of conversations, and judges no words.
"""

import re
from collections.abc import Iterator
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST_BYTES = 1024 * 1024  # of one message; nobody writes more by hand
MOST_NESTED = 2000  # open elements; parsing takes seconds far beyond this

# Both databases refuse lone surrogates and PostgreSQL refuses NUL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NEWLINE = re.compile("\r\n|[\r\u2028\u2029\x85]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_ANY_TAG = re.compile(r"<[^<>]{0,10000}>")
_BREAKING_TAG = re.compile(r"</?(?:br|p|div|li|tr|blockquote)\b", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\f]+")
_MANY_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
# Elements that the parser closes by itself, so that leaving them open nests nothing.
_NOT_NESTING = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source")
) | frozenset(("track", "wbr", "p", "li", "td", "th", "tr", "tbody", "dd", "dt", "option"))
_DROPPED = frozenset(
    ("script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math")
)
_SPACED = frozenset(  # a blank line around them
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "table")
)
_BLOCKS = (
    _SPACED
    | frozenset(
        ("address", "article", "aside", "body", "center", "dd", "details", "div", "dl", "dt")
    )
    | frozenset(
        ("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "li", "main", "nav")
    )
    | frozenset(("section", "summary", "tbody", "tfoot", "thead", "tr"))
)
_CELLS = frozenset(("td", "th"))
_MOST_QUOTE_MARKS = 8


def plain(body: str, *, is_html: bool) -> str:
    """Return the whole message as text that every store accepts; no word is dropped."""
    text = _capped(body)
    return clean(html_to_text(text) if is_html else text).strip()


def clean(text: str) -> str:
    """Replace what cannot be stored by U+FFFD and make every line end a single newline."""
    return _NEWLINE.sub("\n", _UNSTORABLE.sub("\ufffd", text))


def html_to_text(html: str) -> str:
    """Return the words of an HTML body, a line per block; the text of links stays, addresses go.

    A quoted reply keeps its "> " marks, so that whose words these are is not lost with the tags.
    """
    html = clean(_capped(html))
    if _deepest(html) > MOST_NESTED:
        return _tidy(unescape(_ANY_TAG.sub("", _BREAKING_TAG.sub(r"\n\g<0>", html))))
    body = LexborHTMLParser(html).body
    return _Lines().read(body) if body is not None else ""


def _capped(text: str) -> str:
    if len(text) * 4 <= MOST_BYTES:
        return text
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= MOST_BYTES else encoded[:MOST_BYTES].decode("utf-8", "ignore")


def _deepest(html: str) -> int:
    """Return how deep elements can be nested at most, in one pass and without a parser."""
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if name.lower() in _NOT_NESTING:
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _tidy(text: str) -> str:
    lines = (line.rstrip() for line in text.split("\n"))
    return _MANY_BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


class _Lines:
    """Collects words into lines while walking the tree, as a browser would lay them out."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._quoted = 0
        self._verbatim = 0  # inside <pre>, where white space counts

    def read(self, root: LexborNode) -> str:
        for node, entering in _walk(root):
            if entering:
                self._enter(node)
            else:
                self._leave(node)
        self._break()
        return _tidy("\n".join(self._lines))

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._say(node.text_content or "")
        elif tag == "br":
            self._end_line()
        elif tag in _BLOCKS:
            self._block(tag)
            self._quoted += tag == "blockquote"
            self._verbatim += tag == "pre"
        elif tag in _CELLS and self._line.strip():
            self._say(" ")
        elif tag == "img":
            self._say((node.attributes or {}).get("alt") or "")

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag not in _BLOCKS:
            return
        self._break()
        self._quoted -= tag == "blockquote"
        self._verbatim -= tag == "pre"
        if tag in _SPACED:
            self._blank()

    def _block(self, tag: str) -> None:
        self._break()
        if tag in _SPACED:
            self._blank()

    def _say(self, words: str) -> None:
        if self._verbatim:
            first, *rest = words.split("\n")
            self._line += first
            for line in rest:
                self._end_line()
                self._line = line
            return
        words = _SPACES.sub(" ", words.replace("\xa0", " "))
        self._line += words.lstrip(" ") if not self._line or self._line.endswith(" ") else words

    def _break(self) -> None:
        if self._line.strip():
            self._end_line()
        self._line = ""

    def _end_line(self) -> None:
        marks = "> " * min(self._quoted, _MOST_QUOTE_MARKS)
        self._lines.append(marks + self._line.rstrip(" "))
        self._line = ""

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append("")


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Yield each node on entering and leaving; mail nests deeper than Python may recurse."""
    stack: list[tuple[LexborNode, bool]] = [(root, True)]
    while stack:
        node, entering = stack.pop()
        if entering and node.tag in _DROPPED:
            continue
        yield node, entering
        if entering:
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(_children(node)))


def _children(node: LexborNode) -> list[LexborNode]:
    children = []
    child = node.child
    while child is not None:
        children.append(child)
        child = child.next
    return children
