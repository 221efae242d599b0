"""What is kept, and how it is asked for: the stores behind one database, in the inside's own words.

Adapters implement these protocols; the small types beside them are what the stores hand out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

from service.costs import Costs
from service.domain.answers import Receipt, Tally
from service.domain.conversations import (
    Account,
    AccountKey,
    Agent,
    Conversation,
    ConversationHead,
    ConversationKey,
    Page,
)
from service.domain.feedback import Feedback
from service.domain.flags import FlagChange, Outcome, Signal, Stay
from service.domain.governing import Impact, Remap, TaxonomyVersion, WaitingTag
from service.domain.measurements import Analysis, Quote, SetBy, ValueChange
from service.domain.people import Viewer
from service.domain.validation import Check
from service.domain.writeback import FieldChange, LedgerEntry, WriteOutcome
from service.ports import Keeper
from service.query import Dimension, Query, Window

# --- What is stored ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A conversation that was set aside; saving it whole later takes it out."""

    key: ConversationKey
    source: str
    why: str
    since: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a saved page changed."""

    conversations: int = 0  # new or changed heads
    messages: int = 0  # new or changed messages
    gone: int = 0


class ConversationStore(Protocol):
    def cursor(self, source: str) -> str | None: ...

    def save_page(self, source: str, page: Page) -> Stored:
        """Store a page (already masked) and its cursor in one transaction.

        Idempotent; stale heads never win.
        """
        ...

    def sync_finished(self, source: str, at: datetime) -> None: ...

    def synced_at(self) -> Mapping[str, datetime]:
        """Per source, the end of the last finished sync."""
        ...

    def get(self, key: ConversationKey) -> Conversation | None: ...

    def get_many(self, keys: Sequence[ConversationKey]) -> list[Conversation]: ...

    def unmeasured(self, analyser: str, taxonomy: str) -> Iterator[list[Conversation]]:
        """Yield batches of conversations without a current Analysis of this analyser and taxonomy
        version.

        Current: same fingerprint. Failed ones of the same fingerprint and version are left out.
        Safe to save analyses while iterating.
        """
        ...

    def unmeasured_count(self, analyser: str, taxonomy: str) -> int: ...

    def accounts(self) -> list[Account]: ...

    def agents(self) -> list[Agent]: ...

    def exists(self, keys: Iterable[ConversationKey]) -> set[ConversationKey]: ...

    def stored_keys(self, source: str) -> Iterator[list[ConversationKey]]:
        """Yield batches of the keys of one source, in one order; safe to purge while iterating."""
        ...

    def purge(self, keys: Sequence[ConversationKey], *, why: str) -> int:
        """Remove conversations with all that depended on them; a text-free tombstone stays."""
        ...

    def quarantined(self) -> list["Quarantined"]: ...

    def release(self, keys: Sequence[ConversationKey]) -> int:
        """Drop quarantine entries; return how many there were."""
        ...

    def daily_counts(self, source: str) -> Mapping[date, int]: ...

    def updated_at(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        """When each stored conversation was last changed, by its helpdesk's clock."""
        ...


class AnalysisStore(Protocol):
    def save(self, analyses: Sequence[Analysis]) -> None:
        """Replace each conversation's current analysis, its facts and the rollups they touch, in
        one transaction.

        Values that a person set (SetBy.AGENT, SetBy.REVIEWER) stay in force.
        """
        ...

    def fail(
        self, conversation: ConversationKey, fingerprint: str, version: str, why: str
    ) -> None: ...

    def get(self, key: ConversationKey) -> Analysis | None: ...

    def failures(self) -> list[tuple[ConversationKey, str]]: ...

    def set_by_person(
        self,
        key: ConversationKey,
        metric: str,
        value: str | None,
        *,
        set_by: SetBy = SetBy.AGENT,
    ) -> None:
        """Record what an agent or a reviewer says as the value in force."""
        ...

    def history(self, key: ConversationKey) -> list[ValueChange]:
        """Return every value that a conversation's metrics ever had, oldest first."""
        ...

    def set_by_people(self, metric: str) -> list[tuple[ConversationKey, str]]:
        """Conversations with the value that a person set, where it is not blank."""
        ...

    def rebuild(self) -> int:
        """Recompute facts and rollups from the rows; return the conversations read."""
        ...


