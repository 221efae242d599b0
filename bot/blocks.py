"""Turns an Answer or a Digest into Slack's blocks. Pure: it posts nothing and counts nothing.

All words go into rich_text or plain_text, which Slack shows literally. Each line has its own limit,
so that counts always fit; quotes are left out first, and the message says so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.numbers import of_headline, of_line, opened
from bot.plain_text import (
    MAX_LINE,
    MAX_NAME,
    actions,
    button,
    divider,
    header,
    link_button,
    small,
    visible,
)
from bot.rich_text import (
    Block,
    Element,
    bullets,
    is_address,
    link,
    linked,
    literal,
    quotation,
    rich_text,
    section,
    site,
    text,
    units,
    without_addresses,
)
from service.digest import Digest, DriverLine
from service.domain.answers import Answer, Counted, EvidenceLink
from service.domain.conversations import ConversationKey
from service.wording import full_day

# Slack's documented limits are 50 blocks and 3,000 characters a text; a whole message was measured
# by others to be refused from about 11,300 characters on.
MAX_BLOCKS = 40
MAX_CHARACTERS = 10_000
_SPOKEN = frozenset({"text", "alt_text", "title", "url", "value", "label", "name"})
MAX_LINES = 10
MAX_OPTIONS = 5
USEFUL, WRONG, OPTION = "verbatim_useful", "verbatim_wrong", "verbatim_option"
SHARE, SHOWS = "verbatim_share", "verbatim_shows"
_NOTHING = "There is nothing to say about that."


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks, and the text for notifications and screen readers.

    `instead` makes what is posted where Slack does not take these blocks.
    """

    text: str
    blocks: tuple[Block, ...]
    quoted: tuple[ConversationKey, ...] = ()  # whose words it shows
    instead: "Callable[[], Message] | None" = field(default=None, compare=False)


@dataclass(slots=True, kw_only=True)
class _Lines:
    """An answer's rendered lines, sorted by where they stand in a message."""

    understood: str = ""  # the question, in small print
    opening: str = ""  # of an answer without numbers
    headline: str = ""
    body: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)


def answer_message(
    answer: Answer,
    chart: Sequence[Block] = (),
    *,
    feedback: str,
    notes: Sequence[str] = (),
    share: str | None = None,
) -> Message:
    """Render an answer; `feedback` is the opaque id that the Useful and Wrong buttons carry.

    `notes` say who sees what of it; with `share` the reader may show it to the channel.
    """
    lines, home = _sorted_lines(answer), _home(answer)
    quotes = [_quote(quote) for quote in answer.quotes]
    after = [
        *(_paragraph(line, home) for line in lines.after[:MAX_LINES]),
        small([*lines.footer, *notes]),
        actions([*_share(share), *(_options(answer.options) or _buttons(answer, feedback))]),
        *(() if share else _others(answer)),  # Slack tells no thread of what one person sees
    ]
    left_out = max(0, len(lines.body) - MAX_LINES)
    top = _top(lines, home, answer)
    counts = _present([_list(lines.body, home, answer)])
    if not _fits([*top, *chart, *counts, *quotes, *_present(after)]):
        # Addresses behind numbers go before any quote does.
        top, counts = _top(lines, home, None), _present([_list(lines.body, home, None)])
    blocks = _within_budget(top, chart, counts, quotes, _present(after), lines_left_out=left_out)
    first = lines.headline or lines.opening or next(iter(lines.body), lines.understood)
    said = _spoken(first) or _NOTHING
    quoted = tuple(quote.conversation for quote in answer.quotes)
    return Message(text=escape(said), blocks=blocks or _plain(_NOTHING), quoted=quoted)


def digest_message(digest: Digest, chart: Sequence[Block] = ()) -> Message:
    """Render the weekly digest: volume and its chart, drivers with a customer's words, flags, what
    improved, what it stands on.
    """
    title = f"Customer conversations, week {digest.week}"
    understood, counted = [*visible(digest.volume.text[:2]), "", ""][:2]
    headline, home = digest.headline or counted, site(digest.report_url)
    before = [header(title), *(_paragraph(line, home) for line in digest.first[:MAX_LINES])]
    shown = of_headline(digest.volume)
    before += [small([understood] if understood else []), _headline(headline, home, shown)]
    told = [*(_paragraph(line, home) for line in digest.shares[:MAX_LINES])]
    drivers = [block for driver in digest.drivers for block in _driver(driver)]
    pages = link_button("Open the report", digest.report_url, "verbatim_report")
    for name, url in digest.pages:
        pages += link_button(name, url, f"verbatim_page_{name.lower()}")
    after = [_paragraph(digest.flag_line, home)]
    after += [_paragraph(line, home) for line in digest.notes[:MAX_LINES]]
    after += [divider(), small([*digest.withheld, digest.trust]), actions(pages)]
    blocks = _within_budget(_present(before), chart, _present(told), drivers, _present(after))
    quoted = tuple(one.quote.conversation for one in digest.drivers if one.quote)
    said = _spoken(f"{title}. {headline}")
    return Message(text=escape(said), blocks=blocks, quoted=quoted)


