"""Finds the sentences that say what a conversation is about, and names each in a few words.

Knows greetings, request frames and filler; placing a sentence on the taxonomy is the ladder's.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.analysis._gates import Material
from service.analysis._matching import Vectors
from service.analysis._sentences import (
    REMEMBERED,
    Sentence,
    count_words,
    without_opening,
    words_of,
)
from service.analysis._tone import is_courtesy

ISSUE_WORDS = 6  # the first customer sentence this long states the issue in four of five threads
SOME_WORDS = 3
MOST_ISSUES = 3  # the first three such sentences hold it in nine of ten
MOST_TAGS = 3
TAG_WORDS = (2, 4)
TAG_LENGTH = 40
WORDS_REMEMBERED = 20_000  # of a kilobyte each; misspellings and codes never end

_FRAME = re.compile(
    r"^(?:(?:please|so|and|but|well|also|hi|hello|hey|ok|okay|just|actually|basically|kindly|yes|yeah|yep|no"
    r"|right|there|then|because|since)\b[\s,]*"
    r"|(?:my\s+name\s+is|my\s+name['\u2019]s|this\s+is)\s+(?:\[name\]|[\w'\u2019-]+)(?:\s+[\w'\u2019-]+)?\s*"
    r"(?:,|\.|\band\b|(?=\bi\b|\bi['\u2019]))\s*"
    r"|(?:i|we)(?:['\u2019]?m|['\u2019]?re|\s+am|\s+are|['\u2019]?ve\s+been)?\s+(?:just\s+|here\s+)?(?:looking|trying|hoping|calling"
    r"|writing|contacting\s+you|reaching\s+out|wanna|gonna|gotta|having)\s+(?:to|about|into|for|in|because)?\s*"
    r"|wanna\s+|there['\u2019]?s\s+|it['\u2019]?s\s+"
    r"|(?:i|we)(?:['\u2019]d|\s+would)?\s+(?:really\s+)?(?:like|love|want|need|wish|have|am\s+trying|"
    r"are\s+trying|tried|was\s+trying|was\s+wondering|am\s+writing|am\s+looking|wanted|needed)\s+"
    r"(?:to\s+)?(?:know\s+|ask\s+(?:about\s+)?|check\s+|see\s+|find\s+out\s+)?(?:if|whether|how\s+to)?\s*"
    r"|(?:can|could|would|will|may)\s+(?:you|i|we|someone|anyone)\s+(?:please\s+|kindly\s+)?"
    r"(?:help\s+(?:me\s+|us\s+)?(?:with|to)?\s*|tell\s+me\s+|let\s+me\s+know\s+|explain\s+)?"
    r"(?:if|whether|how\s+to)?\s*"
    r"|(?:how|where|when|what|why|which|who)\s+(?:do|does|did|can|could|should|would|is|are|was)\s+"
    r"(?:i|we|you|the|my|it)?\b\s*"
    r"|(?:is\s+it\s+possible\s+to|i\s+am\s+having|i['\u2019]m\s+having|i\s+have|we\s+have|there\s+is|"
    r"it\s+(?:looks|seems)\s+(?:like|that))\s+(?:an?\s+)?(?:issues?|problems?|trouble|difficult\w+|"
    r"questions?)?\s*(?:with|about|regarding)?\s*)+",
    re.IGNORECASE,
)
# Later messages answer questions and say thanks; they raise something new only when they say so.
_ANOTHER = re.compile(
    r"\s*(?:also|another|one\s+more|separately|by\s+the\s+way|btw|besides|in\s+addition|(?:and\s+)?"
    r"(?:there\s+is\s+)?(?:a\s+)?second(?:ly)?|on\s+another)\b",
    re.IGNORECASE,
)
_FILLER_WORDS = """
a an the i im ive id me my mine we our us you your yours u it its this that these those is are was
were be been being am do does did done doing have has had having will would could should shall may
might must to of in on at for from by with as about into over and or but so if then than because
while when where what which who why how there here they them their he him his she her please
thanks thank hi hello hey dear sir madam team guys ok okay yes just really very too also only even
some any such get got getting go going want wanted need needed like know let see say says said
tell told help try trying tried make made one thing things something someone today now yesterday
still again already since ago user url seem seems regarding able anything everything lot much many
more hope dont didnt doesnt isnt wasnt cant wont ill youre theyre weve youve theyve hes shes can
yeah wanna gonna gotta theres whats ur pls plz normal certain
could couldve unless morning afternoon evening good
"""
_FILLER = frozenset(_FILLER_WORDS.split())
# Of a sentence with one telling word the others make a name with it, but not these.
_LIGHT_WORDS = """
a an the i im ive id me my we our us you your it its this that these those is are was be to of in at
for with and or so if how what where when why who yes yeah please thanks thank hi hello ok
"""
_LIGHT = frozenset(_LIGHT_WORDS.split())
_SPLIT_NEGATIVE = re.compile(r"\bcan(?:\s+(?:i|we|you))?\s+not\b", re.IGNORECASE)
_MASKED = re.compile(r"\[[a-z]+\]|\b[Xx/]{2,}\b")  # a placeholder, or what a helpdesk blanked
_NEGATIVE_FORMS = re.compile(r"^(?:can['\u2019]?t|cannot|couldn['\u2019]?t|unable)$")
_CLEAN = re.compile(r"[^a-z0-9 ]+")


def issue_sentence(material: Material) -> Sentence | None:
    """Return the sentence that states what the customer wants, if any says anything."""
    issues = issue_sentences(material)
    return issues[0] if issues else None


def issue_sentences(material: Material) -> list[Sentence]:
    """Return up to three sentences that may state an issue, the first one first."""
    long_enough = [s for s in material.sentences if _substance(s) >= ISSUE_WORDS]
    if long_enough:
        first = long_enough[0]
        others = [s for s in long_enough[1:] if s.turn == first.turn or _ANOTHER.match(s.text)]
        return [first, *others][:MOST_ISSUES]
    some = [s for s in material.sentences if _substance(s) >= SOME_WORDS]
    if some:
        return [max(some[:4], key=_substance)]
    most = max(material.sentences, key=_substance, default=None)
    return [most] if most is not None and _substance(most) > 0 else []


def _substance(sentence: Sentence) -> int:
    return _substance_of(sentence.text)


@lru_cache(maxsize=REMEMBERED)
def _substance_of(text: str) -> int:
    """Words after the greeting; a courtesy has none."""
    if is_courtesy(text):
        return 0
    return count_words(text[without_opening(text) :])


def matching_text(sentence: Sentence) -> str:
    """Return the sentence as it is compared with the taxonomy: without its greeting."""
    text = sentence.text
    return text[without_opening(text) :] or text


def summary_of(material: Material, ending: Sentence | None) -> str:
    """Return at most two of the customer's own sentences: the issue, and what showed the tone."""
    first = issue_sentence(material)
    chosen = [s for s in (first, ending) if s is not None and _substance(s) > 0]
    return " ".join(dict.fromkeys(" ".join(s.text.split()) for s in chosen))


