"""One period in words, such as "last week", "12 oct" or "early September", to its days.

Half-open windows from the workspace's today; never the clock. No date library reads ranges this
way: they return one instant, and some of them in the future.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from service.query import Window
from service.reading.units import (
    DAY,
    MONTH,
    MONTHS,
    NUMBERS,
    WEEKDAY,
    WEEKDAYS,
    months_on,
    unit_on,
    unit_start,
)

COUNT = r"(\d+|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
_SEVERAL = r"(\d+|" + "|".join(list(NUMBERS)[1:12]) + ")"
_UNIT = r"(days?|weeks?|wks?|months?|mths?|quarters?|qtrs?|years?|yrs?|d|w|m)"
_WHOLE = r"(week|wk|month|quarter|qtr|year|yr)"

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "final": 4, "last": 4}
Reader = Callable[[re.Match[str], "Days"], Window | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What a period is read against."""

    today: date
    month_first: bool = False

    @property
    def tomorrow(self) -> date:
        return self.today + DAY


def _unit(word: str) -> str:
    first = word[0]
    return {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}[first]


def number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word]


def cut_after_today(start: date, end: date, days: Days) -> Window | None:
    """Cut a period off after today; None when it has not begun."""
    end = min(end, days.tomorrow)
    return Window(start, end) if start < end else None


def _latest(day_of: Callable[[int], Window], days: Days) -> Window | None:
    """Return the latest of a yearly period that has begun, cut off after today."""
    for year in (days.today.year, days.today.year - 1):
        window = day_of(year)
        if window.start <= days.today:
            return cut_after_today(window.start, window.end, days)
    return None


def _rolling(match: re.Match[str], days: Days) -> Window | None:
    count, unit = number(match.group(1)), _unit(match.group(2))
    return Window(unit_on(unit, days.today, -count), days.today) if count else None


def _rolling_one(match: re.Match[str], days: Days) -> Window | None:
    return Window(unit_on(_unit(match.group(1)), days.today, -1), days.today)


