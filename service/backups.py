"""What a copy of everything is: made while the program runs, looked at, and put back.

How a database is copied is the store's to know.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a file holds."""

    file: str
    made_at: datetime | None
    revision: str | None
    conversations: int | None  # None: the kind of file does not tell without being restored
    size: int  # bytes
    same_key: bool  # made with the secret key that is in force here


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    backup: Backup
    kept: str | None  # where what stood here before is kept, if anything did
    erasures: int  # requests to be forgotten that are newer than the backup, or as old
    posts: int  # outgoing messages that are newer than the backup and are not sent again
    # Whether what happened since the backup was read from a database that stood here.
    beside_its_past: bool


class Backups(Protocol):
    def make(self, file: Path) -> Backup:
        """Copy everything into a file, at one moment, while others read and write."""
        ...

    def check(self, file: Path) -> Backup:
        """Read a file whole; raises TellPerson when it is damaged or of a newer release."""
        ...

    def restore(self, file: Path) -> Restored:
        """Put a file's content in the place of what stands here, which is kept beside it.

        What was erased on request, posted or written since the backup stays so. It happens at
        once or not at all; raises RetryLater while another process is at work.
        """
        ...