class WriteBackStore(Protocol):
    def entries(self, source: str) -> Iterator[list[tuple[LedgerEntry, Analysis]]]:
        """Yield batches of what may have to be written, safe to record outcomes while iterating.

        These are the analysed conversations of which the analysis, the values in force, the state
        in
        the helpdesk or our own knowledge of it changed since the last outcome; never all of them
        again.
        """
        ...

    def begin(self, changes: Sequence[FieldChange]) -> None:
        """Note what is on its way, before it is sent: killed then, we still know it as ours."""
        ...

    def record(self, outcomes: Sequence[WriteOutcome]) -> None:
        """Store what became of changes; what is certain is under way no longer."""
        ...

    def keep(self, conversation: ConversationKey, field_name: str, value: str | None) -> None:
        """Mark a field as set by an agent: it is never overwritten."""
        ...

    def arrived(self, conversation: ConversationKey, fields: Mapping[str, str | None]) -> None:
        """Note values of ours that stand in the helpdesk though the ledger does not say so."""
        ...

    def hold(self, source: str, reason: str) -> None:
        """Note why nothing that waits to be written can be written at all."""
        ...

    def get(self, key: ConversationKey) -> LedgerEntry | None:
        """Return what is known of one conversation's fields; None before its state was read."""
        ...

    def not_written(self, source: str) -> Mapping[str, int]:
        """Reason -> conversations, for the coverage ledger."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConversation:
    """A row of a list: the head, its labels and the account's name."""

    head: ConversationHead
    account: Account | None
    agent_name: str | None
    labels: Mapping[str, str | None]  # metric -> value; a missing metric is not measured
    drivers: tuple[str, ...]
    tags: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    rows: tuple[ListedConversation, ...]
    next: str | None  # keyset token of the next page
    previous: str | None = None


class Cell(NamedTuple):
    """Counts for the decomposition: conversations with m distinct values of the lens, of one
    account and weekday. A tuple, because an answer reads tens of thousands of them.
    """

    value: str  # the dimension's value; "" when the lens is the total
    m: int  # distinct values these conversations touch; each weighs 1/m here
    weekday: int  # Monday is 0
    account: str  # "" without one
    n: int  # conversations where the metric is known
    x: int  # of them, those that the rate counts


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """A stored quote with the conversation it stands in; not yet checked against the message."""

    quote: Quote
    conversation: ConversationKey
    message_text: str
    created_at: datetime
    channel: str
    account: Account | None
    requester: str | None
    helpdesk_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCoverage:
    """One source and day of the coverage ledger. stored = analysed + failed + waiting."""

    source: str
    day: date
    helpdesk: int | None  # by the helpdesk's own count, when it was last asked
    stored: int
    analysed: int
    failed: int
    quarantined: int  # arrived and unreadable; day unknown counts on the day it arrived
    empty: Mapping[str, Mapping[str, int]]  # metric -> reason -> conversations
    not_written: Mapping[str, int]  # reason -> conversations
    asked_at: datetime | None  # when the helpdesk was asked

    @property
    def missing(self) -> int | None:
        """Conversations that the helpdesk counts and we hold in no form; None when not asked."""
        return None if self.helpdesk is None else self.helpdesk - self.stored - self.quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCounts:
    total: int
    analysed: int
    failed: int
    empty: Mapping[str, int] = field(default_factory=dict)


class Facts(Protocol):
    """The reading side.

    Every method applies the viewer's scope; nothing else makes SQL of a Query.
    """

    def count(self, query: Query, viewer: Viewer) -> Tally: ...

    def groups(self, query: Query, viewer: Viewer) -> list[tuple[tuple[str, ...], Tally]]:
        """Tallies by the query's group_by, one tuple of values each; NO_VALUE where there is
        none.
        """
        ...

    def cells(
        self, query: Query, viewer: Viewer, lens: Dimension | None, window: Window
    ) -> Sequence[Cell]:
        """Counts of the query's metric in `window`, for the exact decomposition."""
        ...

    def conversations(
        self, query: Query, viewer: Viewer, *, after: str | None = None, limit: int = 50
    ) -> Listing: ...

    def keys(
        self, query: Query, viewer: Viewer, *, numerator: bool, limit: int
    ) -> tuple[ConversationKey, ...]:
        """Keys of the query's conversations, newest first; `numerator` keeps those that its rate
        counts.
        """
        ...

    def quotes(
        self, query: Query, viewer: Viewer, *, shows: Sequence[str], limit: int
    ) -> list[QuoteRow]:
        """Quotes of the query's conversations, newest first, at most one per conversation and
        `shows`.
        """
        ...

    def coverage(self, query: Query, viewer: Viewer) -> CoverageCounts: ...

    def days(self) -> Window | None:
        """First and last day that hold a conversation."""
        ...

    def values(self, dimension: Dimension, viewer: Viewer) -> list[str]:
        """Distinct values in use, most frequent first, at most 200."""
        ...


