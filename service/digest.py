"""The weekly digest: what a leader reads on Monday. The same week gives the same digest.

It asks Answers like every other surface and counts nothing itself. A metric that has not passed
validation is withheld by name, never dropped in silence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from service.answers import Answers
from service.domain.answers import Answer, Counted, EvidenceLink, Group, Intent
from service.domain.people import SYSTEM
from service.domain.taxonomy import UNMAPPED
from service.errors import Misused
from service.links import Links
from service.measures import all_metrics
from service.ports import Clock
from service.query import CONVERSATIONS, Dimension, Query, Window

TOP = 3  # drivers shown


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverLine:
    """One driver: this week's conversations, the week before, and one customer's words."""

    name: str
    current: Counted
    baseline: Counted | None
    quote: EvidenceLink | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    week: str  # ISO, "2026-W46"
    window: Window
    volume: Answer
    drivers: tuple[DriverLine, ...]
    withheld: tuple[str, ...]  # one line a metric that is not validated
    trust: str
    report_url: str
    lines: tuple[str, ...]  # the whole message in words, at most fifteen lines


class Publisher(Protocol):
    def publish(self, digest: Digest) -> str:
        """Post the digest once a week and channel; posting again replaces it. Return where."""
        ...


class Digests:
    """Makes and posts digests. `validated` names the metrics that may reach leaders."""

    def __init__(
        self,
        *,
        answers: Answers,
        links: Links,
        publisher: Publisher,
        clock: Clock,
        zone: ZoneInfo,
        validated: Collection[str] = (),
    ) -> None:
        self._answers = answers
        self._links = links
        self._publisher = publisher
        self._clock = clock
        self._zone = zone
        self._validated = frozenset(validated)

    def last_week(self) -> str:
        today = self._clock().astimezone(self._zone).date()
        return week_of(today - timedelta(days=7))

    def make(self, week: str) -> Digest:
        """Return the digest of one ISO week; raises Misused for a week that is not one."""
        window = week_window(week)
        query = Query(metric=CONVERSATIONS, window=window, compare_to=window.preceding())
        volume = self._answers.ask(query, SYSTEM, intent=Intent.COUNT)
        drivers = self._drivers(window)
        withheld = tuple(
            f"{metric.title}: withheld, not validated"
            for metric in all_metrics()
            if metric.name not in self._validated
        )
        trust = _trust(volume)
        report_url = self._links.group(
            Query(metric=CONVERSATIONS, window=window, group_by=(Dimension.DRIVER,))
        )
        lines = (
            f"Week {week}: {window.words()}",
            *volume.text[:2],
            *(line for driver in drivers for line in _driver_lines(driver)),
            *withheld,
            trust,
            f"Report: {report_url}",
        )
        return Digest(
            week=week,
            window=window,
            volume=volume,
            drivers=drivers,
            withheld=withheld,
            trust=trust,
            report_url=report_url,
            lines=lines,
        )

    def post(self, digest: Digest) -> str:
        return self._publisher.publish(digest)

    def _drivers(self, window: Window) -> tuple[DriverLine, ...]:
        by_driver = Query(metric=CONVERSATIONS, window=window, group_by=(Dimension.DRIVER,))
        now = self._answers.ask(by_driver, SYSTEM, intent=Intent.TOP).groups
        before = self._answers.ask(
            by_driver.during(window.preceding()), SYSTEM, intent=Intent.TOP
        ).groups
        earlier = {group.values[0]: group.counted for group in before}
        named = [group for group in now if group.values[0] != UNMAPPED]
        named.sort(key=lambda group: (-_rise(group, earlier), group.values[0]))
        return tuple(self._driver(group, earlier, window) for group in named[:TOP])

    def _driver(self, group: Group, earlier: dict[str, Counted], window: Window) -> DriverLine:
        name = group.values[0]
        query = Query(window=window).narrowed(Dimension.DRIVER, name)
        quotes = self._answers.ask(query, SYSTEM, intent=Intent.QUOTES).quotes
        return DriverLine(
            name=name,
            current=group.counted,
            baseline=earlier.get(name),
            quote=quotes[0] if quotes else None,
        )


def week_window(week: str) -> Window:
    """Return Monday to Monday of an ISO week such as "2026-W46"."""
    try:
        monday = date.fromisoformat(f"{week}-1")
    except ValueError as error:
        raise Misused(f"{week!r} is not an ISO week; write 2026-W46.") from error
    return Window(monday, monday + timedelta(days=7))


def week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _rise(group: Group, earlier: dict[str, Counted]) -> int:
    before = earlier.get(group.values[0])
    return group.counted.n - (before.n if before else 0)


def _driver_lines(driver: DriverLine) -> tuple[str, ...]:
    before = driver.baseline.n if driver.baseline else 0
    line = f"{driver.name}: {driver.current.n} conversations, the week before {before}"
    if driver.quote is None:
        return (line,)
    return (line, f"  “{driver.quote.shown()}”")


def _trust(volume: Answer) -> str:
    coverage = volume.coverage
    if coverage is None or coverage.as_of is None:
        return "Nothing was synced yet."
    return (
        f"{coverage.analysed} of {coverage.total} analysed, {coverage.failed} failed; "
        f"data as of {coverage.as_of:%Y-%m-%d %H:%M} UTC"
    )
