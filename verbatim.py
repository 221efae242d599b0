"""The composition root: reads settings, builds the adapters, hands them to the service.

The only module that knows everybody; nothing imports it. Adapters are imported inside the methods
that build them: `import anthropic` alone takes seconds, and `verbatim --help` should not wait.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from service.collecting import settled
from service.workspace import SandboxAddresses, SlackStanding, Workspace

if TYPE_CHECKING:
    from threading import Event

    from flask import Flask

    from bot.wiring import SlackParts
    from service.access import Access
    from service.alerting import Alerting
    from service.answers import Answers
    from service.backups import Backups
    from service.catalogue import Catalogue
    from service.custom_metrics import Trial
    from service.digesting import Digests
    from service.domain.conversations import Conversation, ConversationKey
    from service.domain.costs import Estimate
    from service.domain.imported import Reader
    from service.domain.measurements import Metric
    from service.domain.taxonomy import Taxonomy
    from service.flags import Flags
    from service.forgetting import Forgetting
    from service.governance import Governance
    from service.links import Links
    from service.masking import Masks
    from service.metrics_in_force import MetricsInForce
    from service.pipeline import Pipeline
    from service.ports import Analyser, Helpdesk
    from service.retention import Retention
    from service.schedule import Schedule
    from service.second_reading import SecondReader
    from service.settings import Settings
    from service.spotchecks import SpotChecks
    from service.stores import Database
    from service.themes import Vectors
    from service.watching import Watch

T = TypeVar("T")


class Built:
    """One workspace: its parts are built on first use and kept."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._read_settings = settings
        self._parts: dict[str, object] = {}

    @property
    def settings(self) -> Settings:
        return self._given[0]

    @cached_property
    def _given(self) -> tuple[Settings, MetricsInForce]:
        """The settings, and the metrics that they name: known before anything asks for them."""
        from service.metrics_in_force import MetricsInForce

        settings = self._read_settings()
        required = settings.metrics is not None
        metrics = MetricsInForce(settings.metrics_file, required=required, masks=self.masks)
        metrics.define()
        return settings, metrics

    def now(self) -> datetime:
        return datetime.now(UTC)

    def links(self) -> Links:
        from service.links import Links

        return Links(self.settings.public_url)

    def database(self) -> Database:
        return self._once("database", self._open_database)

    def taxonomy(self) -> Taxonomy:
        """The ladder in force: a change by another process is seen at the next call."""
        self._notice_metrics()
        file = self._taxonomy_file
        if not self.has_database():
            return file
        from service.domain.governing import in_force

        return in_force(file, self.database().taxonomies.latest())

    def governance(self) -> Governance:
        from service.governance import Governance

        return Governance(
            database=self.database(),
            taxonomy=self.taxonomy(),
            file=self._taxonomy_file,
            clock=self.now,
        )

    def metrics(self) -> MetricsInForce:
        return self._given[1]

    def masks(self) -> Masks:
        from service.redaction import Redactor

        return self._once("masks", lambda: Redactor(self.settings.phone_regions))

    def helpdesks(self) -> Mapping[str, Helpdesk]:
        return {name: self.helpdesk(name) for name in sorted(self.settings.helpdesks)}

    def helpdesk(self, name: str) -> Helpdesk:
        return self._once(f"helpdesk {name}", lambda: self._connect(name))

    def analyser(self, name: str | None = None) -> Analyser:
        self._notice_metrics()
        chosen = name or self.settings.analyser_name
        return self._once(f"analyser {chosen}", lambda: self._build_analyser(chosen))

    def pipeline(self, analyser: str | None = None) -> Pipeline:
        from service.pipeline import Pipeline

        return Pipeline(
            database=self.database(),
            helpdesks=self.helpdesks(),
            analyser=self.analyser(analyser),
            taxonomy=self.taxonomy(),
            masks=self.masks(),
            links=self.links(),
            clock=self.now,
            write_rules=self.settings.write_rules,
        )

    def answers(self) -> Answers:
        from service.answers import Answers

        return Answers(
            database=self.database(),
            taxonomy=self._taxonomy_file,
            links=self.links(),
            clock=self.now,
            zone=self.settings.zone,
            analyser_version=self._analyser_version,
            masking_version=self.masks().version,
            second=self._second_reader(),
        )

    def catalogue(self) -> Catalogue:
        return self.answers().catalogue()

    def access(self) -> Access:
        from service.access import Access

        return Access(self.database().people, self._secret, self.now)

    def digests(self) -> Digests:
        from service.alert_book import AlertBook
        from service.digesting import Digests

        checks, zone = self.spot_checks(), self.settings.zone
        return Digests(
            answers=self.answers(),
            links=self.links(),
            publisher=self._slack().publisher(),
            clock=self.now,
            zone=zone,
            validated=checks.validated(),
            flags=self.flags(),
            owners=self.taxonomy().owners,
            checks=checks,
            alerts=AlertBook(database=self.database(), clock=self.now, zone=zone),
        )

    def flags(self) -> Flags:
        from service.flags import Flags

        return Flags(database=self.database(), links=self.links(), clock=self.now)

    def alerting(self) -> Alerting:
        from service.alerting import Alerting

        return Alerting(
            database=self.database(),
            flags=self.flags(),
            messenger=self._slack().flag_messenger(),
            zone=self.settings.zone,
            clock=self.now,
        )

    def forgetting(self) -> Forgetting:
        from service.forgetting import Forgetting

        return Forgetting(
            database=self.database(),
            flags=self.flags(),
            withdrawer=self._slack().withdrawer(),
            clock=self.now,
        )

    def slack_standing(self, team: str = "") -> SlackStanding:
        return self._slack().standing(team)

    def slack_manifest(self) -> Mapping[str, object]:
        return self._slack().manifest(self.settings.public_url)

    def spot_checks(self) -> SpotChecks:
        from service.spotchecks import SpotChecks

        return SpotChecks(
            database=self.database(), analyser=self._analyser_version(), clock=self.now
        )

    def retention(self) -> Retention:
        from service.retention import Retention

        return Retention(
            database=self.database(),
            forgetting=self.forgetting(),
            days=self.settings.retention_days,
            clock=self.now,
        )

    def watch(self) -> Watch:
        from service.watching import Watch

        return Watch(
            database=self.database(),
            answers=self.answers(),
            messenger=self._slack().alert_messenger(),
            validated=self.spot_checks().validated(),
            clock=self.now,
            zone=self.settings.zone,
        )

    def backups(self) -> Backups:
        from storage.backup import backups

        return backups(self.settings.database, secret=self._secret, clock=self.now)

    def schedule(self) -> Schedule:
        from service.jobs import jobs
        from service.schedule import Schedule

        return Schedule(
            jobs(self),
            work=self.database().work,
            clock=self.now,
            owner=f"{socket.gethostname()}:{os.getpid()}",
        )

    def import_formats(self) -> Mapping[str, Reader]:
        from connectors.export_files import import_formats

        return import_formats()

    def web_app(self) -> Flask:
        from service.web.app import create_app

        slack = self._slack()
        return create_app(
            database=self.database(),
            answers=self.answers(),
            settings=self.settings,
            secret=self._secret,
            links=self.links(),
            clock=self.now,
            taxonomy=self._taxonomy_file,
            themes=self._theme_vectors,
            metrics=self.metrics(),
            trial=self._try_metric,
            cost=self._cost_of_metric,
            helpdesks=self.helpdesks(),
            slack_handler=slack.http_handler(),
            slack_installer=slack.installer(),
            analyser_version=self._analyser_version,
        )

    def run_bot(self, stop: Event) -> None:
        slack = self._slack()
        settled()
        slack.run_socket_mode(stop)

    @contextmanager
    def sandbox(
        self, *, conversations: int | None, seed: int, port: int
    ) -> Iterator[SandboxAddresses]:
        from connectors.sandbox.running import run_sandbox

        with run_sandbox(
            conversations=conversations, seed=seed, port=port, now=self.now()
        ) as stands:
            yield SandboxAddresses(
                urls=stands.urls,
                environment=stands.environment,
                visitor=stands.visitor,
                mention=stands.mention,
            )

    def with_settings(self, *, home: Path, environment: Mapping[str, str]) -> Workspace:
        from service.settings import settings_from

        return Built(lambda: settings_from({"VERBATIM_HOME": str(home), **environment}))

    def _slack(self) -> SlackParts:
        from bot.wiring import SlackParts

        return SlackParts(
            settings=self.settings.slack,
            database=self.database,
            answers=self.answers,
            links=self.links(),
            clock=self.now,
        )

    def _notice_metrics(self) -> None:
        """An analyser is built for the metrics that it was told of."""
        if self._given[1].notice():
            built = self._parts.items()
            self._parts = {n: part for n, part in built if not n.startswith("analyser ")}

    @cached_property
    def _secret(self) -> bytes:
        """The workspace's key: from the settings, else made once and kept beside the database."""
        if self.settings.secret_key is not None:
            return self.settings.secret_key.get_secret_value().encode()
        from service.workspace_folder import kept_key

        return kept_key(self.settings.folder)

    def _once(self, name: str, build: Callable[[], T]) -> T:
        if name not in self._parts:
            self._parts[name] = build()
        return self._parts[name]  # type: ignore[return-value]  # built by the same callable

    def _open_database(self) -> Database:
        from service.measures import every_metric
        from service.workspace_folder import make_folder
        from storage.database import open_database

        make_folder(self.settings.folder)
        database = open_database(
            self.settings.database,
            metrics=every_metric,
            zone=self.settings.zone,
            secret=self._secret,
            clock=self.now,
        )
        database.migrate()
        return database

    def has_database(self) -> bool:
        """Labelling a file stores nothing, so it makes no database either."""
        if "database" in self._parts or self.settings.database_url is not None:
            return True
        return (self.settings.folder / "verbatim.sqlite").is_file()

    def _theme_vectors(self) -> Vectors:
        from service.analysis.local import theme_vectors

        return self._once("theme vectors", theme_vectors)

    def _try_metric(self, metric: Metric, found: Sequence[Conversation]) -> list[Trial]:
        from service.analysis.local import tried

        return tried(metric, found, self._theme_vectors())

    def _cost_of_metric(self, metric: Metric) -> Estimate | None:
        return self.pipeline().analysing().estimate_anew(metric)

    @cached_property
    def _taxonomy_file(self) -> Taxonomy:
        """The ladder as the settings name it; people may have changed it since."""
        from service.taxonomy_files import default_taxonomy, read_taxonomy

        path = self.settings.taxonomy
        return default_taxonomy() if path is None else read_taxonomy(path)

    def _connect(self, name: str) -> Helpdesk:
        import connectors
        from service import plugins
        from service.errors import Misused

        settings = self.settings.helpdesks.get(name)
        if settings is None:
            raise Misused(
                f"{name} is not connected. Set VERBATIM_HELPDESKS__{name.upper()}__... "
                f"(see .env.example)."
            )
        module = plugins.load(connectors, name)
        keeper = self.database().keeper(name)
        helpdesk: Helpdesk = module.build(settings, known=self._known, keeper=keeper)
        return helpdesk

    def _known(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        return self.database().conversations.updated_at(keys)

    def _build_analyser(self, name: str) -> Analyser:
        from service import analysis, plugins

        module = plugins.load(analysis, name)
        if hasattr(module, "build_paid"):  # one that costs money is given the shared ledger
            paid: Analyser = module.build_paid(
                self.settings, costs=self.database().costs, clock=self.now
            )
            return paid
        analyser: Analyser = module.build(self.settings)
        return analyser

    def _second_reader(self) -> SecondReader | None:
        """Who reads a question that the offline reader is in doubt about.

        Nobody without a key, or where the local analyser was chosen: nothing is to leave then.
        """
        settings = self.settings
        if settings.claude.api_key is None or settings.analyser_name != "claude":
            return None
        from service.analysis.claude import second_reader

        return self._once(
            "second reader",
            lambda: second_reader(
                self.settings,
                ledger=self.database().costs,
                memory=self.database().work,
                clock=self.now,
                masks=self.masks(),
            ),
        )

    def _analyser_version(self) -> str:
        """Answers name the analyser behind a number; they do not have to load its model."""
        from service import analysis, plugins

        self._notice_metrics()
        module = plugins.load(analysis, self.settings.analyser_name)
        version: str = module.version(self.settings)
        return version


def _settings() -> Settings:
    from service.settings import read_settings  # late: pydantic-settings costs 0.2 s

    return read_settings()


_SWITCH = 0.0005  # seconds; while one thread counts an answer, Slack's events wait for their turn


def main() -> None:
    """Run the `verbatim` command."""
    from service.cli import run
    from service.logs import configure

    configure("ERROR")  # a warning would stand beside an error's sentence; processes log as set
    sys.exit(run(Built(_settings)))


def create_web_app() -> Flask:
    """Build the web application for gunicorn."""
    from service.logs import configure

    workspace = Built(_settings)
    configure(workspace.settings.log_level)
    sys.setswitchinterval(_SWITCH)
    app = workspace.web_app()
    settled()
    return app
