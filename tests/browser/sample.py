"""A small workspace for the pages' tests: real stores, made-up customers, one hostile one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient

from service.access import Access, viewer
from service.answers import Answers
from service.domain.conversations import (
    Account,
    AccountKey,
    Agent,
    AgentKey,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Message,
    Page,
    Role,
    Status,
    conversation_key,
)
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    Quote,
    TagAssignment,
)
from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy
from service.links import Links
from service.measures import every_metric
from service.metrics_in_force import MetricsInForce
from service.ports import Helpdesk
from service.redaction import Redactor
from service.settings import Settings
from service.spotchecks import SpotChecks
from service.stores import Database, Person
from service.web.app import create_app
from storage.database import SqlDatabase, open_database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SECRET = "a made-up secret of the tests, long enough"
COUNT = 130
VERSION = "local-1"
ACME, INITECH = AccountKey("zendesk:a1"), AccountKey("zendesk:a2")
HOSTILE = ConversationKey("zendesk:9007199254740993")
HOSTILE_TEXT = (
    '😤😤 <script>alert("x")</script> <b onclick=alert(1)>I will cancel</b> '
    "\u202eمرحبا، أريد إلغاء اشتراكي " + "w" * 10_000  # noqa: RUF001  (written from right to left)
)
COMPLAINT = "I was charged twice for November and nobody answers. We will cancel our plan."
PRAISE = "Thank you, that solved it within minutes. Really quick!"
QUESTION = "Where can I change the address of our second office?"
SUBJECTS = {
    COMPLAINT: "Charged twice in November",
    QUESTION: "New address of our second office",
    PRAISE: "Thank you",
    "ok": "Re: your order",
}

ANA = Person(email="ana@example.com", name="Ana Ruiz", role="analyst")
MAYA = Person(email="maya@example.com", name="Maya Lind", role="csm", accounts=frozenset({ACME}))
LEE = Person(email="lee@example.com", name="Lee Park", role="leader")
NOBODY = Person(email="no@example.com", name="Noel Ott", role="csm", accounts=frozenset())

TAXONOMY = Taxonomy(
    drivers=(
        Driver(
            name="Billing",
            description="charges, invoices, refunds",
            tags=(CanonicalTag(name="Double charge"), CanonicalTag(name="Invoice wrong")),
        ),
        Driver(name="Account Access", tags=(CanonicalTag(name="Change of address"),)),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A running application over filled stores, with what a test needs to look behind it."""

    app: Flask
    database: SqlDatabase
    public_url: str

    def link(self, person: Person) -> str:
        return self.access().make_sign_in_link(person.email)

    def access(self) -> Access:
        return Access(self.database.people, SECRET.encode(), now)

    def validate(self, metric: str) -> None:
        """Let a reviewer agree with everything that is drawn of a metric."""
        checks = SpotChecks(database=self.database, analyser=VERSION, clock=now)
        checks.draw(metric, seed=1)
        for one in self.database.checks.checks(metric):
            checks.answer(one.conversation, metric, one.measured, viewer=viewer(ANA))

    def client(self, person: Person | None = ANA) -> FlaskClient:
        """Return a client, signed in unless there is no person."""
        client = self.app.test_client()
        if person is not None:
            cookie = self.access().use_sign_in_link(self.link(person))
            client.set_cookie("verbatim", cookie, domain="localhost")
        return client


def now() -> datetime:
    return NOW


def make(
    folder: Path,
    public_url: str = "http://localhost",
    *,
    filled: bool = True,
    helpdesks: dict[str, Helpdesk] | None = None,
    **more: Any,
) -> Sample:
    """Build the workspace in a fresh SQLite file under `folder`; `more` are settings."""
    zone = ZoneInfo("Europe/Berlin")
    database = open_database(
        f"sqlite:///{folder / 'verbatim.sqlite'}",
        metrics=every_metric,
        zone=zone,
        secret=SECRET.encode(),
        clock=now,
    )
    database.migrate()
    for person in (ANA, LEE, MAYA, NOBODY):
        database.people.save(person)
    if filled:
        _fill(database)
    links = Links(public_url)
    settings = Settings(
        public_url=public_url,
        timezone=zone.key,
        **more,
    )
    answers = Answers(
        database=database,
        taxonomy=TAXONOMY,
        links=links,
        clock=now,
        zone=zone,
        analyser_version=lambda: VERSION,
    )
    app = create_app(
        database=database,
        answers=answers,
        settings=settings,
        secret=SECRET.encode(),
        links=links,
        clock=now,
        taxonomy=TAXONOMY,
        metrics=MetricsInForce(
            folder / "metrics.yaml", required=False, masks=lambda: Redactor(settings.phone_regions)
        ),
        helpdesks=helpdesks,
        analyser_version=lambda: VERSION,
    )
    app.testing = True
    return Sample(app=app, database=database, public_url=public_url)


