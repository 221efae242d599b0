"""What a command needs of the program: everything built, nothing built before it is asked for.

The composition root implements this; commands and tests see only the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # heavy libraries behind these names: `verbatim --help` must stay quick
    from threading import Event

    from flask import Flask

    from service.access import Access
    from service.alerting import Alerting
    from service.answers import Answers
    from service.backups import Backups
    from service.catalogue import Catalogue
    from service.digesting import Digests
    from service.domain.imported import Reader
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
    from service.settings import Settings
    from service.spotchecks import SpotChecks
    from service.stores import Database
    from service.watching import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAddresses:
    """Where the stand-ins listen, and the settings that connect a workspace to them."""

    urls: Mapping[str, str]  # "zendesk" -> "http://127.0.0.1:..."
    environment: Mapping[str, str]  # VERBATIM_... -> value
    visitor: str  # e-mail address of a person in the made-up Slack workspace
    mention: Callable[[str, str], str]  # (address for events, text): asks the bot; where to see it


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackStanding:
    """Who we are in Slack and what we lack there."""

    team: str
    bot: str
    missing_scopes: tuple[str, ...]
    seconds_off: float  # our clock against Slack's
    not_in: tuple[str, ...] = ()  # channels of the settings that we are not in


class Workspace(Protocol):
    """One workspace, as its settings describe it. Parts are built on first use and then kept."""

    @property
    def settings(self) -> Settings: ...

    def now(self) -> datetime: ...

    def links(self) -> Links: ...

    def has_database(self) -> bool:
        """Whether there is one already: labelling a file stores nothing, so it makes none."""
        ...

    def database(self) -> Database:
        """The stores, with the schema brought up to date."""
        ...

    def taxonomy(self) -> Taxonomy:
        """The ladder of meaning as it is in force now."""
        ...

    def governance(self) -> Governance: ...

    def metrics(self) -> MetricsInForce:
        """The workspace's own metrics, and what keeps them."""
        ...

    def masks(self) -> Masks: ...

    def helpdesks(self) -> Mapping[str, Helpdesk]:
        """The connected helpdesks; empty when none is configured."""
        ...

    def helpdesk(self, name: str) -> Helpdesk:
        """One connected helpdesk, or Misused with what to set."""
        ...

    def analyser(self, name: str | None = None) -> Analyser: ...

    def pipeline(self, analyser: str | None = None) -> Pipeline: ...

    def answers(self) -> Answers: ...

    def catalogue(self) -> Catalogue: ...

    def access(self) -> Access: ...

    def digests(self) -> Digests: ...

    def flags(self) -> Flags: ...

    def alerting(self) -> Alerting: ...

    def forgetting(self) -> Forgetting: ...

    def slack_standing(self, team: str = "") -> SlackStanding:
        """Ask Slack about an installed workspace, or about the token that was set.

        Raises Misused when it is not connected, Unauthorized, Unreachable.
        """
        ...

    def slack_manifest(self) -> Mapping[str, object]:
        """The Slack app in one file, for this workspace's public address."""
        ...

    def spot_checks(self) -> SpotChecks: ...

    def retention(self) -> Retention: ...

    def watch(self) -> Watch: ...

    def backups(self) -> Backups:
        """Copies of the database, which is not opened for that."""
        ...

    def schedule(self) -> Schedule: ...

    def import_formats(self) -> Mapping[str, Reader]:
        """Readers of the helpdesks' own export files, by the name of the format."""
        ...

    def web_app(self) -> Flask: ...

    def run_bot(self, stop: Event) -> None:
        """Answer Slack over Socket Mode until stopped."""
        ...

    def sandbox(
        self, *, conversations: int | None, seed: int, port: int
    ) -> AbstractContextManager[SandboxAddresses]:
        """Run the stand-ins of Zendesk, Intercom, Slack and Claude on loopback."""
        ...

    def with_settings(self, *, home: Path, environment: Mapping[str, str]) -> Workspace:
        """Another workspace, as the demo's."""
        ...