class CoverageLedger(Protocol):
    """What the helpdesks count against what is stored, by source and day."""

    def record(self, source: str, counts: Mapping[date, int], *, at: datetime) -> None:
        """Store the helpdesk's own counts of conversations created on these days."""
        ...

    def days(self, source: str, window: Window) -> list[DayCoverage]:
        """Return a row a day of the window that anybody counts a conversation on."""
        ...

    def keys(self, source: str, day: date) -> set[ConversationKey]:
        """Return what is held of one day."""
        ...

    def missing(self, window: Window | None) -> Mapping[str, int]:
        """Per source, how many conversations of the window are missing by the last counts."""
        ...


class FlagStore(Protocol):
    """Churn-risk flags: what customers said, what happened since, and how accounts ended."""

    def signals(self, since: datetime) -> list[Signal]:
        """Words written since that state a risk by the values in force, oldest first."""
        ...

    def stays(self, since: datetime) -> list[Stay]:
        """Conversations in which a customer took a threat back since, oldest first."""
        ...

    def changes(
        self, accounts: Collection[AccountKey] | None = None
    ) -> Mapping[AccountKey, tuple[FlagChange, ...]]:
        """The history of these accounts' flags (None: of all that have one), in order."""
        ...

    def add(self, change: FlagChange) -> bool:
        """Append a change; False when somebody else wrote the nth one first."""
        ...

    def record_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Keep how accounts ended; one a day and account, the last one given wins."""
        ...

    def outcomes(self) -> list[Outcome]:
        """Every recorded outcome, oldest first."""
        ...


class CheckStore(Protocol):
    """Spot checks: conversations of which people are asked what a metric should say."""

    def draw(self, metric: str, size: int, *, seed: int, at: datetime) -> int:
        """Draw up to `size` conversations, even over the measured classes, none twice.

        They are those of the analyser version that measured most. Return how many were drawn.
        """
        ...

    def next(self, metric: str, viewer: Viewer) -> ConversationKey | None:
        """Return one that waits, in a mixed order that does not give away its class."""
        ...

    def answer(
        self, key: ConversationKey, metric: str, value: str | None, *, by: str, at: datetime
    ) -> bool:
        """Keep an answer (None: could not tell); False when nothing waits for it."""
        ...

    def checks(self, metric: str | None = None) -> Sequence[Check]: ...


class TaxonomyStore(Protocol):
    """Versions of the ladder of meaning, and the moving of stored tags."""

    def latest(self) -> TaxonomyVersion | None: ...

    def versions(self) -> list[TaxonomyVersion]:
        """Newest first."""
        ...

    def preview(self, remaps: Sequence[Remap]) -> Impact:
        """Return what moving would do; nothing is changed."""
        ...

    def apply(self, version: TaxonomyVersion, remaps: Sequence[Remap], *, before: str) -> Impact:
        """Store the version and move the tags, their facts and rollups, in one transaction.

        What was current under the version `before` stays current: nothing is measured again.
        """
        ...

    def waiting(self, limit: int) -> list[WaitingTag]:
        """Raw tags that map to nothing, those of most conversations first."""
        ...

    def under(self, canonical: str, limit: int) -> list[WaitingTag]:
        """Raw tags that map to this canonical tag, those of most conversations first."""
        ...


class FeedbackStore(Protocol):
    """What people think of answers."""

    def note(self, one: Feedback) -> None:
        """Keep a verdict; it takes the place of the person's earlier one on that answer."""
        ...

    def since(self, at: datetime) -> Sequence[Feedback]:
        """Return the verdicts since then, newest first."""
        ...


class ReceiptStore(Protocol):
    def save(self, receipt: Receipt) -> None: ...

    def get(self, receipt_id: str) -> Receipt | None: ...

    def all_ids(self) -> Iterator[str]: ...