def choice_message(sentence: str, choices: Mapping[str, str]) -> Message:
    """A sentence and a button for each choice: value to label."""
    short = literal(sentence, MAX_LINE)
    buttons = [button(words, f"{SHOWS}_{value}", value) for value, words in choices.items()]
    blocks = _present([*_plain(short), actions(buttons)])
    return Message(text=escape(short), blocks=tuple(blocks))


def notice_message(sentence: str) -> Message:
    short = literal(sentence, MAX_LINE).strip() or _NOTHING
    return Message(text=escape(short), blocks=_plain(short))


def escape(words: str) -> str:
    """Escape what Slack would read as a mention or a link in plain message text."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def size(blocks: Iterable[Mapping[str, object]]) -> int:
    """Count the characters of all texts in the blocks, as the budget does."""
    return sum(_size(block) for block in blocks)


def _sorted_lines(answer: Answer) -> _Lines:
    """Sort the rendered lines around the quotes, which become blocks of their own."""
    found = _Lines()
    lines = visible(answer.text)
    urls = {quote.url for quote in answer.quotes}
    places = [i for i, line in enumerate(lines) if _is_quote(line, urls)]
    if lines and len(lines) > 2 and answer.coverage is not None and not _is_more(lines[-1]):
        found.footer = [lines.pop()]
    last = places[-1] if places else len(lines)
    spoken = [line for i, line in enumerate(lines) if i < last and i not in places]
    found.after = [line for i, line in enumerate(lines) if i > last]
    if not places and spoken and spoken[-1].startswith("Also changed"):
        found.after = [spoken.pop()]
    _place(found, spoken, answer)
    _move_counter_quotes(found)
    return found


def _top(lines: _Lines, home: str, answer: Answer | None) -> list[Block]:
    """The question and its number, never cut; the numbers of `answer` open their lists."""
    return _present(
        [
            small([lines.understood] if lines.understood else []),
            _paragraph(lines.opening, home),
            _headline(lines.headline, home, of_headline(answer) if answer else ()),
        ]
    )


def _place(found: _Lines, spoken: list[str], answer: Answer) -> None:
    """Not every answer has one number to put first: a list has many, an explanation none."""
    first, rest = next(iter(spoken), ""), spoken[1:]
    if answer.coverage is None:
        found.opening, found.body = first, rest
    elif answer.headline is None or not rest:
        found.understood, found.body = first, rest
    else:
        found.understood, found.headline, found.body = first, rest[0], rest[1:]


def _home(answer: Answer) -> str:
    """Where our own links lead; an answer without any has no address that could be opened."""
    ours = [answer.explore_url, answer.headline and answer.headline.current.receipt]
    ours += [quote.url for quote in answer.quotes]
    return next((site(url) for url in ours if url), "")


def _spoken(line: str) -> str:
    return literal(without_addresses(line), MAX_LINE).strip()


def _is_quote(line: str, urls: set[str]) -> bool:
    return line.startswith('"') and line.rsplit(" ", 1)[-1] in urls


def _is_more(line: str) -> bool:
    return line.startswith("More: ")


def _move_counter_quotes(lines: _Lines) -> None:
    """An address in the small print cannot be opened there: it gets a line of its own."""
    if not lines.footer or "http" not in lines.footer[0]:
        return
    kept = []
    for sentence in lines.footer[0].split(". "):
        if "http" in sentence:
            lines.after.append(sentence.rstrip("."))
        else:
            kept.append(sentence)
    lines.footer = [f"{'. '.join(kept).rstrip('.')}."] if kept else []


def _paragraph(line: str, home: str, *styles: str) -> Block | None:
    if not visible([line]):
        return None
    return rich_text(section(linked(_cut(line), *styles, home=home)))


def _headline(line: str, home: str, shown: Sequence[Counted] = ()) -> Block | None:
    """The number in bold; where it comes from on a line of its own, in ordinary weight."""
    number, stop, rest = _cut(line).partition(". ")
    if not stop or not visible([number]) or not visible([rest]):
        if not visible([line]):
            return None
        whole = linked(_cut(line), "bold", home=home)
        return rich_text(section(opened(whole, shown, home=home)))
    between = " " if rest.startswith("http") else "\n"
    first = opened(linked(f"{number}.", "bold", home=home), shown, home=home)
    return rich_text(section([*first, text(between), *linked(rest, home=home)]))


def _plain(sentence: str) -> tuple[Block, ...]:
    return (rich_text(section([text(sentence)])),)


def _list(lines: Sequence[str], home: str, answer: Answer | None) -> Block | None:
    if not lines:
        return None
    shown = [
        opened(_named(_cut(line), home), of_line(answer, line) if answer else (), home=home)
        for line in lines[:MAX_LINES]
    ]
    if len(shown) == 1:
        return rich_text(section(shown[0]))
    return rich_text(bullets(shown))


def _named(line: str, home: str) -> list[Element]:
    """A line that starts with a name has it in bold: the eye finds the driver first."""
    name, colon, rest = line.partition(": ")
    if not colon or not rest.strip() or len(name) > MAX_NAME or "http" in name:
        return linked(line, home=home)
    return [text(f"{name}: ", "bold"), *linked(rest, home=home)]


def _cut(line: str) -> str:
    """Shorten a line, but never inside an address: half an address opens nothing."""
    words, space, last = line.rpartition(" ")
    if space and is_address(last):
        return f"{literal(words, MAX_LINE)} {last}"
    return literal(line, MAX_LINE)


def _quote(quote: EvidenceLink) -> Block:
    day = full_day(quote.created_at.date())
    beside = [literal(quote.account_name or "", MAX_NAME), day, literal(quote.channel, MAX_NAME)]
    source = " · ".join(part for part in beside if part.strip())
    words = literal(quote.shown(), MAX_LINE)
    conversation = literal(str(quote.conversation), MAX_NAME)
    return rich_text(
        quotation(
            [
                text(f"“{words}”\n"),
                text(f"{source} · ", "italic"),
                link(quote.url, conversation),
            ]
        )
    )


def _driver(driver: DriverLine) -> list[Block]:
    before = driver.baseline
    now = f"{driver.current.n} conversation{'' if driver.current.n == 1 else 's'}"
    line = [
        text(f"{literal(driver.name, MAX_NAME)}: ", "bold"),
        link(driver.current.listing, now),
        text(", "),
        link(before.listing, str(before.n)) if before and before.n else text("0"),
        text(f" the week before{driver.part}\n{literal(driver.care, MAX_LINE)}"),
    ]
    return [rich_text(section(line)), *([_quote(driver.quote)] if driver.quote else [])]


def _others(answer: Answer) -> list[Block | None]:
    """What else was perhaps meant: a click asks for that."""
    words = _options([one.words for one in answer.alternatives])
    return [small(["Or did you mean:"]), actions(words)] if words else []


def _options(choices: Sequence[str]) -> list[Block]:
    """What to choose from when we ask back; a click continues the thread."""
    shown = visible(choices)[:MAX_OPTIONS]
    return [
        button(option, f"{OPTION}_{place}", literal(option, 2000))
        for place, option in enumerate(shown)
    ]


def _buttons(answer: Answer, feedback: str) -> list[Block]:
    if not answer.explore_url:
        return []
    buttons = link_button("Open in explorer", answer.explore_url, "verbatim_open")
    headline = answer.headline
    if headline is not None and headline.current.n and headline.current.listing:
        label = f"Show all {headline.current.n}"
        buttons += link_button(label, headline.current.listing, "verbatim_all")
    return [*buttons, button("Useful", USEFUL, feedback), button("Wrong", WRONG, feedback)]


def _share(answer: str | None) -> list[Block]:
    return [button("Share here", SHARE, answer)] if answer else []


def _present(blocks: Iterable[Block | None]) -> list[Block]:
    return [block for block in blocks if block is not None]


def _within_budget(
    top: Sequence[Block],
    chart: Sequence[Block],
    counts: Sequence[Block],
    quotes: Sequence[Block],
    after: Sequence[Block],
    *,
    lines_left_out: int = 0,
) -> tuple[Block, ...]:
    """Leave out quotes and then the chart until the message fits, and say what was left out."""
    kept, drawn = list(quotes), list(chart)

    def whole() -> list[Block]:
        cut = {"quote": len(quotes) - len(kept), "chart": bool(chart) - bool(drawn)}
        left_out = _left_out({**cut, "line": lines_left_out})
        return [*top, *drawn, *counts, *kept, *left_out, *after]

    while kept and not _fits(whole()):
        kept.pop()
    if not _fits(whole()):
        drawn.clear()
    return _without_giants(whole())


def _without_giants(blocks: list[Block]) -> tuple[Block, ...]:
    """With no quote left to cut, only a giant line can be too much: it goes before the others."""
    while len(blocks) > 1 and not _fits(blocks):
        blocks.remove(max(blocks, key=_size))
    return tuple(blocks)


def _left_out(cut: Mapping[str, int]) -> list[Block]:
    parts = [f"{n} {name}{'' if n == 1 else 's'}" for name, n in cut.items() if n]
    if not parts:
        return []
    return _present([small([f"Left out, the message was too long: {' and '.join(parts)}."])])


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= MAX_BLOCKS and size(blocks) <= MAX_CHARACTERS


def _size(node: object) -> int:
    if isinstance(node, Mapping):
        own = sum(
            units(value)
            for name, value in node.items()
            if name in _SPOKEN and isinstance(value, str)
        )
        return own + sum(_size(value) for value in node.values())
    if isinstance(node, list | tuple):
        return sum(_size(item) for item in node)
    return 0
