"""Intercom as the port of a helpdesk: puts the connector's parts together.

Knows the workspace's name and address. Everything else is done by the modules beside it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from connectors._http import Refused
from connectors.intercom import PREFIX, REGIONS, Settings
from connectors.intercom.attributes import set_up
from connectors.intercom.client import Client
from connectors.intercom.events import conversations_in
from connectors.intercom.listing import count_created
from connectors.intercom.mapping import OUR_FIELDS, SOURCE
from connectors.intercom.presence import created, deleted, missing
from connectors.intercom.reading import Reader
from connectors.intercom.tags import Tags
from connectors.intercom.writing import Writer
from service.domain.conversations import ConversationKey, Page
from service.domain.writeback import FieldChange, FieldSpec, SetupReport, WriteOutcome
from service.errors import Misused
from service.ports import Clock, Known

_INBOXES = {
    "api.intercom.io": "https://app.intercom.com",
    "api.eu.intercom.io": "https://app.eu.intercom.com",
    "api.au.intercom.io": "https://app.au.intercom.com",
}


class Intercom:
    """One workspace."""

    name = SOURCE
    fields = OUR_FIELDS
    flag_tags_only = True

    def __init__(
        self,
        settings: Settings,
        *,
        known: Known | None,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.calls = 0
        self._settings = settings
        self._known = known
        self._clock = clock
        self._app_id: str | None = None
        self._client = Client(
            token=settings.access_token.get_secret_value(),
            base_url=settings.address,
            count_call=self._count_call,
            sleep=sleep,
            now=lambda: clock().timestamp(),
            transport=transport,
        )
        self._tags = Tags(self._client, admin_id=settings.admin_id or None)

    def close(self) -> None:
        self._client.close()

    def pages(self, cursor: str | None) -> Iterator[Page]:
        return self._reader().pages(cursor)

    def fetch(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        return self._reader().fetch(keys)

    def missing(self, keys: Sequence[ConversationKey]) -> frozenset[ConversationKey]:
        return missing(self._client, keys, now=self._now)

    def created(
        self, start: datetime, end: datetime
    ) -> Iterator[Mapping[ConversationKey, datetime | None]]:
        return created(self._client, start, end)

    def deleted(self, since: datetime) -> Iterator[Sequence[ConversationKey]]:
        return deleted(self._client, since)

    def setup(self, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
        return set_up(self._client, specs, dry_run=dry_run)

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        writer = Writer(
            self._client,
            self._tags,
            known=self._known,
            now=self._now,
            quiet_seconds=self._settings.quiet_minutes * 60,
        )
        return writer.apply(changes)

    def count(self, start: datetime, end: datetime) -> int | None:
        return count_created(self._client, start, end)

    def check(self) -> str:
        me = self._client.ask_sdk(lambda sdk: sdk.admins.identify())
        workspace = me.app.name if me is not None and me.app is not None else None
        region = me.app.region if me is not None and me.app is not None else None
        self._compare_region(str(region or "").lower())
        who = me.name or me.email if me is not None else None
        return f"{who or 'somebody without a name'} in the Intercom workspace {workspace or '?'}"

    def _compare_region(self, told: str) -> None:
        """Refuse a region that is not the workspace's; a base URL alone says nothing of it."""
        given = self._settings
        chosen = given.base_url is None or "region" in given.model_fields_set
        if chosen and told in REGIONS and told != given.region:
            raise Misused(
                f"This Intercom workspace is in the region {told}, and {PREFIX}REGION is"
                f" {given.region}: set it to {told}."
            )

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[ConversationKey, ...]:
        secret = self._settings.client_secret
        return conversations_in(headers, body, secret=secret.get_secret_value() if secret else None)

    def _reader(self) -> Reader:
        return Reader(
            self._client,
            known=self._known,
            now=self._now,
            calls=lambda: self.calls,
            settle_seconds=self._settings.settle_seconds,
            url_of=self._url_of,
        )

    def _count_call(self) -> None:
        self.calls += 1

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _url_of(self, external_id: str) -> str | None:
        """Return where an agent reads the conversation: another server has its own inbox."""
        address = self._settings.address
        inbox = _INBOXES.get(urlsplit(address).hostname or "", address)
        app = self._workspace()
        return f"{inbox}/a/inbox/{app}/inbox/conversation/{external_id}" if app else None

    def _workspace(self) -> str:
        if self._app_id is None:
            self._app_id = self._asked_workspace()
        return self._app_id

    def _asked_workspace(self) -> str:
        try:
            me = self._client.ask_sdk(lambda sdk: sdk.admins.identify())
        except Refused:
            return ""
        return str(me.app.id_code or "") if me is not None and me.app is not None else ""
