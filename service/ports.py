"""What the inside needs of the outside world: helpdesks, analysers, a clock and kept secrets.

Adapters implement these protocols. What is stored is asked for through service.stores.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.conversations import (
    Conversation,
    ConversationKey,
    Page,
)
from service.domain.measurements import Analysis
from service.domain.taxonomy import Taxonomy
from service.domain.writeback import (
    FieldChange,
    FieldSpec,
    SetupReport,
    WriteOutcome,
)

# --- The helpdesk --------------------------------------------------------------------------------


class Known(Protocol):
    """When conversations were last changed, as stored; handed to every connector's `build`.

    With it a connector recognises its own writes and does not fetch them again.
    """

    def __call__(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]: ...


class Keeper(Protocol):
    """Keeps what a connector alone understands and must not lose; handed to every `build`.

    A rotated token, or the id of a bulk job whose result was not read yet. What was saved is
    stored, encrypted, when `save` returns: a single-use token is kept before it is used, a job's
    id before anybody asks how far the job is.
    """

    def load(self, name: str) -> str | None: ...

    def save(self, name: str, value: str) -> None: ...


class Helpdesk(Protocol):
    """A connected helpdesk. Methods raise the errors of service.errors and nothing of an SDK."""

    name: str  # "zendesk"
    fields: frozenset[str]  # names of our fields that it is given
    flag_tags_only: bool  # only churn tags are written (each tag costs a call)
    calls: int  # requests made since it was built

    def pages(self, cursor: str | None) -> Iterator[Page]:
        """Yield what changed since the cursor (None: everything), oldest change first."""
        ...

    def fetch(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        """Yield these conversations whole and complete, as they are now; absent ones as `gone`.

        For hints of webhooks, for what was quarantined and for repairs. A page's cursor is empty:
        it moves nothing.
        """
        ...

    def missing(self, keys: Sequence[ConversationKey]) -> frozenset[ConversationKey]:
        """Return those of the keys that the helpdesk no longer has, with few calls (the sweep)."""
        ...

    def created(
        self, start: datetime, end: datetime
    ) -> Iterator[Mapping[ConversationKey, datetime | None]]:
        """Yield the conversations created in [start, end), a page of keys at a time, each with when
        it was last changed (None: not told). For the proof: it lists and reads no words.
        """
        ...

    def deleted(self, since: datetime) -> Iterator[Sequence[ConversationKey]]:
        """Yield what was deleted since, where the helpdesk keeps a list of that; else nothing."""
        ...

    def setup(self, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
        """Create or adopt our fields; a dry run only reports."""
        ...

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        """Make the changes; yield one outcome for each change, in any order.

        The caller stores what was yielded before it calls `apply` again. After a crash it asks for
        the same changes once more: what had been done already is then told, and not done twice.
        """
        ...

    def count(self, start: datetime, end: datetime) -> int | None:
        """Conversations created in [start, end) by the helpdesk's own count; None when it cannot
        say.
        """
        ...

    def check(self) -> str:
        """Make one read-only call and return who we are there, or raise Unauthorized /
        Unreachable.
        """
        ...

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[ConversationKey, ...]:
        """Verify and read a webhook without any I/O. It is a hint to fetch, never content."""
        ...


# --- The analyser --------------------------------------------------------------------------------


class Analyser(Protocol):
    name: str  # "local"
    version: str  # "local-1": a new version measures again

    def analyse(
        self, conversations: Sequence[Conversation], taxonomy: Taxonomy
    ) -> Iterator[Analysis]:
        """Yield one Analysis a conversation, in order.

        A conversation that cannot be read raises SkipThis.
        """
        ...


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Return the time now, aware, UTC."""
        ...
