"""What a helpdesk's stand-in must offer, so that every law can be tried on its connector.

A bench holds a running stand-in, a clock that only tests move, and the verbs of the people who
work there. It knows the vendor; the laws do not.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple, Self

from flask import Flask, Response, redirect, request

from connectors.sandbox.corpus import (
    Corpus,
    CorpusAccount,
    CorpusConversation,
    CorpusMessage,
    CorpusPerson,
)
from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.server import Stand, serve
from service.domain.conversations import (
    Account,
    Agent,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Page,
    Role,
)
from service.domain.writeback import WriteOutcome
from service.ports import Helpdesk

TOKEN = "the-right-token-4711"
SECRET = "the-webhook-secret-4712"
BEGUN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Joined emoji, digits and letters of other scripts, beyond 16 bits, a ligature, a lone accent.
UNICODE = "\U0001f469\u200d\U0001f467 \u0663 \U0001d518 \ufb01ne e\u0301 \u0645\u0631\u0629 \u20ac"
UNSTORABLE = "half a \ud83d smiley and a \x00 byte"
FOREIGN_TAG = "vip"


class BenchClock:
    """Tells the same time until it is moved; sleeping moves it and is remembered."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


class Said(NamedTuple):
    """A message by what counts: who, to whom, when and which words."""

    role: Role
    public: bool
    created_at: datetime
    text: str


