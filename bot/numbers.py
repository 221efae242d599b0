"""Makes the numbers of a line open the conversations that they count. Pure.

It links only what the answer itself counted, and finds it by the words that the answer prints.
"""

import re
from collections.abc import Iterator, Sequence

from bot.rich_text import Element, is_address, link, site
from service.domain.answers import Answer, Counted
from service.wording import share


def of_line(answer: Answer, line: str) -> tuple[Counted, ...]:
    """The numbers of a line, known by the receipt at its end: the earlier one first."""
    receipt = line.rsplit(" ", 1)[-1]
    for part in answer.parts:
        if part.receipt == receipt:
            return _present(part.baseline, part.current)
    for group in answer.groups:
        if group.counted.receipt == receipt:
            return (group.counted,)
    return ()


def of_headline(answer: Answer) -> tuple[Counted, ...]:
    found = answer.headline
    return () if found is None else _present(found.baseline, found.current)


def opened(elements: Sequence[Element], shown: Sequence[Counted], *, home: str) -> list[Element]:
    """Return the elements with each shown number a link to its conversations."""
    ours = [one for one in shown if one.n and site(one.listing) == home and is_address(one.listing)]
    if not ours:
        return list(elements)
    said = "".join(str(one["text"]) for one in elements if one["type"] == "text")
    return list(_split(elements, _places(said, ours)))


Place = tuple[int, int, str]  # from, to, address


def _places(said: str, shown: Sequence[Counted]) -> list[Place]:
    """Where the numbers stand. "4 of 22 vs 4 of 22 before" tells the later one first."""
    orders = [shown, list(reversed(shown))]
    if " vs " in said or ", before " in said:
        orders.reverse()
    return max((_found(said, order) for order in orders), key=len)


def _found(said: str, shown: Sequence[Counted]) -> list[Place]:
    places, at = [], 0
    for one in shown:
        for label in (share(one), str(one.n)):
            match = re.compile(rf"(?<![\w.,+-]){re.escape(label)}(?![\w%])").search(said, at)
            if match is not None:
                places.append((match.start(), match.end(), one.listing))
                at = match.end()
                break
    return places


def _split(elements: Sequence[Element], places: Sequence[Place]) -> Iterator[Element]:
    """Cut the texts at the places; a number never reaches over two texts."""
    start = 0
    for element in elements:
        if element["type"] != "text":
            yield element
            continue
        words, at = str(element["text"]), 0
        for begin, end, url in places:
            if start <= begin and end <= start + len(words):
                if begin - start > at:
                    yield {**element, "text": words[at : begin - start]}
                styled = {name: element[name] for name in ("style",) if name in element}
                yield {**link(url, words[begin - start : end - start]), **styled}
                at = end - start
        if at < len(words):
            yield {**element, "text": words[at:]}
        start += len(words)


def _present(*found: Counted | None) -> tuple[Counted, ...]:
    return tuple(one for one in found if one is not None)
