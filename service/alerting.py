"""Tells people of churn-risk flags: the owner first, the channel when nobody took care of it.

One card an account that is brought up to date, at most one ping a day, and a word when it clears.
Decides who is told what; how a message looks and travels is the messenger's.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from service.domain.conversations import AccountKey
from service.domain.flags import Flag, FlagChange, FlagEvent, FlagState, flag_of
from service.flags import WORKING_DAYS_TO_ADDRESS, Flags, ShownFlag, working_days
from service.ports import Clock
from service.stores import Database

MOST_CARDS = 5  # new cards for one person at a time; more of them become one list
CHANNEL = ""  # in place of an owner's e-mail address


class FlagMessenger(Protocol):
    """Carries messages about flags. Each `key` is posted once; putting it again changes it."""

    def card(self, key: str, shown: ShownFlag, *, to: str) -> bool:
        """Post or update a card for an owner's address (or CHANNEL); False: nobody is there."""
        ...

    def reply(self, key: str, sentence: str, *, card: str, to: str) -> None:
        """Say a sentence in the thread of a card, once."""
        ...

    def summary(self, key: str, shown: Sequence[ShownFlag], *, to: str) -> bool:
        """Post a list of flags in one message; False: nobody is there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told of one raising of a flag."""

    changes: int = 0  # of the history, when the card was last written
    places: tuple[str, ...] = ()  # whose direct messages, or CHANNEL, hold the card
    listed: bool = False  # it stood in a list instead


class Alerting:
    """Brings what people were told up to date with the flags. Safe to repeat."""

    def __init__(
        self,
        *,
        database: Database,
        flags: Flags,
        messenger: FlagMessenger,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._flags = flags
        self._messenger = messenger
        self._zone = zone
        self._clock = clock

    def run(self) -> int:
        """Tell what is new; return how many accounts were told of."""
        told = 0
        new: defaultdict[str, list[tuple[str, ShownFlag]]] = defaultdict(list)
        for account, history in self._database.flags.changes().items():
            flag, card = flag_of(history), card_key(account, history)
            known = self._told(card)
            if flag is None or not self._something_new(flag, known):
                continue
            shown = self._flags.shown(flag)
            if shown is None:
                continue
            if not known.places and not known.listed:
                if flag.state is FlagState.OPEN:
                    new[shown.account.owner or CHANNEL].append((card, shown))
                continue
            self._bring_up_to_date(card, shown, history, known)
            told += 1
        return told + sum(self._introduce(owner, cards) for owner, cards in new.items())

    def _something_new(self, flag: Flag, known: Told) -> bool:
        overdue = self._overdue(flag) and CHANNEL not in known.places and not known.listed
        return flag.changes > known.changes or (overdue and bool(known.places))

    def _overdue(self, flag: Flag) -> bool:
        """Open for more than two working days, by the workspace's calendar."""
        since, now = (at.astimezone(self._zone) for at in (flag.changed_at, self._clock()))
        return flag.state is FlagState.OPEN and working_days(since, now) >= WORKING_DAYS_TO_ADDRESS

    def _introduce(self, owner: str, cards: Sequence[tuple[str, ShownFlag]]) -> int:
        """Post new cards, or one list when they are many: a first run finds a year's flags."""
        if len(cards) <= MOST_CARDS:
            for card, shown in cards:
                self._post(card, shown, owner)
            return len(cards)
        everything = [shown for _, shown in cards]
        key = f"flags:{owner}:{cards[0][0]}:{len(cards)}"
        place = owner
        if not self._messenger.summary(key, everything, to=place):
            place = CHANNEL
            self._messenger.summary(key, everything, to=place)
        for card, shown in cards:
            self._remember(card, Told(changes=shown.flag.changes, listed=True))
        return len(cards)

    def _post(self, card: str, shown: ShownFlag, owner: str) -> None:
        place = owner
        if not self._messenger.card(card, shown, to=place):
            place = CHANNEL  # an owner whom nobody can reach must not mean silence
            self._messenger.card(card, shown, to=place)
        self._remember(card, Told(changes=shown.flag.changes, places=(place,)))

    def _bring_up_to_date(
        self, card: str, shown: ShownFlag, history: Sequence[FlagChange], known: Told
    ) -> None:
        flag, places = shown.flag, list(known.places)
        if places and CHANNEL not in places and self._overdue(flag):
            places.append(CHANNEL)
        for place in places:
            self._messenger.card(card, shown, to=place)
            for change in history[known.changes :]:
                self._say(change, card, place)
        told = replace(known, changes=flag.changes, places=tuple(places))
        self._remember(card, told)

    def _say(self, change: FlagChange, card: str, place: str) -> None:
        """A change in the card's thread: signals at most once a day, an end always."""
        day = change.at.astimezone(self._zone).date()
        if change.event is FlagEvent.SIGNAL_ADDED:
            sentence = "A customer said so again; the card shows their words."
            self._messenger.reply(f"{card}:signals:{day}", sentence, card=card, to=place)
        elif change.event is FlagEvent.CLEARED:
            sentence = f"Cleared: {change.reason}."
            self._messenger.reply(f"{card}:cleared:{change.nth}", sentence, card=card, to=place)

    def _told(self, card: str) -> Told:
        stored = self._database.work.recall(_name(card))
        if stored is None:
            return Told()
        found: Mapping[str, object] = json.loads(stored)
        places = found.get("places")
        return Told(
            changes=int(str(found.get("changes", 0))),
            places=tuple(map(str, places)) if isinstance(places, list) else (),
            listed=found.get("listed") is True,
        )

    def _remember(self, card: str, told: Told) -> None:
        self._database.work.remember(_name(card), json.dumps(asdict(told)))


def card_key(account: AccountKey, history: Sequence[FlagChange]) -> str:
    """The key of the card of a flag's newest raising: a flag that rises again is a new card,
    except while it stands.
    """
    raised = 0
    state: FlagState | None = None
    for place, change in enumerate(history):
        if change.event is FlagEvent.RAISED and state in {
            None,
            FlagState.CLEARED,
            FlagState.NOT_A_RISK,
        }:
            raised = change.nth
        flag = flag_of(history[: place + 1])
        state = flag.state if flag else None
    return f"flag:{account}:{raised}"


def _name(card: str) -> str:
    return f"told:{card}"
