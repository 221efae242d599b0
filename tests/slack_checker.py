"""What Slack takes, read strictly: an own reading of its limits, apart from bot and stand-in.

Lengths count UTF-16 units, the larger of the two plausible counts. A kind of block or a field that
has no rule here is a finding: whoever sends something new says first what it may hold.
Sources: docs.slack.dev/reference/block-kit; the whole message's budget was measured by others.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]
Rule = Callable[[Node], Iterator[str]]

MOST_BLOCKS, MOST_BLOCKS_OF_VIEW = 50, 100
MOST_CHARACTERS = 11_340  # refusals were reported from 11,341 on
LONGEST_TEXT = 4_000  # Slack truncates above 40,000 and advises to stay below 4,000
LONGEST_URL = 3_000
LONGEST_ID = 255
MOST_CHARTS = 2
_SPOKEN = frozenset({"text", "alt_text", "title", "label", "caption", "hint", "placeholder"})
_STYLES = frozenset({"bold", "italic", "strike", "code"})
_SCHEMES = ("https://", "http://")


def problems(text: str, blocks: Sequence[Node]) -> list[str]:
    """Everything about a message that Slack might refuse; empty when it must take it."""
    return [
        *_whole(text, blocks, most=MOST_BLOCKS),
        *(found for block in blocks for found in _block(block)),
        *_unique(blocks),
    ]


def view_problems(view: Node) -> list[str]:
    """The same for a modal or a home tab."""
    blocks: Sequence[Node] = view.get("blocks", ())
    found = [*_only(view, "type callback_id private_metadata title submit close blocks")]
    if view.get("type") == "modal":
        for name in ("title", "submit", "close"):
            if name in view:
                found += _plain(view[name], 24)
    found += _within(view.get("callback_id"), LONGEST_ID, "callback_id")
    found += _within(view.get("private_metadata"), 3_000, "private_metadata")
    found += _whole("a view", blocks, most=MOST_BLOCKS_OF_VIEW, budget=1 << 20)
    return [*found, *(each for block in blocks for each in _block(block)), *_unique(blocks)]


def liberties(text: str, blocks: Sequence[Node], *, home: str) -> list[str]:
    """Everything that words of a customer could do beyond being read: mention, link, format.

    Our own addresses all begin with `home`; no other may be opened from a message.
    """
    found = [f"a bare {sign} in the text" for sign in "<>" if sign in text]
    for node in _nodes(list(blocks)):
        kind = node.get("type")
        if kind in {"mrkdwn", "markdown", "broadcast", "user", "usergroup", "channel", "emoji"}:
            found.append(f"{kind} does more than to show words")
        if kind == "plain_text" and node.get("emoji") is not False:
            found.append("plain text may turn :words: into pictures")
        if "url" in node and not _is_ours(str(node["url"]), home):
            found.append(f"it leads to {str(node['url'])[:60]}")
    return found


def characters(node: object) -> int:
    """All the words of a node, as the budget of a message counts them: also those nobody sees."""
    if isinstance(node, Mapping):
        own = sum(units(v) for k, v in node.items() if k in _SPOKEN and isinstance(v, str))
        return own + sum(characters(value) for value in node.values())
    return sum(map(characters, node)) if isinstance(node, list | tuple) else 0


def units(words: str) -> int:
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def _is_ours(url: str, home: str) -> bool:
    return url == home or url.startswith((f"{home}/", f"{home}?", f"{home}#"))


# --- The whole message ---------------------------------------------------------------------------


def _whole(
    text: str, blocks: Sequence[Node], *, most: int, budget: int = MOST_CHARACTERS
) -> Iterator[str]:
    if not text.strip():
        yield "a message without text: nothing is read out or notified"
    yield from _within(text, LONGEST_TEXT, "the text")
    yield from _readable(text, "the text")
    if len(blocks) > most:
        yield f"{len(blocks)} blocks"
    if (size := characters(list(blocks))) > budget:
        yield f"{size} characters in all blocks"
    if sum(block.get("type") == "data_visualization" for block in blocks) > MOST_CHARTS:
        yield "too many charts"


def _unique(blocks: Sequence[Node]) -> Iterator[str]:
    for name in ("action_id", "block_id"):
        ids = Counter(str(node[name]) for node in _nodes(list(blocks)) if name in node)
        yield from (f"{name} {one!r} stands {n} times" for one, n in ids.items() if n > 1)


def _nodes(node: object) -> Iterator[Node]:
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _nodes(each)


# --- One block -----------------------------------------------------------------------------------


def _block(block: Node) -> Iterator[str]:
    kind = str(block.get("type"))
    rule = _BLOCKS.get(kind)
    if rule is None:
        yield f"no rule for a block of type {kind}"
        return
    yield from _within(block.get("block_id"), LONGEST_ID, "block_id")
    yield from rule(block)


def _divider(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id")


def _header(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id text")
    yield from _plain(block.get("text"), 150)


def _section(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id text fields accessory expand")
    fields = block.get("fields", ())
    if "text" not in block and not fields:
        yield "a section without words"
    if "text" in block:
        yield from _words(block["text"], 3_000)
    if len(fields) > 10:
        yield f"{len(fields)} fields"
    for one in fields:
        yield from _words(one, 2_000)
    if "accessory" in block:
        yield from _element(block["accessory"])


def _context(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id elements")
    yield from _few(block, 10)
    for one in block.get("elements", ()):
        if one.get("type") == "image":
            yield from _image(one)
        else:
            yield from _words(one, 2_000)


def _image(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id alt_text image_url slack_file title")
    yield from _within(block.get("alt_text"), 2_000, "alt_text", least=1)
    if ("image_url" in block) == ("slack_file" in block):
        yield "an image has one source"
    if "image_url" in block:
        yield from _address(block["image_url"])
    if "title" in block:
        yield from _plain(block["title"], 2_000)


def _actions(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id elements")
    yield from _few(block, 25)
    for one in block.get("elements", ()):
        yield from _element(one)


def _context_actions(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id elements")
    yield from _few(block, 5)
    for one in block.get("elements", ()):
        yield from _only(one, "type action_id positive_button negative_button icon text value")
        for name in ("positive_button", "negative_button"):
            if name in one:
                yield from _plain(one[name].get("text"), 75)
                yield from _within(one[name].get("value"), 2_000, "value", least=1)


def _input(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id label element hint optional dispatch_action")
    yield from _plain(block.get("label"), 2_000)
    if "hint" in block:
        yield from _plain(block["hint"], 2_000)
    yield from _element(block.get("element", {}))


def _chart(block: Node) -> Iterator[str]:
    """https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block"""
    yield from _only(block, "type block_id title chart")
    yield from _within(block.get("title"), 50, "title", least=1)
    chart = block.get("chart", {})
    yield from _only(chart, "type series axis_config")
    if chart.get("type") not in {"line", "bar", "area"}:
        yield f"a chart of type {chart.get('type')}"
    series, categories = chart.get("series", ()), chart.get("axis_config", {}).get("categories", ())
    if not 1 <= len(series) <= 6:
        yield f"{len(series)} series"
    if not 1 <= len(categories) <= 20 or len(set(categories)) != len(categories):
        yield f"{len(categories)} categories, or one of them twice"
    for each in categories:
        yield from _within(each, 20, "category", least=1)
    for one in series:
        yield from _within(one.get("name"), 20, "the name of a series", least=1)
        if [point.get("label") for point in one.get("data", ())] != list(categories):
            yield "points that are not those of the axis"


# --- Rich text -----------------------------------------------------------------------------------


def _rich_text(block: Node) -> Iterator[str]:
    yield from _only(block, "type block_id elements")
    if not block.get("elements"):
        yield "rich text without words"
    for part in block.get("elements", ()):
        yield from _part(part)


def _part(part: Node) -> Iterator[str]:
    kind = part.get("type")
    if kind == "rich_text_list":
        yield from _only(part, "type style elements indent offset border")
        if part.get("style") not in {"bullet", "ordered"}:
            yield "a list without a style"
        rows = part.get("elements", ())
        yield from (f"a list of {row.get('type')}" for row in rows if not _is_row(row))
        pieces = [piece for row in rows for piece in row.get("elements", ())]
        if not all(row.get("elements") for row in rows):
            yield "an empty row"
    elif kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        yield from _only(part, "type elements border")
        pieces = list(part.get("elements", ()))
    else:
        yield f"no rule for rich text of type {kind}"
        return
    if not pieces:
        yield f"an empty {kind}"
    for piece in pieces:
        yield from _piece(piece)


def _is_row(row: Node) -> bool:
    return row.get("type") == "rich_text_section" and set(row) <= {"type", "elements"}


def _piece(piece: Node) -> Iterator[str]:
    kind = piece.get("type")
    if kind not in {"text", "link"}:
        yield f"no rule for a piece of type {kind}"
        return
    yield from _only(piece, "type text style url unsafe" if kind == "link" else "type text style")
    yield from _within(piece.get("text"), 3_000 + LONGEST_URL, "a piece", least=1)
    yield from _readable(str(piece.get("text", "")), "a piece")
    style = piece.get("style", {})
    if not set(style) <= _STYLES or ("style" in piece and not style):
        yield f"styles {sorted(style)}"
    if kind == "link":
        yield from _address(piece.get("url"))


# --- Elements that people use --------------------------------------------------------------------


def _element(element: Node) -> Iterator[str]:
    kind = str(element.get("type"))
    rule = _ELEMENTS.get(kind)
    if rule is None:
        yield f"no rule for an element of type {kind}"
        return
    yield from _within(element.get("action_id"), LONGEST_ID, "action_id", least=1)
    yield from rule(element)


def _button(element: Node) -> Iterator[str]:
    yield from _only(element, "type action_id text value url style confirm accessibility_label")
    yield from _plain(element.get("text"), 75)
    yield from _within(element.get("value"), 2_000, "value")
    yield from _within(element.get("accessibility_label"), 75, "accessibility_label")
    if "url" in element:
        yield from _address(element["url"])
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "a button's style"


def _choice(most: int) -> Rule:
    def rule(element: Node) -> Iterator[str]:
        names = "type action_id options initial_option initial_options placeholder option_groups"
        yield from _only(element, f"{names} max_selected_items focus_on_load")
        options = element.get("options", ())
        if not 1 <= len(options) <= most:
            yield f"{len(options)} options"
        for one in options:
            yield from _words(one.get("text"), 75)
            yield from _within(one.get("value"), 150, "the value of an option", least=1)
        if "placeholder" in element:
            yield from _plain(element["placeholder"], 150)

    return rule


def _overflow(element: Node) -> Iterator[str]:
    """The only menu of which an option may be an address."""
    yield from _only(element, "type action_id options confirm")
    yield from _choice(5)({name: element[name] for name in element if name != "confirm"})
    for one in element.get("options", ()):
        yield from _only({"type": "an option", **one}, "type text value description url")
        if "url" in one:
            yield from _address(one["url"])


def _external_select(element: Node) -> Iterator[str]:
    names = "type action_id placeholder min_query_length initial_option focus_on_load confirm"
    yield from _only(element, names)
    if int(element.get("min_query_length", 3)) < 1:
        yield "min_query_length"
    if "placeholder" in element:
        yield from _plain(element["placeholder"], 150)


def _text_input(element: Node) -> Iterator[str]:
    names = "type action_id multiline max_length min_length placeholder initial_value"
    yield from _only(element, f"{names} focus_on_load dispatch_action_config")
    if not 1 <= int(element.get("max_length", 3_000)) <= 3_000:
        yield "max_length"
    if "placeholder" in element:
        yield from _plain(element["placeholder"], 150)


# --- Words ---------------------------------------------------------------------------------------


def _words(found: Any, limit: int) -> Iterator[str]:
    if isinstance(found, Mapping) and found.get("type") == "mrkdwn":
        yield from _only(found, "type text verbatim")
        yield from _within(found.get("text"), limit, "mrkdwn", least=1)
    else:
        yield from _plain(found, limit)


def _plain(found: Any, limit: int) -> Iterator[str]:
    if not isinstance(found, Mapping) or found.get("type") != "plain_text":
        yield f"no plain text: {found!r:.60}"
        return
    yield from _only(found, "type text emoji")
    yield from _within(found.get("text"), limit, "plain text", least=1)
    yield from _readable(str(found.get("text", "")), "plain text")


def _within(words: Any, limit: int, what: str, *, least: int = 0) -> Iterator[str]:
    if words is None and least == 0:
        return
    if not isinstance(words, str):
        yield f"{what} is {words!r:.60}"
    elif not least <= units(words) <= limit:
        yield f"{what} has {units(words)} characters of {limit}"


def _readable(words: str, what: str) -> Iterator[str]:
    """Half a character, or one that steers a terminal, may cost the whole message."""
    if any("\ud800" <= each <= "\udfff" for each in words):
        yield f"{what} holds half a character"
    if any((each < " " and each not in "\n\t") or each == "\x7f" for each in words):
        yield f"{what} holds a control character"


def _address(url: Any) -> Iterator[str]:
    yield from _within(url, LONGEST_URL, "an address", least=8)
    if not str(url).startswith(_SCHEMES) or any(each.isspace() for each in str(url)):
        yield f"no address: {url!r:.60}"


def _few(block: Node, most: int) -> Iterator[str]:
    number = len(block.get("elements", ()))
    if not 1 <= number <= most:
        yield f"{number} elements in {block['type']}"


def _only(node: Node, names: str) -> Iterator[str]:
    unknown = set(node) - set(names.split())
    if unknown:
        yield f"{node.get('type')} has no {', '.join(sorted(unknown))}"


_BLOCKS: Mapping[str, Rule] = {
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "data_visualization": _chart,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "section": _section,
}
_ELEMENTS: Mapping[str, Rule] = {
    "button": _button,
    "checkboxes": _choice(10),
    "external_select": _external_select,
    "multi_static_select": _choice(100),
    "overflow": _overflow,
    "plain_text_input": _text_input,
    "radio_buttons": _choice(10),
    "static_select": _choice(100),
}
