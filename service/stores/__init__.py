"""What is kept, and how it is asked for: the stores behind one database, in the inside's own words.

Adapters implement these protocols, one module an aggregate; the small types beside them are what
the stores hand out.
"""

from service.stores.alerts import AlertStore
from service.stores.analyses import AnalysisStore
from service.stores.answers import FeedbackStore, ReceiptStore
from service.stores.conversations import ConversationStore, Quarantined, Stored
from service.stores.coverage import CoverageLedger, DayCoverage
from service.stores.database import Database
from service.stores.erasures import ErasureStore
from service.stores.facts import (
    Column,
    Columns,
    CoverageCounts,
    Facts,
    Kind,
    ListedConversation,
    Listing,
    QuoteRow,
)
from service.stores.flags import FlagStore
from service.stores.follows import FollowStore
from service.stores.installations import InstallationStore
from service.stores.people import ApiToken, PeopleStore, Person, TokenStore
from service.stores.taxonomies import TaxonomyStore
from service.stores.validation import CheckStore
from service.stores.work import WorkStore
from service.stores.write_back import WriteBackStore

__all__ = [
    "AlertStore",
    "AnalysisStore",
    "ApiToken",
    "CheckStore",
    "Column",
    "Columns",
    "ConversationStore",
    "CoverageCounts",
    "CoverageLedger",
    "Database",
    "DayCoverage",
    "ErasureStore",
    "Facts",
    "FeedbackStore",
    "FlagStore",
    "FollowStore",
    "InstallationStore",
    "Kind",
    "ListedConversation",
    "Listing",
    "PeopleStore",
    "Person",
    "Quarantined",
    "QuoteRow",
    "ReceiptStore",
    "Stored",
    "TaxonomyStore",
    "TokenStore",
    "WorkStore",
    "WriteBackStore",
]
