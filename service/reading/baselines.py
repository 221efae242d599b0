"""The period of a question that names none, and what a period is compared with, by dates alone."""

from datetime import date

from service.query import Window
from service.reading.model import Baseline, BaselineKind
from service.reading.units import DAY, months_on, unit_on, unit_start


def baseline_of(period: Window, today: date) -> Baseline:
    """The comparison window that nobody named, from dates alone."""
    running = _running(period, today) or _whole(period)
    window = running
    if window is None and period.days < 7:
        window = Window(period.start - 7 * DAY, period.end - 7 * DAY)
    return Baseline(kind=BaselineKind.PRECEDING, window=window or period.preceding())


def _running(period: Window, today: date) -> Window | None:
    """A unit that still runs is compared with as many days from the start of the one before."""
    if period.end != today + DAY:
        return None
    for unit in ("week", "month", "quarter", "year"):
        if period.start == unit_start(unit, today):
            start = unit_on(unit, period.start, -1)
            return Window(start, min(start + period.days * DAY, period.start))
    return None


def _whole(period: Window) -> Window | None:
    for unit in ("month", "quarter", "half", "year"):
        if unit_start(unit, period.start) != period.start:
            continue
        if unit_on(unit, period.start, 1) == period.end:
            return Window(unit_on(unit, period.start, -1), period.start)
    return None


def year_before(period: Window) -> Baseline:
    """The same unit a year earlier; other periods 364 days earlier, so that weekdays agree."""
    if period.start.day == 1:
        window = Window(months_on(period.start, -12), months_on(period.end, -12))
    else:
        window = Window(period.start - 364 * DAY, period.end - 364 * DAY)
    return Baseline(kind=BaselineKind.SAME_LAST_YEAR, window=window)


def back(period: Window, unit: str) -> Baseline:
    """The same days a week, a month, a quarter or a year earlier."""
    if unit == "year":
        return year_before(period)
    start = unit_on(unit, period.start, -1)
    return Baseline(kind=BaselineKind.NAMED, window=Window(start, start + period.days * DAY))


def ranked_period(group_by: tuple[str, ...], today: date) -> Window | None:
    """ "Which week was worst?" looks at several weeks: eight of them, or six whole months."""
    if "month" in group_by:
        start = unit_start("month", today)
        return Window(unit_on("month", start, -6), start)
    return default_period("trend", today) if "week" in group_by else None


def default_period(intent: str, today: date) -> Window | None:
    """The period of a question that names none."""
    if intent in {"why_change", "count", "top", "compare"}:
        return Window(today - 7 * DAY, today)
    if intent in {"quotes", "account_brief", "funnel"}:
        return Window(today - 30 * DAY, today)
    if intent == "trend":
        monday = unit_start("week", today)
        return Window(monday - 56 * DAY, monday)
    return None


def grain_of(period: Window) -> str:
    """The step of a trend: a day up to two weeks, a week up to about three months."""
    if period.days <= 14:
        return "day"
    return "week" if period.days <= 92 else "month"
