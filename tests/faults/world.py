"""Both helpdesks, a database, the loop and the web application, in one process with a clock of its
own: for faults that need no dead process.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from service.analysis.local import build as build_analyser
from service.answering.desk import Desk
from service.domain.conversations import Conversation, ConversationKey
from service.domain.people import SYSTEM
from service.domain.writeback import field_specs
from service.links import Links
from service.pipeline import Pipeline
from service.ports import Analyser, Helpdesk
from service.progress import Silent
from service.receipts import Receipts
from service.redaction import Redactor
from service.settings import Settings
from service.taxonomy_files import default_taxonomy
from service.web.app import create_app
from storage.database import SqlDatabase
from tests.contract.helpdesk_bench import Copy, HelpdeskBench, small_corpus
from tests.contract.test_helpdesk_intercom import IntercomBench
from tests.contract.test_helpdesk_zendesk import ZendeskBench
from tests.databases import opened

URL = "http://127.0.0.1:8765"
NAMES = ("zendesk", "intercom")


def other_of(name: str) -> str:
    """The helpdesk that a fault of this one must not touch."""
    return next(each for each in NAMES if each != name)


@cache
def analyser() -> Analyser:
    return build_analyser()


@cache
def masks() -> Redactor:
    return Redactor()


class _Stored(Copy):
    """Tells the connectors what the database holds, as the program does."""

    def __init__(self, database: SqlDatabase) -> None:
        super().__init__()
        self._database = database

    def known(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        return self._database.conversations.updated_at(keys)


@dataclass(slots=True)
class World:
    benches: Mapping[str, HelpdeskBench]
    database: SqlDatabase
    helpdesks: dict[str, Helpdesk]

    def pipeline(self) -> Pipeline:
        return Pipeline(
            database=self.database,
            helpdesks=self.helpdesks,
            analyser=analyser(),
            taxonomy=default_taxonomy(),
            masks=masks(),
            links=Links(URL),
            clock=self.benches["zendesk"].clock,
        )

    def cycle(self) -> Any:
        return self.pipeline().cycle(Silent())

    def beside(self) -> "World":
        """The same workspace as a second process sees it."""
        stored = _Stored(self.database)
        desks = {name: each.connect(stored) for name, each in self.benches.items()}
        return replace(self, helpdesks=desks)

    def age(self) -> list[str]:
        """What every answer says first when the data is old."""
        clock = self.benches["zendesk"].clock
        desk = Desk(
            database=self.database,
            taxonomy=default_taxonomy(),
            links=Links(URL),
            clock=clock,
            zone=ZoneInfo("UTC"),
            analyser=analyser().name,
            masking=masks().version,
            receipts=Receipts(self.database, clock),
            viewer=SYSTEM,
        )
        return desk.stale()

    def reconnect(self, name: str) -> None:
        """Let the program start anew, as far as this helpdesk is concerned."""
        self.helpdesks[name] = self.benches[name].connect(_Stored(self.database))

    def later(self, **passed: float) -> None:
        for bench in self.benches.values():
            bench.later(**passed)

    def web(self) -> Flask:
        return create_app(
            database=self.database,
            answers=None,  # type: ignore[arg-type]  # webhooks ask no questions
            settings=Settings(_env_file=None),  # type: ignore[call-arg]  # no developer's .env
            secret=b"a secret",
            links=Links(URL),
            clock=self.benches["zendesk"].clock,
            taxonomy=default_taxonomy(),
            metrics=None,  # type: ignore[arg-type]  # nor define metrics
            helpdesks=self.helpdesks,
        )

    def stored(self) -> dict[ConversationKey, Conversation]:
        store = self.database.conversations
        keys = [k for name in self.benches for batch in store.stored_keys(name) for k in batch]
        return {each.key: each for each in store.get_many(keys)}


@contextmanager
def world(folder: Path, *, conversations: int = 4, page_size: int = 3) -> Iterator[World]:
    corpora = {name: small_corpus(name, conversations) for name in NAMES}
    with (
        ZendeskBench.opened(corpora["zendesk"], page_size=page_size) as zendesk,
        IntercomBench.opened(corpora["intercom"], page_size=page_size) as intercom,
    ):
        database = opened(f"sqlite:///{folder / 'verbatim.db'}", zendesk.clock)
        database.migrate()
        benches: dict[str, HelpdeskBench] = {"zendesk": zendesk, "intercom": intercom}
        helpdesks = {name: each.connect(_Stored(database)) for name, each in benches.items()}
        specs = field_specs(*default_taxonomy().choices())
        for desk in helpdesks.values():
            desk.setup([spec for spec in specs if spec.name in desk.fields], dry_run=False)
        yield World(benches=benches, database=database, helpdesks=helpdesks)
        database.close()
