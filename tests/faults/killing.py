"""Real `verbatim` processes against stand-ins that kill them at the Nth request.

A warmed server process forks each of them, so that a run costs what its work costs and not the
imports. The stand-ins live in the test's own process and use the real clock, as the command does.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from multiprocessing import connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from connectors.intercom import build as build_intercom
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.faults import Call
from connectors.sandbox.intercom import intercom_app
from connectors.sandbox.server import Stand
from connectors.sandbox.zendesk import zendesk_app
from connectors.zendesk import build as build_zendesk
from service.domain.writeback import field_specs
from service.taxonomy_files import default_taxonomy
from tests.contract.helpdesk_bench import TOKEN, small_corpus

_WARM = (
    "tests.faults.killing",
    "connectors.zendesk.writing",
    "connectors.intercom.helpdesk",
    "service.analysis.local",
    "service.commands.loop",
    "service.pipeline",
    "storage.database",
    "zenpy",
)
CANCELS = "We will cancel our subscription and move to a competitor."
_PATIENCE = 60  # seconds; a run takes one


def _now() -> datetime:
    return datetime.now(UTC)


def run_command(
    arguments: list[str], environment: Mapping[str, str], log: str, last_statement: int | None
) -> None:
    """Run `verbatim` in this process, which was forked for it, or until it dies."""
    from verbatim import main

    if last_statement is not None:
        _die_before_statement(last_statement)

    os.chdir(Path(log).parent)  # no .env of the developer's
    for name in [name for name in os.environ if name.startswith("VERBATIM_")]:
        del os.environ[name]
    os.environ.update(environment)
    sys.argv = ["verbatim", *arguments]
    with Path(log).open("w") as output:
        sys.stdout = sys.stderr = output
        main()


def _die_before_statement(number: int) -> None:
    """Let this process kill itself when its database is about to run its Nth statement."""
    numbers = count()

    def strike(*_: object) -> None:
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", strike)


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
    executioner: Executioner = field(default_factory=Executioner)

    def environment(self, home: Path) -> dict[str, str]:
        return {
            "VERBATIM_HOME": str(home),
            "VERBATIM_SECRET_KEY": "a secret of tests",
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
        code = self._run(home, arguments)
        assert code == 0, (home.parent / f"{home.name}.log").read_text()

    def run_killed(self, home: Path, *arguments: str, at: int, after: bool) -> bool:
        """Run a command that dies at its Nth request; say whether it came that far."""
        self.executioner.at, self.executioner.after, self.executioner.seen = at, after, 0
        code = self._run(home, arguments)
        self.executioner.at = None
        return code == -signal.SIGKILL

    def run_until_statement(self, home: Path, *arguments: str, number: int) -> bool:
        """Run a command that dies before its Nth SQL statement; say whether it came that far."""
        return self._run(home, arguments, last_statement=number) == -signal.SIGKILL

    def requests_of(self, home: Path, *arguments: str) -> int:
        self.executioner.seen = 0
        self.run(home, *arguments)
        return self.executioner.seen

    def _run(
        self, home: Path, arguments: tuple[str, ...], *, last_statement: int | None = None
    ) -> int:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_WARM))
        log = home.parent / f"{home.name}.log"
        given = (list(arguments), self.environment(home), str(log), last_statement)
        process = context.Process(target=run_command, args=given, daemon=True)
        process.start()
        self.executioner.process = process
        process.join(_PATIENCE)
        code = process.exitcode
        assert code is not None, "it neither ended nor died"
        return code

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


@contextmanager
def town(conversations: int) -> Iterator[Town]:
    """Serve both helpdesks, each with so many conversations."""
    stands: dict[str, Stand[Any]] = {
        "zendesk": zendesk_app(
            _corpus("zendesk", conversations), token=TOKEN, clock=_now, page_limit=3
        ),
        "intercom": intercom_app(_corpus("intercom", conversations), token=TOKEN, clock=_now),
    }
    with ExitStack() as stack:
        urls = {name: stack.enter_context(each.serve()).url for name, each in stands.items()}
        made = Town(stands=stands, urls=urls)
        for stand in stands.values():
            stand.faults.before_answering = made.executioner.before_answering
            stand.faults.after_answering = made.executioner.after_answering
        yield made


def set_up(town: Town) -> None:
    """Make our fields in both helpdesks, as `verbatim setup` does."""
    specs = field_specs(*default_taxonomy().choices())
    zendesk = build_zendesk(
        {"subdomain": "acme", "base_url": town.urls["zendesk"], "oauth_token": TOKEN}
    )
    intercom = build_intercom({"access_token": TOKEN, "base_url": town.urls["intercom"]})
    for desk in (zendesk, intercom):
        desk.setup([spec for spec in specs if spec.name in desk.fields], dry_run=False)
    intercom.close()  # type: ignore[attr-defined]  # not of the port: for sockets' sake


def _corpus(helpdesk: str, conversations: int) -> Corpus:
    """The first customer threatens to leave, so that there is a tag to write."""
    corpus = small_corpus(helpdesk, conversations)
    first, *others = corpus.conversations
    words = replace(first.messages[0], text=CANCELS)
    return replace(
        corpus, conversations=(replace(first, messages=(words, *first.messages[1:])), *others)
    )