def _fill(database: Database) -> None:
    kinds = [_kind(index) for index in range(COUNT)]
    heads = [_head(index) for index in range(COUNT)]
    messages = {
        head.key: _messages(head, text) for head, (text, _) in zip(heads, kinds, strict=True)
    }
    hostile = _head(COUNT, key=HOSTILE, subject='<img src=x onerror=alert(1)> "help"')
    messages[HOSTILE] = _messages(hostile, HOSTILE_TEXT)
    everyone = [*heads, hostile]
    page = Page(
        cursor="1",
        heads=tuple(everyone),
        states={h.key: HelpdeskState(fields={}, tags=frozenset(), writable=True) for h in everyone},
        messages=tuple(
            IncomingMessage(conversation=key, message=message)
            for key, said in messages.items()
            for message in said
        ),
        accounts=(
            Account(key=ACME, name="Acme", segment="enterprise", owner=MAYA.email),
            Account(key=INITECH, name="Initech", segment="smb"),
        ),
        agents=(Agent(key=AgentKey("zendesk:g1"), name="Sam Ito"),),
        complete=frozenset(messages),
    )
    database.conversations.save_page("zendesk", page)
    database.conversations.sync_finished("zendesk", NOW)
    found = [
        _analysis(database, head.key, text, label)
        for head, (text, label) in zip(heads, kinds, strict=True)
        if label != "unmeasured"
    ]
    database.analyses.save([*found, _analysis(database, HOSTILE, HOSTILE_TEXT, "negative")])


def _kind(index: int) -> tuple[str, str]:
    """Of each ten: four complaints, three questions, one praise, one too short, one unmeasured.

    Not every complaint sounds unhappy and not every question does not.
    """
    place = index % 10
    if place < 4:
        return COMPLAINT, "neutral" if index % 7 == 5 else "negative"
    if place < 7:
        return QUESTION, "negative" if index % 20 == 4 else "neutral"
    return {7: (PRAISE, "positive"), 8: ("ok", "empty"), 9: (QUESTION, "unmeasured")}[place]


def _head(
    index: int, *, key: ConversationKey | None = None, subject: str | None = None
) -> ConversationHead:
    created = NOW - timedelta(hours=7 * index + 1)
    return ConversationHead(
        key=key or conversation_key("zendesk", str(360001200000 + index)),
        channel=("email", "chat", "web")[index % 3],
        subject=subject or SUBJECTS[_kind(index)[0]],
        status=(Status.OPEN, Status.SOLVED, Status.CLOSED)[index % 3],
        created_at=created,
        updated_at=created,
        account=(ACME, INITECH, None)[index % 3],
        requester=f"r{index}",
        agent=AgentKey("zendesk:g1"),
        helpdesk_tags=("vip",),
        url=f"https://example.zendesk.com/agent/tickets/{index}",
    )


def _messages(head: ConversationHead, text: str) -> tuple[Message, ...]:
    at = head.created_at
    return (
        Message(id="m1", role=Role.CUSTOMER, public=True, created_at=at, text=text),
        Message(
            id="m2",
            role=Role.AGENT,
            public=True,
            created_at=at + timedelta(minutes=20),
            text="Thank you for writing. I am looking into this and come back to you today.",
        ),
        Message(
            id="m3",
            role=Role.AGENT,
            public=False,
            created_at=at + timedelta(minutes=30),
            text="Third time this month. Asked payments.",
        ),
    )


def _effort(key: ConversationKey) -> Measurement:
    """Of each three conversations: one high, one low, one without enough back-and-forth."""
    place = int(key.partition(":")[2]) % 3
    if place == 2:
        return Measurement(metric="effort", value=None, reason=EmptyReason.NO_BACK_AND_FORTH)
    value, detail = (("high", "repeats itself"), ("low", None))[place]
    return Measurement(metric="effort", value=value, confidence=0.75, detail=detail)


def _analysis(database: Database, key: ConversationKey, text: str, label: str) -> Analysis:
    conversation = database.conversations.get(key)
    if conversation is None:
        raise AssertionError(f"{key} was not stored")
    churn = "cancel" in text
    start = text.index("cancel") if churn else 0
    quotes = [Quote(message="m1", start=0, end=len(text), text=text, shows="sentiment")]
    if churn:
        end = start + len("cancel")
        quotes.append(Quote(message="m1", start=start, end=end, text="cancel", shows="churn_risk"))
    tags = {
        COMPLAINT: ("charged twice", "Double charge", "Billing"),
        QUESTION: ("new office", "Change of address", "Account Access"),
    }
    raw, canonical, driver = tags.get(text, ("something new", None, None))
    empty = label == "empty"
    return Analysis(
        conversation=key,
        fingerprint=conversation.fingerprint(),
        analyser=VERSION,
        taxonomy=TAXONOMY.version,
        language="en",
        measurements=(
            Measurement(
                metric="sentiment",
                value=None if empty else label,
                reason=EmptyReason.TOO_SHORT if empty else None,
                confidence=None if empty else 0.9,
            ),
            Measurement(metric="churn_risk", value="yes" if churn else "no", confidence=0.8),
            _effort(key),
        ),
        tags=(TagAssignment(raw=raw, canonical=canonical, driver=driver, confidence=0.7),),
        quotes=() if empty else tuple(quotes),
        summary=text[:80],
        tone_start="upset" if churn else "calm",
        tone_end="calm",
        created_at=NOW,
    )
