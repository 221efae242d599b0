"""Which sentences say something: a thank-you or a change of address proves nothing about a part.

It reads the words of one quote and knows neither its conversation nor why it was kept.
"""

import re

ENOUGH_WORDS = 5  # shorter quotes are shown only when longer ones run out
MOST_COURTESY = 10  # words; a longer thank-you says what for

_COURTESY = re.compile(
    r"\b(?:thanks?|thank\W*you|thx|cheers|(?:kind|best|warm)\W+regards|much\W+appreciated"
    r"|(?:i|we)\W+appreciate|look(?:ing)?\W+forward|have\W+a\W+(?:nice|good|great)"
    r"|good\W+(?:morning|afternoon|evening|day))\b",
    re.IGNORECASE,
)
_COMPLAINT = re.compile(
    r"\b(?:but|however|yet|still|nothing|not|never|no|nobody|again|wrong|problem|error|issue"
    r"|broken)\b|n.t\b",
    re.IGNORECASE,
)
# Words of somebody who asks for something and thanks in the same breath.
_REQUEST = re.compile(
    r"\b(?:please|need|want|would|can|could|how|where|when|why|cancel\w*|refund\w*|charg\w*)\b|\?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(?:chang\w*|updat\w*|correct\w*|edit\w*|set\s+up|new)\b[^.!?]{0,40}\baddress(?:es)?\b",
    re.IGNORECASE,
)


def word_count(text: str) -> int:
    return len(text.split())


def is_long_enough(text: str) -> bool:
    return word_count(text) >= ENOUGH_WORDS


def is_courtesy(text: str) -> bool:
    """Whether a text only thanks or greets; "thanks for nothing, it is still broken" does not."""
    if _COMPLAINT.search(text) or _REQUEST.search(text):
        return False
    return _COURTESY.search(text) is not None and word_count(text) <= MOST_COURTESY


def is_address_change(text: str) -> bool:
    """Whether a text asks for another address, which no one is unhappy about."""
    return _ADDRESS.search(text) is not None and not _COMPLAINT.search(text)


def says_something(text: str) -> bool:
    """Whether a quote can stand for what customers said about a subject."""
    return bool(text.strip()) and not is_courtesy(text)
