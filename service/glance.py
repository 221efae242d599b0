"""What a text holds, seen in a few passes over its bytes: most texts hold nothing to look for.

Looking for a sign among a text's few signs, or for a word among its telling words, costs a fraction
of looking for it in the text.
"""

import re
from collections.abc import Set as AbstractSet
from string import ascii_letters, ascii_lowercase, digits

_NO_SIGNS = f"{ascii_lowercase} ".encode()
_NO_DIGITS = bytes(set(range(128)) - set(digits.encode()))
# Letters in lower case, and a space for everything else.
_AS_WORDS = "".join(
    chr(code).lower() if chr(code) in ascii_letters else " " for code in range(256)
).encode("latin-1")
_A_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")


class Glance:
    """One text at one time.

    Placeholders that replace parts of it later bring nothing that patterns look for.
    """

    __slots__ = ("digits", "signs", "text", "words")

    def __init__(self, text: str, *, signs: str, words: AbstractSet[str], digits: int) -> None:
        self.text = text
        self.signs = signs  # without small letters and spaces; all of a text that is not ASCII
        self.words = words  # those of the telling ones that are in it, in small letters
        self.digits = digits  # of any script


def glance(text: str, telling: frozenset[str]) -> Glance:
    """Look for digits, signs and these words, which are letters only."""
    if not text.isascii():
        words = telling.intersection(_WORD.findall(folded(text)))
        return Glance(text, signs=text, words=words, digits=len(_A_DIGIT.findall(text)))
    raw = text.encode()
    signs = raw.translate(None, _NO_SIGNS)
    return Glance(
        text,
        signs=signs.decode(),
        words=telling.intersection(raw.translate(_AS_WORDS).decode().split()),
        digits=len(signs.translate(None, _NO_DIGITS)),
    )


def digits_in(text: str) -> int:
    """Return how many digits of any script there are."""
    if text.isascii():
        return len(text.encode().translate(None, _NO_DIGITS))
    return len(_A_DIGIT.findall(text))


def folded(text: str) -> str:
    """Return the text so that a word is found in it wherever a pattern would ignore its case."""
    if text.isascii():
        return text.lower()
    # A pattern takes the Turkish letters for an i, of which casefold makes two signs; it knows the
    # other odd letters. A dot above that stands by itself ends a word, as it does in a pattern.
    return text.replace("\u0130", "i").casefold().replace("\u0131", "i")
