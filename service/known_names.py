"""Masks the names that a helpdesk gives for the people of a conversation, and guesses no others.

Looks for the words themselves: nearly every conversation has a name of its own, and compiling a
pattern for each would cost more than all the rest of masking.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from string import ascii_uppercase

SHORTEST_NAME = 3
MOST_NAMES = 200  # of one conversation

_LETTERS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")

# Given names and surnames that are also words: masked only inside a full name.
_ORDINARY_WORDS = """
able account agent amber april art august autumn baker bank banks bar bell best bill billing bishop
black blue bond book booker brook brown bush butler carpenter case cash chance chase church
clerk cliff cloud cole company contact cook cooper customer dawn day dear deal demo don
drew east eve faith fall field fields fish fisher ford forest fox free frost
glass gold grace grant gray green grey guy hall hall hand harmony hart help hill holiday
home hope house hunt hunter info iris jade jewel joy judge june key king knight lake
land lane law lee light long love low lucky major manager march mark marsh may melody mercy
miles mill miller miss mister moon more morning much new nick north nova office olive page park
parker patience pay pearl penny person poor pope porter potter price prince prior queen ray red
reed rice rich ring rivers robin rock rose ruby sales sandy savage serena service shepherd short
singer skip small smart smith snow south spring star stone storm strong sue summer sun support
swift tailor taylor team test the thanks tower trade tree trial turner user victor violet wade
walker wall ward water way weaver webb welcome west white wild will wills winter wise wolf wood
woods yes young
"""
ORDINARY = frozenset(_ORDINARY_WORDS.split())

Parts = tuple[str, ...]  # of a name, between which a text may have any white space


def mask_names(text: str, names: Sequence[str], *, signs: str, untouched: re.Pattern[str]) -> str:
    """Return the text with [name] for whole words, case as given; `signs` holds its capitals.

    What is `untouched` stays: a person called "Card" must not turn `[card]` into something else.
    """
    wanted = {
        parts
        for initial, first, all_parts in _sought(tuple(names))
        if initial in signs and first in text
        for parts in all_parts
    }
    if not wanted:
        return text
    pieces: list[str] = []
    position = 0
    for kept in untouched.finditer(text):
        pieces += [_masked(text[position : kept.start()], wanted), kept.group()]
        position = kept.end()
    return "".join([*pieces, _masked(text[position:], wanted)])


def _masked(text: str, wanted: set[Parts]) -> str:
    """Names are replaced from left to right, and of two that begin together the longer one."""
    found = sorted(
        (start, -sum(map(len, parts)) - len(parts), end)
        for parts in wanted
        for start, end in _places(text, parts)
    )
    pieces: list[str] = []
    position = 0
    for start, _, end in found:
        if start >= position:
            pieces += [text[position:start], "[name]"]
            position = end
    return "".join([*pieces, text[position:]])


def _places(text: str, parts: Parts) -> Iterator[tuple[int, int]]:
    start = text.find(parts[0])
    while start >= 0:
        end = _end_of(text, parts, start)
        if end is not None and _stands_alone(text, start, end):
            yield start, end
        start = text.find(parts[0], start + 1)


def _end_of(text: str, parts: Parts, start: int) -> int | None:
    """Return where a name ends whose first part starts here."""
    end = start + len(parts[0])
    for part in parts[1:]:
        begun = end
        while text[begun : begun + 1].isspace():
            begun += 1
        if begun == end or not text.startswith(part, begun):
            return None
        end = begun + len(part)
    return end


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (_is_of_a_word(before) or before == "@" or _is_of_a_word(after))


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@lru_cache(maxsize=2048)  # a conversation's messages come with the same names
def _sought(names: tuple[str, ...]) -> tuple[tuple[str, str, tuple[Parts, ...]], ...]:
    """Return what to look for: a sign, the word that begins with it, and what begins with that."""
    found: dict[str, dict[Parts, None]] = {}
    for name in names:
        for parts in _maskable(name):
            found.setdefault(parts[0], {})[parts] = None
    return tuple((_sign_of(first), first, tuple(parts)) for first, parts in found.items())


def _sign_of(part: str) -> str:
    return part[:1] if part[:1] in ascii_uppercase else ""


@lru_cache(maxsize=8192)
def _maskable(name: str) -> tuple[Parts, ...]:
    """The full name, and its parts that are not also words."""
    full = tuple(" ".join(name.split()).strip(".,;: ").split(" "))
    words = _LETTERS.findall(" ".join(full))
    found: set[Parts] = {(word,) for word in words if _is_name(word)}
    length = sum(map(len, full)) + len(full) - 1
    if length >= SHORTEST_NAME and (len(words) > 1 or " ".join(full).lower() not in ORDINARY):
        found.add(full)
    return tuple(found)


def _is_name(part: str) -> bool:
    return len(part) >= SHORTEST_NAME and part[0].isupper() and part.lower() not in ORDINARY
