"""Real `verbatim` processes against stand-ins that kill them at the Nth request.

A warmed server process forks each of them, so that a run costs what its work costs and not the
imports. The stand-ins live in the test's own process and use the real clock, as the command does.
"""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from multiprocessing import connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from connectors.intercom import build as build_intercom
from connectors.sandbox.claude import claude_app
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.faults import Call
from connectors.sandbox.intercom import intercom_app
from connectors.sandbox.server import Stand
from connectors.sandbox.zendesk import zendesk_app
from connectors.zendesk import build as build_zendesk
from service.domain.writeback import field_specs
from service.ports import Helpdesk
from service.taxonomy_files import default_taxonomy
from tests.contract.helpdesk_bench import TOKEN, small_corpus

WARM = (
    "tests.faults.killing",
    "tests.faults.slack_killing",
    "tests.faults.warm",
    "connectors.zendesk.writing",
    "connectors.intercom.helpdesk",
    "service.analysis.claude",
    "service.analysis.local",
    "anthropic",
    "matplotlib.backends.backend_agg",
    "service.commands.loop",
    "service.pipeline",
    "storage.database",
    "zenpy",
)
CANCELS = "We will cancel our subscription and move to a competitor."
SECRET_KEY = "a secret of tests"
_PATIENCE = 60  # seconds; a run takes one
_MOST_CYCLES = 6  # until nothing is left to do; more is a game of ping-pong
_PREPARING = ("PRAGMA", "BEGIN")  # statements beside which nothing else can have happened
# Plainly negative, so that it is measured alike alone and together with others.
COMPLAINS = "This is terrible, I am furious: you charged me twice! Call +49 30 901820 now."
_PRIVATE = (TOKEN, SECRET_KEY, "ria@example.com", "901820", CANCELS, COMPLAINS)  # never in a log


class Moment(StrEnum):
    """Where in its work with the database a process dies."""

    STATEMENT = "before_cursor_execute"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiesAt:
    """The Nth time that this happens is the last thing that a process sees."""

    moment: Moment
    number: int


def _now() -> datetime:
    return datetime.now(UTC)


def run_command(
    arguments: list[str], environment: Mapping[str, str], log: str, end: DiesAt | None
) -> None:
    """Run `verbatim` in this process, which was forked for it, or until it dies."""
    from service.cli import run
    from service.logs import configure
    from service.settings import read_settings
    from tests.faults.warm import Warm

    if end is not None:
        die(end)

    os.chdir(Path(log).parent)  # no .env of the developer's
    for name in [name for name in os.environ if name.startswith("VERBATIM_")]:
        del os.environ[name]
    os.environ.update(environment)
    with Path(log).open("w") as sys.stdout, _errors_of(Path(log)).open("w") as sys.stderr:
        configure("DEBUG")  # all that we ever log
        sys.exit(run(Warm(read_settings), arguments))


def die(end: DiesAt) -> None:
    """Let this process kill itself, by a signal that nothing can catch."""
    numbers = count()

    def strike(_connection: object, *about: Any) -> None:
        preparing = len(about) > 1 and about[1].startswith(_PREPARING)
        if not preparing and next(numbers) == end.number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, end.moment, strike)


@dataclass(slots=True)
class Executioner:
    """Kills a process at the Nth request, before or after it was carried out."""

    at: int | None = None
    after: bool = False
    seen: int = 0
    process: Any = None

    def before_answering(self, _: Call) -> None:
        if not self.after:
            self._strike()

    def after_answering(self, _: Call) -> None:
        if self.after:
            self._strike()

    def _strike(self) -> None:
        self.seen += 1
        if self.seen - 1 == self.at and self.process is not None:
            os.kill(self.process.pid, signal.SIGKILL)
            # It is dead before anything else happens, and the request dies with its connection.
            # Only looked at: the exit code is read by the thread that started it.
            connection.wait([self.process.sentinel], _PATIENCE)
            if not self.after:
                raise ConnectionResetError


