"""Makes the weekly digest: what a leader reads on Monday. The same week gives the same digest.

It asks Answers like every other surface and counts nothing itself. A metric that has not passed
validation is withheld by name, never dropped in silence.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service import wording
from service.alert_book import AlertBook
from service.answering.counts import SURE, counts_differ, counts_p
from service.answers import Answers
from service.charting import WeekBar
from service.digest import Digest, DriverLine, Publisher, lines_of
from service.domain.answers import Answer, Counted, Group, Intent
from service.domain.conversations import ConversationKey
from service.domain.people import SYSTEM
from service.domain.taxonomy import UNMAPPED
from service.errors import Misused
from service.flags import Flags
from service.links import Links
from service.measures import all_metrics
from service.ports import Clock
from service.query import CONVERSATIONS, NO_VALUE, Dimension, Query, Window
from service.spotchecks import SpotChecks
from service.statistics import discoveries

TOP = 3  # drivers shown
WEEKS = 8  # of the usual range
FEWEST_WEEKS = 3  # that make a range
MOST_SHARES = 3  # validated metrics with a line of their own
MOST_BEHIND = 60  # conversations behind the flags that one address can name
SPAN = (7, 7)  # days of both weeks


class Digests:
    """Makes and posts digests. `validated` names the metrics that may reach leaders.

    `owners` look after drivers; `checks` and `alerts` know what was reviewed and sent.
    """

    def __init__(
        self,
        *,
        answers: Answers,
        links: Links,
        publisher: Publisher,
        clock: Clock,
        zone: ZoneInfo,
        validated: Collection[str] = (),
        flags: Flags | None = None,
        owners: Mapping[str, str] | None = None,
        checks: SpotChecks | None = None,
        alerts: AlertBook | None = None,
    ) -> None:
        self._answers = answers
        self._links = links
        self._publisher = publisher
        self._clock = clock
        self._zone = zone
        self._validated = frozenset(validated)
        self._flags = flags
        self._owners = owners or {}
        self._checks = checks
        self._alerts = alerts

    def last_week(self) -> str:
        today = self._clock().astimezone(self._zone).date()
        return week_of(today - timedelta(days=7))

    def make(self, week: str) -> Digest:
        """Return the digest of one ISO week; raises Misused for a week that is not one."""
        window = week_window(week)
        volume = self._answers.ask(_against(window), SYSTEM, intent=Intent.COUNT)
        changed = self._changed(window, volume)
        improved = next((one for one in changed if _fell(one)), None)
        drivers = [one for one in changed if one is not improved][:TOP]
        weeks = self._weeks(window, volume)
        headline, unusual = self._headline(volume, weeks[:-1])
        trust = " ".join([f"{_coverage(volume, self._zone)}.", *self._trust(window)])
        digest = Digest(
            week=week,
            window=window,
            volume=volume,
            drivers=tuple(self._told(one, window) for one in drivers),
            withheld=self._withheld(),
            trust=trust,
            report_url=self._links.group(
                Query(metric=CONVERSATIONS, window=window, group_by=(Dimension.DRIVER,))
            ),
            first=self._first(volume, window),
            headline=headline,
            shares=tuple(self._shares(window)),
            notes=tuple(_changes(drivers, improved, unusual=unusual)),
            weeks=weeks,
            pages=tuple(self._pages(window, weeks)),
            lines=(),
        )
        if self._flags is not None and "churn_risk" in self._validated:
            flagged = self._flags.between(self._midnight(window.start), self._midnight(window.end))
            digest = replace(
                digest,
                flags=flagged.line(),
                flagged=flagged.names(),
                flags_url=self._behind(flagged.conversations),
            )
        return replace(digest, lines=lines_of(digest))

    @property
    def prints(self) -> bool:
        return self._publisher.prints

    def post(self, digest: Digest) -> str:
        return self._publisher.publish(digest)

    def _headline(self, volume: Answer, earlier: Sequence[WeekBar]) -> tuple[str, bool]:
        """The volume against last week and against its usual range, and whether it is unusual."""
        found = volume.headline
        if found is None or found.baseline is None:
            return wording.NO_MATCH, False
        now, before = found.current.n, found.baseline.n
        clear = counts_differ(before, now, SPAN)
        said = wording.volume_moved("conversations", (before, now), SPAN, clear=clear, asked=None)
        usual = [week.n for week in earlier]
        if len(usual) < FEWEST_WEEKS:  # two weeks are no range, and the last one was just told
            return f"{said} {found.current.receipt}", clear
        low, high = min(usual), max(usual)
        where = "inside" if low <= now <= high else ("above" if now > high else "below")
        range_said = (
            f"{where.capitalize()} the range of the {len(usual)} weeks before: {low} to {high}."
        )
        unusual = clear or where != "inside"
        return f"{said} {range_said} {found.current.receipt}", unusual

    def _weeks(self, window: Window, volume: Answer) -> tuple[WeekBar, ...]:
        """Conversations of the weeks before, from the first that holds one, and of this one."""
        monday = [window.start - timedelta(days=7 * back) for back in range(WEEKS, 0, -1)]
        asked = Query(window=Window(monday[0], window.start), group_by=(Dimension.WEEK,))
        groups = self._answers.ask(asked, SYSTEM, intent=Intent.TREND).groups
        counts = {group.values[0]: group.counted.n for group in groups}
        held = [WeekBar(monday=day, n=counts.get(day.isoformat(), 0)) for day in monday]
        first = next((place for place, week in enumerate(held) if week.n), len(held))
        now = volume.headline.current.n if volume.headline else 0
        return (*held[first:], WeekBar(monday=window.start, n=now))

    def _behind(self, conversations: Sequence[ConversationKey]) -> str:
        if not conversations:
            return ""
        newest = conversations[:MOST_BEHIND]
        return self._links.explore(Query().narrowed(Dimension.CONVERSATION, *newest))

    def _pages(self, window: Window, weeks: Sequence[WeekBar]) -> Iterator[tuple[str, str]]:
        """Where the numbers open that are no link themselves."""
        if len(weeks) > 1:
            all_weeks = Window(weeks[0].monday, window.end)
            asked = Query(window=all_weeks, group_by=(Dimension.WEEK,))
            yield "Weeks", self._links.group(asked)
        yield "Trust", self._links.trust()
        if self._alerts is not None and self._alerts.sent(window).n:
            yield "Alerts", self._links.alerts()

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self._zone)

    def _changed(self, window: Window, volume: Answer) -> list[DriverLine]:
        """Drivers of which the count clearly changed, the surest first.

        Every driver is a chance to be wrong, so the tests are judged together.
        """
        now, before = self._drivers(window), self._drivers(window.preceding())
        lines = [
            DriverLine(name=name, current=current, baseline=before.get(name), quote=None)
            for name, current in now.items()
        ]
        for name in before.keys() - now.keys():
            gone = self._answers.ask(
                Query(window=window).narrowed(Dimension.DRIVER, name), SYSTEM, intent=Intent.COUNT
            )
            if gone.headline is not None:
                current = gone.headline.current
                lines.append(
                    DriverLine(name=name, current=current, baseline=before[name], quote=None)
                )
        found = discoveries([_surest(one)[0] for one in lines], q=SURE)
        clear = [one for one, is_clear in zip(lines, found, strict=True) if is_clear]
        told = [replace(one, points=_points(one, volume)) for one in clear]
        return sorted(told, key=_surest)

    def _drivers(self, window: Window) -> dict[str, Counted]:
        by_driver = Query(window=window, group_by=(Dimension.DRIVER,))
        groups: Sequence[Group] = self._answers.ask(by_driver, SYSTEM, intent=Intent.COUNT).groups
        unnamed = {UNMAPPED, NO_VALUE}
        return {one.values[0]: one.counted for one in groups if one.values[0] not in unnamed}

    def _told(self, driver: DriverLine, window: Window) -> DriverLine:
        """A driver with a customer's words, and with who is to do what about it."""
        query = Query(window=window).narrowed(Dimension.DRIVER, driver.name)
        quotes = self._answers.ask(query, SYSTEM, intent=Intent.QUOTES).quotes
        return replace(
            driver,
            quote=quotes[0] if quotes else None,
            owner=self._owners.get(driver.name, ""),
            playbook=self._alerts.playbook(driver.name) if self._alerts is not None else "",
        )

    def _shares(self, window: Window) -> list[str]:
        """One line a validated metric: its first share against last week."""
        found = [one for one in all_metrics() if one.name in self._validated]
        shares = [one.rates[0].name for one in found[:MOST_SHARES]]
        told = [
            self._answers.ask(_against(window, name), SYSTEM, intent=Intent.COUNT).text[1]
            for name in shares
        ]
        if found[MOST_SHARES:]:
            told.append(f"Also: {', '.join(one.title for one in found[MOST_SHARES:])} (explorer).")
        return told

    def _withheld(self) -> tuple[str, ...]:
        names = [one.title for one in all_metrics() if one.name not in self._validated]
        return (f"{', '.join(names)}: withheld, not validated",) if names else ()

    def _trust(self, window: Window) -> Iterator[str]:
        """How far people agree with what is told, what waits for them, and what they were sent."""
        if self._checks is not None:
            agreed = [
                f"{one.metric.title} {one.agreement.words()}"
                for one in self._checks.standing()
                if one.metric.name in self._validated
            ]
            yield f"Agreement: {'; '.join(agreed) or 'no metric is validated'}."
            overdue = self._checks.overdue(self._midnight(window.end))
            yield f"{overdue or 'No'} review{'s' if overdue > 1 else ''} overdue."
        if self._alerts is not None:
            yield self._alerts.sent(window).line()

    def _first(self, volume: Answer, window: Window) -> tuple[str, ...]:
        """What must be known before any number: conversations missing, or a sync too old.

        The hours since the sync are left out: they would make each posting another digest.
        """
        said = list(self._answers.gaps(_against(window)))
        as_of = volume.coverage.as_of if volume.coverage else None
        if as_of is None:
            return (*said, "Nothing was synced yet: there are no numbers.")
        if as_of < self._midnight(window.end):
            when = wording.moment(as_of, self._zone)
            said.append(f"The week is not complete here: the last sync ended {when}.")
        return tuple(wording.capital(one.rstrip(".")) + "." for one in said)


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


