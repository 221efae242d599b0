"""Where a message takes back what it just said: "last week, no, last month".

Knows the words that take back, and nothing of what is taken back.
"""

import re
from dataclasses import dataclass

_STRONG = (
    r"(?:no[ ,]+wait|wait[ ,]+no|no[ ,]+sorry|sorry[ ,]+no|(?:no[ ,]+|sorry[ ,]+)?i mean(?:t)?"
    r"|scratch that|strike that|or rather|make that|correction)"
)
_AFTER_A_STOP = r"(?:sorry|oops|wait|actually|jk|rather|my bad|nope)"  # of a clause
_STOP = r"(?:\s*[,.;:?!(]+\s*(?:-\s*)?|\s+-+\s+)"
_GAP = r"[\s,.:;!-]*"
_TAKES_BACK = re.compile(
    rf"(?i)(?:{_STOP}|\s+){_STRONG}\b{_GAP}"
    rf"|{_STOP}{_AFTER_A_STOP}\b{_GAP}(?:(?:i mean(?:t)?|no|make that)\b[\s,]*)?"
    rf"|{_STOP}no\b\s*[,.!-]+\s*(?:i mean(?:t)?\b\s*)?"
)
_MOST_WORDS = 8  # of what stands instead; more is another question


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    before: str
    after: str


def correction_in(plain: str) -> Correction | None:
    """Split a message at the last words that take something back, outside quotation marks."""
    found = [one for one in _TAKES_BACK.finditer(plain) if plain[: one.start()].count('"') % 2 == 0]
    if not found:
        return None
    before, after = plain[: found[-1].start()].strip(), plain[found[-1].end() :].strip(" )")
    if not before or not after or len(after.split()) > _MOST_WORDS:
        return None
    return Correction(before=before, after=after)
