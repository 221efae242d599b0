"""Keeps the accounts' churn-risk flags true, lets people act on them, and grades them.

The rule stands in service.domain.flags; this module reads what it needs, writes what it says, and
shows each flag with its evidence. It gives no score.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from statistics import median
from typing import TypeVar

from service.alert_book import AlertBook
from service.domain.conversations import Account, AccountKey, ConversationKey
from service.domain.flags import (
    SIGNAL_LASTS,
    Flag,
    FlagChange,
    FlagEvent,
    FlagState,
    Outcome,
    OutcomeKind,
    Signal,
    SignalId,
    Stay,
    acted_on,
    evidence,
    flag_of,
    judge,
    replayed,
)
from service.domain.measurements import ChurnTier
from service.domain.people import Viewer
from service.errors import Misused, NotFound
from service.links import Links
from service.ports import Clock
from service.stores import Database, FlagStore

# Words older than a flag lasts still tell why it ended.
_LOOK_BACK = 2 * SIGNAL_LASTS
FEWEST_OUTCOMES = 20  # below this a share of outcomes says nothing
COUNTS_FOR = timedelta(days=120)  # a flag foresees what happens this soon after it was raised

WORKING_DAYS_TO_ADDRESS = 2
MOST_NAMES = 5  # accounts of a kind that a line names

T = TypeVar("T", Signal, Stay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A customer's words behind a flag, as they stand now."""

    signal: Signal
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlag:
    """A flag with what a person needs to act on it."""

    flag: Flag
    account: Account
    evidence: tuple[Evidence, ...]  # newest first
    drivers: tuple[str, ...]
    playbook: str = ""  # what to do about the drivers; blank: somebody has to decide it

    @property
    def due(self) -> date | None:
        """The last day to take care of it before the channel hears; None where nothing is due."""
        if self.flag.state is not FlagState.OPEN:
            return None
        day = self.flag.changed_at
        while working_days(self.flag.changed_at, day + timedelta(days=1)) < WORKING_DAYS_TO_ADDRESS:
            day += timedelta(days=1)
        return day.date()

    @property
    def since(self) -> datetime:
        """When the customer first said so; a history that is read later was no less a risk then."""
        return min((each.signal.at for each in self.evidence), default=self.flag.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagWeek:
    """What happened to all flags in a time, and how they stood at its end."""

    events: Mapping[FlagEvent, int]
    standing: int
    new: tuple[str, ...]  # names of the accounts that were flagged
    overdue: tuple[str, ...]  # names of those that nobody took care of in time
    conversations: tuple[ConversationKey, ...]  # behind what is new, overdue or standing

    def of(self, event: FlagEvent) -> int:
        return self.events.get(event, 0)

    def line(self) -> str:
        counted = [
            (self.of(FlagEvent.RAISED), "new"),
            (self.of(FlagEvent.CLEARED), "cleared"),
            (self.of(FlagEvent.ADDRESSED), "addressed"),
            (len(self.overdue), "overdue (open for more than two working days)"),
        ]
        told = ", ".join(f"{n} {word}" for n, word in counted if n)
        stand = "stands" if self.standing == 1 else "stand"
        return f"Churn-risk flags: {told or 'nothing new'}; {self.standing} {stand}."

    def names(self) -> str:
        """The accounts behind the counts, for those who may read names."""
        named = [("New", self.new), ("Overdue", self.overdue)]
        return " ".join(f"{when}: {_some(names)}." for when, names in named if names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """How flags and outcomes fit, in counts. Shares are for those who have enough of them."""

    cancelled: int
    renewed: int
    flagged_cancelled: int
    flagged_renewed: int
    lead_days: float | None  # median, from raising to cancelling
    missed: tuple[AccountKey, ...]  # cancelled, and no flag before

    @property
    def enough(self) -> bool:
        return self.cancelled + self.renewed >= FEWEST_OUTCOMES

    def lines(self) -> list[str]:
        known = self.cancelled + self.renewed
        if not self.enough:
            return [f"Too few outcomes to grade flags: {known} of at least {FEWEST_OUTCOMES}."]
        flagged = self.flagged_cancelled + self.flagged_renewed
        said = [
            f"Of {flagged} flagged accounts with a known outcome, "
            f"{self.flagged_cancelled} cancelled.",
            f"Of {self.cancelled} accounts that cancelled, "
            f"{self.flagged_cancelled} had been flagged before.",
        ]
        if self.lead_days is not None:
            said.append(f"Median time from flag to cancelling: {self.lead_days:g} days.")
        return said


class Flags:
    """The flags of one workspace."""

    def __init__(self, *, database: Database, links: Links, clock: Clock) -> None:
        self._database = database
        self._links = links
        self._clock = clock

    def update(self) -> list[FlagChange]:
        """Write what the rule changes now; idempotent, and safe beside another process."""
        at = self._clock()
        store = self._database.flags
        signals = _by_account(store.signals(at - _LOOK_BACK))
        stays = _by_account(store.stays(at - _LOOK_BACK))
        history = store.changes()
        written = []
        for account in sorted(signals.keys() | history.keys()):
            flag = flag_of(history.get(account, ()))
            changes = judge(flag, account, signals[account], stays[account], at=at)
            written += _written(changes, store)
        return written

    def act(
        self, account: AccountKey, event: FlagEvent, *, viewer: Viewer, reason: str = ""
    ) -> Flag:
        """Address, silence or snooze an account's flag; return it as it then stands.

        Raises Misused when "not a risk" gives no reason, NotFound when no flag stands.
        """
        if event is FlagEvent.NOT_A_RISK and not reason.strip():
            raise Misused("Say why it is not a risk: the reason is kept with the flag.")
        self._allowed(account, viewer)
        history = self._database.flags.changes([account]).get(account, ())
        after = self._acted(history, event, by=viewer.person, reason=reason.strip())
        if after is None:
            raise NotFound("No flag stands on this account now; look again.")
        return after

    def _acted(
        self, history: Sequence[FlagChange], event: FlagEvent, *, by: str, reason: str
    ) -> Flag | None:
        """Write a person's change; None when there was nothing to change, or somebody was first."""
        flag = flag_of(history)
        if flag is None:
            return None
        change = acted_on(flag, event, by=by, reason=reason, at=self._clock())
        if change is None or not self._database.flags.add(change):
            return None
        return flag_of((*history, change))

    def standing(self, viewer: Viewer) -> list[ShownFlag]:
        """Return the standing flags that this viewer may see: explicit first, newest first."""
        flags = [flag for flag in self._all(None) if flag.stands and viewer.sees(flag.account)]
        shown = self._shown(flags)
        return sorted(
            shown,
            key=lambda one: (one.flag.tier is ChurnTier.EARLY, -one.since.timestamp()),
        )

    def shown(self, flag: Flag) -> ShownFlag | None:
        """Return a flag with its evidence; None when its account is not known any more."""
        return next(iter(self._shown([flag])), None)

    def shown_each(self, flags: Sequence[Flag]) -> Mapping[AccountKey, ShownFlag]:
        """Return many flags with their evidence, by account, without those that are not known."""
        return {one.flag.account: one for one in self._shown(flags)} if flags else {}

    def shown_of(self, account: AccountKey) -> ShownFlag | None:
        """Return an account's newest flag as the program sees it; for cards it has posted."""
        flag = flag_of(self._database.flags.changes([account]).get(account, ()))
        return self.shown(flag) if flag is not None else None

    def between(self, start: datetime, end: datetime) -> FlagWeek:
        """Return what happened to flags in [start, end), as they stood at its end."""
        changes = self._database.flags.changes()
        inside = [one for own in changes.values() for one in own if start <= one.at < end]
        then = (flag_of(one for one in own if one.at < end) for own in changes.values())
        standing = [flag for flag in then if flag is not None and flag.stands]
        raised = {one.account for one in inside if one.event is FlagEvent.RAISED}
        late = {flag.account for flag in standing if _is_overdue(flag, end)}
        behind = {each for one in inside for each in one.signals}
        behind |= {each for flag in standing for each in flag.signals}
        return FlagWeek(
            events=Counter(one.event for one in inside),
            standing=len(standing),
            new=self._names(raised),
            overdue=self._names(late),
            conversations=self._conversations(behind, start),
        )

    def _names(self, accounts: Collection[AccountKey]) -> tuple[str, ...]:
        known = self._database.conversations.accounts()
        return tuple(sorted(one.name for one in known if one.key in accounts))

    def _conversations(
        self, signals: Collection[SignalId], start: datetime
    ) -> tuple[ConversationKey, ...]:
        """The conversations that these words stand in, newest first."""
        known = self._database.flags.signals(start - _LOOK_BACK)
        found = sorted((one for one in known if one.id in signals), key=lambda one: one.at)
        return tuple(dict.fromkeys(one.conversation for one in reversed(found)))

    def of(
        self, account: AccountKey, viewer: Viewer
    ) -> tuple[ShownFlag | None, Sequence[FlagChange]]:
        """Return an account's newest flag, standing or not, and its whole history."""
        self._allowed(account, viewer)
        history = self._database.flags.changes([account]).get(account, ())
        flag = flag_of(history)
        shown = self._shown([flag]) if flag else []
        return (shown[0] if shown else None), history

    def record(self, outcomes: Sequence[Outcome]) -> int:
        """Keep how accounts ended; return how many are of accounts that we know."""
        known = {one.key for one in self._database.conversations.accounts()}
        mine = [one for one in outcomes if one.account in known]
        self._database.flags.record_outcomes(mine)
        return len(mine)

    def grade(self) -> Grade:
        """Compare what was flagged with what happened.

        What was read later was no less said then: the rule is asked about the time before, too.
        """
        store = self._database.flags
        outcomes, history = store.outcomes(), store.changes()
        first = min((_evening(one) for one in outcomes), default=self._clock())
        signals = _by_account(store.signals(first - COUNTS_FOR - _LOOK_BACK))
        stays = _by_account(store.stays(first - COUNTS_FOR - _LOOK_BACK))
        graded = {one.account for one in outcomes}
        raised = {
            each: (*history.get(each, ()), *replayed(each, signals[each], stays[each]))
            for each in graded
        }
        return grade(outcomes, raised)

    def _all(self, accounts: Collection[AccountKey] | None) -> list[Flag]:
        histories = self._database.flags.changes(accounts).values()
        return [flag for history in histories if (flag := flag_of(history)) is not None]

    def _shown(self, flags: Sequence[Flag]) -> list[ShownFlag]:
        accounts = {one.key: one for one in self._database.conversations.accounts()}
        signals = _by_account(self._database.flags.signals(self._clock() - _LOOK_BACK))
        book = AlertBook(database=self._database, clock=self._clock, zone=self._database.zone)
        return [
            ShownFlag(
                flag=self._in_our_days(flag),
                account=accounts[flag.account],
                evidence=self._words(own),
                drivers=(drivers := _drivers(own)),
                playbook=next(filter(None, map(book.playbook, drivers)), ""),
            )
            for flag in flags
            if flag.account in accounts
            for own in (evidence(flag, signals[flag.account]),)
        ]

    def _words(self, signals: Sequence[Signal]) -> tuple[Evidence, ...]:
        keys = list(dict.fromkeys(signal.conversation for signal in signals))
        stored = {one.key: one for one in self._database.conversations.get_many(keys)}
        found = []
        for signal in signals:
            messages = stored[signal.conversation].messages if signal.conversation in stored else ()
            text = next((m.text for m in messages if m.id == signal.message), "")
            words = text[signal.start : signal.end]
            if words:
                url = self._links.words(
                    signal.conversation,
                    message=signal.message,
                    start=signal.start,
                    end=signal.end,
                )
                here = replace(signal, at=signal.at.astimezone(self._database.zone))
                found.append(Evidence(signal=here, text=words, url=url))
        return tuple(found)

    def _in_our_days(self, flag: Flag) -> Flag:
        """The same moments: whoever names their day names the workspace's."""
        zone = self._database.zone
        return replace(
            flag,
            since=flag.since.astimezone(zone),
            changed_at=flag.changed_at.astimezone(zone),
            until=flag.until.astimezone(zone) if flag.until else None,
        )

    def _allowed(self, account: AccountKey, viewer: Viewer) -> None:
        if not viewer.sees(account):
            raise NotFound("There is no such account, or it is not one of yours.")


def grade(outcomes: Sequence[Outcome], history: Mapping[AccountKey, Sequence[FlagChange]]) -> Grade:
    """Count, for each outcome, whether a flag was raised in the months before it."""
    flagged = dict.fromkeys(OutcomeKind, 0)
    total = dict.fromkeys(OutcomeKind, 0)
    lead, missed = [], []
    for outcome in outcomes:
        raised = _raised_before(outcome, history.get(outcome.account, ()))
        total[outcome.kind] += 1
        if raised is not None:
            flagged[outcome.kind] += 1
            if outcome.kind is OutcomeKind.CANCELLED:
                lead.append((_evening(outcome) - raised).days)
        elif outcome.kind is OutcomeKind.CANCELLED:
            missed.append(outcome.account)
    return Grade(
        cancelled=total[OutcomeKind.CANCELLED],
        renewed=total[OutcomeKind.RENEWED],
        flagged_cancelled=flagged[OutcomeKind.CANCELLED],
        flagged_renewed=flagged[OutcomeKind.RENEWED],
        lead_days=float(median(lead)) if lead else None,
        missed=tuple(missed),
    )


def _some(names: Sequence[str]) -> str:
    """The first names, and how many there are beside them."""
    left = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {left} more" if left > 0 else "")


def _is_overdue(flag: Flag, at: datetime) -> bool:
    is_open = flag.state is FlagState.OPEN
    return is_open and working_days(flag.since, at) > WORKING_DAYS_TO_ADDRESS


def working_days(start: datetime, end: datetime) -> int:
    """Count the weekdays after `start`'s day, up to and without `end`'s day."""
    days = (end.date() - start.date()).days
    between = (start.date() + timedelta(days=passed) for passed in range(1, days))
    return sum(day.weekday() < 5 for day in between)


def _raised_before(outcome: Outcome, changes: Sequence[FlagChange]) -> datetime | None:
    """When the flag was raised that the outcome bears out, if one was."""
    until = _evening(outcome)
    raised = [
        change.at
        for change in changes
        if change.event is FlagEvent.RAISED and until - COUNTS_FOR <= change.at < until
    ]
    return min(raised, default=None)


def _evening(outcome: Outcome) -> datetime:
    """The end of the outcome's day."""
    midnight = datetime.combine(outcome.day, datetime.min.time(), UTC)
    return midnight + timedelta(days=1)


def _written(changes: Iterator[FlagChange], store: FlagStore) -> list[FlagChange]:
    """Write changes until somebody else turns out to have written first."""
    return list(takewhile(store.add, changes))


def _by_account(found: Sequence[T]) -> defaultdict[AccountKey, list[T]]:
    by_account: defaultdict[AccountKey, list[T]] = defaultdict(list)
    for one in found:
        by_account[one.account].append(one)
    return by_account


def _drivers(signals: Sequence[Signal]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(signal.driver for signal in signals if signal.driver))