class Namer:
    """Names a sentence by its most telling run of words. Remembers words, which repeat."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._known: dict[str, NDArray[np.float32]] = {}

    def name(self, sentence: str) -> str | None:
        """Return 2 to 4 words of [a-z0-9 ], or None when the sentence has too few."""
        words = content_words(sentence)
        if len(words) < TAG_WORDS[0]:
            words = _any_words(sentence, words)
        if len(words) < TAG_WORDS[0]:
            return None
        return self._best(words[:14])

    def _best(self, words: Sequence[str]) -> str:
        rows = self._rows(words)
        whole = rows.sum(axis=0)
        spans = [
            (start, start + length)
            for length in range(TAG_WORDS[0], TAG_WORDS[1] + 1)
            for start in range(len(words) - length + 1)
        ]
        fitting = [s for s in spans if len(" ".join(words[s[0] : s[1]])) <= TAG_LENGTH] or spans[:1]
        best = fitting[int(_likeness(rows, whole, np.array(fitting)).argmax())]
        return " ".join(words[best[0] : best[1]])[:TAG_LENGTH].strip()

    def _rows(self, words: Sequence[str]) -> NDArray[np.float32]:
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            if len(self._known) >= WORDS_REMEMBERED:
                self._known = {word: self._known[word] for word in words if word in self._known}
            self._known.update(zip(new, self._vectors(new), strict=True))
        return np.stack([self._known[word] for word in words])


def _likeness(
    rows: NDArray[np.float32], whole: NDArray[np.float32], spans: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Cosine of each span to the whole; a longer or later name has to earn its place."""
    starts, ends = spans[:, 0], spans[:, 1]
    so_far = np.vstack([np.zeros_like(whole), rows.cumsum(axis=0)])
    parts = so_far[ends] - so_far[starts]
    lengths = np.sqrt((parts * parts).sum(axis=1)) * math.sqrt(float(whole @ whole))
    cosines = (parts @ whole).astype(np.float64) / np.maximum(lengths, 1e-9)
    found: NDArray[np.float64] = cosines - 0.05 * (ends - starts) - 0.01 * starts
    return found


def content_words(sentence: str) -> list[str]:
    """Return the words that carry the issue, lower-cased, in order."""
    text = _SPLIT_NEGATIVE.sub("cannot", sentence[without_opening(sentence) :])
    text = text[_frame_end(text) :]
    return [word for word in _plain_words(text) if word not in _FILLER and not word.isdigit()]


def _frame_end(text: str) -> int:
    match = _FRAME.match(text)
    return match.end() if match else 0


def _any_words(sentence: str, telling: Sequence[str]) -> list[str]:
    words = [w for w in _plain_words(sentence[without_opening(sentence) :]) if not w.isdigit()]
    heavy = [word for word in words if word not in _LIGHT or word in telling]
    return (heavy if len(heavy) >= TAG_WORDS[0] else words)[:4]


def _plain_words(text: str) -> list[str]:
    words: list[str] = []
    for word in words_of(_MASKED.sub(" ", text)):
        lowered = word.lower()
        plain = "cannot" if _NEGATIVE_FORMS.match(lowered) else lowered
        cleaned = _CLEAN.sub("", plain)
        if len(cleaned) > 1 or cleaned.isdigit():
            words.append(cleaned)
    return words
