"""Masks the names that a helpdesk gives for the people of a conversation, and guesses no others.

Looks for the words themselves: nearly every conversation has a name of its own, and compiling a
pattern for each would cost more than all the rest of masking.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from string import ascii_uppercase

SHORTEST_NAME = 3
SHORTEST_FULL_NAME = 6  # letters of one written small
SHORTEST_IN_CAPITALS = 4  # "JAN" is a month, and "EVA" a material
MOST_NAMES = 200  # of one conversation

# Letters that no decomposition makes plain ones of.
_PLAIN = str.maketrans(
    dict(zip("\u0142\u0141\u00f8\u00d8\u0111\u0110\u0131\u00f0", "lLoOdDid", strict=True))
    | {"\u00df": "ss", "\u00e6": "ae", "\u00c6": "Ae", "\u00fe": "th", "\u00de": "Th"}
)
# Scripts without spaces between words: there a name stands right beside its neighbours.
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_LETTER = r"[^\W\d_][\u0300-\u036f]*"  # with the accents that stand apart from it
_LETTERS = re.compile(rf"(?:{_LETTER})+(?:['\u2019-](?:{_LETTER})+)*")

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
    """Return the text with [name] for whole words; `signs` holds the text's capitals.

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
    if _WITHOUT_SPACES.fullmatch(text, start, end):
        return True
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (_is_of_a_word(before) or before == "@" or _is_of_a_word(after))


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@lru_cache(maxsize=2048)  # a conversation's messages come with the same names
def _sought(names: tuple[str, ...]) -> tuple[tuple[str, str, tuple[Parts, ...]], ...]:
    """Return what to look for: a sign, the word that begins with it, and what begins with that."""
    found: dict[str, dict[Parts, None]] = {}
    for name in names:
        for parts in _written(name):
            found.setdefault(parts[0], {})[parts] = None
    return tuple((_sign_of(first), first, tuple(parts)) for first, parts in found.items())


def _sign_of(part: str) -> str:
    return part[:1] if part[:1] in ascii_uppercase else ""


@lru_cache(maxsize=8192)
def _spellings(name: str) -> tuple[str, ...]:
    """As given, with its accents apart or gone, and with either apostrophe."""
    name = unicodedata.normalize("NFC", name)
    found = dict.fromkeys((name, "".join(name.split())) if _is_without_spaces(name) else (name,))
    if not name.isascii():
        apart = unicodedata.normalize("NFD", name)
        bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
        found |= dict.fromkeys((apart, bare.translate(_PLAIN)))
    straight = [each.replace("\u2019", "'") for each in found]
    found |= dict.fromkeys((*straight, *(each.replace("'", "\u2019") for each in straight)))
    return tuple(found)


@lru_cache(maxsize=8192)
def _written(name: str) -> tuple[Parts, ...]:
    """All that is looked for of one name; short parts in capitals are months and products too."""
    found: dict[Parts, None] = {}
    for spelt in _spellings(name):
        for parts in _maskable(spelt):
            found[parts] = None
            for loud in (parts, tuple(part.replace("i", "\u0130") for part in parts)):
                if sum(map(len, parts)) >= SHORTEST_IN_CAPITALS:
                    found[tuple(part.upper() for part in loud)] = None
    return tuple(found) + _in_small_letters(name)


def _is_without_spaces(name: str) -> bool:
    return _WITHOUT_SPACES.fullmatch("".join(name.split())) is not None


def _in_small_letters(name: str) -> tuple[Parts, ...]:
    """The full name of at least two words: alone, each of them may be any word."""
    small = (tuple(each.lower().strip(".,;: ").split()) for each in _spellings(name))
    return tuple(
        words
        for words in small
        if len(words) > 1
        and sum(map(len, words)) >= SHORTEST_FULL_NAME
        and not ORDINARY.issuperset(words)
    )


@lru_cache(maxsize=8192)
def _maskable(name: str) -> tuple[Parts, ...]:
    """The full name, and its parts that are not also words."""
    full = tuple(" ".join(name.split()).strip(".,;: ").split(" "))
    words = _LETTERS.findall(" ".join(full))
    found: set[Parts] = {(word,) for word in words if _is_name(word)}
    length = sum(map(len, full)) + len(full) - 1
    long_enough = length >= SHORTEST_NAME or _is_without_spaces(name)
    if long_enough and (len(words) > 1 or " ".join(full).lower() not in ORDINARY):
        found.add(full)
    return tuple(found)


def _is_name(part: str) -> bool:
    return len(part) >= SHORTEST_NAME and part[0].isupper() and part.lower() not in ORDINARY
