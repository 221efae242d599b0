"""The database: all stores together, and their schema."""

from typing import Protocol
from zoneinfo import ZoneInfo

from service.costs import Costs
from service.ports import Keeper
from service.stores.alerts import AlertStore
from service.stores.analyses import AnalysisStore
from service.stores.answers import FeedbackStore, ReceiptStore
from service.stores.conversations import ConversationStore
from service.stores.coverage import CoverageLedger
from service.stores.erasures import ErasureStore
from service.stores.facts import Facts
from service.stores.flags import FlagStore
from service.stores.follows import FollowStore
from service.stores.installations import InstallationStore
from service.stores.people import PeopleStore, TokenStore
from service.stores.taxonomies import TaxonomyStore
from service.stores.validation import CheckStore
from service.stores.work import WorkStore
from service.stores.write_back import WriteBackStore


class Database(Protocol):
    """All stores over one database, and its schema."""

    @property
    def zone(self) -> ZoneInfo:
        """Whose days the workspace counts in."""
        ...

    @property
    def conversations(self) -> ConversationStore: ...

    @property
    def erasures(self) -> ErasureStore: ...

    @property
    def analyses(self) -> AnalysisStore: ...

    @property
    def write_back(self) -> WriteBackStore: ...

    @property
    def facts(self) -> Facts: ...

    @property
    def flags(self) -> FlagStore: ...

    @property
    def alerts(self) -> AlertStore: ...

    @property
    def checks(self) -> CheckStore: ...

    @property
    def feedback(self) -> FeedbackStore: ...

    @property
    def coverage(self) -> CoverageLedger: ...

    @property
    def receipts(self) -> ReceiptStore: ...

    @property
    def follows(self) -> FollowStore: ...

    @property
    def installations(self) -> InstallationStore: ...

    @property
    def people(self) -> PeopleStore: ...

    @property
    def tokens(self) -> TokenStore: ...

    @property
    def taxonomies(self) -> TaxonomyStore: ...

    @property
    def work(self) -> WorkStore: ...

    @property
    def costs(self) -> Costs: ...

    def keeper(self, namespace: str) -> Keeper: ...

    def migrate(self) -> str:
        """Create or upgrade the schema; return the revision. Safe to run twice and by two
        processes.
        """
        ...

    def revision(self) -> tuple[str | None, str]:
        """(current, newest) schema revision."""
        ...
