"""The alert rules of a workspace, what they raised, and what they would have raised; all in words.

It watches nothing and tells nobody: that is service.watching's.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service import wording
from service.domain import alerts
from service.domain.alerts import Alert, AlertState, DayCount, Days, Reading, Rule, RuleKind
from service.domain.feedback import Verdict
from service.domain.people import SYSTEM
from service.errors import Misused, NotFound
from service.measures import is_defined, rate_named, title
from service.ports import Clock
from service.query import Dimension, Query, Window
from service.statistics import two_sided
from service.stores import Database

BACKTEST = 90  # days over which a rule is tried on what has been
HISTORY = timedelta(days=90)
# `python -m bench alerts`, 40 workspaces of 12 drivers over 21 weeks in which nothing happened.
MEASURED = (
    "The measured rule fired 0.06 times a workspace and week where shares vary by chance alone, "
    "0.16 times where days differ as they do, 0.22 times with a slow drift beside it; with the "
    "bar for leaders 0.01, 0.06 and 0.10 times. It sees a rise of 10 points within a week in 93% "
    "of drivers with 120 conversations a day, 33% with 30 and 3% with 12."
)
STARTER = Rule(
    id="negative-by-driver",
    name="Negative share of a driver",
    kind=RuleKind.RISE,
    query=Query(metric="negative_rate"),
    over=Dimension.DRIVER,
    threshold=alerts.Z,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The alerts that people were told of in a time, and how many of them somebody found useful."""

    n: int
    useful: int

    def line(self) -> str:
        if not self.n:
            return "No alert sent."
        plural = "" if self.n == 1 else "s"
        return f"{self.n} alert{plural} sent, {self.useful} of {self.n} marked useful."


class AlertBook:
    def __init__(self, *, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone

    def today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def rules(self) -> list[Rule]:
        """Every rule in force; the one that comes with Verbatim until somebody ends it."""
        return [one for one in self.every_rule().values() if one.ended_at is None]

    def blind(self) -> list[Rule]:
        """Rules that nobody ended and that see nothing: their number is defined no more."""
        known = self._kept().values()
        return [o for o in known if o.ended_at is None and not is_defined(o.query.metric)]

    def every_rule(self) -> Mapping[str, Rule]:
        """The rules by their ids, ended ones too: an alert outlives its rule."""
        return {name: o for name, o in self._kept().items() if is_defined(o.query.metric)}

    def _kept(self) -> Mapping[str, Rule]:
        return {one.id: one for one in (STARTER, *self._database.alerts.rules())}

    def add(self, rule: Rule) -> None:
        if rule.id in self._kept():
            raise Misused(f"There is a rule {rule.id} already; ended ones keep their name too.")
        rate_named(rule.query.metric)  # raises Misused when it is no share
        self._database.alerts.save_rule(rule)

    def end(self, rule_id: str, *, by: str) -> None:
        standing = (*self.rules(), *self.blind())
        found = next((one for one in standing if one.id == rule_id), None)
        if found is None:
            raise NotFound(f"No rule {rule_id} is in force; verbatim alerts lists them.")
        self._database.alerts.save_rule(replace(found, ended_at=self._clock(), by=by))

    def acknowledge(self, key: str) -> Alert:
        """Somebody took an alert up: it is not told again, and goes when it is quiet."""
        known = self.history()
        found = next((one for one in known if one.key == key and one.stands), None)
        if found is None:
            raise NotFound(f"No alert {key} stands; verbatim alerts history lists them.")
        taken = replace(found, state=AlertState.ACKNOWLEDGED)
        self._database.alerts.save(taken)
        return taken

    def history(self) -> Sequence[Alert]:
        return self._database.alerts.alerts(self.today() - HISTORY)

    def playbook(self, driver: str) -> str:
        """What to do about a driver, by the rules that watch it: its own before one for all."""
        found = [rule for rule in self.rules() if rule.playbook and _watches(rule, driver)]
        own = [rule for rule in found if driver in rule.query.values_of(Dimension.DRIVER)]
        return next((rule.playbook for rule in (*own, *found)), "")

    def sent(self, days: Window) -> Sent:
        """The alerts that were raised on these days and told."""
        found = self._database.alerts.alerts(days.start)
        told = {
            one.key
            for one in found
            if one.told_excess is not None and days.start <= one.opened_on < days.end
        }
        since = datetime.combine(days.start, time.min, self._zone)
        said = self._database.feedback.since(since)
        useful = {one.answer for one in said if one.verdict is Verdict.USEFUL}
        return Sent(n=len(told), useful=len(told & useful))

    def fired_before(self, rule: Rule) -> list[tuple[date, str]]:
        """When the rule would have fired over the last 90 days."""
        today = self.today()
        days = self.days(rule, today, back=BACKTEST)
        return alerts.fired_days(rule, days, today, BACKTEST)

    def days(self, rule: Rule, today: date, *, back: int) -> Days:
        start = today - timedelta(days=alerts.RECENT + alerts.BEFORE + back)
        by = (Dimension.DAY,) if rule.over is None else (rule.over, Dimension.DAY)
        asked = replace(rule.query, window=Window(start, today), group_by=by)
        found: defaultdict[str, dict[date, DayCount]] = defaultdict(dict)
        for names, tally in self._database.facts.groups(asked, SYSTEM):
            value = "" if rule.over is None else names[0]
            count = DayCount(n=tally.known, x=tally.numerator)
            found[value][date.fromisoformat(names[-1])] = count
        return found


def _watches(rule: Rule, driver: str) -> bool:
    named = rule.query.values_of(Dimension.DRIVER)
    return driver in named or (rule.over is Dimension.DRIVER and not named)


def sentence(rule: Rule, reading: Reading) -> str:
    """Say what fired, with counts and how seldom chance does it."""
    name = title(rule.query.metric)
    now = f"{wording.percent(reading.x1 / reading.n1)} ({reading.x1} of {reading.n1})"
    if rule.kind is RuleKind.ABOVE:
        bar = wording.percent(rule.threshold)
        return f"{wording.capital(name)} over the last 7 days: {now}; the rule says {bar} or more."
    before = f"{wording.percent(reading.x0 / reading.n0)} ({reading.x0} of {reading.n0})"
    often = round(1 / max(two_sided(reading.z or 0) / 2, 1e-9))
    return (
        f"{wording.capital(name)} rose from {before} in the 28 days before to {now} in the last 7; "
        f"as days vary here, that happens by chance less than once in "
        f"{10 ** (len(str(often)) - 1):,} looks."
    )


def condition(rule: Rule, names: Mapping[str, str]) -> str:
    """A rule in words."""
    each = f" of each {rule.over.words}" if rule.over else ""
    about = rule.query.sentence({**names, rule.query.metric: title(rule.query.metric)})
    if rule.kind is RuleKind.ABOVE:
        return f"{about}{each}: {wording.percent(rule.threshold)} or more over 7 days, n ≥ 30"
    return (
        f"{about}{each}: rises by 3 points or more against the 28 days before, "
        f"z > {rule.threshold:g} by the spread of days, n ≥ 30"
    )
