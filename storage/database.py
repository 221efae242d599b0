"""All stores over one database. The only thing that other rooms are given of this one."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError

import storage.tables  # noqa: F401 -- declares every table
from service.domain.measurements import Metric
from service.errors import Unreachable
from service.ports import Clock, Keeper
from storage import migrate
from storage.alerts import SqlAlerts
from storage.analyses import SqlAnalyses
from storage.checks import SqlChecks
from storage.conversations import SqlConversations
from storage.costs import SqlCosts
from storage.coverage import SqlCoverage
from storage.engine import Engine
from storage.facts import SqlFacts
from storage.feedback import SqlFeedback
from storage.flags import SqlFlags
from storage.follows import SqlFollows
from storage.forgetting import SqlErasures
from storage.heads import keyed_hash
from storage.installations import SqlInstallations
from storage.people import SqlPeople
from storage.receipts import SqlReceipts
from storage.secrets import SqlKeeper
from storage.tallies import Measures
from storage.taxonomies import SqlTaxonomies
from storage.tokens import SqlTokens
from storage.work import SqlWork
from storage.writeback import SqlWriteBack


class SqlDatabase:
    """Implements service.ports.Database on SQLite and PostgreSQL."""

    def __init__(
        self,
        engine: Engine,
        *,
        metrics: Callable[[], Sequence[Metric]],
        zone: ZoneInfo,
        secret: bytes,
        clock: Clock,
    ) -> None:
        self.engine = engine
        self.zone = zone
        self.requester_hash = keyed_hash(secret)
        self.conversations = SqlConversations(
            engine, zone=zone, hashed=self.requester_hash, clock=clock
        )
        self.analyses = SqlAnalyses(engine, zone=zone, clock=clock)
        self.write_back = SqlWriteBack(engine, clock=clock)
        self.facts = SqlFacts(engine, Measures(metrics))
        self.flags = SqlFlags(engine)
        self.checks = SqlChecks(engine)
        self.alerts = SqlAlerts(engine)
        self.feedback = SqlFeedback(engine)
        self.coverage = SqlCoverage(engine, metrics=metrics, zone=zone)
        self.receipts = SqlReceipts(engine)
        self.people = SqlPeople(engine)
        self.follows = SqlFollows(engine)
        self.tokens = SqlTokens(engine)
        self.taxonomies = SqlTaxonomies(engine)
        self.work = SqlWork(engine, clock=clock)
        self.erasures = SqlErasures(
            engine, inbox=self.work.inbox, hashed=self.requester_hash, clock=clock
        )
        self.costs = SqlCosts(engine, clock=clock)
        self._keeper = SqlKeeper(engine, secret)
        self.installations = SqlInstallations(engine, self._keeper.within("slack-bot-token"))

    def keeper(self, namespace: str) -> Keeper:
        """Return the keeper of one connector, which sees no other's secrets."""
        return self._keeper.within(namespace)

    def migrate(self) -> str:
        """Bring the schema up to date; raises Unreachable when the database cannot be opened."""
        try:
            newest = migrate.migrate(self.engine)
            self.analyses.fill()
        except OperationalError as error:
            # The driver's words can hold the user and the host; its class says enough.
            kind = type(error.orig).__name__ if error.orig else type(error).__name__
            raise Unreachable(
                f"The database cannot be opened ({kind}): check VERBATIM_DATABASE_URL."
            ) from error
        return newest

    def revision(self) -> tuple[str | None, str]:
        return migrate.revision(self.engine), migrate.newest()

    def close(self) -> None:
        """Give back every connection; a later call would open new ones."""
        self.work.close()
        self.engine.close()


def open_database(
    url: str,
    *,
    metrics: Callable[[], Sequence[Metric]],
    zone: ZoneInfo,
    secret: bytes,
    clock: Clock,
) -> SqlDatabase:
    """Open a database by its URL. Nothing is created before `migrate`.

    `metrics` tells which there are whenever something is counted: people add their own meanwhile.
    """
    return SqlDatabase(Engine(url), metrics=metrics, zone=zone, secret=secret, clock=clock)
