"""Finds a quoted text in the message it is said to come from.

Knows that a model straightens quotes, joins accents and collapses white space; it always returns
the slice that the customer wrote, and nothing when there is none.
"""

import re
from unicodedata import combining, normalize

from service.domain.conversations import Message
from service.domain.measurements import Quote

SHORTEST = 8  # characters; fewer are in every message, unless they are a whole sentence
LONGEST = 600

_MASKED = re.compile(r"\[[a-z ]+\]")
_SAYS = re.compile(r"[^\W_]\W*[^\W_]")
_ENDS = frozenset(".!?\u2026\n")
_BLANKS = 3  # at most between two sentences of a line
_SAME = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
    "\u2011": "-", "\u00a0": " ", "\u2026": "...",
}  # fmt: skip
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def grounded(message: Message, text: str, shows: str) -> Quote | None:
    """Return the quote as it stands in the message, exactly or after undoing typography."""
    wanted = text.strip()
    if len(wanted) > LONGEST or not _SAYS.search(_MASKED.sub("", wanted)):
        return None
    span = _exact_span(message.text, wanted) or _typographic_span(message.text, wanted)
    if span is None:
        return None
    return Quote(
        message=message.id,
        start=span[0],
        end=span[1],
        text=message.text[span[0] : span[1]],
        shows=shows,
    )


def _exact_span(original: str, wanted: str) -> tuple[int, int] | None:
    start = original.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        whole = not combining(original[end : end + 1] or " ")
        if whole and (len(wanted) >= SHORTEST or _is_sentence(original, start, end)):
            return start, end
        start = original.find(wanted, end)
    return None


def _is_sentence(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - _BLANKS) : start], text[end : end + _BLANKS]
    begins = before.rstrip(" ")[-1:] in _ENDS or (not before.strip(" ") and start <= _BLANKS)
    ends = {text[end - 1], after.lstrip(" ")[:1]} & _ENDS
    return begins and bool(ends or (not after.strip(" ") and end + _BLANKS >= len(text)))


def _typographic_span(original: str, wanted: str) -> tuple[int, int] | None:
    plain, places = _plain(original)
    needle, _ = _plain(wanted)
    needle = needle.strip()
    start = plain.find(needle) if len(needle) >= SHORTEST else -1
    if start < 0:
        return None
    end = start + len(needle)
    last = places[end - 1]
    if end < len(plain) and (places[end] == last or combining(plain[end])):
        return None  # the customer's letter has an accent that the quote has not
    return places[start], last + 1


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the text without typography, and for each of its characters where it stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character in _INVISIBLE:
            continue
        same = " " if character.isspace() else _SAME.get(character, character)
        for plain in normalize("NFD", same):
            if plain == " " and characters and characters[-1] == " ":
                continue
            characters.append(plain)
            places.append(place)
    return "".join(characters), places
