"""How the files that people bring in and take out spell a text and a time. Knows no row."""

import re
from datetime import datetime

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Neither NUL nor half a surrogate pair can be stored; one character takes its place, so that
    offsets stay.
    """
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def spelled_time(moment: datetime) -> str:
    """Return a time in UTC as the files spell it."""
    return moment.isoformat().replace("+00:00", "Z")
