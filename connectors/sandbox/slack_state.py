"""A made-up Slack workspace: channels, people and what was posted. Knows no HTTP."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.sandbox.corpus import Corpus
from connectors.sandbox.slack_sockets import Sockets

BOT_USER = "U0VERBATIM"
TEAM = "T0LEDGERLY"
VISITOR = "you@ledgerly.example"  # who tries the sandbox
# What our manifest asks for: no reading of channels, only of direct messages.
SCOPES = (
    "app_mentions:read", "assistant:write", "chat:write", "commands", "im:history", "im:read",
    "users:read", "users:read.email", "files:write", "links:read", "links:write", "channels:read",
    "groups:read",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackPerson:
    id: str
    name: str
    email: str
    team: str = TEAM


@dataclass(slots=True, kw_only=True)
class SlackChannel:
    id: str
    name: str
    is_im: bool = False
    member: str | None = None  # of a direct message: the person on the other side
    team: str = TEAM
    archived: bool = False
    has_bot: bool = True


@dataclass(slots=True, kw_only=True)
class Posted:
    """One message as it stands; `edited` counts chat.update calls."""

    channel: str
    ts: str
    text: str
    blocks: list[Mapping[str, object]]
    thread_ts: str | None = None
    ephemeral_for: str | None = None
    metadata: Mapping[str, object] | None = None
    is_literal: bool = False  # no address in the text opens, no star makes it bold
    edited: int = 0


@dataclass(slots=True, kw_only=True)
class SlackState:
    """Everything the stand-in remembers; safe to read from a test while it answers."""

    clock: Callable[[], datetime]
    people: dict[str, SlackPerson] = field(default_factory=dict)
    channels: dict[str, SlackChannel] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=lambda: {TEAM: "Ledgerly"})  # id to name
    tokens: dict[str, str] = field(default_factory=dict)  # bot token to the team that gave it
    revoked: set[str] = field(default_factory=set)  # teams that took their token back
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)  # to team and scopes
    messages: list[Posted] = field(default_factory=list)
    statuses: list[tuple[str, str, str]] = field(default_factory=list)  # channel, thread, text
    unfurls: list[Mapping[str, object]] = field(default_factory=list)
    views: list[Mapping[str, object]] = field(default_factory=list)
    homes: dict[str, Mapping[str, object]] = field(default_factory=dict)  # by person, as it stands
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    files: dict[str, bytes] = field(default_factory=dict)  # uploaded, by id
    known_charts: bool = True  # whether the workspace takes the chart block
    refused_blocks: int = 0  # so many next messages are refused for their blocks
    settling: int = 0  # so many next messages with a file come while Slack still works on it
    pace: float = 0.0  # seconds between two posts to a channel; quicker ones are refused
    token_error: str | None = None  # "token_revoked": what every call is answered from now on
    sockets: Sockets = field(default_factory=Sockets)
    changed: threading.Condition = field(default_factory=threading.Condition)
    _last_posts: dict[str, float] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def next_file(self) -> str:
        return f"F{next(self._numbers):08}"

    def next_ts(self) -> str:
        return f"{self.clock().timestamp():.0f}.{next(self._numbers):06}"

    def find_channel(self, wanted: str, *, team: str = TEAM) -> SlackChannel | None:
        """Find a channel as chat.postMessage does: by id, by name, or by a person's id."""
        name = wanted.removeprefix("#")
        for channel in self.channels.values():
            if channel.team == team and name in {channel.id, channel.name, channel.member}:
                return channel
        return None

    def add_team(self, team: str, name: str, *, email: str) -> tuple[SlackPerson, SlackChannel]:
        """Another workspace, with one person, their direct messages and a channel."""
        self.teams[team] = name
        person = SlackPerson(id=f"U{team}", name=email.split("@")[0], email=email, team=team)
        direct = SlackChannel(
            id=f"D{team}", name=f"dm-{person.name}", is_im=True, member=person.id, team=team
        )
        channel = SlackChannel(id=f"C{team}", name="general", team=team)
        self.people[person.id] = person
        self.channels |= {direct.id: direct, channel.id: channel}
        return person, channel

    def find_message(self, channel: str, ts: str) -> Posted | None:
        return next((m for m in self.messages if (m.channel, m.ts) == (channel, ts)), None)

    def post(self, posted: Posted) -> Posted:
        with self.changed:
            self.messages.append(posted)
            self.changed.notify_all()
        return posted

    def is_too_quick(self, channel: str) -> bool:
        """Whether this post comes too soon after the last one that was taken."""
        with self.changed:
            now = time.monotonic()
            if now - self._last_posts.get(channel, -self.pace) < self.pace:
                return True
            self._last_posts[channel] = now
            return False

    def wait_for(self, number: int, *, seconds: float = 20.0) -> list[Posted]:
        """Wait until so many messages were posted; return all there are."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.messages) >= number, timeout=seconds)
            return list(self.messages)

    def in_channel(self, name: str) -> list[Posted]:
        named = {one.id for one in self.channels.values() if name in {one.id, one.name}}
        return [m for m in self.messages if m.channel in named]


def slack_state(corpus: Corpus, *, clock: Callable[[], datetime]) -> SlackState:
    """A workspace with the visitor and the account owners, three channels and a DM each."""
    state = SlackState(clock=clock)
    owners = sorted({account.owner for account in corpus.accounts})
    for number, email in enumerate((*owners, VISITOR), start=1):
        person = SlackPerson(id=f"U{number:08}", name=email.split("@")[0], email=email)
        state.people[person.id] = person
        dm = SlackChannel(
            id=f"D{number:08}", name=f"dm-{person.name}", is_im=True, member=person.id
        )
        state.channels[dm.id] = dm
    for number, name in enumerate(("cx-leaders", "cx-verbatim", "churn-risk"), start=1):
        channel = SlackChannel(id=f"C{number:08}", name=name)
        state.channels[channel.id] = channel
    return state
