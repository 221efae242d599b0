"""Finds the period in a question's words: a range, an open "since 1/9", or a single period.

What one period means is service.reading.points' to say.
"""

import itertools
import re
from dataclasses import dataclass, replace

from service.query import Window
from service.reading.points import (
    COUNT,
    POINTS,
    Days,
    cut_after_today,
    number,
    one_day,
    read_point,
)
from service.reading.units import DAY, MONTH, MONTHS, WEEKDAY, unit_on, unit_start
from service.reading.words import Words

_PREFIX = r"(?<!\S)(?:(?:in|on|for|during|over|within|of|from|at|this|the) )*"
_BEFORE_A_DATE = (
    r"\b(?:in|on|since|during|for|of|from|to|until|till|vs|versus|with|against|than|last|and|or"
    r"|between|compare|(?:what|how) about)$"
)
_AFTER_A_DATE = (
    r"^(?:vs|versus|to|until|till|volumes?|numbers?|tickets?|tix|convos?|conversations?|cases|chats"
    r"|emails|calls|contacts?|complaints?|sentiment|effort|churn|stats|compared|against|only|~"
    r"|negative|positive)\b|^$"
)
_NEEDS_CONTEXT = {"may", "march", "mar", "sun", "sat", "mon", "wed", "jan", "sep", "dec"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A period and where in the free words it stands."""

    window: Window
    start: int
    end: int


def find_period(text: str, days: Days) -> Found | None:
    """Find the first period in free words: a range, an open "since", or a single period."""
    for search in (_counted, _range, _since, _single):
        found = search(text, days)
        if found is not None:
            return found
    return None


def _each_point(text: str, days: Days) -> list[Found]:
    """All single periods, longest first at each place, not overlapping, left to right."""
    taken: list[tuple[int, int]] = []
    found: list[Found] = []
    for pattern, reader in POINTS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < last and end > first for first, last in taken):
                continue
            if not _is_a_date(match.group(), text[:start], text[end:]):
                continue
            taken.append((start, end))  # also when it is no day: "31 june" is not all of June
            window = reader(match, days)
            if window is not None:
                found.append(Found(window=window, start=start, end=end))
    return sorted(found, key=lambda one: one.start)


def _is_a_date(words: str, before: str, after: str) -> bool:
    """Words such as "may" and "sat" are dates only after a preposition or before a noun of ours."""
    if words == "now":  # an end, and no period by itself
        return (
            re.search(r"\b(?:between|from)\b.*\b(?:and|to|until|till)$", before.strip()) is not None
        )
    if words.strip() not in _NEEDS_CONTEXT:
        return True
    return any(
        re.search(pattern, text.strip()) is not None
        for pattern, text in ((_BEFORE_A_DATE, before), (_AFTER_A_DATE, after))
    )


_COUNTED = re.compile(
    rf"\b(?:(?:in|over|during|for|within) )?(?:the )?{COUNT}"
    r" (days?|weeks?|months?|quarters?|years?)"
    r" (to|until|till|up to|ending|before|prior to|leading up to|after|from|following)"
    r"(?: on)?(?: the)? "
)


def _counted(text: str, days: Days) -> Found | None:
    """Read "the six weeks to 31 August" and "ten days after 5 May"."""
    match = _COUNTED.search(text)
    if match is None:
        return None
    point = next((one for one in _each_point(text, days) if one.start == match.end()), None)
    if point is None:
        return None
    count, unit, joint = number(match.group(1)), match.group(2).removesuffix("s"), match.group(3)
    if joint in {"to", "until", "till", "up to", "ending"}:
        window = Window(unit_on(unit, point.window.end, -count), point.window.end)
    elif joint in {"after", "following"}:
        window = Window(point.window.end, unit_on(unit, point.window.end, count))
    elif joint == "from":
        window = Window(point.window.start, unit_on(unit, point.window.start, count))
    else:
        window = Window(unit_on(unit, point.window.start, -count), point.window.start)
    cut = cut_after_today(window.start, window.end, days)
    return Found(window=cut, start=match.start(), end=point.end) if cut else None


def _range(text: str, days: Days) -> Found | None:
    shared = _shared_month(text, days)
    if shared is not None:
        return shared
    points = _each_point(text, days)
    for first, second in itertools.pairwise(points):
        between = text[first.end : second.start].strip()
        before = text[: first.start].strip()
        opened = re.search(r"(?<!difference )(?<!gap )\b(from|between)$", before)
        joins = {"to", "until", "till", "through", "thru"}
        weighed = opened is None and re.search(r"\b(?:compar\w+|difference)\b", text)
        if (between in joins and not weighed) or (
            between == "and" and opened and opened.group(1) == "between"
        ):
            start = opened.start() if opened else first.start
            window = _spanning(text[first.start : first.end], first.window, second.window, days)
            return Found(window=window, start=start, end=second.end) if window else None
    return None


def _spanning(words: str, first: Window, last: Window, days: Days) -> Window | None:
    """From the first day named to the last; on a Tuesday "Monday to Friday" began last week."""
    if first.start >= last.end:
        then = replace(days, today=last.start)
        again = read_point(words, then)
        if again is None or again.start >= last.end:
            return None
        first = again
    return Window(first.start, last.end)


_UP_TO = (
    r"\b(?:before|prior to|until|till|up to|by the end of|run ?up to|lead ?up to|leading up to)"
    r"(?: the)?$"
)
_TO = r"(?:(?:and|to|until|till|through) )?"
_SHARED = (
    re.compile(
        rf"\b(?:from |between )?(?P<a>\d{{1,2}})(?:st|nd|rd|th)? {_TO}"
        rf"(?P<b>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{MONTH})(?: (?P<y>\d{{4}}))?\b"
    ),
    re.compile(
        rf"\b(?:from |between )?(?P<m>{MONTH}) (?P<a>\d{{1,2}})(?:st|nd|rd|th)? {_TO}"
        rf"(?P<b>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?\b"
    ),
)


def _shared_month(text: str, days: Days) -> Found | None:
    """Read "1 to 15 September" and "Sept 1-15", where two days share one month."""
    for pattern in _SHARED:
        match = pattern.search(text)
        if match is None:
            continue
        month = MONTHS[match["m"]]
        first = one_day(match["y"], month, int(match["a"]), days)
        if first is None or int(match["b"]) < int(match["a"]):
            continue
        last = first.start + (int(match["b"]) - int(match["a"]) + 1) * DAY
        window = cut_after_today(first.start, last, days)
        if window is not None:
            return Found(window=window, start=match.start(), end=match.end())
    return None


def _since(text: str, days: Days) -> Found | None:
    for point in _each_point(text, days):
        before = re.search(r"\b(?:ever )?(since|from|after)(?: the)?$", text[: point.start].strip())
        after = re.match(
            r" (?:on|onwards?|until now|till now|to (?:now|date))\b", text[point.end :]
        )
        if before is None or (before.group(1) == "from" and after is None):
            continue
        end = point.end + (after.end() if after else 0)
        start = point.window.end if before.group(1) == "after" else point.window.start
        if start < days.tomorrow:
            return Found(window=Window(start, days.tomorrow), start=before.start(), end=end)
    return None


def _single(text: str, days: Days) -> Found | None:
    points = [one for one in _each_point(text, days) if not _open_before(text[: one.start])]
    if not points:
        return None
    first = points[0]
    before = re.search(rf"{_PREFIX}$", text[: first.start])
    start = before.start() if before else first.start
    return Found(window=first.window, start=start, end=first.end)


def _open_before(before: str) -> bool:
    """Whether a period has an end and no start: "before 5 sep", "in the run-up to May"."""
    return re.search(_UP_TO, before.rstrip()) is not None


_OPEN_TIMES = (
    # An end without a start.
    re.compile(
        rf"{_UP_TO.removesuffix('$')} (?:(?:our|a|last|latest) )*(?:~ ?)?"
        rf"(?:release|fix|rollout|launch|{MONTH}|{WEEKDAY}|\d\S*|yesterday|today|last|this|christmas|"
        rf"easter|q[1-4]|h[12])\b(?: (?:{MONTH}|\d\S*|week|month|quarter|year))*"
    ),
    # Parts of a day, and all there is.
    re.compile(r"\b(?:last|past)(?: \d+)? (?:hours?|minutes?|mins?|night)\b"),
    re.compile(r"\b(?:all time|of all time|ever)\b(?! since)"),
)


def take_open_times(words: Words, days: Days) -> tuple[str, ...]:
    """Find the times that no window of whole days is, or no day at all; use up their words."""
    found = []
    for match in (*(one.search(words.free()) for one in _OPEN_TIMES), _no_day(words.free(), days)):
        if match is not None:
            found.append(match.group().strip())
            words.use(*match.span(), "time")
    return tuple(found)


def _no_day(text: str, days: Days) -> re.Match[str] | None:
    """Find what looks like a day and is none, such as "31 june"."""
    for pattern, reader in POINTS:
        for match in pattern.finditer(text):
            dated = _is_a_date(match.group(), text[: match.start()], text[match.end() :])
            if dated and reader(match, days) is None:
                return match
    return None


def take_period(words: Words, days: Days) -> Window | None:
    """Find a period and use up its words."""
    found = find_period(words.free(), days)
    if found is None:
        return None
    words.use(found.start, found.end, "period")
    return found.window


_A_UNIT = r"(day|week|weekend|month|quarter|year|period|one)s?"
# "August vs the month before", "yesterday compared with the previous day".
_BESIDE_ANOTHER = re.compile(
    r"\b(?:vs|versus|than|to|with|against|and|or|over) (?:tickets |those )?(?:the |one |a |its )?"
    rf"(?:(?:{COUNT} )?{_A_UNIT} (?:before|prior|earlier)(?! (?:last|yesterday|@))"
    rf"|(?:previous|preceding|prior) {_A_UNIT})\b"
)
# "Last 7 days vs the previous 7 days": as many, counted back from the period.
_AS_MANY_BEFORE = re.compile(
    r"\b(?:vs|versus|than|to|with|against|and|or|over) (?:tickets |those )?(?:the |our )?"
    rf"(?:previous|preceding|prior) {COUNT} (day|week|month|quarter|year)s?\b"
)
_OF_THE_CALENDAR = ("week", "month", "quarter", "year")
_SHORTEST_MONTH = 28


def take_one_before(words: Words, period: Window, days: Days) -> Window | None:
    """Find a period that is told by the one before it, and use up its words."""
    many = _AS_MANY_BEFORE.search(words.free())
    if many is not None:
        words.use(many.start() + many.group().index(" ") + 1, many.end(), "period")
        return Window(unit_on(many[2], period.start, -number(many[1])), period.start)
    found = _BESIDE_ANOTHER.search(words.free())
    if found is None:
        return None
    count, before, previous = found.groups()
    unit = before or previous
    if unit in {"one", "period"}:
        unit = unit_of(period, days)
    elif previous in _OF_THE_CALENDAR and period.start != unit_start(unit, period.start):
        return None  # "yesterday vs the previous week" names a week of the calendar
    words.use(found.start() + found.group().index(" ") + 1, found.end(), "period")
    if unit is None:
        return period.preceding()
    if unit == "weekend":
        return Window(period.start - 7 * DAY, period.end - 7 * DAY)
    return Window(unit_on(unit, period.start, -number(count or "one")), period.start)


def unit_of(period: Window, days: Days) -> str | None:
    """The unit of the calendar that a period is, or is so far."""
    for unit in _OF_THE_CALENDAR:
        start = unit_start(unit, period.start)
        runs = period.end == days.tomorrow and start == unit_start(unit, days.today)
        if period.start == start and (runs or period.end == unit_on(unit, start, 1)):
            return unit
    return None


def moved(period: Window, text: str) -> Window | None:
    """Read "the week before" and "the month after" from the period that a thread is about."""
    return _earlier(period, text) or _later(period, text)


def _earlier(period: Window, text: str) -> Window | None:
    """Read "the week before": as many days, or the whole unit that a whole unit follows."""
    found = re.search(
        r"\b(week|month|day|period|quarter|year|fortnight|weekend|one)s? (?:before|earlier|prior)\b"
        r"|\bprevious (week|month|quarter|year|one|period)\b",
        text,
    )
    if found is None:
        return None
    unit = found.group(1) or found.group(2)
    if unit == "weekend":
        return Window(period.start - 7 * DAY, period.end - 7 * DAY)
    if unit in {"month", "quarter", "year"}:
        start = unit_start(unit, period.start)
        is_whole = period == Window(start, unit_on(unit, start, 1))
        if is_whole or period.days < _SHORTEST_MONTH:  # of a week, it is the month before
            return Window(unit_on(unit, start, -1), start)
    return period.preceding()


def _later(period: Window, text: str) -> Window | None:
    """Read "the week after" as what follows on the thread's period."""
    found = re.search(r"\b(week|month|day|period|quarter|year|one)s? (?:after|later)\b", text) or (
        re.search(r"\bthe (?:next|following) (week|month|day|period|quarter|year|one)\b", text)
    )
    if found is None:
        return None
    unit = found.group(1)
    if unit in {"month", "quarter", "year"} and period.start == unit_start(unit, period.start):
        return Window(period.end, unit_on(unit, period.end, 1))
    return Window(period.end, period.end + period.days * DAY)
