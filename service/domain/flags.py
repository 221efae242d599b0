"""When an account is flagged as a churn risk, and when it no longer is: a rule, never a score.

Everything here is pure. A flag is what its changes add up to, and the changes are rows: who, when,
why, and on which customers' words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from service.domain.conversations import AccountKey, ConversationKey
from service.domain.measurements import ChurnTier

SIGNAL_LASTS = timedelta(days=45)  # a flag without a newer signal ends after this
EARLY_TOGETHER = timedelta(days=30)  # two early signals this close raise a flag
SNOOZE = timedelta(days=7)
RULE = "one explicit signal, or two early signals within 30 days from different conversations"

SignalId = str  # "zendesk:7#m3": the conversation and the message that states it


class FlagState(StrEnum):
    """Where a flag stands; open, addressed and snoozed ones still rest on standing signals."""

    OPEN = "open"
    ADDRESSED = "addressed"
    SNOOZED = "snoozed"
    NOT_A_RISK = "not a risk"
    CLEARED = "cleared"


class FlagEvent(StrEnum):
    """What can happen to a flag."""

    RAISED = "raised"
    SIGNAL_ADDED = "signal added"
    ADDRESSED = "addressed"
    NOT_A_RISK = "not a risk"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    CLEARED = "cleared"


STANDING = frozenset({FlagState.OPEN, FlagState.ADDRESSED, FlagState.SNOOZED})
_STATE_AFTER = {
    FlagEvent.RAISED: FlagState.OPEN,
    FlagEvent.WOKEN: FlagState.OPEN,
    FlagEvent.ADDRESSED: FlagState.ADDRESSED,
    FlagEvent.NOT_A_RISK: FlagState.NOT_A_RISK,
    FlagEvent.SNOOZED: FlagState.SNOOZED,
    FlagEvent.CLEARED: FlagState.CLEARED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A customer's words that state a risk: where they stand and how plain they are."""

    account: AccountKey
    conversation: ConversationKey
    message: str
    start: int  # code points
    end: int
    at: datetime  # when the message was written
    tier: ChurnTier
    driver: str | None

    @property
    def id(self) -> SignalId:
        return f"{self.conversation}#{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A customer's words that they stay: they end every signal before them."""

    account: AccountKey
    conversation: ConversationKey
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange:
    """One row of a flag's history. `nth` counts from 0, and no two rows share one."""

    account: AccountKey
    nth: int
    event: FlagEvent
    at: datetime
    by: str  # an e-mail address, or "rule"
    reason: str
    signals: tuple[SignalId, ...] = ()
    tier: ChurnTier | None = None
    until: datetime | None = None  # of a snooze


BY_RULE = "rule"


class OutcomeKind(StrEnum):
    """How a contract ended."""

    CANCELLED = "cancelled"
    RENEWED = "renewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    account: AccountKey
    day: date
    kind: OutcomeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """What the changes of one account add up to."""

    account: AccountKey
    state: FlagState
    tier: ChurnTier
    since: datetime  # when it was last raised
    changed_at: datetime
    changed_by: str
    reason: str
    changes: int
    signals: tuple[SignalId, ...] = ()  # those that it was raised on or that came later
    silenced: frozenset[SignalId] = field(default_factory=frozenset)
    until: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.state in STANDING


def flag_of(changes: Iterable[FlagChange]) -> Flag | None:
    """Return what the changes of one account, in their order, add up to; None without any."""
    flag: Flag | None = None
    for change in changes:
        flag = _after(flag, change)
    return flag


def judge(
    flag: Flag | None,
    account: AccountKey,
    signals: Sequence[Signal],
    stays: Sequence[Stay],
    *,
    at: datetime,
) -> Iterator[FlagChange]:
    """Yield what the rule changes now; nothing when the flag already says what is true.

    `signals` are all that stand by the newest measurements, also the old ones. Asking again with
    the changes added yields nothing.
    """
    standing = _standing(flag, signals, stays, at)
    for step in (_raised, _cleared, _woken, _added):
        change = step(flag, account, standing, at)
        if change is not None:
            reason = change.reason or _why_over(flag, signals, stays)
            change = replace(change, reason=reason)
            flag = _after(flag, change)
            yield change


def replayed(
    account: AccountKey, signals: Sequence[Signal], stays: Sequence[Stay]
) -> tuple[FlagChange, ...]:
    """What the rule would have written, had it looked whenever something was said or ran out."""
    moments = {at for one in signals for at in (one.at, one.at + SIGNAL_LASTS)}
    changes: tuple[FlagChange, ...] = ()
    for at in sorted(moments | {one.at for one in stays}):
        changes += tuple(judge(flag_of(changes), account, signals, stays, at=at))
    return changes


def acted_on(
    flag: Flag, event: FlagEvent, *, by: str, reason: str, at: datetime
) -> FlagChange | None:
    """Return the change that a person makes; None when the flag does not stand any more.

    "Not a risk" silences the words that the flag rests on, and no others.
    """
    if not flag.stands:
        return None
    return FlagChange(
        account=flag.account,
        nth=flag.changes,
        event=event,
        at=at,
        by=by,
        reason=reason,
        signals=flag.signals,
        tier=flag.tier,
        until=at + SNOOZE if event is FlagEvent.SNOOZED else None,
    )


