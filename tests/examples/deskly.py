"""Deskly, an imaginary helpdesk, connected: the worked example of docs/extend-helpdesk.md.

Its API is small and kind. Everything that a real vendor adds (odd pages, two exports, jobs) stays
in that vendor's folder, behind the same ten methods.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from connectors._http import PageLoopGuard, Refused, Retries, ServerFailed, problem_of
from connectors._text import clean, plain
from service.domain.conversations import (
    Account,
    Agent,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Message,
    Page,
    Role,
    Status,
    Unusable,
    account_key,
    agent_key,
    conversation_key,
    split_key,
)
from service.domain.writeback import FieldChange, FieldName, FieldSpec, SetupReport, WriteOutcome
from service.errors import Misbehaving, SkipThis, Unauthorized
from service.ports import Helpdesk, Keeper, Known

Json = Mapping[str, Any]
WHO = "Deskly"
_MOST_EMPTY = 3  # pages in a row


class Settings(BaseModel):
    """What VERBATIM_HELPDESKS__DESKLY__* may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    base_url: str
    token: SecretStr
    webhook_secret: SecretStr


def build(
    settings: Mapping[str, str],
    *,
    known: Known | None = None,
    keeper: Keeper | None = None,
    retries: Retries | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Helpdesk:
    """Return the connected helpdesk; `known` and `keeper` are for vendors that need them."""
    del known, keeper
    return Deskly(Settings.model_validate(settings), retries or Retries(), clock)


class Deskly:
    name = "deskly"
    fields = frozenset(
        {FieldName.SENTIMENT.value, FieldName.CHURN_RISK.value, FieldName.DRIVER.value}
    )
    flag_tags_only = False

    def __init__(self, settings: Settings, retries: Retries, clock: Callable[[], datetime]) -> None:
        self.calls = 0
        self._settings, self._retries, self._clock = settings, retries, clock
        token = settings.token.get_secret_value()
        # A redirect to another host would carry the token there, so none is followed.
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False)

    def close(self) -> None:
        self._http.close()

    # Reading.

    def pages(self, cursor: str | None) -> Iterator[Page]:
        guard, at, empty = PageLoopGuard(WHO), cursor or "", 0
        while True:
            answer = self._get("/changes", after=at)
            rows, following = answer.get("threads") or (), str(answer.get("next") or "")
            if not following:
                raise Misbehaving(f"{WHO} did not say where to go on.")
            if following != at:
                yield self._page(rows, cursor=guard.go_on(following))
            if answer.get("more") is not True:
                return
            # An empty page that says there is more is asked for again, but not for ever.
            empty = 0 if following != at else empty + 1
            if empty > _MOST_EMPTY or (empty and rows):
                raise Misbehaving(f"{WHO} keeps sending the same page; nothing was lost.")
            at = following

    def fetch(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        for key in keys:
            try:
                row = self._get(f"/threads/{split_key(key)[1]}")
            except Refused as error:
                if error.status != 404:
                    raise
                yield Page(cursor="", states={}, gone=(key,))
            else:
                yield self._page([row], cursor="")

    def missing(self, keys: Sequence[ConversationKey]) -> frozenset[ConversationKey]:
        if not keys:
            return frozenset()
        found = self._get("/exists", ids=",".join(split_key(key)[1] for key in keys))
        there = {conversation_key(self.name, str(id_)) for id_ in found["ids"]}
        return frozenset(keys) - there

    def count(self, start: datetime, end: datetime) -> int | None:
        answer = self._get("/count", start=str(_seconds(start)), end=str(_seconds(end)))
        return int(answer["count"])

    def check(self) -> str:
        return f"{self._get('/me')['name']} at {WHO}"

    # Writing.

    def setup(self, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
        there = {row["name"]: row["options"] for row in self._get("/fields")["fields"]}
        made = [spec for spec in specs if spec.name not in there]
        grown = [s for s in specs if s.name in there and set(s.values) - set(there[s.name])]
        if not dry_run:
            for spec in (*made, *grown):
                self._change("PUT", f"/fields/{spec.name}", {"options": list(spec.values)})
        return SetupReport(
            created=tuple(spec.title for spec in made),
            adopted=tuple(spec.title for spec in specs if spec.name in there),
            extended=tuple(spec.title for spec in grown),
        )

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        for change in changes:
            body = {
                "fields": dict(change.fields),
                "add_tags": sorted(change.add_tags),
                "remove_tags": sorted(change.remove_tags),
            }
            path = f"/threads/{split_key(change.conversation)[1]}/labels"
            try:
                row = self._change("PUT", path, body)
            except Refused as error:
                why = "deleted" if error.status == 404 else str(error)
                yield WriteOutcome(change=change, written=False, reason=why, permanent=True)
            else:
                yield WriteOutcome(change=change, written=True, state=_state(row))

    # Hints.

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[ConversationKey, ...]:
        given = {name.lower(): value for name, value in headers.items()}
        moment = given.get("x-deskly-time", "")
        secret = self._settings.webhook_secret.get_secret_value().encode()
        made = hmac.new(secret, moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made.encode(), given.get("x-deskly-signature", "").encode()):
            raise Unauthorized("The event's signature does not fit.")
        if abs(self._clock() - _moment(int(moment))) > timedelta(minutes=5):
            raise Unauthorized("The event is more than five minutes old.")
        return (conversation_key(self.name, str(json.loads(body)["thread"])),)

    # The wire.

    def _get(self, path: str, **params: str) -> dict[str, Any]:
        return self._retries.call(lambda: self._once("GET", path, params=params))

    def _change(self, method: str, path: str, body: Json) -> dict[str, Any]:
        """Deskly's PUT sets values: done twice it leaves the same, so a lost answer is no harm."""
        return self._retries.call(lambda: self._once(method, path, json=body))

    def _once(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        self.calls += 1
        try:
            answer = self._http.request(method, self._settings.base_url + path, **given)
        except httpx.RequestError as error:
            raise ServerFailed(f"{WHO} could not be reached.") from error
        problem = problem_of(answer.status_code, answer.headers, who=WHO)
        if problem is not None:
            raise problem
        try:
            body = answer.json()
        except ValueError as error:
            raise Misbehaving(f"{WHO} answered something that is not JSON.") from error
        if not isinstance(body, dict):
            raise Misbehaving(f"{WHO} answered JSON of another shape.")
        return body

    # Deskly's words in, our words out.

    def _page(self, rows: Sequence[Json], *, cursor: str) -> Page:
        gone = [row for row in rows if row.get("deleted") is True]
        threads, unusable = [], []
        for row in (row for row in rows if row.get("deleted") is not True):
            try:
                threads.append(_Thread(row, self._settings.base_url))
            except SkipThis as error:
                unusable.append(Unusable(key=_key(row), why=str(error)))
        return Page(
            cursor=cursor,
            heads=tuple(each.head for each in threads),
            states={each.head.key: each.state for each in threads},
            messages=tuple(message for each in threads for message in each.messages),
            accounts=tuple(each.account for each in threads if each.account),
            agents=tuple(each.agent for each in threads if each.agent),
            gone=tuple(_key(row) for row in gone),
            complete=frozenset(each.head.key for each in threads),
            unusable=tuple(unusable),
        )


class _Thread:
    """One of Deskly's threads as a conversation, or SkipThis when it cannot be read."""

    def __init__(self, row: Json, base_url: str) -> None:
        try:
            self.state = _state(row)
            self.account = _account(row.get("company"))
            self.agent = _agent(row.get("assignee"))
            self.head = self._head(row, base_url)
            names = tuple(sorted({str(said["name"]) for said in row["messages"] if said["name"]}))
            self.messages = [self._message(said, names) for said in row["messages"]]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise SkipThis(f"{WHO} sent a thread of another shape.") from error

    def _head(self, row: Json, base_url: str) -> ConversationHead:
        return ConversationHead(
            key=_key(row),
            channel=str(row["channel"]),
            subject=clean(str(row["subject"])),
            status=Status(row["status"]),
            created_at=_moment(row["created"]),
            updated_at=_moment(row["updated"]),
            account=self.account.key if self.account else None,
            requester=str(row["customer"]),
            agent=self.agent.key if self.agent else None,
            helpdesk_tags=tuple(sorted(self.state.tags)),
            url=f"{base_url}/t/{row['id']}",
        )

    def _message(self, said: Json, names: tuple[str, ...]) -> IncomingMessage:
        message = Message(
            id=str(said["id"]),
            role=Role(said["by"]),
            public=said["public"] is True,
            created_at=_moment(said["at"]),
            text=plain(said["text"], is_html=False),
        )
        return IncomingMessage(conversation=self.head.key, message=message, known_names=names)


def _key(row: Json) -> ConversationKey:
    return conversation_key(Deskly.name, str(row["id"]))


def _state(row: Json) -> HelpdeskState:
    shown = {name: row["fields"].get(name) or None for name in sorted(Deskly.fields)}
    tags = frozenset(str(tag) for tag in row["tags"])
    return HelpdeskState(fields=shown, tags=tags, writable=True)


def _account(row: Json | None) -> Account | None:
    if row is None:
        return None
    key = account_key(Deskly.name, str(row["id"]))
    return Account(key=key, name=row["name"], segment=row["segment"], owner=row["owner"])


def _agent(row: Json | None) -> Agent | None:
    return Agent(key=agent_key(Deskly.name, str(row["id"])), name=row["name"]) if row else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