@dataclass(slots=True)
class Town:
    """Two helpdesks and a home for a workspace that is connected to them."""

    stands: Mapping[str, Stand[Any]]
    urls: Mapping[str, str]
    helpdesks: Mapping[str, Helpdesk]  # connectors of the test's own, to look with
    analyser: str = "local"
    executioner: Executioner = field(default_factory=Executioner)

    def environment(self, home: Path) -> dict[str, str]:
        return {
            "VERBATIM_HOME": str(home),
            "VERBATIM_SECRET_KEY": SECRET_KEY,
            "VERBATIM_ANALYSER": self.analyser,
            "VERBATIM_CLAUDE__API_KEY": TOKEN,
            "VERBATIM_CLAUDE__BASE_URL": self.urls["claude"],
            "VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN": "acme",
            "VERBATIM_HELPDESKS__ZENDESK__BASE_URL": self.urls["zendesk"],
            "VERBATIM_HELPDESKS__ZENDESK__OAUTH_TOKEN": TOKEN,
            "VERBATIM_HELPDESKS__INTERCOM__BASE_URL": self.urls["intercom"],
            "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN": TOKEN,
            "VERBATIM_HELPDESKS__INTERCOM__ADMIN_ID": "900",
            "VERBATIM_HELPDESKS__INTERCOM__SETTLE_SECONDS": "0",
        }

    def run(self, home: Path, *arguments: str) -> None:
        """Run a command to its end, which must be a good one."""
        code = self._end_of(self.start(home, *arguments), home)
        assert code == 0, told(home)

    def run_killed(self, home: Path, *arguments: str, at: int, after: bool) -> bool:
        """Run a command that dies at its Nth request; say whether it came that far."""
        self.executioner.at, self.executioner.after, self.executioner.seen = at, after, 0
        code = self._end_of(self.start(home, *arguments), home)
        self.executioner.at = None
        assert code in (0, -signal.SIGKILL), told(home)
        return code == -signal.SIGKILL

    def run_until(self, home: Path, *arguments: str, end: DiesAt) -> bool:
        """Run a command that dies at its Nth step; say whether it came that far."""
        code = self._end_of(self.start(home, *arguments, end=end), home)
        assert code in (0, -signal.SIGKILL), told(home)
        return code == -signal.SIGKILL

    def run_beside(self, home: Path, *arguments: str, at: int) -> bool:
        """Run a command that waits in its Nth request until a second one like it has ended; say
        whether it came that far.
        """
        numbers = count()
        second: list[int] = []

        def interrupt(_: Call) -> None:
            if next(numbers) == at:
                beside = self.start(home, *arguments, log=f"{home.name} beside")
                second.append(self._end_of(beside, home))

        for stand in self.stands.values():
            stand.faults.before_answering = interrupt
        first = self._end_of(self.start(home, *arguments), home)
        for stand in self.stands.values():
            stand.faults.before_answering = self.executioner.before_answering
        assert first in (0, 1), told(home)
        assert set(second) <= {0, 1}
        return bool(second)

    def drain(self, home: Path) -> None:
        """Run cycles until one finds nothing to do; that must be soon."""
        for _ in range(_MOST_CYCLES):
            self.run(home, "cycle", "--json")
            if _idle(json.loads(said(home))):
                return
        raise AssertionError(f"there is always something to do: {told(home)}")

    def requests_of(self, home: Path, *arguments: str) -> int:
        self.executioner.seen = 0
        self.run(home, *arguments)
        return self.executioner.seen

    def start(
        self, home: Path, *arguments: str, end: DiesAt | None = None, log: str | None = None
    ) -> Any:
        """Start a command in a process of its own, which the executioner may kill."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(WARM))
        path = home.parent / f"{log or home.name}.log"
        given = (list(arguments), self.environment(home), str(path), end)
        process = context.Process(target=run_command, args=given, daemon=True)
        process.start()
        self.executioner.process = process
        return process

    def _end_of(self, process: Any, home: Path) -> int:
        process.join(_PATIENCE)
        code: int | None = process.exitcode
        if code is None:
            process.kill()
        assert code is not None, f"it neither ended nor died: {told(home)}"
        assert [word for word in _PRIVATE if word in told(home)] == []
        return code

    def paid_calls(self) -> int:
        """Return how many questions that cost money have arrived at Claude."""
        return len(self.stands["claude"].state.requests)

    def shown(self) -> dict[str, Any]:
        """Return all that people see: values, tags and how much happened in each conversation."""
        zendesk, intercom = self.stands["zendesk"].state, self.stands["intercom"].state
        titles = {each.id: each.title for each in zendesk.fields.custom()}
        found: dict[str, Any] = {}
        for id_, row in zendesk.tickets.items():
            values = {titles[f]: v for f, v in row.custom_fields.items() if v is not None}
            found[f"zendesk:{id_}"] = (values, sorted(row.tags), len(row.comments), len(row.audits))
        for id_, row in intercom.conversations.items():
            tags = sorted(intercom.tags[tag] for tag in row.tags)
            found[f"intercom:{id_}"] = (dict(row.custom_attributes), tags, len(row.parts))
        return found


def said(home: Path) -> str:
    """Return what the last command of this home wrote as its answer."""
    path = _log_of(home)
    return path.read_text() if path.exists() else ""


def told(home: Path) -> str:
    """Return that and what it logged."""
    errors = _errors_of(_log_of(home))
    return said(home) + (errors.read_text() if errors.exists() else "")


def _log_of(home: Path) -> Path:
    return home.parent / f"{home.name}.log"


def _errors_of(log: Path) -> Path:
    return log.with_suffix(".err")


def _idle(report: Any) -> bool:
    synced, written = report["synced"], report["written"]
    return not (
        any(each["conversations"] or each["messages"] or each["gone"] for each in synced)
        or report["analysed"]["analysed"]
        or any(each["written"] for each in written)
    )


@contextmanager
def town(conversations: int, *, analyser: str = "local") -> Iterator[Town]:
    """Serve both helpdesks, each with so many conversations, and a Claude."""
    stands: dict[str, Stand[Any]] = {
        "zendesk": zendesk_app(
            _corpus("zendesk", conversations), token=TOKEN, clock=_now, page_limit=2
        ),
        "intercom": intercom_app(_corpus("intercom", conversations), token=TOKEN, clock=_now),
        "claude": claude_app(key=TOKEN),
    }
    with ExitStack() as stack:
        urls = {name: stack.enter_context(each.serve()).url for name, each in stands.items()}
        desks = _connected(urls)
        stack.callback(desks["intercom"].close)  # type: ignore[attr-defined]  # not of the port
        made = Town(stands=stands, urls=urls, helpdesks=desks, analyser=analyser)
        for stand in stands.values():
            stand.faults.before_answering = made.executioner.before_answering
            stand.faults.after_answering = made.executioner.after_answering
        yield made


def _connected(urls: Mapping[str, str]) -> dict[str, Helpdesk]:
    zendesk = {"subdomain": "acme", "base_url": urls["zendesk"], "oauth_token": TOKEN}
    intercom = {"access_token": TOKEN, "base_url": urls["intercom"], "admin_id": "900"}
    return {"zendesk": build_zendesk(zendesk), "intercom": build_intercom(intercom)}


def set_up(town: Town) -> None:
    """Make our fields in both helpdesks, as `verbatim setup` does."""
    specs = field_specs(*default_taxonomy().choices())
    for desk in town.helpdesks.values():
        desk.setup([spec for spec in specs if spec.name in desk.fields], dry_run=False)


def _corpus(helpdesk: str, conversations: int) -> Corpus:
    """The first customer threatens to leave, so that there is a tag to write; others complain."""
    corpus = small_corpus(helpdesk, conversations)
    begins = [CANCELS, *[COMPLAINS] * (conversations - 1)]
    return replace(
        corpus,
        conversations=tuple(
            replace(each, messages=(replace(each.messages[0], text=text), *each.messages[1:]))
            for each, text in zip(corpus.conversations, begins, strict=True)
        ),
    )
