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
# Most of what people write arrives as paragraphs in one wrapper: that needs no parser. Whoever
# adds an element here asks the test that compares both ways.
_LETTERS = r"[^<&]++|&(?:amp|lt|gt|quot|nbsp|#39|#x27|#34);"
_FLAT_WORDS = rf"(?:{_LETTERS}|<br ?/?>)"
_FLAT = re.compile(
    r'(?:<div(?: class="zd-comment"| dir="[a-z]+")*+>)?+'
    rf'(?:{_FLAT_WORDS}|<p(?: dir="[a-z]+")?+>{_FLAT_WORDS}*+</p>)*+'
    r"(?:</div>)?+\Z"
)
# Of that, most is a single paragraph without a break.
_ONE_PARAGRAPH = re.compile(
    r'(?:<div(?: class="zd-comment"| dir="[a-z]+")*+>)?+'
    rf'(?:<p(?: dir="[a-z]+")?+>(?P<paragraph>(?:{_LETTERS})*+)</p>|(?P<bare>(?:{_LETTERS})*+))'
    r"(?:</div>)?+\Z"
)
_FLAT_TAG = re.compile(r"<(/?)([a-z]+)[^<>]*>")
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
# How mail programs mark old mail in HTML: by a class, an id that starts so, or from an id on.
_OLD_CLASSES = frozenset(
    ("gmail_attr", "gmail_quote_attribution", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote")
)
_OLD_IDS = ("yahoo_quoted",)
_GMAIL_QUOTE = "gmail_quote"
_REPLY_HEAD = "divrplyfwdmsg"
_REPLY_POINT = "appendonsend"
# Gmail's button "indent more" makes a blockquote too, of the writer's own words.
_INDENT = re.compile(r"margin[^;]{0,40}\b40px.{0,60}border:\s*(?:none|0)", re.IGNORECASE)
_MOST_LOOKS = 50  # searches inside an element; mail nests a few dozen of them at most


def plain(body: str, *, is_html: bool) -> str:
    """Return the whole message as text that every store accepts; no word is dropped."""
    text = clean(_capped(body))
    if not is_html:
        return text.strip()
    single = _ONE_PARAGRAPH.match(text)
    if single:
        return _words_of(single).strip()
    return clean(_laid_out(text)).strip()


def clean(text: str) -> str:
    """Replace what cannot be stored by U+FFFD and make every line end a single newline."""
    if text.isascii() and "\r" not in text and "\x00" not in text:
        return text
    return _NEWLINE.sub("\n", _UNSTORABLE.sub("\ufffd", text))


def html_to_text(html: str) -> str:
    """Return the words of an HTML body, a line per block; the text of links stays, addresses go.

    A quoted reply keeps its "> " marks, so that whose words these are is not lost with the tags.
    """
    html = clean(_capped(html))
    single = _ONE_PARAGRAPH.match(html)
    return _words_of(single).strip(" ").rstrip() if single else _laid_out(html)


def _words_of(single: re.Match[str]) -> str:
    return _single_spaced(unescape(single["paragraph"] or single["bare"] or ""))


def _laid_out(html: str) -> str:
    if _FLAT.match(html):
        return _Lines().read_flat(html)
    if _deepest(html) > MOST_NESTED:
        return _tidy(unescape(_ANY_TAG.sub("", _BREAKING_TAG.sub(r"\n\g<0>", html))))
    body = LexborHTMLParser(html).body
    return _Lines().read(body) if body is not None else ""


def _single_spaced(words: str) -> str:
    """Return words with one space between them, as a browser shows any white space."""
    words = words.replace("\xa0", " ")
    # Most need nothing done, and a pattern would replace each space by a space.
    if "  " in words or "\n" in words or "\t" in words or "\f" in words:
        return _SPACES.sub(" ", words)
    return words


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
        self._quoting: set[int] = set()  # elements that are old mail from end to end
        self._old_from_here: dict[int, int] = {}  # parent -> how often its rest turned old
        self._old_lines = 0  # in the outermost old part
        self._looks = 0
        self._verbatim = 0  # inside <pre>, where white space counts

    def read(self, root: LexborNode) -> str:
        for node, entering in _walk(root):
            if entering:
                self._enter(node)
            else:
                self._leave(node)
        self._break()
        return _tidy("\n".join(self._lines))

    def read_flat(self, html: str) -> str:
        """Read markup that is flat; its words come between its tags."""
        words, *rest = _FLAT_TAG.split(html)
        self._say(unescape(words))
        for closing, tag, words in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            if tag == "br":
                self._end_line()
            elif closing:
                self._leave_block(tag)
            else:
                self._block(tag)
            if words:
                self._say(unescape(words))
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
            self._mark_old(node, tag)
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
        self._unmark_old(node)
        self._verbatim -= tag == "pre"
        if tag in _SPACED:
            self._blank()

    def _leave_block(self, tag: str) -> None:
        self._break()
        if tag in _SPACED:
            self._blank()

    def _mark_old(self, node: LexborNode, tag: str) -> None:
        """Old mail gets "> " marks, so that one reader of plain text sees it all alike."""
        if self._is_rest_of_parent(node):
            parent = node.parent
            if parent is not None and parent.mem_id not in self._old_from_here:
                self._old_from_here[parent.mem_id] = 1
                self._quoted += 1
        elif (tag == "blockquote" or not self._quoted) and self._is_old(node, tag):
            self._quoting.add(node.mem_id)
            self._quoted += 1

    def _unmark_old(self, node: LexborNode) -> None:
        was = self._quoted
        if node.mem_id in self._quoting:
            self._quoting.remove(node.mem_id)
            self._quoted -= 1
        self._quoted -= self._old_from_here.pop(node.mem_id, 0)
        if was and not self._quoted:
            # A single marked line could be an arrow that the customer typed; two cannot.
            if self._old_lines == 1:
                self._lines.append(">")
            self._old_lines = 0

    def _is_old(self, node: LexborNode, tag: str) -> bool:
        attributes = node.attributes or {}
        if tag == "blockquote":
            return _INDENT.search((attributes.get("style") or "")[:200]) is None
        classes = set((attributes.get("class") or "").lower().split()[:20])
        if _GMAIL_QUOTE in classes:
            return not self._holds_blockquote(node)
        id_ = (attributes.get("id") or "").lower().removeprefix("x_")
        return not classes.isdisjoint(_OLD_CLASSES) or id_.startswith(_OLD_IDS)

    def _holds_blockquote(self, node: LexborNode) -> bool:
        """Gmail wraps answers between old words too; a forward has only old ones."""
        self._looks += 1
        return self._looks > _MOST_LOOKS or node.css_first("blockquote") is not None

    def _is_rest_of_parent(self, node: LexborNode) -> bool:
        """Outlook puts old mail behind a mark, not inside it."""
        id_ = ((node.attributes or {}).get("id") or "").lower().removeprefix("x_")
        return id_ == _REPLY_HEAD or (id_ == _REPLY_POINT and _next_tag(node) == "hr")

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
        words = _single_spaced(words)
        self._line += words.lstrip(" ") if not self._line or self._line.endswith(" ") else words

    def _break(self) -> None:
        if self._line.strip():
            self._end_line()
        self._line = ""

    def _end_line(self) -> None:
        marks = "> " * min(self._quoted, _MOST_QUOTE_MARKS)
        self._old_lines += bool(self._quoted and self._line.strip())
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


def _next_tag(node: LexborNode) -> str | None:
    """Return the tag of the next element; white space between is none."""
    following = node.next
    while following is not None and following.tag == "-text":
        if (following.text_content or "").strip():
            return None
        following = following.next
    return None if following is None else following.tag


def _children(node: LexborNode) -> list[LexborNode]:
    children = []
    child = node.child
    while child is not None:
        children.append(child)
        child = child.next
    return children
