"""What every small helpdesk with a REST API shares, so that connecting one is a short file.

Knows the methods of the port in terms of a vendor's few: a list of changes, one call a
conversation, values that are set, a signed event. Knows no vendor. One with several exports, jobs
or shared quotas (Zendesk, Intercom) has a folder of its own instead.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote

from connectors._http import PageLoopGuard, Refused, Retries
from connectors._rest_client import Json, RestClient, RestSettings
from connectors._rest_words import MISREAD, Read, Told, read, state_of, word
from connectors._signed import json_object
from connectors._text import clean
from service.domain.conversations import (
    Account,
    Agent,
    ConversationKey,
    HelpdeskState,
    Page,
    Unusable,
    account_key,
    agent_key,
    conversation_key,
    split_key,
)
from service.domain.writeback import FieldChange, FieldSpec, SetupReport, WriteOutcome
from service.errors import Misbehaving, SkipThis, Unauthorized
from service.ports import Helpdesk, Keeper, Known

_MOST_EMPTY = 3  # pages in a row that say there is more
_MANY = 100  # conversations that are asked about in one call
_GONE = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One page of the vendor's list of what changed, oldest change first."""

    rows: Sequence[Json]
    following: str  # where the next page begins; the same again when nothing came
    more: object  # True: there is a next page now


