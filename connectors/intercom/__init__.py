"""The Intercom connector: its settings, and how to build it.

Knows which settings Intercom needs. The SDK and httpx are imported only when it is built.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from connectors._http import checked_base_url
from service.errors import Misused
from service.ports import Clock, Helpdesk, Keeper, Known

if TYPE_CHECKING:
    import httpx


PREFIX = "VERBATIM_HELPDESKS__INTERCOM__"
REGIONS = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}


class Settings(BaseModel):
    """What VERBATIM_HELPDESKS__INTERCOM__* may hold."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid", str_strip_whitespace=True)

    access_token: SecretStr
    base_url: str | None = None  # wins over the region
    region: Literal["us", "eu", "au"] = "us"
    client_secret: SecretStr | None = None  # signs webhooks
    admin_id: str | None = None  # who sets our tag; without it no tag is written
    settle_seconds: int = Field(default=60, ge=0)  # search shows a change somewhat later
    quiet_minutes: int = Field(default=30, ge=0)  # an open conversation is written to after this

    @field_validator("base_url")
    @classmethod
    def _allowed(cls, value: str | None) -> str | None:
        return checked_base_url(value) if value and value.strip() else None

    @field_validator("access_token", "client_secret", mode="before")
    @classmethod
    def _trimmed(cls, value: object) -> object:
        """A copied secret often ends with a line break, which no header may hold."""
        return value.strip() if isinstance(value, str) else value

    @property
    def address(self) -> str:
        return self.base_url or REGIONS[self.region]


def build(
    settings: Settings | Mapping[str, object],
    *,
    known: Known | None = None,
    keeper: Keeper | None = None,
    clock: Clock = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
    transport: "httpx.BaseTransport | None" = None,
) -> Helpdesk:
    """Return the connected Intercom.

    `known` returns the stored updated_at of conversations: what is not newer is not fetched again,
    which is how our own writes stay ours. Without it a pass after a write-back fetches every
    written conversation once more, and each write is preceded by a read.

    `keeper` stays unused: an access token of Intercom does not expire and is never rotated, so
    there is no secret to keep that is not in the settings.
    """
    checked = settings if isinstance(settings, Settings) else read_settings(settings)
    from connectors.intercom.helpdesk import Intercom  # loads the vendor's SDK

    return Intercom(checked, known=known, clock=clock, sleep=sleep, transport=transport)


def read_settings(given: Mapping[str, object]) -> Settings:
    """Return the settings, or raise Misused with a sentence for each wrong one and no secret."""
    try:
        return Settings.model_validate(dict(given))
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'__'.join(str(part) for part in wrong['loc']).upper()}: {wrong['msg']}"
            for wrong in error.errors(include_input=False, include_context=False)
        ]
        raise Misused("; ".join(lines) + ". See .env.example.") from None
