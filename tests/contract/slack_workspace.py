"""Our bot on loopback beside the Slack stand-in, and what Slack itself would send to it."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from flask import Flask, Response, request
from slack_sdk.signature import SignatureVerifier

from bot.app import SlackBot
from bot.connection import Connection
from bot.manifest import SHORTCUT
from bot.policy import Shows
from bot.precedence import Precedence
from bot.socket_mode import SocketLine
from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.server import serve
from connectors.sandbox.slack import SlackStand, slack_app
from connectors.sandbox.slack_state import TEAM
from service.domain.answers import Answer, Recount
from service.domain.people import Viewer
from service.errors import NotFound
from service.links import Links
from service.stores import Database, Person
from tests.builders import NOON, Clockwork
from tests.contract.slack_answers import an_answer

TOKEN = "xoxb-sandbox"
SECRET = "signing-secret"
APP_TOKEN = "xapp-sandbox"
CHANNEL, CHANNEL_NAME = "C00000001", "cx-leaders"
USER, DIRECT = "U00000001", "D00000001"
LINKS = Links("https://verbatim.example")


@dataclass(slots=True)
class Gateway:
    """Gives a prepared answer and keeps what it was asked."""

    give: Callable[[str], Answer] = field(default=lambda text: an_answer())
    asked: list[tuple[str, Viewer, Sequence[Mapping[str, object]]]] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)

    published: Recount | None = None

    def recount(self, receipt_id: str, viewer: Viewer) -> Recount:
        del viewer
        if self.published is None or self.published.receipt.id != receipt_id:
            raise NotFound
        return self.published

    def recount_told(self, recount: Recount) -> tuple[str, ...]:
        return (f"Then {recount.receipt.n}, now {recount.now_n}.",)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def ask_text(
        self, text: str, viewer: Viewer, thread: Sequence[Mapping[str, object]] = ()
    ) -> Answer:
        self.asked.append((text, viewer, thread))
        assert self.may_answer.wait(20)
        return self.give(text)


@dataclass(slots=True, kw_only=True)
class Workspace:
    """A Slack workspace with our bot; each `running` is a process of its own."""

    slack: SlackStand
    slack_url: str
    database: Database
    clock: Clockwork
    gateway: Gateway = field(default_factory=Gateway)
    person: Person
    own: Connection | None = None  # instead of the one with the token that was set

    def connection(self, *, token: str = TOKEN) -> Connection:
        if self.own is not None:
            return self.own
        return Connection(
            token=token,
            signing_secret=SECRET,
            base_url=f"{self.slack_url}/api/",
            shows=Shows.EVERYTHING,
        )

    @contextmanager
    def running(self, *, precedence: Precedence | None = None) -> Iterator["Slack"]:
        """Run our bot; leaving waits for everything it has started."""
        bot = SlackBot(
            connection=self.connection(),
            answers=self.gateway,
            database=self.database,
            clock=self.clock,
            links=LINKS,
            precedence=precedence,
        )
        web = Flask("tests.slack")

        def events() -> Response:
            return bot.handle(request)

        web.add_url_rule("/slack/events", view_func=events, methods=["POST"])
        try:
            with serve(web) as server, httpx.Client(trust_env=False, timeout=20) as client:
                yield Slack(url=f"{server.url}/slack/events", client=client)
        finally:
            bot.close()

    @contextmanager
    def connected(self, *, app_token: str = APP_TOKEN) -> Iterator[None]:
        """Run our bot over Socket Mode; leaving waits for everything it has started."""
        connection = Connection(token=TOKEN, app_token=app_token, base_url=f"{self.slack_url}/api/")
        bot = SlackBot(
            connection=connection,
            answers=self.gateway,
            database=self.database,
            clock=self.clock,
            links=LINKS,
        )
        try:
            line = SocketLine(bot.app, connection)
            line.open()
            try:
                assert self.slack.state.sockets.wait(lambda all_: bool(all_.connections))
                yield
            finally:
                line.close()
        finally:
            bot.close()

    @property
    def posted(self) -> list[Any]:
        return list(self.slack.state.messages)


def event_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as Slack wraps it, over HTTP and over a socket alike."""
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "event_id": f"Ev{event.get('ts', '')}",
        "event": event,
    }


def a_mention(text: str, *, ts: str = "1.1", **changed: Any) -> dict[str, Any]:
    event = {
        "type": "app_mention",
        "channel": CHANNEL,
        "user": USER,
        "text": f"<@U0VERBATIM> {text}",
        "ts": ts,
    }
    return event | changed


