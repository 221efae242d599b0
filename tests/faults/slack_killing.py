"""Our bot and worker in processes that die anywhere, beside a Slack that lives on.

One scene is one thing that must happen once: an answer, a digest, a card. Each process of it is
forked from the warmed server, opens the database of a home, and does its part with a clock of its
own; the stand-in stands in the test's process.
"""

import logging
import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.flagging import SlackFlagMessenger
from bot.publishing import SlackPublisher
from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.slack import SlackStand, slack_app
from connectors.sandbox.slack_state import Posted
from service.alerting import Alerting
from service.answers import Answers
from service.digesting import Digests, week_of
from service.domain.conversations import Account, account_key
from service.flags import Flags
from service.schedule import Cron, Job, Schedule
from service.stores import Person
from service.taxonomy_files import default_taxonomy
from storage.database import SqlDatabase
from tests.builders import Clockwork, a_conversation, a_page, a_quote, a_risk, an_analysis
from tests.contract.slack_workspace import (
    CHANNEL,
    CHANNEL_NAME,
    DIRECT,
    LINKS,
    TOKEN,
    USER,
    Workspace,
)
from tests.databases import opened
from tests.faults.killing import WARM, DiesAt, Executioner, die

MONDAY = datetime(2026, 11, 16, 8, 0, 30, tzinfo=UTC)  # half a minute after a digest is due
ZONE = ZoneInfo("Europe/Berlin")
LATER = timedelta(minutes=31)  # every lease of a dead process is over by then
_PATIENCE = 120
_QUESTION = "how many conversations last week?"
_TREND = "how many conversations last week by day?"


class Scene(StrEnum):
    """What must happen once."""

    MENTION = "an answer in a channel"
    DIRECT = "an answer in a direct message"
    PICTURE = "an answer with a chart where Slack draws none"
    DIGEST = "a digest"
    CARD = "a churn-risk card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One process of a scene: what it does, when by its own clock, and where it dies."""

    scene: Scene
    home: Path
    slack_url: str
    at: datetime = MONDAY
    asks: bool = True  # Slack delivers the question; else it was acknowledged before
    end: DiesAt | None = None

    @property
    def database(self) -> Path:
        return self.home / "verbatim.sqlite"


def perform(act: Act, acknowledged: "Pipe[object, object]") -> None:
    """Run in a process of its own: Slack's words in, ours out, until everything is done."""
    logging.disable()  # what goes wrong here is told by what is missing there
    if act.end is not None:
        die(act.end)
    clock = Clockwork(act.at)
    database = opened(f"sqlite:///{act.database}", clock)
    workspace = Workspace(
        slack=None,  # type: ignore[arg-type]  # it stands in another process
        slack_url=act.slack_url,
        database=database,
        clock=clock,
        gateway=_answers(database, clock),  # type: ignore[arg-type]  # the real ones
        person=None,  # type: ignore[arg-type]  # stored already
    )
    _PARTS[act.scene](workspace, act, acknowledged)
    database.close()


def _ask(workspace: Workspace, act: Act, acknowledged: "Pipe[object, object]") -> None:
    with workspace.running() as slack:
        if act.asks:
            send = slack.direct if act.scene is Scene.DIRECT else slack.mention
            question = _TREND if act.scene is Scene.PICTURE else _QUESTION
            acknowledged.send(send(question, ts="1.1").status_code)


def _post_digest(workspace: Workspace, act: Act, acknowledged: "Pipe[object, object]") -> None:
    def run(due: datetime) -> str:
        digests = Digests(
            answers=workspace.gateway,  # type: ignore[arg-type]  # the real ones
            links=LINKS,
            publisher=SlackPublisher(
                workspace.connection(),
                channel=CHANNEL_NAME,
                database=workspace.database,
                clock=workspace.clock,
            ),
            clock=workspace.clock,
            zone=ZONE,
        )
        return digests.post(digests.make(week_of(due.date() - timedelta(days=7))))

    timing = Cron("0 9 * * 1", ZONE, look_back=timedelta(days=8))
    job = Job(name="digest", timing=timing, run=run, late=timedelta(days=3))
    owner = f"{act.at}"
    schedule = Schedule([job], work=workspace.database.work, clock=workspace.clock, owner=owner)
    acknowledged.send(schedule.tick())


def _post_card(workspace: Workspace, act: Act, acknowledged: "Pipe[object, object]") -> None:
    messenger = SlackFlagMessenger(
        workspace.connection(),
        channel="churn-risk",
        database=workspace.database,
        links=LINKS,
        clock=workspace.clock,
    )
    alerting = Alerting(
        database=workspace.database,
        flags=Flags(database=workspace.database, links=LINKS, clock=workspace.clock),
        messenger=messenger,
        zone=ZONE,
        clock=workspace.clock,
    )
    acknowledged.send(alerting.run())


_PARTS: Mapping[Scene, Callable[[Workspace, Act, "Pipe[object, object]"], None]] = {
    Scene.MENTION: _ask,
    Scene.DIRECT: _ask,
    Scene.PICTURE: _ask,
    Scene.DIGEST: _post_digest,
    Scene.CARD: _post_card,
}