@dataclass(slots=True)
class Copy:
    """What a reader keeps of pages and outcomes, as a store would."""

    pages: list[Page] = field(default_factory=list)
    cursor: str | None = None
    heads: dict[ConversationKey, ConversationHead] = field(default_factory=dict)
    updated: dict[ConversationKey, datetime] = field(default_factory=dict)
    states: dict[ConversationKey, HelpdeskState] = field(default_factory=dict)
    messages: dict[ConversationKey, dict[str, IncomingMessage]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    gone: set[ConversationKey] = field(default_factory=set)
    unusable: dict[ConversationKey, str] = field(default_factory=dict)

    def read(self, helpdesk: Helpdesk) -> "Copy":
        """Take the news in; return only them."""
        return self.take_all(helpdesk.pages(self.cursor))

    def take_all(self, pages: Iterable[Page]) -> "Copy":
        news = Copy()
        for page in pages:
            for copy in (self, news):
                copy.take(page)
        return news

    def take(self, page: Page) -> None:
        self.pages.append(page)
        self.cursor = page.cursor or self.cursor
        self.heads.update({head.key: head for head in page.heads})
        self.updated.update({head.key: head.updated_at for head in page.heads})
        self.states.update(page.states)
        for key in page.complete:
            self.messages[key] = {}
        for each in page.messages:
            self.messages.setdefault(each.conversation, {})[each.message.id] = each
        self.accounts.update({account.key: account for account in page.accounts})
        self.agents.update({agent.key: agent for agent in page.agents})
        self.unusable.update({each.key: each.why for each in page.unusable})
        self._bury(page.gone)

    def _bury(self, keys: Iterable[ConversationKey]) -> None:
        for key in keys:
            self.gone.add(key)
            for kept in (self.heads, self.updated, self.states, self.messages):
                kept.pop(key, None)

    def record(self, outcomes: Iterable[WriteOutcome]) -> list[WriteOutcome]:
        kept = list(outcomes)
        for outcome in kept:
            if outcome.updated_at is not None:
                self.updated[outcome.change.conversation] = outcome.updated_at
        return kept

    def known(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        return {key: self.updated[key] for key in keys if key in self.updated}

    def said(self, key: ConversationKey) -> list[Said]:
        found = [each.message for each in self.messages.get(key, {}).values()]
        ordered = sorted(found, key=lambda each: each.created_at)
        return [Said(each.role, each.public, each.created_at, each.text) for each in ordered]

    def content(self) -> dict[ConversationKey, tuple[ConversationHead, dict[str, IncomingMessage]]]:
        """Everything that must be the same however often reading was interrupted."""
        return {key: (head, self.messages.get(key, {})) for key, head in self.heads.items()}


Tamper = Callable[[dict[str, Any]], None]


class HelpdeskBench(ABC):
    """One stand-in with its connectors. Subclasses are what a new helpdesk has to bring."""

    source: ClassVar[str]  # the corpus's word for the helpdesk and the keys' prefix
    list_path: ClassVar[str]  # the path that lists what changed
    write_calls: ClassVar[tuple[tuple[str, str], ...]]  # (method, path) of what apply calls
    reading_posts: ClassVar[tuple[str, ...]] = ()  # routes that are read by POST
    born: ClassVar[str] = (
        "created_at"  # the member of a conversation's JSON that no reader can miss
    )
    signs_time: ClassVar[bool] = True  # whether a webhook's age can be told

    url: str
    elsewhere: str  # a host that is not the helpdesk's

    def __init__(self, corpus: Corpus, *, page_size: int) -> None:
        self.corpus = corpus
        self.clock = BenchClock(BEGUN + timedelta(days=10))
        self.stand = self.make_stand(corpus, page_size)
        self.strangers: list[str] = []  # what was asked of the other host
        self.tampering: list[Tamper] = []
        self.redirecting = False
        self._connected: list[Helpdesk] = []
        self.stand.app.before_request(self._redirected)
        self.stand.app.after_request(self._tampered)

    @classmethod
    @contextmanager
    def opened(cls, corpus: Corpus | None = None, *, page_size: int = 3) -> Iterator[Self]:
        bench = cls(corpus or small_corpus(cls.source), page_size=page_size)
        with bench.stand.serve() as server, serve(bench._other_host()) as other:
            bench.url, bench.elsewhere = server.url, other.url
            try:
                yield bench
            finally:
                for helpdesk in bench._connected:
                    getattr(helpdesk, "close", lambda: None)()  # not of the port: for sockets' sake

    def connect(self, copy: Copy | None = None, *, token: str = TOKEN) -> Helpdesk:
        """Return a new connector, as after a restart; `copy` is what was stored before."""
        helpdesk = self.build(token, copy or Copy())
        self._connected.append(helpdesk)
        return helpdesk

    def later(self, **passed: float) -> None:
        """Let time pass: by default enough for changes to show and threads to be quiet."""
        self.clock.now += timedelta(**(passed or {"hours": 2}))

    @property
    def faults(self) -> Faults:
        return self.stand.faults

    def fail(self, fault: Fault) -> None:
        self.faults.add(fault)

    def calls(self) -> int:
        return sum(self.faults.calls().values())

    def writes(self) -> int:
        """Return how many requests asked for a change."""
        return sum(
            count
            for call, count in self.faults.calls().items()
            if not call.startswith(("GET ", "HEAD ")) and call not in self.reading_posts
        )

    @property
    def all_keys(self) -> list[ConversationKey]:
        return [self.key_of(each.id) for each in self.corpus.conversations]

    def tell(self, spoil: Tamper, key: ConversationKey) -> None:
        """Let every answer that shows this conversation be spoiled first."""
        self.tampering.append(lambda node: spoil(node) if self.shows(node, key) else None)

    def tell_other_hosts(self) -> None:
        """Let every link in every answer name another host."""

        def elsewhere(node: dict[str, Any]) -> None:
            for name, value in node.items():
                if isinstance(value, str) and value.startswith(self.url):
                    node[name] = self.elsewhere + value.removeprefix(self.url)

        self.tampering.append(elsewhere)

    # What a vendor's bench brings.

    @abstractmethod
    def make_stand(self, corpus: Corpus, page_size: int) -> Stand[Any]: ...

    @abstractmethod
    def build(self, token: str, copy: Copy) -> Helpdesk:
        """Build the connector, with `copy.known` and this bench's clock instead of sleeping."""

    @abstractmethod
    def key_of(self, corpus_id: str) -> ConversationKey: ...

    @abstractmethod
    def shows(self, node: dict[str, Any], key: ConversationKey) -> bool:
        """Say whether a JSON object of an answer is this conversation."""

    @abstractmethod
    def channel(self, key: ConversationKey, channel: str) -> None:
        """Let the conversation have come by a channel that nobody has heard of."""

    @abstractmethod
    def reply(self, key: ConversationKey, text: str) -> None: ...

    @abstractmethod
    def note(self, key: ConversationKey, text: str) -> None: ...

    @abstractmethod
    def delete(self, key: ConversationKey) -> None: ...

    @abstractmethod
    def edit(self, key: ConversationKey, name: str, value: str) -> None:
        """Set a field of ours by an agent's hand."""

    @abstractmethod
    def set_foreign_field(self, key: ConversationKey, value: str) -> None: ...

    @abstractmethod
    def foreign_field(self, key: ConversationKey) -> object: ...

    @abstractmethod
    def tags(self, key: ConversationKey) -> Sequence[str]: ...

    @abstractmethod
    def traces(self, key: ConversationKey) -> int:
        """Count what people can see to have happened in the conversation."""

    @abstractmethod
    def hook(
        self, key: ConversationKey, *, secret: str = SECRET, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Return a webhook's headers and body, signed as the vendor signs."""

    # How answers are spoiled.

    def _other_host(self) -> Flask:
        app = Flask("another host")

        @app.before_request
        def note_it() -> tuple[str, int]:
            self.strangers.append(f"{request.method} {request.path}")
            return "{}", 200

        return app

    def _redirected(self) -> Any:
        return redirect(self.elsewhere + request.path, 307) if self.redirecting else None

    def _tampered(self, response: Response) -> Response:
        if self.tampering and response.is_json:
            body = json.loads(response.get_data())
            for node in _objects(body):
                for tamper in self.tampering:
                    tamper(node)
            response.set_data(json.dumps(body))
        return response


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a JSON value, outer ones first."""
    waiting = [value]
    while waiting:
        here = waiting.pop(0)
        if isinstance(here, dict):
            yield here
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


# --- A small corpus ------------------------------------------------------------------------------

_WORDS: Sequence[tuple[str, bool, str]] = (
    ("customer", True, "My <b>invoice</b> is wrong & late"),
    ("agent", False, "He is angry; check the plan"),
    ("bot", True, "An agent will answer soon."),
    ("agent", True, "We are on it.\nPlease wait."),
    ("customer", True, UNICODE),
)


def small_corpus(helpdesk: str, conversations: int = 7) -> Corpus:
    """Return conversations of every role; some share the second of their last change."""
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
        agents=(_person("gus", "Gus Agent", None),),
        requesters=(_person("ria", "Ria Customer", "acme"), _person("lou", "Lou Alone", None)),
        conversations=tuple(_conversation(helpdesk, number) for number in range(conversations)),
    )


def _person(id_: str, name: str, account: str | None) -> CorpusPerson:
    return CorpusPerson(id=id_, name=name, email=f"{id_}@example.com", account=account)


def _conversation(helpdesk: str, number: int) -> CorpusConversation:
    begun = BEGUN + timedelta(minutes=10 * number)
    alone = number % 4 == 3
    who: dict[str, str | None] = {
        "customer": "lou" if alone else "ria",
        "agent": "gus",
        "bot": None,
    }
    return CorpusConversation(
        id=f"c{number}",
        helpdesk=helpdesk,  # type: ignore[arg-type]  # an imaginary vendor's corpus has its name
        channel="email",
        subject=f"Invoice {number}",
        status=("solved", "open")[number % 2],
        account=None if alone else "acme",
        requester="lou" if alone else "ria",
        agent="gus",
        helpdesk_tags=(FOREIGN_TAG,),
        created_at=begun,
        # Three in a row end in one second: where a page is cut must not matter.
        updated_at=BEGUN + timedelta(hours=2 + number // 3),
        messages=tuple(
            CorpusMessage(
                id=f"c{number}-{place}",
                role=role,  # type: ignore[arg-type]  # one of the three, from the table above
                author=who[role],
                public=public,
                created_at=begun + timedelta(minutes=place),
                text=text,
            )
            for place, (role, public, text) in enumerate(_WORDS[: 1 + number % 5])
        ),
        origin="made up",
    )
