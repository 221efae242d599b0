"""Every error that crosses a room's wall, sorted by what the caller should do about it.

A class's docstring is its default sentence for the person who reads it.
"""

from datetime import timedelta


class VerbatimError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class TellPerson(VerbatimError):
    """Somebody has to change a setting or a right before this can work."""


class Misused(TellPerson):
    """The command was called with something it cannot use."""


class NotSignedIn(TellPerson):
    """Sign in first."""


class Forbidden(TellPerson):
    """Your role does not allow this."""


class Unauthorized(TellPerson):
    """The helpdesk refused our credentials."""


class Unreachable(TellPerson):
    """The other side could not be reached, also after several tries."""


class NotFound(VerbatimError):
    """There is nothing under that name."""


class NoLongerDefined(NotFound):
    """A number's metric is defined no more, so it cannot be counted again."""

    def __init__(self, metric: str) -> None:
        super().__init__(
            f"The number {metric} is no longer defined, so it cannot be counted again. "
            "Defining its metric anew brings it back."
        )
        self.metric = metric


class SkipThis(VerbatimError):
    """This one item cannot be used; the others can."""


class BadRow(SkipThis):
    """A row of the file cannot be read."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


class NotWritable(SkipThis):
    """The helpdesk does not let this conversation be changed."""


class RetryLater(VerbatimError):
    """The other side is not ready; nothing was lost and the same call may be made again."""


class RateLimited(RetryLater):
    """The other side asked us to slow down."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__()
        self.retry_after = retry_after


class AskedTooOften(RetryLater):
    """This token has asked as often as it may in this minute."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__()
        self.retry_after = retry_after


class OverBudget(RetryLater):
    """Today's budget is used up; it goes on tomorrow."""


class Misbehaving(RetryLater):
    """The other side answered something that its own documentation rules out."""
