"""The composition root: reads settings, builds the adapters, hands them to the service.

The only module that knows everybody; nothing imports it. Adapters are imported inside the methods
that build them: `import anthropic` alone takes seconds, and `verbatim --help` should not wait.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from service.workspace import SandboxAddresses, SlackStanding, Workspace

if TYPE_CHECKING:
    from threading import Event

    from flask import Flask, Request, Response
    from pydantic import SecretStr

    from bot.connection import Connection
    from service.access import Access
    from service.alerting import Alerting, FlagMessenger
    from service.answers import Answers
    from service.backups import Backups
    from service.catalogue import Catalogue
    from service.digest import Digests, Publisher
    from service.domain.conversations import ConversationKey
    from service.domain.imported import Reader
    from service.domain.taxonomy import Taxonomy
    from service.flags import Flags
    from service.forgetting import Forgetting, Withdrawer
    from service.governance import Governance
    from service.links import Links
    from service.masking import Masks
    from service.pipeline import Pipeline
    from service.ports import Analyser, Helpdesk
    from service.retention import Retention
    from service.schedule import Schedule
    from service.settings import Settings
    from service.spotchecks import SpotChecks
    from service.stores import Database
    from service.themes import Vectors
    from service.watching import AlertMessenger, Watch
    from service.web.site import SlackInstaller

T = TypeVar("T")


class Built:
    """One workspace: its parts are built on first use and kept."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._read_settings = settings
        self._parts: dict[str, object] = {}
        self._metrics_mark: tuple[int, int] | None = None

    @cached_property
    def settings(self) -> Settings:
        settings = self._read_settings()
        self._define_metrics(settings)
        return settings

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
        file = self._once("taxonomy", self._read_taxonomy)
        if not self._has_database():
            return file
        from service.domain.governing import in_force

        return in_force(file, self.database().taxonomies.latest())

    def governance(self) -> Governance:
        from service.governance import Governance

        return Governance(
            database=self.database(),
            taxonomy=self.taxonomy(),
            file=self._once("taxonomy", self._read_taxonomy),
            clock=self.now,
        )

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
            taxonomy=self._once("taxonomy", self._read_taxonomy),
            links=self.links(),
            clock=self.now,
            zone=self.settings.zone,
            analyser_version=self._analyser_version(),
            masking_version=self.masks().version,
        )

    def catalogue(self) -> Catalogue:
        return self.answers().catalogue()

    def access(self) -> Access:
        from service.access import Access

        return Access(self.database().people, self._secret, self.now)

    def digests(self) -> Digests:
        from service.digest import Digests

        return Digests(
            answers=self.answers(),
            links=self.links(),
            publisher=self._publisher(),
            clock=self.now,
            zone=self.settings.zone,
            validated=self.spot_checks().validated(),
            flags=self.flags(),
        )

    def flags(self) -> Flags:
        from service.flags import Flags

        return Flags(database=self.database(), links=self.links(), clock=self.now)

    def alerting(self) -> Alerting:
        from service.alerting import Alerting

        return Alerting(
            database=self.database(),
            flags=self.flags(),
            messenger=self._flag_messenger(),
            zone=self.settings.zone,
            clock=self.now,
        )

    def forgetting(self) -> Forgetting:
        from service.forgetting import Forgetting

        return Forgetting(
            database=self.database(),
            flags=self.flags(),
            withdrawer=self._withdrawer(),
            clock=self.now,
        )

    def slack_standing(self, team: str = "") -> SlackStanding:
        from bot.checking import standing
        from bot.clients import Clients

        connection = self._slack_connection()
        clients = Clients(connection, database=self.database(), clock=self.now)
        slack = self.settings.slack
        # The settings name channels of the workspace whose token they hold.
        named = () if team else (slack.digest_channel, slack.flags_channel)
        channels = {one for one in named if one}
        return standing(connection, clients.of(team), channels=channels, clock=self.now)

    def slack_manifest(self) -> Mapping[str, object]:
        from bot.manifest import Transport, manifest

        return manifest(self.settings.public_url, Transport(self.settings.slack.mode))

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
            messenger=self._alert_messenger(),
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
        from pydantic import SecretStr

        from service.web.app import create_app

        key = SecretStr(self._secret.decode())
        return create_app(
            database=self.database(),
            answers=self.answers(),
            settings=self.settings.model_copy(update={"secret_key": key}),
            links=self.links(),
            clock=self.now,
            taxonomy=self._once("taxonomy", self._read_taxonomy),
            themes=self._theme_vectors,
            helpdesks=self.helpdesks(),
            slack_handler=self._slack_handler(),
            slack_installer=self._slack_installer(),
            analyser_version=self._analyser_version(),
        )

    def run_bot(self, stop: Event) -> None:
        from bot.socket_mode import run_socket_mode

        run_socket_mode(
            connection=self._slack_connection(),
            answers=self.answers(),
            database=self.database(),
            clock=self.now,
            links=self.links(),
            stop=stop,
        )

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

    def _notice_metrics(self) -> None:
        """Read the workspace's own metrics again when another process has written them.

        A file that cannot be read changes nothing: what was asked is asked on.
        """
        if self._metrics_mark == _mark_of(self.settings.metrics_file):
            return
        from service.errors import Misused
        from service.logs import logger

        try:
            self._define_metrics(self.settings)
        except Misused as error:
            logger.warning("metrics.unreadable", extra={"error": str(error)})
        built = self._parts.items()
        self._parts = {n: part for n, part in built if not n.startswith("analyser ")}

    def _define_metrics(self, settings: Settings) -> None:
        """A workspace's own metrics are known before anything asks for the list of them."""
        from service import measures

        path = settings.metrics_file
        self._metrics_mark = _mark_of(path)
        if settings.metrics is None and not path.is_file():
            measures.define(())
            return
        from service.custom_metrics import read_metrics

        measures.define(read_metrics(path))

    @cached_property
    def _secret(self) -> bytes:
        """The workspace's key: from the settings, else made once and kept beside the database."""
        if self.settings.secret_key is not None:
            return self.settings.secret_key.get_secret_value().encode()
        self._make_home()
        path = self.settings.folder / "secret_key"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes().strip()
        with os.fdopen(descriptor, "wb") as file:
            key = secrets.token_hex(32).encode()
            file.write(key)
        return key

    def _once(self, name: str, build: Callable[[], T]) -> T:
        if name not in self._parts:
            self._parts[name] = build()
        return self._parts[name]  # type: ignore[return-value]  # built by the same callable

    def _make_home(self) -> None:
        from service.errors import Misused

        folder = self.settings.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misused(
                f"{folder} cannot be made ({error.strerror}): set VERBATIM_HOME to another folder."
            ) from error

    def _open_database(self) -> Database:
        from service.measures import all_metrics
        from storage.database import open_database

        self._make_home()
        database = open_database(
            self.settings.database,
            metrics=all_metrics(),
            zone=self.settings.zone,
            secret=self._secret,
            clock=self.now,
        )
        database.migrate()
        return database

    def _has_database(self) -> bool:
        """Labelling a file stores nothing, so it makes no database either."""
        if "database" in self._parts or self.settings.database_url is not None:
            return True
        return (self.settings.folder / "verbatim.sqlite").is_file()

    def _theme_vectors(self) -> Vectors:
        from service.analysis.local import theme_vectors

        return self._once("theme vectors", theme_vectors)

    def _read_taxonomy(self) -> Taxonomy:
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

    def _analyser_version(self) -> str:
        """Answers name the analyser behind a number; they do not have to load its model."""
        from service import analysis, plugins

        module = plugins.load(analysis, self.settings.analyser_name)
        version: str = module.version(self.settings)
        return version

    def _publisher(self) -> Publisher:
        slack = self.settings.slack
        if slack.digest_channel is None or not self._is_in_slack():
            from bot.console import ConsolePublisher

            return ConsolePublisher(sys.stdout)
        from bot.publishing import SlackPublisher

        return SlackPublisher(
            self._slack_connection(),
            channel=slack.digest_channel,
            database=self.database(),
            clock=self.now,
        )

    def _flag_messenger(self) -> FlagMessenger:
        slack = self.settings.slack
        if not self._is_in_slack():
            from bot.console import ConsoleFlagMessenger

            return ConsoleFlagMessenger(sys.stderr)
        from bot.flagging import SlackFlagMessenger

        return SlackFlagMessenger(
            self._slack_connection(),
            channel=slack.flags_channel,
            database=self.database(),
            links=self.links(),
            clock=self.now,
        )

    def _alert_messenger(self) -> AlertMessenger:
        slack = self.settings.slack
        if not self._is_in_slack():
            from bot.console import ConsoleAlertMessenger

            return ConsoleAlertMessenger(sys.stderr)
        from bot.alerts import SlackAlertMessenger

        return SlackAlertMessenger(
            self._slack_connection(),
            channel=slack.flags_channel or slack.digest_channel,
            database=self.database(),
            clock=self.now,
        )

    def _withdrawer(self) -> Withdrawer:
        from bot.withdrawing import NothingPosted, SlackWithdrawer

        if not self._is_in_slack():
            return NothingPosted()
        return SlackWithdrawer(self._slack_connection(), database=self.database(), clock=self.now)

    def _is_in_slack(self) -> bool:
        """Whether there is a workspace to write to: one by setting, or one that installed us."""
        if self.settings.slack.bot_token is not None:
            return True
        return any(one.stands for one in self.database().installations.all())

    def _slack_connection(self) -> Connection:
        from bot.connection import Connection
        from bot.policy import Shows
        from service.errors import Misused

        slack = self.settings.slack
        if not slack.is_set_up:
            raise Misused("Slack is not connected: set VERBATIM_SLACK__BOT_TOKEN.")
        secret = slack.signing_secret if slack.mode == "http" else None
        return Connection(
            token=_plain(slack.bot_token),
            client_id=slack.client_id,
            client_secret=_plain(slack.client_secret),
            signing_secret=_plain(secret),
            app_token=_plain(slack.app_token),
            base_url=slack.base_url,
            shows=Shows(slack.channels_show),
        )

    def _slack_installer(self) -> SlackInstaller | None:
        if not self.settings.slack.can_install:
            return None
        from bot.installing import Installer

        return Installer(
            self._slack_connection(),
            installations=self.database().installations,
            links=self.links(),
            clock=self.now,
        )

    def _slack_handler(self) -> Callable[[Request], Response] | None:
        slack = self.settings.slack
        if slack.mode != "http" or not slack.is_set_up or slack.signing_secret is None:
            return None
        from bot.app import http_handler

        return http_handler(
            connection=self._slack_connection(),
            answers=self.answers(),
            database=self.database(),
            clock=self.now,
            links=self.links(),
        )


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _settings() -> Settings:
    from service.settings import read_settings  # late: pydantic-settings costs 0.2 s

    return read_settings()


def _mark_of(path: Path) -> tuple[int, int] | None:
    """What tells one state of a file from the next; None while there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


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
    return workspace.web_app()