class RestHelpdesk(ABC):
    """The port, on top of the abstract methods below. Those may raise KeyError, TypeError and the
    like for JSON of another shape than documented: such a row is set aside, such a page is
    Misbehaving.
    """

    name: str  # in keys and settings
    who: str  # the vendor's name, for sentences
    fields: frozenset[str]  # those of our fields that it is given
    one_path: str  # of one conversation, as a row of the list has it: "/tickets/{id}"
    me_path: str  # of our own user, whose "name" is told
    settings_model: ClassVar[type[RestSettings]] = RestSettings
    flag_tags_only = False

    def __init__(
        self, settings: RestSettings, *, retries: Retries, clock: Callable[[], datetime]
    ) -> None:
        self.settings, self.clock, self.calls = settings, clock, 0
        self.api = RestClient(settings, who=self.who, retries=retries, count_call=self._called)

    @classmethod
    def build(
        cls,
        settings: Mapping[str, str],
        *,
        known: Known | None = None,
        keeper: Keeper | None = None,
        retries: Retries | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Helpdesk:
        """Connect. `known` and `keeper` are for vendors of which reading or tokens need them."""
        del known, keeper
        checked = cls.settings_model.model_validate(settings)
        return cls(checked, retries=retries or Retries(), clock=clock)

    def close(self) -> None:
        self.api.close()

    # What the vendor's file says.

    @abstractmethod
    def changes(self, cursor: str) -> Changes:
        """Ask for one page of what changed after the cursor ("": from the beginning)."""

    @abstractmethod
    def existing(self, ids: Sequence[str]) -> Sequence[object]:
        """Ask which of the ids are there; at most a hundred are asked for at once."""

    @abstractmethod
    def born(self, start: datetime, end: datetime, cursor: str) -> Changes:
        """Ask for one page of what was created in [start, end); of a row only its id is read."""

    @abstractmethod
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Ask for our fields that are there, with their options."""

    @abstractmethod
    def set_choices(self, spec: FieldSpec) -> None:
        """Create the field, or add the options that it lacks."""

    @abstractmethod
    def set_values(self, id_: str, change: FieldChange) -> Json:
        """Set our fields and tags, with a request that may run twice; return the row after it."""

    @abstractmethod
    def is_genuine(self, headers: Mapping[str, str], body: bytes, *, secret: str) -> bool:
        """Say whether a webhook's signature fits and its time is now; see connectors._signed."""

    @abstractmethod
    def ids_in(self, event: Json) -> Sequence[object]:
        """Return the ids of the conversations that a genuine webhook is about; none for a ping."""

    @abstractmethod
    def is_gone(self, row: Json) -> bool:
        """Say whether a row only tells that its conversation was deleted, scrubbed or merged."""

    @abstractmethod
    def told(self, row: Json) -> Told:
        """Put a row in our terms."""

    # Reading.

    def pages(self, cursor: str | None) -> Iterator[Page]:
        for changes in self._walked(self.changes, cursor or ""):
            yield self._page(changes.rows, cursor=changes.following)

    def fetch(self, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        for key in keys:
            try:
                row = self.api.get(self.one_path.format(id=quote(split_key(key)[1], safe="")))
            except Refused as error:
                if error.status != _GONE:
                    raise
                yield Page(cursor="", states={}, gone=(key,))
            else:
                yield self._page([row], cursor="")

    def missing(self, keys: Sequence[ConversationKey]) -> frozenset[ConversationKey]:
        there: set[ConversationKey] = set()
        for start in range(0, len(keys), _MANY):
            ids = [split_key(key)[1] for key in keys[start : start + _MANY]]
            with self._documented():
                there.update(self.key_of(id_) for id_ in self.existing(ids))
        return frozenset(keys) - there

    def created(
        self, start: datetime, end: datetime
    ) -> Iterator[Mapping[ConversationKey, datetime | None]]:
        for page in self._walked(lambda cursor: self.born(start, end, cursor), ""):
            with self._documented():
                found = [self.key_of(row["id"]) for row in page.rows if not self.is_gone(row)]
            yield dict.fromkeys(found)

    def deleted(self, since: datetime) -> Iterator[Sequence[ConversationKey]]:
        """The list of changes tells what is gone; a vendor with another list of it overrides."""
        yield from ()

    def count(self, start: datetime, end: datetime) -> int | None:
        """Count the list; a vendor that counts by itself overrides."""
        return sum(len(page) for page in self.created(start, end))

    def check(self) -> str:
        with self._documented():
            return f"{clean(word(self.api.get(self.me_path)['name']))} at {self.who}"

    # Writing.

    def setup(self, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
        with self._documented():
            there = {name: frozenset(options) for name, options in self.choices().items()}
        made = [spec for spec in specs if spec.name not in there]
        grown = [s for s in specs if s.name in there and not there[s.name].issuperset(s.values)]
        for spec in () if dry_run else (*made, *grown):
            self.set_choices(spec)
        return SetupReport(
            created=tuple(spec.title for spec in made),
            adopted=tuple(spec.title for spec in specs if spec.name in there),
            extended=tuple(spec.title for spec in grown),
        )

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        for change in changes:
            try:
                row = self.set_values(split_key(change.conversation)[1], change)
            except Refused as error:
                why = "deleted" if error.status == _GONE else str(error)
                yield WriteOutcome(change=change, written=False, reason=why, permanent=True)
            else:
                yield WriteOutcome(change=change, written=True, state=self._state_after(row))

    # Hints.

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[ConversationKey, ...]:
        secret = self.settings.webhook_secret
        if secret is None or not secret.get_secret_value():
            raise Unauthorized(f"{self.who} webhooks need the setting WEBHOOK_SECRET.")
        if not self.is_genuine(headers, body, secret=secret.get_secret_value()):
            raise Unauthorized("The event's signature does not fit, or it is not of now.")
        try:
            return tuple(self.key_of(id_) for id_ in self.ids_in(json_object(body)))
        except MISREAD as error:
            raise SkipThis("The event has another shape than documented.") from error

    # Pages of a list.

    def _walked(self, ask: Callable[[str], Changes], cursor: str) -> Iterator[Changes]:
        """Yield pages that lead on. An empty one that says there is more is asked for again, but
        not for ever.
        """
        guard, at, empty = PageLoopGuard(self.who), cursor, 0
        while True:
            with self._documented():
                found = ask(at)
                rows, following = list(found.rows), word(found.following)
            if following != at:
                yield replace(found, rows=rows, following=guard.go_on(following))
            if found.more is not True:
                return
            empty = 0 if following != at else empty + 1
            if empty > _MOST_EMPTY or (empty and rows):
                raise Misbehaving(f"{self.who} keeps sending the same page; nothing was lost.")
            at = following

    # The vendor's ids and words as ours.

    def key_of(self, id_: object) -> ConversationKey:
        return conversation_key(self.name, word(id_))

    def account(
        self, id_: object, *, name: str, segment: str | None = None, owner: str | None = None
    ) -> Account:
        key = account_key(self.name, word(id_))
        return Account(key=key, name=clean(name), segment=segment, owner=owner)

    def agent(self, id_: object, *, name: str) -> Agent:
        return Agent(key=agent_key(self.name, word(id_)), name=clean(name))

    def _page(self, rows: Sequence[Json], *, cursor: str) -> Page:
        found: list[Read] = []
        gone, unusable = list[ConversationKey](), list[Unusable]()
        for row in rows:
            with self._documented():
                key = self.key_of(row["id"])
            try:
                if self.is_gone(row):
                    gone.append(key)
                else:
                    found.append(read(key, self.told(row), fields=self.fields))
            except SkipThis as error:
                unusable.append(Unusable(key=key, why=str(error)))
            except MISREAD:
                why = f"{self.who} sent a conversation of another shape than documented."
                unusable.append(Unusable(key=key, why=why))
        return Page(
            cursor=cursor,
            heads=tuple(each.head for each in found),
            states={each.head.key: each.state for each in found},
            messages=tuple(message for each in found for message in each.messages),
            accounts=tuple(each.account for each in found if each.account),
            agents=tuple(each.agent for each in found if each.agent),
            gone=tuple(gone),
            complete=frozenset(each.head.key for each in found),
            unusable=tuple(unusable),
        )

    def _state_after(self, row: Json) -> HelpdeskState | None:
        """Return how it stands after a write, when the answer says so: the write is done anyway."""
        try:
            return state_of(self.told(row), fields=self.fields)
        except (SkipThis, *MISREAD):
            return None

    def _called(self) -> None:
        self.calls += 1

    @contextmanager
    def _documented(self) -> Iterator[None]:
        try:
            yield
        except MISREAD as error:
            raise Misbehaving(f"{self.who} answered JSON of another shape.") from error