def _against(window: Window, metric: str = CONVERSATIONS) -> Query:
    return Query(metric=metric, window=window, compare_to=window.preceding())


def _surest(driver: DriverLine) -> tuple[float, str]:
    before, now = driver.counts
    return counts_p(before, now, SPAN), driver.name


def _points(driver: DriverLine, volume: Answer) -> float | None:
    """How its part of all conversations moved; nothing where the weeks are too small for shares."""
    found = volume.headline
    if found is None or found.baseline is None:
        return None
    (before, now), (all_before, all_now) = driver.counts, (found.baseline.n, found.current.n)
    if min(all_before, all_now) <= wording.FEW:
        return None
    return 100 * (now / all_now - before / all_before)


def _fell(driver: DriverLine) -> bool:
    before, now = driver.counts
    return now < before


def _changes(
    drivers: Sequence[DriverLine], improved: DriverLine | None, *, unusual: bool
) -> list[str]:
    """What improved; or that no driver clearly changed, and whether the week was quiet."""
    if improved is not None:
        before, now = improved.counts
        told = f"Improved: {improved.name} fell from {before} to {now} conversations"
        kept = improved.current if now or improved.baseline is None else improved.baseline
        return [f"{told}{improved.part}. {kept.receipt}"]
    if drivers:
        return []
    return ["No driver clearly changed." if unusual else "A quiet week: no driver clearly changed."]


def _coverage(volume: Answer, zone: ZoneInfo) -> str:
    coverage = volume.coverage
    if coverage is None or coverage.as_of is None:
        return "Nothing was synced yet"
    fresh = wording.moment(coverage.as_of, zone)
    return (
        f"{coverage.analysed} of {coverage.total} analysed, {coverage.failed} failed; "
        f"data as of {fresh}; taxonomy {coverage.taxonomy}"
    )
