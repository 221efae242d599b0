"""A Slack workspace that installed the app: what we may do there, and whether we still may."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """`token` is blank once the installation has ended."""

    team: str  # Slack's id of the workspace
    name: str
    bot_user: str
    scopes: tuple[str, ...]
    installed_by: str  # e-mail address of the person who did it
    installed_at: datetime
    token: str = field(default="", repr=False)
    ended_at: datetime | None = None
    why_ended: str = ""

    @property
    def stands(self) -> bool:
        return self.ended_at is None