# --- People, work and surfaces -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    email: str
    name: str
    role: str
    slack_user: str | None = None
    accounts: frozenset[AccountKey] | None = None  # None: every account


class PeopleStore(Protocol):
    def get(self, email: str) -> Person | None: ...

    def by_slack_user(self, slack_user: str) -> Person | None: ...

    def save(self, person: Person) -> None: ...

    def all(self) -> list[Person]: ...

    def make_link(self, email: str, *, token_hash: str, expires_at: datetime) -> None: ...

    def use_link(self, token_hash: str, *, at: datetime) -> str | None:
        """Return the link's e-mail address once, or None when it is unknown, used or expired."""
        ...

    def start_session(self, email: str, *, session_hash: str, expires_at: datetime) -> None: ...

    def session(self, session_hash: str, *, at: datetime) -> Person | None: ...

    def end_session(self, session_hash: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's key to the API. Its secret was shown once and is kept only as a hash."""

    id: str  # names it without opening anything
    email: str
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class TokenStore(Protocol):
    def save(self, token: ApiToken, *, token_hash: str) -> None: ...

    def spend(self, token_hash: str, *, at: datetime, most: int) -> bool:
        """Count one call; False when the token is not valid or used `most` times this minute."""
        ...

    def find(self, token_hash: str) -> ApiToken | None: ...

    def all(self) -> list[ApiToken]:
        """Oldest first, revoked and expired ones too."""
        ...

    def revoke(self, token_id: str, *, at: datetime) -> bool:
        """End a token; False when there is none of that id that still stands."""
        ...


class WorkStore(Protocol):
    """Inbox, outbox and the ledger of scheduled jobs: what makes repeating harmless."""

    def accept(self, source: str, event_id: str, payload: str, *, at: datetime) -> bool:
        """Store an inbound event; False when it was seen before."""
        ...

    def unfinished(self, source: str) -> list[tuple[str, str]]:
        """(event id, payload) of accepted events that were not finished, oldest first."""
        ...

    def finish(self, source: str, event_id: str) -> None: ...

    def claim(self, job: str, due: datetime, owner: str, *, at: datetime, lease: float) -> bool:
        """Take a scheduled run if nobody has done it or holds it; `lease` in seconds."""
        ...

    def renew(self, job: str, due: datetime, owner: str, *, at: datetime, lease: float) -> bool:
        """Hold a run of ours for `lease` more seconds; False when it is done or somebody else's."""
        ...

    def done(self, job: str, due: datetime, owner: str, result: str) -> bool:
        """Close a run; False when the lease went to somebody else (fencing)."""
        ...

    def last_done(self, job: str) -> datetime | None: ...

    def forget_done(self, before: datetime) -> int:
        """Drop runs that were done and events that were finished before; return how many.

        The newest run of a job that repeats stays, so nothing is due again.
        """
        ...

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Hold a name as the only process, until the block ends or we die; False: another does."""
        ...

    def outbox_start(self, key: str, payload: str, *, at: datetime) -> str:
        """Insert or find an outgoing effect; return its state: pending, sending or sent."""
        ...

    def outbox_sending(self, key: str) -> None: ...

    def outbox_sent(self, key: str, remote_id: str) -> None: ...

    def outbox_remote(self, key: str) -> str | None: ...

    def outbox_open(self) -> tuple[int, datetime | None]:
        """How many outgoing effects are not known to be sent, and since when the oldest waits."""
        ...

    def remember(self, name: str, value: str) -> None:
        """Keep a small piece of state, such as a Slack thread's last reading."""
        ...

    def recall(self, name: str) -> str | None: ...


class Database(Protocol):
    """All stores over one database, and its schema."""

    @property
    def conversations(self) -> ConversationStore: ...

    @property
    def analyses(self) -> AnalysisStore: ...

    @property
    def write_back(self) -> WriteBackStore: ...

    @property
    def facts(self) -> Facts: ...

    @property
    def flags(self) -> FlagStore: ...

    @property
    def checks(self) -> CheckStore: ...

    @property
    def feedback(self) -> FeedbackStore: ...

    @property
    def coverage(self) -> CoverageLedger: ...

    @property
    def receipts(self) -> ReceiptStore: ...

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
