"""Work: inbox, outbox and the ledger of jobs."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol


class WorkStore(Protocol):
    """Inbox, outbox and the ledger of scheduled jobs: what makes repeating harmless."""

    def accept(self, source: str, event_id: str, payload: str, *, at: datetime) -> bool:
        """Store an inbound event; False when it was seen before."""
        ...

    def unfinished(self, source: str) -> list[tuple[str, str]]:
        """(event id, payload) of accepted events that were not finished, oldest first."""
        ...

    def finish(self, source: str, event_id: str) -> None: ...

    def claim(self, job: str, due: datetime, owner: str, *, at: datetime, lease: float) -> bool:
        """Take a scheduled run if nobody has done it or holds it; `lease` in seconds."""
        ...

    def renew(self, job: str, due: datetime, owner: str, *, at: datetime, lease: float) -> bool:
        """Hold a run of ours for `lease` more seconds; False when it is done or somebody else's."""
        ...

    def done(self, job: str, due: datetime, owner: str, result: str) -> bool:
        """Close a run; False when the lease went to somebody else (fencing)."""
        ...

    def last_done(self, job: str) -> datetime | None: ...

    def forget_done(self, before: datetime) -> int:
        """Drop runs that were done and events that were finished before; return how many.

        The newest run of a job that repeats stays, so nothing is due again.
        """
        ...

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Hold a name as the only process, until the block ends or we die; False: another does."""
        ...

    def outbox_start(self, key: str, payload: str, *, at: datetime) -> str:
        """Insert or find an outgoing effect; return its state: pending, sending or sent."""
        ...

    def outbox_sending(self, key: str) -> None: ...

    def outbox_sent(self, key: str, remote_id: str) -> None: ...

    def outbox_remote(self, key: str) -> str | None: ...

    def outbox_open(self) -> tuple[int, datetime | None]:
        """How many outgoing effects are not known to be sent, and since when the oldest waits."""
        ...

    def remember(self, name: str, value: str) -> None:
        """Keep a small piece of state, such as a Slack thread's last reading."""
        ...

    def recall(self, name: str) -> str | None: ...

    def recall_all(self, opening: str) -> list[str]:
        """Return what is remembered under names that begin so, in the order of the names."""
        ...
