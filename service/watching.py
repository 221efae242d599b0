"""Watches the shares that people made rules for, once a day, and tells what fired.

The rules' arithmetic is in service.domain.alerts; the numbers and the quotes come from Answers. An
alert is one message that is kept up to date, with the answer behind it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from service.alert_book import HISTORY, AlertBook, sentence
from service.answers import Answers
from service.domain import alerts
from service.domain.alerts import Alert, AlertState, Rule
from service.domain.answers import Answer, Intent
from service.domain.people import SYSTEM
from service.errors import RetryLater, VerbatimError
from service.logs import logger
from service.measures import rate_named
from service.ports import Clock
from service.stores import Database
from service.wording import WITHHELD


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An alert with all that stands in its message."""

    alert: Alert
    title: str
    sentence: str
    playbook: str
    answer: Answer


class AlertMessenger(Protocol):
    """Carries alerts. Each key has one message; putting it again brings it up to date."""

    def put(self, news: News, *, channel: str | None) -> bool:
        """Post or update; False when there is no place to."""
        ...

    def again(self, news: News, *, channel: str | None) -> None:
        """Say in the message's thread that it has doubled, once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one day's look found."""

    day: date
    fired: tuple[Alert, ...] = ()  # new today
    told: int = 0
    held: int = 0  # of the new ones, over the budget
    resolved: int = 0
    withheld: tuple[str, ...] = ()  # rules whose metric has not passed validation

    @property
    def sentence(self) -> str:
        said = f"{len(self.fired)} fired, {self.told} told, {self.resolved} resolved"
        said += f", {self.held} held back by the budget" if self.held else ""
        said += "".join(f"; {name}: {WITHHELD}" for name in self.withheld)
        return said


class Watch(AlertBook):
    def __init__(
        self,
        *,
        database: Database,
        answers: Answers,
        messenger: AlertMessenger,
        validated: Collection[str],
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        super().__init__(database=database, clock=clock, zone=zone)
        self._answers = answers
        self._messenger = messenger
        self._validated = frozenset(validated)

    def look(self, today: date) -> list[tuple[Rule, list[Alert]]]:
        """What would be new or changed on this day; nothing is kept and nobody is told."""
        known = self._database.alerts.alerts(today - HISTORY)
        room = alerts.room_left(known, today)
        found = []
        for rule in self.rules():
            if not self._is_validated(rule):
                continue
            days = self.days(rule, today, back=0)
            changed = alerts.judged(rule, alerts.readings(days, today), known, today, room=room)
            new = [one for one in changed if one.opened_on == today]
            room -= sum(one.state is AlertState.OPEN for one in new)
            found.append((rule, changed))
        return found

    def run(self, today: date) -> Watched:
        """Look at one day and tell what is new. Safe to repeat: it ends with the same.

        Raises RetryLater while a helpdesk was not read since the day began: stale numbers are
        never told as new.
        """
        self._be_fresh(today)
        changed = [one for _, found in self.look(today) for one in found]
        for one in changed:
            self._database.alerts.save(one)
        fired = tuple(one for one in changed if one.opened_on == today)
        return Watched(
            day=today,
            fired=fired,
            told=self._tell_all(today),
            held=sum(one.state is AlertState.HELD for one in fired),
            resolved=sum(one.state is AlertState.RESOLVED for one in changed),
            withheld=self.withheld(),
        )

    def withheld(self) -> tuple[str, ...]:
        """The rules that raise nothing, because their metric has not passed validation."""
        return tuple(one.name for one in self.rules() if not self._is_validated(one))

    def news(self, rule: Rule, alert: Alert) -> News:
        """What an alert's message says; the numbers behind it are counted by Answers."""
        recent, before = alerts.windows(alert.seen_on)
        asked = replace(rule.query, window=recent, compare_to=before)
        value = alert.reading.value
        if rule.over is not None:
            asked = asked.narrowed(rule.over, value)
        answer = self._answers.ask(asked, SYSTEM, intent=Intent.WHY_CHANGE)
        return News(
            alert=alert,
            title=f"{value}: {rule.name}" if value else rule.name,
            sentence=sentence(rule, alert.reading),
            playbook=rule.playbook,
            answer=answer,
        )

    def _tell(self, rule: Rule, alert: Alert) -> bool:
        """Bring an open alert's message up to date; return whether it was news to anybody."""
        was_told = alert.told_excess is not None
        news = self.news(rule, alert)
        if not self._messenger.put(news, channel=rule.channel):
            return False
        if not alerts.is_to_be_told(alert):
            return False
        if was_told:
            self._messenger.again(news, channel=rule.channel)
        headline = news.answer.headline
        receipt = headline.current.receipt.rpartition("/")[2] if headline else None
        told = replace(alert, told_excess=alert.reading.excess, receipt=receipt)
        self._database.alerts.save(told)
        return True

    def _tell_all(self, today: date) -> int:
        """Tell of what fires today, and of what a run that was cut off left untold.

        One that cannot be told hinders no other; the first trouble is raised at the end.
        """
        rules = {one.id: one for one in self.rules()}
        told, trouble = 0, None
        for one in self._database.alerts.alerts(today - HISTORY):
            is_news = one.seen_on == today or one.told_excess is None
            if one.state is not AlertState.OPEN or one.rule not in rules or not is_news:
                continue
            try:
                told += self._tell(rules[one.rule], one)
            except VerbatimError as error:
                logger.warning("alert.not_told", extra={"error": type(error).__name__})
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        return told

    def _is_validated(self, rule: Rule) -> bool:
        return rate_named(rule.query.metric)[0].name in self._validated

    def _be_fresh(self, today: date) -> None:
        began = datetime.combine(today, time.min, self._zone)
        read = self._database.conversations.synced_at()
        stale = [name for name, at in read.items() if ":" not in name and at < began]
        if stale:
            raise RetryLater(f"{', '.join(sorted(stale))} was not read since the day began.")
