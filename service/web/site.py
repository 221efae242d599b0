"""What every page needs in hand: the stores, the gateway, the addresses, the time, and who looks.

It knows no page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from flask import current_app, g

from service.access import Access, Session
from service.answering.grouping import Grouping
from service.custom_metrics import Trial
from service.domain.answers import Answer, Intent, Recount
from service.domain.conversations import Account, Conversation
from service.domain.costs import Estimate
from service.domain.governing import in_force
from service.domain.measurements import Metric
from service.domain.people import Viewer
from service.domain.taxonomy import Taxonomy
from service.links import Links
from service.metrics_in_force import MetricsInForce
from service.ports import Clock, Helpdesk
from service.query import Query
from service.settings import Settings
from service.stores import Database
from service.tokens import Tokens

if TYPE_CHECKING:
    from service.themes import Vectors

HERE = Links("")  # addresses within the site: they keep whatever host the reader came by


class Gateway(Protocol):
    """What pages ask of service.answers.Answers."""

    def ask(self, query: Query, viewer: Viewer, *, intent: Intent) -> Answer: ...

    def ask_text(
        self,
        text: str,
        viewer: Viewer,
        thread: Sequence[Mapping[str, object]] = ...,
        today: date | None = ...,
    ) -> Answer: ...

    def groups(self, query: Query, viewer: Viewer, *, most: int) -> Grouping: ...

    def withheld(self, viewer: Viewer) -> frozenset[str]: ...

    def unvalidated(self, viewer: Viewer) -> str: ...

    def recount(self, receipt_id: str, viewer: Viewer) -> Recount: ...

    def recount_told(self, recount: Recount) -> tuple[str, ...]: ...


Trier = Callable[[Metric, Sequence[Conversation]], Sequence[Trial]]
Coster = Callable[[Metric], Estimate | None]


class SlackInstaller(Protocol):
    """Brings the app into a Slack workspace, in the name of one person."""

    def begin(self, person: str) -> str:
        """Return the address at Slack where the person allows it."""
        ...

    def finish(self, person: str, *, state: str, code: str) -> str:
        """Keep what Slack gives for its code; return the workspace's name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    database: Database
    answers: Gateway
    access: Access
    tokens: Tokens
    settings: Settings
    links: Links
    public_url: str
    zone: ZoneInfo
    clock: Clock
    file: Taxonomy  # the ladder as the settings name it; people may have changed it since
    themes: "Callable[[], Vectors] | None"  # what tells which raw tags speak of one thing
    helpdesks: Mapping[str, Helpdesk]
    analyser_version: Callable[[], str]  # what measures now; asking notices changed metrics
    metrics: MetricsInForce  # the workspace's own, and what keeps them
    trial: Trier | None = None  # what a metric would say; None: it cannot be tried here
    cost: Coster | None = None  # what measuring all anew with a metric would cost
    slack: SlackInstaller | None = None  # None: no workspace can install the app by itself

    @property
    def taxonomy(self) -> Taxonomy:
        """The ladder in force now, whichever process changed it."""
        return in_force(self.file, self.database.taxonomies.latest())

    @property
    def analyser(self) -> str:
        """The version that measures now, whichever process changed a metric or the calibration."""
        return self.analyser_version()

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://")

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def today(self) -> date:
        return self.local(self.clock()).date()

    def accounts(self, viewer: Viewer) -> dict[str, Account]:
        """Accounts by key, only those the viewer may know of: a name is information too."""
        return {
            account.key: account
            for account in self.database.conversations.accounts()
            if viewer.sees(account.key)
        }

    def names(self, viewer: Viewer) -> dict[str, str]:
        """Names for the keys that a query's sentence may hold."""
        names = {key: account.name for key, account in self.accounts(viewer).items()}
        if viewer.accounts is None:
            names |= {agent.key: agent.name for agent in self.database.conversations.agents()}
        return names


def site() -> Site:
    found = current_app.extensions["verbatim"]
    if not isinstance(found, Site):
        raise TypeError("The application was not made by create_app.")
    return found


def signed_in() -> Session:
    """Return the session of this request; the gate in front of every page has checked it."""
    session = g.session
    if not isinstance(session, Session):
        raise TypeError("A page was reached without a session.")
    return session


def current_viewer() -> Viewer:
    found = g.viewer
    if not isinstance(found, Viewer):
        raise TypeError("A page was reached without a viewer.")
    return found
