"""Times as Zendesk writes them, as the seconds that they name."""

import re
from datetime import UTC, datetime

_LAST_SECOND = 2**32 - 1  # what four bytes hold: the year 2106
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def stamp_of(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC).isoformat()[:19]}Z"


def second_of(stamp: str) -> int | None:
    """Return the second; None where its stamp would not be the same text."""
    if _STAMP.fullmatch(stamp) is None:
        return None
    try:
        second = int(datetime.fromisoformat(stamp).timestamp())
    except ValueError:
        return None
    return second if 0 < second <= _LAST_SECOND else None