def evidence(flag: Flag, signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return the signals that a flag rests on and that still stand, newest first."""
    own = [signal for signal in signals if signal.id in set(flag.signals)]
    return tuple(sorted(own, key=lambda signal: (signal.at, signal.id), reverse=True))


def _standing(
    flag: Flag | None, signals: Sequence[Signal], stays: Sequence[Stay], at: datetime
) -> list[Signal]:
    """The signals that count now: recent, not silenced, and nobody said later that they stay."""
    silenced = flag.silenced if flag else frozenset()
    last_stay = max((stay.at for stay in stays if stay.at <= at), default=None)
    return sorted(
        (
            signal
            for signal in signals
            if signal.id not in silenced
            and at - SIGNAL_LASTS < signal.at <= at
            and (last_stay is None or signal.at > last_stay)
        ),
        key=lambda signal: (signal.at, signal.id),
    )


def _raised(
    flag: Flag | None, account: AccountKey, standing: Sequence[Signal], at: datetime
) -> FlagChange | None:
    """A flag rises by the rule; one that was addressed, on words that it did not know."""
    if flag is None or not flag.stands:
        enough, reason = _enough(standing), RULE
    elif flag.state is FlagState.ADDRESSED:
        enough, reason = bool(_unknown(flag, standing)), "a new signal after it was addressed"
    else:
        return None
    return _change(flag, account, FlagEvent.RAISED, standing, at, reason) if enough else None


def _cleared(
    flag: Flag | None, account: AccountKey, standing: Sequence[Signal], at: datetime
) -> FlagChange | None:
    if flag is None or not flag.stands or standing:
        return None
    return replace(_change(flag, account, FlagEvent.CLEARED, standing, at, ""), tier=flag.tier)


def _woken(
    flag: Flag | None, account: AccountKey, standing: Sequence[Signal], at: datetime
) -> FlagChange | None:
    over = flag is not None and flag.until is not None and flag.until <= at
    if flag is None or flag.state is not FlagState.SNOOZED or not over:
        return None
    return _change(flag, account, FlagEvent.WOKEN, standing, at, "the snooze is over")


def _added(
    flag: Flag | None, account: AccountKey, standing: Sequence[Signal], at: datetime
) -> FlagChange | None:
    if flag is None or not flag.stands:
        return None
    new = _unknown(flag, standing)
    if not new:
        return None
    return _change(flag, account, FlagEvent.SIGNAL_ADDED, new, at, "a new signal")


def _unknown(flag: Flag, standing: Sequence[Signal]) -> list[Signal]:
    known = set(flag.signals)
    return [signal for signal in standing if signal.id not in known]


def _enough(standing: Sequence[Signal]) -> bool:
    """Whether the signals, oldest first, raise a flag by the rule."""
    if any(signal.tier is ChurnTier.EXPLICIT for signal in standing):
        return True
    # Signals of different conversations are closest where they are neighbours in time.
    return any(
        earlier.conversation != later.conversation and later.at - earlier.at <= EARLY_TOGETHER
        for earlier, later in pairwise(standing)
    )


def _why_over(flag: Flag | None, signals: Sequence[Signal], stays: Sequence[Stay]) -> str:
    """Why no signal stands any more, in words."""
    own = [signal for signal in signals if flag is not None and signal.id in set(flag.signals)]
    if not own:
        return "what was said is measured as no risk any more"
    newest = max(signal.at for signal in own)
    contrary = [stay for stay in stays if stay.at >= newest]
    if contrary:
        return f"the customer said otherwise in {contrary[-1].conversation}"
    return f"no signal for {SIGNAL_LASTS.days} days"


def _change(
    flag: Flag | None,
    account: AccountKey,
    event: FlagEvent,
    signals: Sequence[Signal],
    at: datetime,
    reason: str,
) -> FlagChange:
    explicit = any(signal.tier is ChurnTier.EXPLICIT for signal in signals)
    return FlagChange(
        account=account,
        nth=flag.changes if flag else 0,
        event=event,
        at=at,
        by=BY_RULE,
        reason=reason,
        signals=tuple(signal.id for signal in signals),
        tier=ChurnTier.EXPLICIT if explicit else ChurnTier.EARLY,
    )


def _after(flag: Flag | None, change: FlagChange) -> Flag:
    """The flag once the change has happened."""
    rises = change.event is FlagEvent.RAISED
    before = () if rises or flag is None else flag.signals
    silenced = flag.silenced if flag else frozenset()
    if change.event is FlagEvent.NOT_A_RISK:
        silenced |= set(change.signals)
    before_it = FlagState.OPEN if flag is None else flag.state
    return Flag(
        account=change.account,
        state=_STATE_AFTER.get(change.event, before_it),
        tier=_higher(change.tier, None if rises or flag is None else flag.tier),
        since=change.at if rises or flag is None else flag.since,
        changed_at=change.at,
        changed_by=change.by,
        reason=change.reason,
        changes=change.nth + 1,
        signals=tuple(dict.fromkeys((*before, *change.signals))),
        silenced=silenced,
        until=change.until if change.event in _STATE_AFTER or flag is None else flag.until,
    )


def _higher(one: ChurnTier | None, other: ChurnTier | None) -> ChurnTier:
    return ChurnTier.EXPLICIT if ChurnTier.EXPLICIT in {one, other} else ChurnTier.EARLY