def _hours(match: re.Match[str], days: Days) -> Window | None:
    return Window(days.today - int(match.group(1)) // 24 * DAY, days.tomorrow)


def _this(match: re.Match[str], days: Days) -> Window | None:
    return Window(unit_start(_unit(match.group(1)), days.today), days.tomorrow)


def _to_date(match: re.Match[str], days: Days) -> Window | None:
    return Window(unit_start(_unit(match.group(1)), days.today), days.tomorrow)


def _last_to_date(match: re.Match[str], days: Days) -> Window | None:
    """As many days of the unit before as the running one has."""
    unit = _unit(match.group(1))
    start = unit_start(unit, days.today)
    before = unit_on(unit, start, -1)
    return Window(before, min(before + (days.tomorrow - start), start))


def _whole_units(match: re.Match[str], days: Days) -> Window | None:
    """Read "last 3 full weeks": as many calendar units before the current one."""
    unit = _unit(match.group(2))
    end = days.today if unit == "day" else unit_start(unit, days.today)
    count = number(match.group(1))
    return Window(unit_on(unit, end, -count), end) if count else None


def _start_of(match: re.Match[str], days: Days) -> Window | None:
    """The first day of a unit, for "since the beginning of the year"."""
    which, unit = match.group(1), _unit(match.group(2))
    start = unit_start(unit, days.today)
    if which == "last":
        start = unit_on(unit, start, -1)
    return Window(start, start + DAY)


def _last(match: re.Match[str], days: Days) -> Window | None:
    unit = _unit(match.group(1))
    start = unit_start(unit, days.today)
    return Window(unit_on(unit, start, -1), start)


def _before_last(match: re.Match[str], days: Days) -> Window | None:
    unit = _unit(match.group(1))
    start = unit_start(unit, days.today)
    return Window(unit_on(unit, start, -2), unit_on(unit, start, -1))


def _weekend(_: re.Match[str], days: Days) -> Window | None:
    sunday = days.today - ((days.today.weekday() + 1) % 7 or 7) * DAY
    return Window(sunday - DAY, sunday + DAY)


def _last_weekday(match: re.Match[str], days: Days) -> Window | None:
    day = unit_start("week", days.today) + (WEEKDAYS[match.group(1)] - 7) * DAY
    return Window(day, day + DAY)


def _weekday(match: re.Match[str], days: Days) -> Window | None:
    back = (days.today.weekday() - WEEKDAYS[match.group(1)]) % 7 or 7
    return Window(days.today - back * DAY, days.today - (back - 1) * DAY)


def _month(match: re.Match[str], days: Days) -> Window | None:
    month, year = MONTHS[match.group(1)], match.group(2)
    return _of_year(
        lambda y: Window(date(y, month, 1), months_on(date(y, month, 1), 1)), year, days
    )


def said_year(words: str | None, days: Days) -> int | None:
    """The year in "september 2027", "q3 '27" and "september last year"."""
    if not words:
        return None
    if words.isdigit():
        return int(words) if len(words) == 4 else 2000 + int(words)
    return days.today.year - words.startswith("last")


def _of_year(day_of: Callable[[int], Window], year: str | None, days: Days) -> Window | None:
    said = said_year(year, days)
    if said is None:
        return _latest(day_of, days)
    window = day_of(said)
    return cut_after_today(window.start, window.end, days)


def _third(match: re.Match[str], days: Days) -> Window | None:
    """Read "early", "mid" or "late" of a month: days 1-10, 11-20, 21 to the end."""
    part = match.group(1).split()[0]
    first, last = {"early": (0, 10), "start": (0, 10), "beginning": (0, 10), "mid": (10, 20)}.get(
        part, (20, 31)
    )
    return _within_month(match.group(2), first, last, days, match.group(3))


def _part(match: re.Match[str], days: Days) -> Window | None:
    """Read a week, a fortnight or one of the halves of a month."""
    which, unit, name, year = match.groups()
    if which == "last":
        after, until = {"week": (-7, 31), "fortnight": (-14, 31), "half": (15, 31)}[unit]
    else:
        length = {"week": 7, "fortnight": 14, "half": 15}[unit]
        at = int(which[0]) if which[0].isdigit() else _ORDINALS[which]
        after, until = (at - 1) * length, 31 if (at, unit) == (2, "half") else at * length
    return _within_month(name, after, until, days, year)


def _within_month(
    name: str, after: int, until: int, days: Days, said: str | None = None
) -> Window | None:
    """The days of a month from `after` days in (from its end when negative) to `until` days in."""

    def window(year: int, month: int) -> Window:
        start = date(year, month, 1)
        end = months_on(start, 1)
        return Window((end if after < 0 else start) + after * DAY, min(start + until * DAY, end))

    if name in {"this month", "the month"}:
        found = window(days.today.year, days.today.month)
        return cut_after_today(found.start, found.end, days)
    if name == "last month":
        before = months_on(days.today.replace(day=1), -1)
        return window(before.year, before.month)
    month = MONTHS[name]
    return _of_year(lambda year: window(year, month), said, days)


def _quarter(match: re.Match[str], days: Days) -> Window | None:
    said = match.group(1)
    first = (int(said[0]) if said[0].isdigit() else _ORDINALS[said]) * 3 - 2
    return _of_year(
        lambda y: Window(date(y, first, 1), months_on(date(y, first, 1), 3)), match.group(2), days
    )


def _half(match: re.Match[str], days: Days) -> Window | None:
    first = 1 if match.group(1) in {"1", "1st", "first"} else 7
    return _of_year(
        lambda y: Window(date(y, first, 1), months_on(date(y, first, 1), 6)), match.group(2), days
    )


def _year(match: re.Match[str], days: Days) -> Window | None:
    year = int(match.group(1))
    return cut_after_today(date(year, 1, 1), date(year + 1, 1, 1), days)


def _iso_week(match: re.Match[str], days: Days) -> Window | None:
    week = int(match.group(1))
    if not 1 <= week <= 53:
        return None
    for year in range(days.today.year, days.today.year - _YEARS_BACK, -1):
        try:
            start = date.fromisocalendar(year, week, 1)
        except ValueError:  # a year without a week 53
            continue
        if start <= days.today:
            return cut_after_today(start, start + 7 * DAY, days)
    return None


def _week_of(match: re.Match[str], days: Days) -> Window | None:
    inner = read_point(match.group(1), days)
    if inner is None:
        return None
    start = unit_start("week", inner.start)
    return cut_after_today(start, start + 7 * DAY, days)


def _weekend_of(match: re.Match[str], days: Days) -> Window | None:
    week = _week_of(match, days)
    return None if week is None else cut_after_today(week.end - 2 * DAY, week.end, days)


def one_day(year: str | None, month: int, day: int, days: Days) -> Window | None:
    latest = days.today.year
    said = said_year(year, days)
    years = list(range(latest, latest - _YEARS_BACK, -1)) if said is None else [said]
    for one in years:
        try:
            found = date(one, month, day)
        except ValueError:
            continue
        if found <= days.today:
            return Window(found, found + DAY)
    return None


def _iso_day(match: re.Match[str], days: Days) -> Window | None:
    year, month, day = match.group(1).split("-")
    return one_day(year, int(month), int(day), days)


def _numeric_day(match: re.Match[str], days: Days) -> Window | None:
    first, second, *rest = match.group(1).split("/")
    month, day = (first, second) if days.month_first else (second, first)
    if int(month) > _MONTHS >= int(day):
        month, day = day, month  # there is only one way to read 9/13
    return one_day(rest[0] if rest else None, int(month), int(day), days)


def _day_month(match: re.Match[str], days: Days) -> Window | None:
    return one_day(match.group(3), MONTHS[match.group(2)], int(match.group(1)), days)


def _month_day(match: re.Match[str], days: Days) -> Window | None:
    return one_day(match.group(3), MONTHS[match.group(1)], int(match.group(2)), days)


def _day_of_month(match: re.Match[str], days: Days) -> Window | None:
    """Read "the 21st": the latest such day that is not in the future."""
    for back in range(_MONTHS_BACK):
        month = months_on(days.today.replace(day=1), -back)
        found = one_day(str(month.year), month.month, int(match.group(1)), days)
        if found is not None:
            return found
    return None


def _days_ago(match: re.Match[str], days: Days) -> Window | None:
    day = days.today - number(match.group(1)) * DAY
    return Window(day, day + DAY)


def _fixed(offset: int) -> Reader:
    def read(_: re.Match[str], days: Days) -> Window | None:
        return Window(days.today + offset * DAY, days.today + (offset + 1) * DAY)

    return read


def _units_ago(match: re.Match[str], days: Days) -> Window | None:
    """The week, month, quarter or year that lies so many units back."""
    unit = _unit(match.group(2))
    start = unit_on(unit, unit_start(unit, days.today), -number(match.group(1)))
    return Window(start, unit_on(unit, start, 1))


_MONTHS = 12
_YEARS_BACK = 9  # the longest time between two 29th of February
_MONTHS_BACK = 3  # at least one of three months in a row has a 31st
_ON = rf"(?:(?:{WEEKDAY}) )?"  # "tuesday 8 september" is one day
_YEAR = r"(?:,? (\d{4}|(?:last|this) (?:year|yr)))?"
_OF_YEAR = r"(?:,? (?:of |in )?(\d{4}|(?:last|this) (?:year|yr)))?"
# In this order: what is longer and more exact comes first.
POINTS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(rf"\b{pattern}\b"), reader)
    for pattern, reader in (
        (
            rf"weekend of (?:the )?((?:{MONTH}) \d+(?:st|nd|rd|th)?|"
            rf"\d[\w/-]*(?: (?:{MONTH}))?)",
            _weekend_of,
        ),
        (
            rf"(?:week (?:of|commencing|starting|beginning|ending)|w c|wc) (?:the )?"
            rf"(\d[\w/-]*(?:(?: of)? (?:{MONTH})\b(?: \d{{4}})?)?|(?:{MONTH}) \d+(?:st|nd|rd|th)?)",
            _week_of,
        ),
        (r"(\d{4}-\d{2}-\d{2})", _iso_day),
        (
            rf"{_ON}the (\d{{1,2}})(?:st|nd|rd|th)(?! (?:of|one|ones|option|account|time|quarter|"
            rf"half|week|month|most|biggest|largest|best|worst|party|{MONTH})\b)",
            _day_of_month,
        ),
        (rf"{_ON}(\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?)", _numeric_day),
        (rf"{_ON}(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({MONTH}){_YEAR}", _day_month),
        (rf"{_ON}({MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}", _month_day),
        (
            rf"(early|mid|late|start of|beginning of|end of|the end of) "
            rf"({MONTH}|this month|the month|last month){_OF_YEAR}",
            _third,
        ),
        (
            r"(first|1st|second|2nd|third(?= week)|3rd(?= week)|fourth(?= week)|4th(?= week)|last)"
            r" (week|half|fortnight) (?:of|in) (?:the )?"
            rf"({MONTH}|this month|the month|last month){_OF_YEAR}",
            _part,
        ),
        (r"(?:last|past|previous) (24|48|72) ?(?:h|hrs?|hours?)", _hours),
        (
            rf"(?:last|past|previous) {COUNT} (?:full|whole|complete|calendar) {_UNIT}",
            _whole_units,
        ),
        (rf"(?:last|past|previous|trailing|rolling|prior) {COUNT} ?{_UNIT}", _rolling),
        (rf"(?<=since )(?:the )?(?:start|beginning) of (the|this|last) {_WHOLE}", _start_of),
        (r"(\d+)([dwm])o?", _rolling),
        (
            r"(?:last|past|previous|the|a)? ?fortnight",
            lambda _, d: Window(d.today - 14 * DAY, d.today),
        ),
        (r"past (week|month|quarter|year)", _rolling_one),
        (rf"q([1-4]){_OF_YEAR}", _quarter),
        (
            r"(1st|2nd|3rd|4th|first|second|third|fourth|final|last(?= quarter of)) quarter"
            rf"{_OF_YEAR}",
            _quarter,
        ),
        (rf"quarter ([1-4]){_OF_YEAR}", _quarter),
        (rf"h([12]){_OF_YEAR}", _half),
        (rf"(1st|2nd|first|second) half{_OF_YEAR}", _half),
        (rf"({MONTH}){_OF_YEAR}", _month),
        (rf"(?:last|previous|prior) {_WHOLE} to date", _last_to_date),
        (rf"{_WHOLE} to date", _to_date),
        (rf"{_WHOLE} before last", _before_last),
        (rf"(?:last|previous|prior) (?:(?:fiscal|financial|calendar) )?{_WHOLE}", _last),
        (rf"(?:this|current) (?:(?:fiscal|financial|calendar) )?{_WHOLE}(?: so far)?", _this),
        (r"([mqyw])td", _to_date),
        (r"(?:the|this|last|past|over the)? ?(?:weekend)(?! (?:before|prior|earlier))", _weekend),
        (rf"last ({WEEKDAY})", _last_weekday),
        (r"(?:w|wk|week) ?(\d{1,2})", _iso_week),
        (rf"{COUNT} days ago", _days_ago),
        (rf"(?<!half ){COUNT} (weeks?|wks?|months?|quarters?|years?) ago", _units_ago),
        (r"(?:the )?day before yesterday", _fixed(-2)),
        (rf"(?:over|within|during|in)(?: the)? {COUNT} ?{_UNIT}", _rolling),
        (
            rf"(?<!than ){_SEVERAL} (days|weeks|months|quarters|years)"
            r"(?! (?:before|earlier|prior|old))",
            _rolling,
        ),
        (r"(?:today|so far today|this (?:morning|afternoon|evening)|tonight)", _fixed(0)),
        (r"(?<=and )now|(?<=to )now|(?<=until )now|(?<=till )now", _fixed(0)),
        (r"(?:yesterday|yday|yest|ystd)", _fixed(-1)),
        (rf"({WEEKDAY})", _weekday),
        (r"(20\d\d)", _year),
    )
)


def read_point(text: str, days: Days) -> Window | None:
    """Read one period that fills the whole text, such as "12 oct" or "last week"."""
    for pattern, reader in POINTS:
        match = pattern.fullmatch(text.strip())
        if match is not None:
            return reader(match, days)
    return None
