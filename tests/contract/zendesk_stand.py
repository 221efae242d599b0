"""A small Zendesk account by hand, over the stand-in, for the connector's tests."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors._http import Retries
from connectors.sandbox.corpus import (
    Corpus,
    CorpusAccount,
    CorpusConversation,
    CorpusMessage,
    CorpusPerson,
)
from connectors.sandbox.zendesk import ZendeskStand, zendesk_app
from connectors.zendesk import build
from service.domain.conversations import ConversationHead, ConversationKey, IncomingMessage, Page
from service.ports import Helpdesk, Keeper, Known

TOKEN = "good-token"
BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    now: datetime = BEGIN + timedelta(days=10)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass(slots=True, kw_only=True)
class Account:
    """The stand-in, its clock, and a connected helpdesk whose waits only move the clock."""

    stand: ZendeskStand
    clock: Clock
    url: str
    waits: list[float] = field(default_factory=list)

    def connect(
        self, *, known: Known | None = None, keeper: Keeper | None = None, **settings: str
    ) -> Helpdesk:
        given: dict[str, str] = {
            "subdomain": "acme",
            "base_url": self.url,
            "oauth_token": TOKEN,
            **settings,
        }
        return build(
            given,
            known=known,
            keeper=keeper,
            retries=Retries(sleep=self._sleep),
            clock=self.clock,
            ticks=lambda: self.clock.now.timestamp(),
        )

    def calls(self) -> Mapping[str, int]:
        short = {}
        for route, count in self.stand.faults.calls().items():
            method, path = route.split(" ", 1)
            short[f"{method} {path.removeprefix('/api/v2/')}"] = count
        return short

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.go(seconds=seconds)


def person(id_: str, name: str, account: str | None = None) -> CorpusPerson:
    return CorpusPerson(id=id_, name=name, email=f"{id_}@example.com", account=account)


def conversation(number: int, **values: object) -> CorpusConversation:
    """Return a conversation: the customer writes, an agent notes, an agent answers."""
    begun = BEGIN + timedelta(minutes=10 * number)
    words = (
        ("customer", "ria", True, "My <b>invoice</b> is wrong & late"),
        ("agent", "gus", False, "He is angry; check the plan"),
        ("agent", "gus", True, "We are on it"),
    )
    messages = tuple(
        CorpusMessage(
            id=f"c{number}-m{place}",
            role=role,  # type: ignore[arg-type]  # one of the three, from the table above
            author=author,
            public=public,
            created_at=begun + timedelta(minutes=place),
            text=text,
        )
        for place, (role, author, public, text) in enumerate(words)
    )
    given: dict[str, object] = {
        "id": f"c{number}",
        "helpdesk": "zendesk",
        "channel": "email",
        "subject": f"Invoice {number}",
        "status": "open",
        "account": "acme",
        "requester": "ria",
        "agent": "gus",
        "helpdesk_tags": ("vip",),
        "created_at": begun,
        "updated_at": begun + timedelta(minutes=3),
        "messages": messages,
        "origin": "by hand",
    }
    return CorpusConversation(**{**given, **values})  # type: ignore[arg-type]  # names are checked by the class


def corpus(conversations: Sequence[CorpusConversation]) -> Corpus:
    return Corpus(
        accounts=(
            CorpusAccount(
                id="acme",
                name="Acme",
                segment="enterprise",
                owner="maya@example.com",
                domain="acme.example",
            ),
        ),
        agents=(person("gus", "Gus Agent"),),
        requesters=(person("ria", "Ria Customer", "acme"),),
        conversations=tuple(conversations),
    )


@contextmanager
def account(
    count: int = 3,
    *,
    conversations: Sequence[CorpusConversation] | None = None,
    **options: object,
) -> Iterator[Account]:
    """Serve an account of `count` alike tickets, or of the conversations given."""
    clock = Clock()
    told = [conversation(n) for n in range(count)] if conversations is None else conversations
    stand = zendesk_app(corpus(told), token=TOKEN, clock=clock, **options)  # type: ignore[arg-type]  # the stand-in's own switches
    with stand.serve() as server:
        yield Account(stand=stand, clock=clock, url=server.url)


@dataclass(slots=True, kw_only=True)
class Copy:
    """What a reader keeps of pages, as a store would."""

    heads: dict[ConversationKey, ConversationHead] = field(default_factory=dict)
    messages: dict[ConversationKey, dict[str, IncomingMessage]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    cursor: str | None = None

    def read(self, helpdesk: Helpdesk) -> "Copy":
        """Take the news in; return only them."""
        news = Copy()
        for page in helpdesk.pages(self.cursor):
            for copy in (self, news):
                copy.take(page)
        return news

    def take(self, page: Page) -> None:
        self.pages.append(page)
        self.cursor = page.cursor
        self.heads.update((head.key, head) for head in page.heads)
        for key in page.complete:
            self.messages[key] = {}
        for each in page.messages:
            self.messages.setdefault(each.conversation, {})[each.message.id] = each
        for key in page.gone:
            self.heads.pop(key, None)
            self.messages.pop(key, None)

    def texts(self, key: str) -> list[str]:
        found = self.messages.get(ConversationKey(key), {}).values()
        ordered = sorted(found, key=lambda each: (each.message.created_at, each.message.id))
        return [each.message.text for each in ordered]


def key_of(number: int) -> ConversationKey:
    return ConversationKey(f"zendesk:{number}")
