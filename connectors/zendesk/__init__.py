"""Zendesk as a helpdesk of Verbatim: its settings, and the port put together.

Knows how the parts of this folder fit. The words of Zendesk end in them.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from connectors._http import Retries, checked_base_url
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.client import Account, Client
from connectors.zendesk.events import read_event
from connectors.zendesk.fetching import Fetching, missing
from connectors.zendesk.fields import OurFields
from connectors.zendesk.jobs import Jobs
from connectors.zendesk.kept_jobs import KeptJobs
from connectors.zendesk.oauth import API_TOKENS_END, Login
from connectors.zendesk.position import decode
from connectors.zendesk.reading import Reading
from connectors.zendesk.searching import count_created, created
from connectors.zendesk.update_budget import UpdateBudget
from connectors.zendesk.writing import Writing
from service.domain.conversations import ConversationKey, Page
from service.domain.measurements import CUSTOM
from service.domain.writeback import FieldChange, FieldName, FieldSpec, SetupReport, WriteOutcome
from service.errors import Misused, Unauthorized
from service.ports import Helpdesk, Keeper, Known

_LOGIN = "give OAUTH_TOKEN, or OAUTH_CLIENT_ID with OAUTH_CLIENT_SECRET, or EMAIL with API_TOKEN"

_API_TOKEN_ENDS = f"the API token ends on {API_TOKENS_END}: make an OAuth client before"
logger = logging.getLogger(__name__)


class Settings(BaseModel):
    """What a Zendesk account needs, from VERBATIM_HELPDESKS__ZENDESK__<NAME>."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    subdomain: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")
    base_url: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: SecretStr | None = None
    oauth_token: SecretStr | None = None
    oauth_refresh_token: SecretStr | None = None
    email: str | None = None
    api_token: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    account_id: int | None = Field(default=None, ge=1)
    calls_per_minute: int | None = Field(default=None, ge=1)

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("base_url")
    @classmethod
    def _allowed_address(cls, value: str | None) -> str | None:
        return checked_base_url(value) if value else None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.subdomain and not self.base_url:
            raise ValueError("SUBDOMAIN is missing: the part before .zendesk.com")
        if bool(self.oauth_client_id) != bool(self.oauth_client_secret):
            raise ValueError("OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET belong together")
        if self.oauth_refresh_token and not self.oauth_client_id:
            raise ValueError("OAUTH_REFRESH_TOKEN needs OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET")
        if not (self.oauth_token or self.oauth_client_id or (self.email and self.api_token)):
            raise ValueError(f"credentials are missing: {_LOGIN}")
        return self

    def account(self) -> Account:
        return Account(
            # Behind another address the name is only what answers are routed by.
            subdomain=(self.subdomain or "account").lower(),
            base_url=self.base_url,
            calls_per_minute=self.calls_per_minute,
        )

    def login(self) -> Login:
        return Login(
            email=self.email,
            api_token=_shown(self.api_token),
            oauth_token=_shown(self.oauth_token),
            refresh_token=_shown(self.oauth_refresh_token),
            client_id=self.oauth_client_id,
            client_secret=_shown(self.oauth_client_secret),
        )


def build(
    settings: Mapping[str, str] | Settings,
    *,
    known: Known | None = None,
    keeper: Keeper | None = None,
    retries: Retries | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ticks: Callable[[], float] = time.monotonic,
) -> Helpdesk:
    """Return the connected helpdesk. Nothing is called yet.

    `known` tells when each stored conversation was changed, `keeper` holds rotated tokens and the
    ids of bulk jobs.
    """
    checked = settings if isinstance(settings, Settings) else _checked(settings)
    return Zendesk(
        checked, known=known, keeper=keeper, retries=retries or Retries(), clock=clock, ticks=ticks
    )


class Zendesk:
    """The Helpdesk port over one account."""

    def __init__(
        self,
        settings: Settings,
        *,
        known: Known | None,
        keeper: Keeper | None,
        retries: Retries,
        clock: Callable[[], datetime],
        ticks: Callable[[], float],
    ) -> None:
        self.name = "zendesk"
        self.fields: frozenset[str] = frozenset((*FieldName, CUSTOM))
        self.flag_tags_only = False
        self.calls = 0
        login = settings.login()
        self._by_api_token = login.by_api_token
        if login.by_api_token:
            logger.warning("zendesk.api_token_ends", extra={"on": API_TOKENS_END})
        self._client = Client(
            settings.account(),
            login,
            keeper=keeper,
            retries=retries,
            on_call=self._count,
            clock=ticks,
        )
        self._our_fields = OurFields(self._client)
        self._known = known
        self._already = AlreadyRead()
        self._updates = UpdateBudget(ticks)
        self._kept_jobs = KeptJobs(keeper, clock=clock)
        self._jobs = Jobs(self._client, self._kept_jobs)
        self._webhook_secret = _shown(settings.webhook_secret)
        self._account_id = settings.account_id
        self._clock = clock

    def _count(self) -> None:
        self.calls += 1

    def pages(self, cursor: str | None) -> Iterator[Page]:
        position = decode(cursor)
        return Reading(
            self._client, self._our_fields, self._already, position, known=self._known
        ).pages()

    def fetch(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        return Fetching(self._client, self._our_fields, self._already).pages(keys)

    def missing(self, keys: Sequence[ConversationKey]) -> frozenset[ConversationKey]:
        return missing(self._client, keys)

    def created(
        self, start: datetime, end: datetime
    ) -> Iterator[Mapping[ConversationKey, datetime | None]]:
        return created(self._client, start, end)

    def deleted(self, since: datetime) -> Iterator[Sequence[ConversationKey]]:
        """Nothing: the export and the sweep tell what is gone; the list of deleted tickets holds
        thirty days and a tenth of the calls.
        """
        del since
        return iter(())

    def setup(self, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
        return self._our_fields.setup(specs, dry_run=dry_run)

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        return Writing(
            self._client,
            self._our_fields,
            self._already,
            self._updates,
            self._kept_jobs,
            self._jobs,
            known=self._known,
        ).apply(changes)

    def count(self, start: datetime, end: datetime) -> int | None:
        return count_created(self._client, start, end)

    def check(self) -> str:
        user = self._client.get("users/me").get("user")
        # Without credentials Zendesk answers 200 and "Anonymous user", who has no id.
        if not isinstance(user, dict) or not user.get("id"):
            raise Unauthorized(f"Zendesk does not know who we are: {_LOGIN}.")
        who = f"{user.get('name')} <{user.get('email')}>, {user.get('role')}"
        return f"{who}; {_API_TOKEN_ENDS}" if self._by_api_token else who

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[ConversationKey, ...]:
        return read_event(
            headers,
            body,
            secret=self._webhook_secret,
            account_id=self._account_id,
            now=self._clock(),
        )


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _checked(settings: Mapping[str, str]) -> Settings:
    """Validate, or say in one sentence what is wrong, by the setting's name and without values."""
    try:
        return Settings.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        why = str(first["msg"]).removeprefix("Value error, ")
        told = f"{name}: {why}" if name else why
        raise Misused(f"Zendesk settings (VERBATIM_HELPDESKS__ZENDESK__...): {told}.") from None
