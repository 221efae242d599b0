"""Which sentences say something: a thank-you or a change of address proves nothing about a part.

It reads the words of one quote and knows neither its conversation nor why it was kept.
"""

import re

ENOUGH_WORDS = 5  # shorter quotes are shown only when longer ones run out
MOST_COURTESY = 9  # words; a longer thank-you says what for

_COURTESY = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|great|perfect|alright|yes|no|hi|hello|dear|sure|cool|fine|and|well)\b\W*)*"
    r"(?:(?:many|kind|best|warm)\W+)?"
    r"(?:thanks?|thank\W+you|thx|ty|cheers|regards|much\W+appreciated|(?:i|we)\W+appreciate"
    r"|(?:i|we)\W+look\W+forward|have\W+a\W+(?:nice|good|great))\b",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\b(?:but|however|yet|still|nothing|not|never|no|nobody|again|wrong|cancel|refund)\b|n['’]t\b",  # noqa: RUF001  # customers type both apostrophes
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b(?:chang\w*|updat\w*|correct\w*|edit\w*|set\s+up|new)\b[^.!?]{0,40}"
    r"\b(?:shipping|delivery|postal|billing|street|home|e-?mail)?\s*address(?:es)?\b",
    re.IGNORECASE,
)


def word_count(text: str) -> int:
    return len(re.findall(r"\w+(?:['’]\w+)?", text))  # noqa: RUF001  # as above


def is_long_enough(text: str) -> bool:
    return word_count(text) >= ENOUGH_WORDS


def is_courtesy(text: str) -> bool:
    """Whether a text only thanks or greets; "thanks for nothing, it is still broken" does not."""
    if _BUT.search(text):
        return False
    return _COURTESY.match(text) is not None and word_count(text) <= MOST_COURTESY


def is_address_change(text: str) -> bool:
    """Whether a text asks for another address, which no one is unhappy about."""
    return _ADDRESS.search(text) is not None and not _BUT.search(text)


def says_something(text: str) -> bool:
    """Whether a quote can stand for what customers said about a subject."""
    return bool(text.strip()) and not is_courtesy(text)
