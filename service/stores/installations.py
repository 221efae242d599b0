"""Slack workspaces that installed the app, and installations under way."""

from datetime import datetime
from typing import Protocol

from service.domain.installations import Installation


class InstallationStore(Protocol):
    """Tokens are stored encrypted; one that ended is forgotten."""

    def save(self, one: Installation) -> None:
        """Keep an installation; it takes the place of the workspace's earlier one."""
        ...

    def get(self, team: str) -> Installation | None:
        """Return a workspace's installation, standing or ended."""
        ...

    def all(self) -> list[Installation]:
        """Every installation, the oldest first, without tokens."""
        ...

    def end(self, team: str, *, why: str, at: datetime) -> bool:
        """Note that we may no longer act there, and forget the token; False when none stood."""
        ...

    def begin(self, state_hash: str, *, person: str, expires_at: datetime) -> None:
        """Note that a person began an installation."""
        ...

    def finish(self, state_hash: str, *, at: datetime) -> str | None:
        """Return who began it, once; None when it is unknown, used or expired."""
        ...
