"""Says whether a text is English enough to be read. Knows letters and common words; a short text
is given the benefit of the doubt, because detectors guess on short texts. A longer one without any
of English's own words is none, also where no detector knows it: much is written in Latin letters.
"""

import re
import unicodedata
from typing import Any

from service.analysis._sentences import words_of

ENGLISH = "en"
READ = 600  # characters are enough to tell
ENOUGH_LETTERS = 14
ENOUGH_FOREIGN_LETTERS = 6  # another script is plain after a word or two
SURE = 0.7
FEWEST_WORDS = 3
NO_LANGUAGE = "zxx"  # the detector's word for numbers and noise
UNKNOWN = "und"  # some other language
# Hindi, Russian, Arabic or Greek in Latin letters: 17 of 22 are found so, at the cost of .03 % of
# English sentences and .4 % of tweets. In a chat one line has to be so long.
ENOUGH_WORDS = 8
SURE_OF_ENGLISH = 0.6
COMMON_SHARE = 0.18  # English text has .35 to .5 of these words, other languages under .1

_COMMON_WORDS = """
the i to a and is it my you of for in that have this on not but with was me be are can do your we
so at if they has been will just or an as how what when why there from get would please no still
am did does our us all any im dont cant up out about need want help thanks thank hi hello account
which he she their them than then now been had were
"""
_COMMON = frozenset(_COMMON_WORDS.split())
# Of these, the ones that other languages have too: "no me deja entrar a mi cuenta" has three.
_SHARED_WORDS = "a all am an as at do had has he in is me no of on so was will"
_BORROWED_WORDS = "account hello help hi please thank thanks"
_ONLY_ENGLISH = _COMMON - frozenset((*_SHARED_WORDS.split(), *_BORROWED_WORDS.split()))
_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|[#@$]\S+|\[[a-z ]+\]|\S*\d\S*")
_SPELLED_AS_ENGLISH = re.compile(r"['\u2019](?:t|s|m|re|ve|ll|d)$")


class LanguageReader:
    """Builds the detector on the first text that needs one: most do not."""

    def __init__(self) -> None:
        self._detector: Any = None

    def language(self, text: str) -> str | None:
        """Return a language code, or None when the text is too short to tell."""
        sample = text[:READ]
        if not sample.isascii() and _other_script(_letters(sample)):
            return self._detect(sample)[0]
        words = [word.lower() for word in words_of(sample)]
        if _looks_english(words):
            return ENGLISH
        if len(words) < FEWEST_WORDS or len(_letters(sample)) < ENOUGH_LETTERS:
            return None
        code, probability = self._detect(sample.lower())
        if code not in {ENGLISH, NO_LANGUAGE} and probability >= SURE:
            return code
        if self._is_foreign(_NOT_WORDS.sub(" ", sample.lower())):
            return UNKNOWN
        return ENGLISH if code == ENGLISH else None

    def _is_foreign(self, text: str) -> bool:
        """A long line, no word that is English alone, and no detector that is sure of English."""
        lines = [words_of(line) for line in text.splitlines()]
        if max(map(len, lines), default=0) < ENOUGH_WORDS:
            return False  # answers such as "ok" and "75 Smith" add up to no sentence
        if any(_is_english_alone(word) for words in lines for word in words):
            return False
        code, probability = self._detect(text)
        return code != ENGLISH or probability < SURE_OF_ENGLISH

    def _detect(self, text: str) -> tuple[str, float]:
        if self._detector is None:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier

            self._detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        code, probability = self._detector.classify(text)
        return str(code), float(probability)


def _letters(sample: str) -> list[str]:
    return [character for character in sample if character.isalpha()]


def _looks_english(words: list[str]) -> bool:
    if len(words) < FEWEST_WORDS:
        return False
    spelt = sum(bool(_SPELLED_AS_ENGLISH.search(word)) for word in words)
    common = spelt + sum(word in _COMMON for word in words)
    own = spelt + sum(word in _ONLY_ENGLISH for word in words)
    return own >= 1 and common >= 2 and common / len(words) >= COMMON_SHARE


def _is_english_alone(word: str) -> bool:
    return word in _ONLY_ENGLISH or _SPELLED_AS_ENGLISH.search(word) is not None


def _other_script(letters: list[str]) -> bool:
    """More than half of the letters are not Latin."""
    if len(letters) < ENOUGH_FOREIGN_LETTERS:
        return False
    foreign = sum(not _latin(letter) for letter in letters)
    return foreign >= ENOUGH_FOREIGN_LETTERS and foreign > len(letters) / 2


def _latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")
