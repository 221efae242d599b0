"""What it means that a text mentions words: the same on every database, because it is decided here.

Words are runs of letters and digits without regard to case; a phrase is words in a row. Scripts
that are written without spaces count character by character.
"""

import re
import unicodedata
from string import ascii_letters, digits

from service.domain.conversations import Message, is_customer_voice

_LONGEST_WORD = 64
_MOST_CHARACTERS = 100_000  # PostgreSQL's search index takes no more than a megabyte a row
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Letters in lower case, digits, and a space for everything else.
_AS_WORDS = "".join(
    chr(code).lower() if chr(code) in ascii_letters + digits else " " for code in range(256)
).encode("latin-1")
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")


def searchable(text: str) -> str:
    """Return a text's words, folded, with one space between them; "" when it has none."""
    words = _words_of(text)
    if max(map(len, words), default=0) > _LONGEST_WORD:
        words = [word[:_LONGEST_WORD] for word in words]
    return " ".join(words)[:_MOST_CHARACTERS].rstrip()


def _words_of(text: str) -> list[str]:
    if text.isascii():
        return (
            text.encode().translate(_AS_WORDS).decode().split()
        )  # the same in a third of the time
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def voice(message: Message) -> str | None:
    """The searchable words of a message, or None when it is not the customer's voice."""
    return searchable(message.text) if is_customer_voice(message) else None
