"""Whether a webhook is genuine and fresh, without any I/O.

Knows headers, HMACs and clocks. Which header holds what, and which bytes are signed, is each
vendor's.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from service.errors import SkipThis

WINDOW = timedelta(minutes=5)  # an event this far from now, or further, may be a replay


def the_header(headers: Mapping[str, str], name: str) -> str:
    """Return the one header of the name, else "": of two, one was not what was signed."""
    found = [value for given, value in headers.items() if given.lower() == name.lower()]
    return found[0] if len(found) == 1 else ""


def fits(made: str, given: str) -> bool:
    """Compare a signature in constant time; the given one may hold anything."""
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "replace"))


def hex_hmac(secret: str, signed: bytes, *, digest: str = "sha256") -> str:
    return hmac.new(secret.encode(), signed, digest).hexdigest()


def is_fresh(time: str, *, now: datetime) -> bool:
    """Say whether a time, in ISO 8601 or in seconds since 1970, lies within the window."""
    try:
        moment = _moment(time)
    except (ValueError, OverflowError, OSError):
        return False
    return abs(moment - now) <= WINDOW


def _moment(time: str) -> datetime:
    if time.isascii() and time.isdigit():
        return datetime.fromtimestamp(int(time), UTC)
    moment = datetime.fromisoformat(time)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the event's JSON object, or raise SkipThis; call it after the signature fitted."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SkipThis("The event is not JSON.") from error
    if not isinstance(event, dict):
        raise SkipThis("The event is not a JSON object.")
    return event