def _answers(database: SqlDatabase, clock: Clockwork) -> Answers:
    return Answers(
        database=database,
        taxonomy=default_taxonomy(),
        links=LINKS,
        clock=clock,
        zone=ZONE,
        analyser_version=lambda: "local-1",
    )


# --- The test's side -----------------------------------------------------------------------------


@dataclass(slots=True)
class Stage:
    """A Slack workspace, and a home in which everything is ready for a scene."""

    slack: SlackStand
    url: str
    ready: Path
    executioner: Executioner = field(default_factory=Executioner)
    _numbers: Iterator[int] = field(default_factory=count)

    def home(self) -> Path:
        """A copy of the home that is ready, and a Slack in which nobody has posted."""
        self.slack.state.messages.clear()
        to = self.ready.parent / f"home {next(self._numbers)}"
        shutil.copytree(self.ready, to)
        return to

    def act(self, scene: Scene, home: Path) -> Act:
        self.slack.state.known_charts = scene is not Scene.PICTURE
        return Act(scene=scene, home=home, slack_url=self.url)

    def run(self, act: Act) -> tuple[bool, object]:
        """Run one process to its end; return whether it was killed, and what it had to say."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(WARM))
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=perform, args=(act, theirs), daemon=True)
        process.start()
        theirs.close()
        self.executioner.process = process
        process.join(_PATIENCE)
        code = process.exitcode
        if code is None:
            process.kill()
        assert code in (0, -signal.SIGKILL), f"it ended with {code}"
        return code != 0, _told(ours)

    def run_killed(self, act: Act, *, at: int, after: bool) -> tuple[bool, object]:
        """Run one process that dies beside its Nth request."""
        self.executioner.at, self.executioner.after, self.executioner.seen = at, after, 0
        try:
            return self.run(act)
        finally:
            self.executioner.at = None

    def go_on(self, act: Act, *, times: int = 1, acknowledged: bool) -> list[object]:
        """Start again after the dead process's lease, so many times; return what was said.

        Slack repeats an event that nobody has acknowledged.
        """
        said = []
        for number in range(1, times + 1):
            asks = act.asks and not acknowledged
            killed, told = self.run(replace(act, end=None, at=act.at + number * LATER, asks=asks))
            assert not killed
            acknowledged = True
            said.append(told)
        return said

    @property
    def later(self) -> timedelta:
        return LATER

    @property
    def posted(self) -> Sequence[Posted]:
        return [each for each in self.slack.state.messages if each.ephemeral_for is None]

    @property
    def whispered(self) -> Sequence[Posted]:
        return [each for each in self.slack.state.messages if each.ephemeral_for is not None]


def _told(ours: "Pipe[object, object]") -> object:
    try:
        return ours.recv() if ours.poll() else None
    except EOFError:
        return None
    finally:
        ours.close()


@contextmanager
def stage(folder: Path, *, may_look: bool) -> Iterator[Stage]:
    """Serve Slack; `may_look` when the app was granted the right to read channels."""
    ready = folder / "ready"
    ready.mkdir()
    slack = slack_app(load_corpus(now=MONDAY, conversations=20), token=TOKEN, clock=lambda: MONDAY)
    if may_look:
        slack.state.scopes.add("channels:history")
    _fill(ready / "verbatim.sqlite", slack)
    with slack.serve() as server:
        made = Stage(slack=slack, url=server.url, ready=ready)
        slack.faults.before_answering = made.executioner.before_answering
        slack.faults.after_answering = made.executioner.after_answering
        yield made


def _fill(path: Path, slack: SlackStand) -> None:
    """Two weeks of a few conversations; the last one says that its account leaves."""
    clock = Clockwork(MONDAY)
    database = opened(f"sqlite:///{path}", clock)
    database.migrate()
    known = slack.state.people[USER]
    database.people.save(Person(email=known.email, name=known.name, role="admin"))
    account = Account(key=account_key("zendesk", "a1"), name="Acme", owner=known.email)
    made = [
        a_conversation(
            number,
            "We will cancel our contract." if number == 24 else f"I was charged {number} times.",
            account=account.key,
            created_at=MONDAY - timedelta(days=1 + number % 13, hours=2),
            updated_at=MONDAY - timedelta(days=1, hours=1),
        )
        for number in range(1, 25)
    ]
    database.conversations.save_page("zendesk", a_page(*made, accounts=(account,)))
    analyses = [an_analysis(one, quotes=(a_quote(one),)) for one in made[:-1]]
    database.analyses.save([*analyses, a_risk(made[-1])])
    database.conversations.sync_finished("zendesk", MONDAY - timedelta(minutes=20))
    Flags(database=database, links=LINKS, clock=clock).update()
    # The publisher has posted before: from then on the channel's id is known.
    database.work.remember(f"slack-channel:{CHANNEL_NAME}", CHANNEL)
    database.close()


__all__ = ["DIRECT", "Act", "Scene", "Stage", "perform", "stage"]
