"""Times as Zendesk writes them, as the seconds that they name."""

from datetime import UTC, datetime

_LAST_SECOND = 2**32 - 1  # what four bytes hold: the year 2106


def stamp_of(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC).isoformat()[:19]}Z"


def second_of(stamp: str) -> int | None:
    """Return the second; None where its stamp would not be the same text."""
    try:
        second = int(datetime.fromisoformat(stamp).timestamp())
    except (ValueError, OverflowError):
        return None
    return second if 0 < second <= _LAST_SECOND and stamp_of(second) == stamp else None