def a_command(text: str, *, channel: str = CHANNEL, trigger: str = "t1") -> dict[str, str]:
    return {
        "command": "/verbatim",
        "text": text,
        "channel_id": channel,
        "user_id": USER,
        "team_id": TEAM,
        "trigger_id": trigger,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Sends what Slack sends."""

    url: str
    client: httpx.Client

    def send(
        self, body: str, kind: str, *, secret: str = SECRET, at: float | None = None
    ) -> httpx.Response:
        timestamp = str(int(time.time() if at is None else at))
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature or "",
        }
        return self.client.post(self.url, content=body, headers=headers)

    def body(self, body: Mapping[str, Any]) -> httpx.Response:
        return self.send(json.dumps(body), "application/json")

    def event(self, event: Mapping[str, Any], **how: Any) -> httpx.Response:
        return self.send(json.dumps(event_body(event)), "application/json", **how)

    def mention(self, text: str, *, ts: str = "1.1", **changed: Any) -> httpx.Response:
        return self.event(a_mention(text, ts=ts, **changed))

    def direct(self, text: str, *, ts: str = "2.1", **changed: Any) -> httpx.Response:
        event = {
            "type": "message",
            "channel_type": "im",
            "channel": DIRECT,
            "user": USER,
            "text": text,
            "ts": ts,
        }
        return self.event(event | changed)

    def command(self, text: str, *, channel: str = CHANNEL, trigger: str = "t1") -> httpx.Response:
        fields = a_command(text, channel=channel, trigger=trigger)
        return self.send(urlencode(fields), "application/x-www-form-urlencoded")

    def shortcut(
        self,
        text: str,
        *,
        ts: str = "3.1",
        channel: str = CHANNEL,
        trigger: str = "t5",
        **changed: Any,
    ) -> httpx.Response:
        """Use our shortcut on somebody's message."""
        payload = {
            "type": "message_action",
            "callback_id": SHORTCUT,
            "trigger_id": trigger,
            "team": {"id": TEAM},
            "user": {"id": USER},
            "channel": {"id": channel},
            "message": {"type": "message", "user": "U00000002", "ts": ts, "text": text},
        }
        body = urlencode({"payload": json.dumps(payload | changed)})
        return self.send(body, "application/x-www-form-urlencoded")

    def click_unseen(self, action: str, value: str, *, user: str = USER) -> httpx.Response:
        """A click in a message that only this person sees: Slack sends no message with it."""
        payload = {
            "trigger_id": "t8",
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user},
            "channel": {"id": CHANNEL},
            "container": {"type": "message", "channel_id": CHANNEL, "is_ephemeral": True},
            "actions": [{"type": "button", "action_id": action, "value": value}],
        }
        body = urlencode({"payload": json.dumps(payload)})
        return self.send(body, "application/x-www-form-urlencoded")

    def pick(self, action: str, value: str) -> httpx.Response:
        """Choose from a menu of the App Home."""
        payload = {
            "trigger_id": "t9",
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": USER},
            "container": {"type": "view"},
            "actions": [{"action_id": action, "selected_option": {"value": value}}],
        }
        body = urlencode({"payload": json.dumps(payload)})
        return self.send(body, "application/x-www-form-urlencoded")

    def type_into(self, action: str, typed: str) -> httpx.Response:
        """Type into a menu of which we hand out the options."""
        payload = {
            "type": "block_suggestion",
            "team": {"id": TEAM},
            "user": {"id": USER},
            "action_id": action,
            "block_id": "b",
            "value": typed,
        }
        body = urlencode({"payload": json.dumps(payload)})
        return self.send(body, "application/x-www-form-urlencoded")

    def submit(self, view: Mapping[str, Any], values: Mapping[str, Any]) -> httpx.Response:
        """Send a modal that somebody filled in."""
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": USER},
            "view": {**view, "state": {"values": values}},
        }
        body = urlencode({"payload": json.dumps(payload)})
        return self.send(body, "application/x-www-form-urlencoded")

    def click(
        self,
        action: str,
        value: str,
        *,
        ts: str = "5.5",
        channel: str = CHANNEL,
        thread: str = "1.1",
    ) -> httpx.Response:
        payload = {
            "trigger_id": "t7",
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": USER},
            "channel": {"id": channel},
            "message": {"ts": ts, "thread_ts": thread},
            "actions": [{"type": "button", "action_id": action, "value": value}],
        }
        body = urlencode({"payload": json.dumps(payload)})
        return self.send(body, "application/x-www-form-urlencoded")


@contextmanager
def slack_workspace(database: Database, clock: Clockwork) -> Iterator[Workspace]:
    """A workspace in which the first person is known to us by the e-mail address."""
    corpus = load_corpus(now=NOON, conversations=20)
    slack = slack_app(corpus, token=TOKEN, clock=clock, app_token=APP_TOKEN)
    known = slack.state.people[USER]
    person = Person(email=known.email, name=known.name, role="admin")
    database.people.save(person)
    with slack.serve() as server:
        yield Workspace(
            slack=slack, slack_url=server.url, database=database, clock=clock, person=person
        )
