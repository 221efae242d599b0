"""A small Intercom workspace over real HTTP, and what a program keeps of it between two passes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.intercom import build
from connectors.sandbox.corpus import (
    Corpus,
    CorpusAccount,
    CorpusConversation,
    CorpusMessage,
    CorpusPerson,
)
from connectors.sandbox.intercom import IntercomStand, intercom_app
from service.domain.conversations import (
    Account,
    Agent,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Page,
    fingerprint,
    split_key,
)
from service.domain.writeback import WriteOutcome
from service.ports import Helpdesk

TOKEN = "the-right-token"
SECRET = "the-client-secret"
BEGUN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADMIN = "900"


class Clock:
    """Tells the same time until it is moved; sleeping moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def move(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Store:
    """What the pages and outcomes of a helpdesk leave behind."""

    cursor: str | None = None
    heads: dict[ConversationKey, ConversationHead] = field(default_factory=dict)
    states: dict[ConversationKey, HelpdeskState] = field(default_factory=dict)
    updated: dict[ConversationKey, datetime] = field(default_factory=dict)
    messages: dict[tuple[ConversationKey, str], IncomingMessage] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    gone: set[ConversationKey] = field(default_factory=set)
    complete: set[ConversationKey] = field(default_factory=set)
    unusable: dict[ConversationKey, str] = field(default_factory=dict)

    def known(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        return {key: self.updated[key] for key in keys if key in self.updated}

    def save(self, page: Page) -> None:
        """Store as the port asks: parts are added and replaced, and removed when all are here."""
        if page.cursor:
            self.cursor = page.cursor
        here = {(incoming.conversation, incoming.message.id) for incoming in page.messages}
        for place in [place for place in self.messages if place[0] in page.complete]:
            if place not in here:
                del self.messages[place]
        self.unusable.update({each.key: each.why for each in page.unusable})
        for head in page.heads:
            self.heads[head.key] = head
            self.updated[head.key] = head.updated_at
        self.states.update(page.states)
        for incoming in page.messages:
            self.messages[incoming.conversation, incoming.message.id] = incoming
        self.accounts.update({account.key: account for account in page.accounts})
        self.agents.update({agent.key: agent for agent in page.agents})
        self.gone |= set(page.gone)
        self.complete |= page.complete

    def record(self, outcomes: Iterable[WriteOutcome]) -> list[WriteOutcome]:
        kept = list(outcomes)
        for outcome in kept:
            if outcome.updated_at is not None:
                self.updated[outcome.change.conversation] = outcome.updated_at
        return kept

    def texts(self, key: ConversationKey) -> list[str]:
        return [m.message.text for (k, _), m in self.messages.items() if k == key]

    def fingerprint(self, key: ConversationKey) -> str:
        """What decides whether a conversation is analysed again."""
        found = [m.message for (k, _), m in self.messages.items() if k == key]
        return fingerprint(sorted(found, key=lambda message: message.created_at))


@dataclass
class Workspace:
    """A running stand-in, a connector on it, and a store."""

    stand: IntercomStand
    url: str
    clock: Clock
    store: Store
    desk: Helpdesk

    @property
    def state(self) -> Any:
        return self.stand.state

    def sync(self) -> list[Page]:
        pages = []
        for page in self.desk.pages(self.store.cursor):
            self.store.save(page)
            pages.append(page)
        return pages

    def calls(self) -> dict[str, int]:
        return self.stand.faults.calls()

    def retrieved(self) -> int:
        return self.calls().get("GET /conversations/<int:conversation_id>", 0)

    def fetch(self, *keys: ConversationKey) -> list[Page]:
        pages = list(self.desk.fetch(keys))
        for page in pages:
            self.store.save(page)
        return pages

    def key_of(self, number: int) -> ConversationKey:
        return ConversationKey(f"intercom:{number}")

    def searched(self) -> int:
        return self.calls().get("POST /conversations/search", 0)

    def all_keys(self) -> list[ConversationKey]:
        return sorted(self.store.heads, key=lambda key: int(split_key(key)[1]))

    def id_of(self, key: ConversationKey) -> int:
        return int(split_key(key)[1])


def small_corpus(
    conversations: int = 3, *, status: str = "solved", begun: datetime = BEGUN
) -> Corpus:
    """Return conversations of one customer message and one answer, a minute apart."""
    return Corpus(
        accounts=(
            CorpusAccount(
                id="acme",
                name="Acme",
                segment="enterprise",
                owner="csm@verbatim.example",
                domain="acme.example",
            ),
        ),
        agents=(CorpusPerson(id="a1", name="Ada Agent", email="ada@v.example", account=None),),
        requesters=(
            CorpusPerson(id="r1", name="Rita Customer", email="rita@acme.example", account="acme"),
            CorpusPerson(id="r2", name="Nobody Known", email="no@body.example", account=None),
        ),
        conversations=tuple(
            _conversation(number, begun + timedelta(minutes=number), status)
            for number in range(conversations)
        ),
    )


def _conversation(number: int, at: datetime, status: str) -> CorpusConversation:
    def said(role: Any, author: str, minutes: int, text: str) -> CorpusMessage:
        return CorpusMessage(
            id=f"{number}-{minutes}",
            role=role,
            author=author,
            public=True,
            created_at=at + timedelta(minutes=minutes),
            text=text,
        )

    return CorpusConversation(
        id=f"c{number}",
        helpdesk="intercom",
        channel="chat",
        subject=f"Question {number}",
        status=status,
        account="acme",
        requester="r1",
        agent="a1",
        helpdesk_tags=("billing",),
        created_at=at,
        updated_at=at + timedelta(minutes=5),
        messages=(
            said("customer", "r1", 0, f"The export number {number} fails again."),
            said("agent", "a1", 5, "Thank you, we are looking into it."),
        ),
        origin="made up",
    )


@contextmanager
def workspace(
    corpus: Corpus | None = None,
    *,
    token: str = TOKEN,
    remembers: bool = True,
    calls_per_window: int | None = None,
    wrap: Callable[[IntercomStand], None] = lambda _: None,
    **settings: object,
) -> Iterator[Workspace]:
    clock, store = Clock(BEGUN + timedelta(days=2)), Store()
    stand = intercom_app(
        corpus or small_corpus(), token=TOKEN, clock=clock, calls_per_window=calls_per_window
    )
    wrap(stand)
    with stand.serve() as server:
        given = {
            "access_token": token,
            "base_url": server.url,
            "client_secret": SECRET,
            "admin_id": ADMIN,
            **settings,
        }
        known = store.known if remembers else None
        desk = build(given, known=known, clock=clock, sleep=clock.sleep)
        try:
            yield Workspace(stand=stand, url=server.url, clock=clock, store=store, desk=desk)
        finally:
            desk.close()  # type: ignore[attr-defined]  # not of the port: only a test is in a hurry
