"""How this bot reaches Slack: its own small settings, handed in by the composition root."""

from dataclasses import dataclass, field

from bot.policy import Shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Tokens are kept out of every representation."""

    token: str | None = field(default=None, repr=False)  # None: only workspaces that installed us
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    base_url: str | None = None  # None: Slack's own
    shows: Shows = Shows.QUOTES  # what a channel shows that has no policy of its own

    @property
    def can_install(self) -> bool:
        """Whether workspaces may install the app by themselves."""
        return bool(self.client_id and self.client_secret)

    @property
    def over_http(self) -> bool:
        """Signed requests come over HTTP; Socket Mode has its own authenticated connection."""
        return self.signing_secret is not None
