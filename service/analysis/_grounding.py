"""Finds a quoted text in the message it is said to come from.

Knows that a model straightens quotes and collapses white space; it always returns the slice that
the customer wrote, and nothing when there is none.
"""

from service.domain.conversations import Message
from service.domain.measurements import Quote

SHORTEST = 8  # characters; less is in every message
LONGEST = 600

_SAME = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
    "\u2011": "-", "\u00a0": " ", "\u2026": "...",
}  # fmt: skip
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def grounded(message: Message, text: str, shows: str) -> Quote | None:
    """Return the quote as it stands in the message, exactly or after undoing typography."""
    wanted = text.strip()
    if not SHORTEST <= len(wanted) <= LONGEST:
        return None
    start = message.text.find(wanted)
    span = (start, start + len(wanted)) if start >= 0 else _typographic_span(message.text, wanted)
    if span is None:
        return None
    return Quote(
        message=message.id,
        start=span[0],
        end=span[1],
        text=message.text[span[0] : span[1]],
        shows=shows,
    )


def _typographic_span(original: str, wanted: str) -> tuple[int, int] | None:
    plain, places = _plain(original)
    needle, _ = _plain(wanted)
    needle = needle.strip()
    start = plain.find(needle) if needle else -1
    if start < 0:
        return None
    return places[start], places[start + len(needle) - 1] + 1


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the text without typography, and for each of its characters where it stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character in _INVISIBLE:
            continue
        for plain in " " if character.isspace() else _SAME.get(character, character):
            if plain == " " and characters and characters[-1] == " ":
                continue
            characters.append(plain)
            places.append(place)
    return "".join(characters), places
