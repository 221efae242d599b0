"""Turns an Answer or a Digest into Slack's blocks. Pure: it posts nothing and counts nothing.

All words go into rich_text elements, which Slack shows literally: a customer's text, or an account
called "<!channel>", can never mention, link or format.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.digest import Digest, DriverLine
from service.domain.answers import Answer, EvidenceLink

Block = dict[str, object]

# Slack's documented limits are 50 blocks and 3,000 characters a text; a whole message was measured
# by others to be refused from about 11,300 characters on.
MAX_BLOCKS = 40
MAX_CHARACTERS = 10_000
MAX_LINE = 2_800
USEFUL, WRONG = "verbatim_useful", "verbatim_wrong"


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks, and the text for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]


def answer_message(answer: Answer, *, feedback: str) -> Message:
    """Render an answer; `feedback` is the opaque id that the Useful and Wrong buttons carry."""
    urls = {quote.url for quote in answer.quotes}
    lines = [line for line in answer.text if line.rsplit(" ", 1)[-1] not in urls]
    understood, rest = (lines[:1], lines[1:]) if lines else ([], [])
    main, footer = _split_footer(rest, has_quotes=bool(answer.quotes))
    before = [_lines(understood, style="italic"), _lines(main, bold_first=True)]
    quotes = [block for quote in answer.quotes for block in _quote(quote)]
    after = [_small(footer), _buttons(answer, feedback)]
    blocks = _within_budget(_present(before), quotes, _present(after))
    return Message(text=escape(main[0] if main else " ".join(lines)), blocks=blocks)


def digest_message(digest: Digest) -> Message:
    """Render the weekly digest: volume, drivers with a customer's words, what is withheld."""
    title = f"Customer conversations, week {digest.week}"
    header: Block = {"type": "header", "text": {"type": "plain_text", "text": title}}
    before = [header, _lines(digest.volume.text[:2])]
    drivers = [block for driver in digest.drivers for block in _driver(driver)]
    report = _actions([_link_button("Open the report", digest.report_url, "verbatim_report")])
    after = [_small((*digest.withheld, digest.trust)), report]
    blocks = _within_budget(_present(before), drivers, _present(after))
    return Message(text=escape(f"{title}. {' '.join(digest.volume.text[:2])}"), blocks=blocks)


def notice_message(sentence: str) -> Message:
    return Message(text=escape(sentence), blocks=tuple(_present([_lines([sentence])])))


def escape(text: str) -> str:
    """Escape what Slack would read as a mention or a link in plain message text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def size(blocks: Iterable[Mapping[str, object]]) -> int:
    """Count the characters of all texts in the blocks, as the budget does."""
    return sum(_size(block) for block in blocks)


def _split_footer(lines: Sequence[str], *, has_quotes: bool) -> tuple[list[str], list[str]]:
    """The last line is the coverage footer; without quotes there is nothing to set apart."""
    if not has_quotes or len(lines) < 2:
        return list(lines), []
    return list(lines[:-1]), list(lines[-1:])


def _text(text: str, **style: bool) -> Block:
    element: Block = {"type": "text", "text": text[:MAX_LINE]}
    if style:
        element["style"] = style
    return element


def _lines(lines: Sequence[str], *, style: str | None = None, bold_first: bool = False) -> Block:
    elements: list[Block] = []
    for number, line in enumerate(lines):
        if number:
            elements.append(_text("\n"))
        if bold_first and number == 0:
            elements.append(_text(line, bold=True))
        else:
            elements.append(_text(line, **({style: True} if style else {})))
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": elements}] if elements else [],
    }


def _quote(quote: EvidenceLink) -> list[Block]:
    day = f"{quote.created_at.day} {quote.created_at:%b %Y}"
    beside = [quote.account_name or "", day, quote.channel]
    source: list[Block] = [
        {"type": "link", "url": quote.url, "text": str(quote.conversation)},
        _text("  " + " · ".join(part for part in beside if part)),
    ]
    return [
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_quote", "elements": [_text(quote.shown())]},
                {"type": "rich_text_section", "elements": source},
            ],
        }
    ]


def _driver(driver: DriverLine) -> list[Block]:
    before = driver.baseline.n if driver.baseline else 0
    line: list[Block] = [
        _text(f"{driver.name}  ", bold=True),
        {
            "type": "link",
            "url": driver.current.listing,
            "text": f"{driver.current.n} conversations",
        },
        _text(f", the week before {before}"),
    ]
    section: Block = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": line}],
    }
    return [section, *(_quote(driver.quote) if driver.quote else [])]


def _small(lines: Sequence[str]) -> Block:
    elements = [{"type": "plain_text", "text": line[:MAX_LINE], "emoji": False} for line in lines]
    return {"type": "context", "elements": elements[:10]}


def _buttons(answer: Answer, feedback: str) -> Block:
    buttons: list[Block] = []
    if answer.explore_url:
        buttons.append(_link_button("Open in explorer", answer.explore_url, "verbatim_open"))
    if answer.headline is not None and answer.headline.current.n:
        current = answer.headline.current
        buttons.append(_link_button(f"Show all {current.n}", current.listing, "verbatim_all"))
    if buttons:
        buttons += [_button("Useful", USEFUL, feedback), _button("Wrong", WRONG, feedback)]
    return _actions(buttons)


def _actions(buttons: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def _link_button(label: str, url: str, action: str) -> Block:
    return {**_button(label, action, ""), "url": url}


def _button(label: str, action: str, value: str) -> Block:
    button: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "action_id": action,
    }
    if value:
        button["value"] = value
    return button


def _present(blocks: Iterable[Block]) -> list[Block]:
    """Leave out blocks without content: Slack refuses an empty list of elements."""
    return [block for block in blocks if block.get("elements") != []]


def _within_budget(
    before: list[Block], quotes: list[Block], after: list[Block]
) -> tuple[Block, ...]:
    """Cut quotes before counts, and say what was cut."""
    kept = list(quotes)
    while kept and not _fits([*before, *kept, *after]):
        kept.pop()
    cut = len(quotes) - len(kept)
    if cut:
        after = [_small([f"{cut} more in the explorer: this message was too long."]), *after]
    blocks = [*before, *kept, *after]
    while len(blocks) > 1 and not _fits(blocks):
        blocks.pop()
    return tuple(blocks)


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= MAX_BLOCKS and size(blocks) <= MAX_CHARACTERS


def _size(node: object) -> int:
    if isinstance(node, Mapping):
        own = sum(
            len(v) for k, v in node.items() if k in {"text", "alt_text"} and isinstance(v, str)
        )
        return own + sum(_size(value) for value in node.values())
    if isinstance(node, list | tuple):
        return sum(_size(item) for item in node)
    return 0
