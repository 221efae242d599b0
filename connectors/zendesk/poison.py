"""What one unreadable record may do: be set aside with a reason, and nothing else.

Mapping is pure, so an error in it means that record. One ticket of odd JSON must not stop a page.
"""

from connectors._http import ServerFailed
from service.errors import Misbehaving, SkipThis

MOST_MESSAGES = 2000  # of one conversation, read in twenty calls; Zendesk itself allows 5,000

UNREADABLE = (
    SkipThis,
    Misbehaving,
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    OverflowError,
    ServerFailed,
)


class Unreadable(SkipThis):
    """A record of Zendesk cannot be read."""


def why(error: BaseException) -> str:
    """Return one sentence without any of the record's words."""
    if isinstance(error, SkipThis | Misbehaving | ServerFailed):
        return str(error)
    return f"Zendesk sent a value of an unexpected kind ({type(error).__name__})."


def too_many_messages() -> Unreadable:
    return Unreadable(f"It has more than {MOST_MESSAGES:,} messages.")
