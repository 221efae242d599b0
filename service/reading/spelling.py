"""Misspelt words of the grammar: "ystrday", "complants". An answer says what one was taken for.

Knows the plain words that questions are made of; the names of the catalogue come before it.
"""

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from service.names import SIMILAR, TYPO_LENGTH
from service.reading.leftover import is_strange
from service.reading.plain import ORDINARY
from service.reading.units import MONTHS
from service.reading.words import Word, Words

_DATES = frozenset((*MONTHS, "yesterday", "today", "weekend", "fortnight", "quarter", "month"))
_KNOWN = sorted(word for word in ORDINARY | _DATES if len(word) >= TYPO_LENGTH)
# What follows these may be an account that we do not know: only a date is read into it.
_BEFORE_NAMES = frozenset({"from", "at", "for", "with", "about", "on", "is", "are"})


# Short words, so only where a question begins and after "how".
_OPENING = ("how", "what", "which", "who", "when", "where", "why")
_AFTER_HOW = ("many", "much", "often", "come")
_LASTING = ("last", "this", "past")  # before a unit
_UNITS = ("week", "month", "quarter", "year", "weekend", "weeks", "months", "days")
_BEFORE_QUESTIONS = frozenset({"and", "so", "ok", "but", "then", "also", "hi", "hey", "please"})


def mend(words: Words) -> None:
    """Write misspelt plain words as they are spelt; names have taken theirs before."""
    before: Word | None = None
    for word, after in zip(words.words, [*words.words[1:], None], strict=False):
        meant = _asking(word, before, after) or _meant(word, before)
        if meant is not None:
            word.text, word.mended = meant, True
        before = word


def _asking(word: Word, before: Word | None, after: Word | None) -> str | None:
    if not is_strange(word):
        return None
    if before is not None and before.text == "how":
        return _one_slip(word, _AFTER_HOW)
    if before is not None and before.text in _LASTING and word.original.islower():
        return _one_slip(word, _UNITS)
    if after is not None and not after.used and after.text in _UNITS:
        return _one_slip(word, _LASTING)
    if before is None or before.text in _BEFORE_QUESTIONS:
        return _one_slip(word, _OPENING)
    counts = after is not None and not after.used and after.text in {"many", "much"}
    return _one_slip(word, ("how",)) if counts else None


def _one_slip(word: Word, known: tuple[str, ...]) -> str | None:
    """The one of these that a word is, but for one letter more, less, wrong or out of place."""
    near = [one for one in known if OSA.distance(word.text, one) == 1]
    return max(near, key=lambda one: fuzz.ratio(word.text, one), default=None)


def _meant(word: Word, before: Word | None) -> str | None:
    if len(word.text) < TYPO_LENGTH or not is_strange(word):
        return None
    if before is not None and word.original[:1].isupper():
        return None
    found = process.extractOne(word.text, _KNOWN, scorer=fuzz.ratio, score_cutoff=100 * SIMILAR)
    if found is None or word.text.startswith(found[0]) or word.text.endswith(found[0]):
        return None  # "answered" and "reopened" are spelt as they are meant
    meant = found[0]
    return None if before and before.text in _BEFORE_NAMES and meant not in _DATES else meant
