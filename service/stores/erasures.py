"""Erasures: what is held of somebody, and taking it away for good."""

from datetime import datetime
from typing import Protocol

from service.domain.erasures import Erased, Subject


class ErasureStore(Protocol):
    def held(self, subject: Subject) -> Erased:
        """Count what an erasure would take away; nothing is changed."""
        ...

    def erase(self, subject: Subject, *, at: datetime) -> Erased:
        """Take away everything of the subject, and refuse it from now on.

        It may be killed anywhere and asked for again: then it goes on. What the subject begins
        after `at` is taken in as anybody's.
        """
        ...

    def resume(self) -> Erased:
        """Finish the erasures that were cut off."""
        ...

    def withdrawn(self, post: str) -> None:
        """Note that an outgoing message shows no words of theirs any more."""
        ...

    def purge_silent_since(self, before: datetime) -> int:
        """Take away the conversations in which nobody wrote since, messages that never found
        theirs, and what people noted on answers before; return how many conversations went.

        Safe to repeat after it was cut off.
        """
        ...

    def silent_since(self, before: datetime) -> int:
        """Count those conversations."""
        ...

    def newest_news(self, until: datetime) -> datetime | None:
        """When a helpdesk's own clock last told a change that is not after `until`.

        A few rows with an odd time do not move it.
        """
        ...
