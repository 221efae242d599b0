"""What it means that a text mentions words: the same on every database, because it is decided here.

Words are runs of letters and digits without regard to case; a phrase is words in a row. Scripts
that are written without spaces count character by character. They are kept in ASCII, so that no
database's own idea of letters matters: any other letter is its code between underscores.
"""

import re
import unicodedata
from collections.abc import Iterable
from string import ascii_letters, digits

from service.domain.conversations import Message, Told, is_customer_voice

_LONGEST_WORD = 64
_MOST_OF_A_MESSAGE = 100_000  # characters
_MOST = 900_000  # PostgreSQL's search index takes no more than a megabyte a row
_BETWEEN = " _ "  # messages: no phrase goes on from one to the next
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Letters in lower case, digits, and a space for everything else.
_AS_WORDS = "".join(
    chr(code).lower() if chr(code) in ascii_letters + digits else " " for code in range(256)
).encode("latin-1")
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_OTHER_LETTERS = re.compile(r"[^\x00-\x7f]+")


def searchable(text: str) -> str:
    """Return a text's words, folded and in ASCII, with one space between; "" when it has none."""
    words = _words_of(text)
    if max(map(len, words), default=0) > _LONGEST_WORD:
        words = [word[:_LONGEST_WORD] for word in words]
    return in_ascii(" ".join(words)[:_MOST_OF_A_MESSAGE].rstrip())


def all_said(words: Iterable[str]) -> str:
    """Return the searchable words of some messages as one text; "" when there are none."""
    said = _BETWEEN.join(filter(None, words))
    return said if len(said) <= _MOST else said[:_MOST].rpartition(" ")[0]


def in_ascii(words: str) -> str:
    return words if words.isascii() else _OTHER_LETTERS.sub(_spelled_out, words)


def _spelled_out(letters: re.Match[str]) -> str:
    return f"_{letters[0].encode('utf-16-be', 'surrogatepass').hex()}_"


def _words_of(text: str) -> list[str]:
    if text.isascii():
        return (
            text.encode().translate(_AS_WORDS).decode().split()
        )  # the same in a third of the time
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def voice(message: Message | Told) -> str | None:
    """The searchable words of a message, or None when it is not the customer's voice."""
    return searchable(message.text) if is_customer_voice(message) else None
