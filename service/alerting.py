"""Tells people of churn-risk flags: the owner first, the channel when nobody took care of it.

One card an account that is brought up to date, at most one ping a day, and a word when it clears.
Decides who is told what; how a message looks and travels is the messenger's.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from service.domain.conversations import Account, AccountKey
from service.domain.flags import Flag, FlagChange, FlagEvent, FlagState, flag_of
from service.domain.follows import Wish
from service.errors import TellPerson, Unauthorized, Unreachable
from service.flags import WORKING_DAYS_TO_ADDRESS, Flags, ShownFlag, working_days
from service.ports import Clock
from service.stores import Database, WorkStore

logger = logging.getLogger(__name__)

MOST_CARDS = 5  # new cards for one place at a time; more of them become one list
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
    listed: bool = False  # it stood in a list instead, or the channel has it in one


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """A flag of which people know less than there is to say."""

    card: str
    shown: ShownFlag
    history: Sequence[FlagChange]
    known: Told


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
        """Tell what is new; return how many accounts were told of.

        Whoever cannot be told hinders no other: that trouble is raised at the end.
        """
        known, new = self._news()
        overdue = [one for one in known if self._goes_to_channel(one.shown.flag, one.known)]
        if len(overdue) > MOST_CARDS or self._planned(CHANNEL):
            self._list(CHANNEL, {one.card: one.shown for one in overdue})
            known, _ = self._news()  # a list is enough for those of which it says all
        steps: list[Callable[[], int]] = [partial(self._bring_up_to_date, one) for one in known]
        steps += [partial(self._introduce, owner, cards) for owner, cards in new.items()]
        return _all(steps)

    def _news(self) -> tuple[list[_News], Mapping[str, Mapping[str, ShownFlag]]]:
        """What changed about flags that people know of, and by owner what nobody knows of."""
        histories = self._database.flags.changes()
        cards = {account: card_key(account, each) for account, each in histories.items()}
        standing = [flag for each in histories.values() if (flag := flag_of(each)) is not None]
        told = {flag.account: self._told(cards[flag.account]) for flag in standing}
        changed = [flag for flag in standing if self._something_new(flag, told[flag.account])]
        known: list[_News] = []
        new: defaultdict[str, dict[str, ShownFlag]] = defaultdict(dict)
        for account, shown in self._flags.shown_each(changed).items():
            card, before = cards[account], told[account]
            if before.places or before.listed:
                one = _News(card=card, shown=shown, history=histories[account], known=before)
                known.append(one)
            elif shown.flag.state is FlagState.OPEN:
                new[self._first(shown.account)][card] = shown
        return known, new

    def _something_new(self, flag: Flag, known: Told) -> bool:
        return flag.changes > known.changes or self._goes_to_channel(flag, known)

    def _goes_to_channel(self, flag: Flag, known: Told) -> bool:
        """Whether those who were told did nothing in time, and the channel has not heard."""
        unheard = CHANNEL not in known.places and not known.listed
        return bool(known.places) and unheard and self._overdue(flag)

    def _overdue(self, flag: Flag) -> bool:
        """Open for more than two working days, by the workspace's calendar."""
        since, now = (at.astimezone(self._zone) for at in (flag.changed_at, self._clock()))
        return flag.state is FlagState.OPEN and working_days(since, now) >= WORKING_DAYS_TO_ADDRESS

    def _introduce(self, owner: str, cards: Mapping[str, ShownFlag]) -> int:
        """Post new cards, or one list when they are many: a first run finds a year's flags."""
        if len(cards) > MOST_CARDS or self._planned(owner):
            listed = self._list(owner, cards)
            rest = {card: shown for card, shown in cards.items() if card not in listed}
            return len(cards) - len(rest) + (self._introduce(owner, rest) if rest else 0)
        return _all([partial(self._post, card, shown, owner) for card, shown in cards.items()])

    def _list(self, place: str, cards: Mapping[str, ShownFlag]) -> frozenset[str]:
        """Post one list and return the cards in it.

        They are written down before, so that whoever dies here continues with the same list.
        """
        planned = self._planned(place) or tuple(cards)
        self._database.work.remember(_plan(place), json.dumps(planned))
        shown = [cards[card] for card in planned if card in cards]
        key = f"flags:{place}:{planned[0]}:{len(planned)}"
        if shown and not self._messenger.summary(key, shown, to=place):
            self._messenger.summary(key, shown, to=CHANNEL)
        for card in cards.keys() & set(planned):
            known = self._told(card)
            changes = known.changes or cards[card].flag.changes
            self._remember(card, replace(known, changes=changes, listed=True))
        self._database.work.remember(_plan(place), "[]")
        return frozenset(planned)

    def _planned(self, place: str) -> tuple[str, ...]:
        return tuple(json.loads(self._database.work.recall(_plan(place)) or "[]"))

    def _post(self, card: str, shown: ShownFlag, owner: str) -> int:
        place = owner
        if not self._messenger.card(card, shown, to=place):
            place = CHANNEL  # an owner whom nobody can reach must not mean silence
            self._messenger.card(card, shown, to=place)
        others = self._followers(shown.account, but=(place,))
        told = [one for one in others if self._messenger.card(card, shown, to=one)]
        self._remember(card, Told(changes=shown.flag.changes, places=(place, *told)))
        return 1

    def _first(self, account: Account) -> str:
        """Who is told first: the owner, or the channel where nobody is to be told or wants to."""
        owner = account.owner or CHANNEL
        wishes = self._database.follows.of_account(account.key)
        return CHANNEL if wishes.get(owner.lower()) is Wish.MUTE else owner

    def _followers(self, account: Account, *, but: Collection[str]) -> list[str]:
        """Who else wants to hear of the account, and may."""
        wishes = self._database.follows.of_account(account.key)
        found = []
        for email, wish in wishes.items():
            person = self._database.people.get(email)
            may = person and (person.accounts is None or account.key in person.accounts)
            if wish is Wish.FOLLOW and may and email not in {one.lower() for one in but}:
                found.append(email)
        return found

    def _bring_up_to_date(self, one: _News) -> int:
        account, beyond = one.shown.account, self._goes_to_channel(one.shown.flag, one.known)
        places = [*one.known.places, *([CHANNEL] if beyond else [])]
        places += self._followers(account, but=places) if places else []
        wishes = self._database.follows.of_account(account.key)
        for place in places:
            self._messenger.card(one.card, one.shown, to=place)
            if wishes.get(place.lower()) is Wish.MUTE:
                continue  # the card stays true, and nothing pings
            for change in one.history[one.known.changes :]:
                self._say(change, one.card, place)
        told = replace(one.known, changes=one.shown.flag.changes, places=tuple(places))
        self._remember(one.card, told)
        return 1

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


def show_again(work: WorkStore, post: str) -> None:
    """Have the card of a post written once more, if it is one: its words are not there any more."""
    kind, _, rest = post.partition(":")
    card = f"{kind}:{rest.rpartition(':')[0]}"
    stored = work.recall(_name(card)) if kind == "flag" else None
    if stored is not None:
        known = json.loads(stored)
        work.remember(_name(card), json.dumps({**known, "changes": known["changes"] - 1}))


def _all(steps: Iterable[Callable[[], int]]) -> int:
    """Take every step and sum up; raise the first trouble at the end.

    Where nothing can be told to anybody, there is no point in going on.
    """
    told = 0
    trouble: TellPerson | None = None
    for step in steps:
        try:
            told += step()
        except (Unreachable, Unauthorized):
            raise
        except TellPerson as error:
            logger.warning("flag.not_told", extra={"error": type(error).__name__})
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    return told


def _name(card: str) -> str:
    return f"told:{card}"


def _plan(place: str) -> str:
    return f"flag-list:{place}"
