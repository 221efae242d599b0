"""Takes away conversations that are past retention, every night, and never by a clock that jumped.

A clock is believed when helpdesks told news near its time, or when it was lived through: the
nightly run saw each of the last days. Otherwise age is counted from the newest news.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from service.forgetting import Forgetting
from service.ports import Clock
from service.stores import Database

AHEAD_OF_NEWS = timedelta(days=7)  # as far as a clock may be ahead of the newest news
LIVED = 7  # days that the nightly run has to have seen, one after the other
EVENTS_KEPT = timedelta(days=30)  # ids of webhooks, by which a repetition is known
_CLOCKS_DIFFER = timedelta(days=1)  # at most, between a helpdesk and us
_SEEN = "retention:days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """What is purged: what was silent since `before`. `held_back` tells that the clock was not
    believed.
    """

    before: datetime
    held_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What a run did, or would do."""

    conversations: int
    horizon: Horizon | None  # None: everything is kept
    resumed: int = 0  # conversations of erasures that had been cut off

    @property
    def sentence(self) -> str:
        resumed = f"; {self.resumed} of an interrupted erasure" if self.resumed else ""
        if self.horizon is None:
            return f"everything is kept (VERBATIM_RETENTION_DAYS){resumed}"
        held = " (the clock is far ahead of the newest news)" if self.horizon.held_back else ""
        before = self.horizon.before.date()
        return f"{self.conversations:,} conversations silent since {before}{held}{resumed}"


class _Believed(NamedTuple):
    """The time by which age is counted, and whether it is not the clock's."""

    at: datetime
    held_back: bool


class Retention:
    def __init__(
        self, *, database: Database, forgetting: Forgetting, days: int | None, clock: Clock
    ) -> None:
        self._database = database
        self._forgetting = forgetting
        self._days = days
        self._clock = clock

    def preview(self) -> Purged:
        """Count what a run would purge; nothing is changed."""
        horizon = self._horizon(self._believed(self._clock()))
        count = 0 if horizon is None else self._database.erasures.silent_since(horizon.before)
        return Purged(conversations=count, horizon=horizon)

    def run(self) -> Purged:
        """Purge what is past retention, and finish erasures that were cut off."""
        now = self._clock()
        self._note_day(now.date())
        resumed = self._forgetting.resume().conversations
        believed = self._believed(now)
        self._database.work.forget_done(believed.at - EVENTS_KEPT)
        horizon = self._horizon(believed)
        purged = 0
        if horizon is not None:
            purged = self._database.erasures.purge_silent_since(horizon.before)
        return Purged(conversations=purged, horizon=horizon, resumed=resumed)

    def _horizon(self, believed: _Believed) -> Horizon | None:
        if self._days is None:
            return None
        before = believed.at - timedelta(days=self._days)
        return Horizon(before=before, held_back=believed.held_back)

    def _believed(self, now: datetime) -> _Believed:
        newest = self._database.erasures.newest_news(now + _CLOCKS_DIFFER)
        if newest is None or now <= newest + AHEAD_OF_NEWS or self._lived_through(now.date()):
            return _Believed(now, held_back=False)
        return _Believed(newest, held_back=True)

    def _lived_through(self, today: date) -> bool:
        seen = self._seen()
        return all(today - timedelta(days=n) in seen for n in range(1, LIVED + 1))

    def _note_day(self, today: date) -> None:
        """Days after today were seen by a clock that has been set right since."""
        kept = {day for day in self._seen() if today - timedelta(days=2 * LIVED) <= day <= today}
        days = sorted(day.isoformat() for day in kept | {today})
        self._database.work.remember(_SEEN, json.dumps(days))

    def _seen(self) -> set[date]:
        stored = self._database.work.recall(_SEEN)
        return {date.fromisoformat(day) for day in json.loads(stored)} if stored else set()
