"""Misspelt words of the grammar: "ystrday", "complants". An answer says what one was taken for.

Knows the plain words that questions are made of; the names of the catalogue come before it.
"""

from rapidfuzz import fuzz, process

from service.names import SIMILAR, TYPO_LENGTH
from service.reading.leftover import is_strange
from service.reading.plain import ORDINARY
from service.reading.units import MONTHS
from service.reading.words import Word, Words

_DATES = frozenset((*MONTHS, "yesterday", "today", "weekend", "fortnight", "quarter", "month"))
_KNOWN = sorted(word for word in ORDINARY | _DATES if len(word) >= TYPO_LENGTH)
# What follows these may be an account that we do not know: only a date is read into it.
_BEFORE_NAMES = frozenset({"from", "at", "for", "with", "about", "on", "is", "are"})


def mend(words: Words) -> None:
    """Write misspelt plain words as they are spelt; names have taken theirs before."""
    before: Word | None = None
    for word in words.words:
        meant = _meant(word, before)
        if meant is not None:
            word.text, word.mended = meant, True
        before = word


def _meant(word: Word, before: Word | None) -> str | None:
    if len(word.text) < TYPO_LENGTH or not is_strange(word):
        return None
    if before is not None and word.original[:1].isupper():
        return None
    found = process.extractOne(word.text, _KNOWN, scorer=fuzz.ratio, score_cutoff=100 * SIMILAR)
    if found is None or word.text.startswith(found[0]):
        return None  # "answered" is spelt as it is meant
    meant = found[0]
    return None if before and before.text in _BEFORE_NAMES and meant not in _DATES else meant
