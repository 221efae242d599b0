"""Words to days: "last week", "since 1/9", "early September".

Half-open windows from the workspace's today; never the clock. No date library reads ranges this
way: they return one instant, and some of them in the future.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from service.query import Window
from service.reading.words import Words

DAY = timedelta(days=1)
_MONTH_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS = {name: i for i, name in enumerate(_MONTH_NAMES, 1)}
_MONTHS |= {name[:3]: i for name, i in list(_MONTHS.items())} | {"sept": 9}
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {name: i for i, name in enumerate(_DAY_NAMES)}
_DAYS |= {name[:3]: i for name, i in list(_DAYS.items())} | {"tues": 1, "thur": 3, "thurs": 3}
_COUNTS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
NUMBERS = {word: i for i, word in enumerate(_COUNTS, 1)} | {
    "a": 1,
    "a couple of": 2,
    "a couple": 2,
    "couple of": 2,
    "couple": 2,
    "a few": 3,
    "few": 3,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_N = r"(\d+|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
_UNIT = r"(days?|weeks?|wks?|months?|mths?|quarters?|qtrs?|years?|yrs?|d|w|m)"
_WHOLE = r"(week|wk|month|quarter|qtr|year|yr)"
_PREFIX = r"(?:(?:in|on|for|during|over|within|of|from|at|this|the) )*"

Reader = Callable[[re.Match[str], "Days"], Window | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What a period is read against."""

    today: date
    month_first: bool = False

    @property
    def tomorrow(self) -> date:
        return self.today + DAY


def months_on(day: date, months: int) -> date:
    """Move a day by whole months; a day that the month lacks becomes its last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + (day.day - 1) * DAY, after - DAY)


def unit_start(unit: str, day: date) -> date:
    """Return the first day of the week, month, quarter, half or year that holds a day."""
    if unit == "week":
        return day - day.weekday() * DAY
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    if unit == "half":
        return date(day.year, 1 if day.month <= 6 else 7, 1)
    return date(day.year, 1, 1)


def unit_on(unit: str, start: date, units: int) -> date:
    """Move by whole units."""
    if unit == "day":
        return start + units * DAY
    if unit == "week":
        return start + 7 * units * DAY
    return months_on(start, units * {"month": 1, "quarter": 3, "half": 6, "year": 12}[unit])


def _unit(word: str) -> str:
    first = word[0]
    return {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}[first]


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word]


def _cut(start: date, end: date, days: Days) -> Window | None:
    """Cut a period off after today; None when it has not begun."""
    end = min(end, days.tomorrow)
    return Window(start, end) if start < end else None


def _latest(day_of: Callable[[int], Window], days: Days) -> Window | None:
    """Return the latest of a yearly period that has begun, cut off after today."""
    for year in (days.today.year, days.today.year - 1):
        window = day_of(year)
        if window.start <= days.today:
            return _cut(window.start, window.end, days)
    return None


def _rolling(match: re.Match[str], days: Days) -> Window | None:
    count, unit = _number(match.group(1)), _unit(match.group(2))
    return Window(unit_on(unit, days.today, -count), days.today) if count else None


def _rolling_one(match: re.Match[str], days: Days) -> Window | None:
    return Window(unit_on(_unit(match.group(1)), days.today, -1), days.today)


def _hours(match: re.Match[str], days: Days) -> Window | None:
    return Window(days.today - int(match.group(1)) // 24 * DAY, days.tomorrow)


def _this(match: re.Match[str], days: Days) -> Window | None:
    return Window(unit_start(_unit(match.group(1)), days.today), days.tomorrow)


def _to_date(match: re.Match[str], days: Days) -> Window | None:
    return Window(unit_start(_unit(match.group(1)), days.today), days.tomorrow)


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
    day = unit_start("week", days.today) + (_DAYS[match.group(1)] - 7) * DAY
    return Window(day, day + DAY)


def _weekday(match: re.Match[str], days: Days) -> Window | None:
    back = (days.today.weekday() - _DAYS[match.group(1)]) % 7 or 7
    return Window(days.today - back * DAY, days.today - (back - 1) * DAY)


def _month(match: re.Match[str], days: Days) -> Window | None:
    month, year = _MONTHS[match.group(1)], match.group(2)
    return _of_year(
        lambda y: Window(date(y, month, 1), months_on(date(y, month, 1), 1)), year, days
    )


def _of_year(day_of: Callable[[int], Window], year: str | None, days: Days) -> Window | None:
    if year is None:
        return _latest(day_of, days)
    window = day_of(int(year) if len(year) == 4 else 2000 + int(year))
    return _cut(window.start, window.end, days)


def _third(match: re.Match[str], days: Days) -> Window | None:
    """Read "early", "mid" or "late" of a month: days 1-10, 11-20, 21 to the end."""
    part, name = match.group(1), match.group(2)
    first, last = {"early": (1, 11), "start": (1, 11), "beginning": (1, 11), "mid": (11, 21)}.get(
        part.split()[0], (21, 0)
    )

    def window(year: int, month: int) -> Window:
        start = date(year, month, 1)
        end = start.replace(day=last) if last else months_on(start, 1)
        return Window(start.replace(day=first), end)

    if name in {"this month", "the month"}:
        found = window(days.today.year, days.today.month)
        return _cut(found.start, found.end, days)
    if name == "last month":
        before = months_on(days.today.replace(day=1), -1)
        return window(before.year, before.month)
    month = _MONTHS[name]
    return _latest(lambda year: window(year, month), days)


def _quarter(match: re.Match[str], days: Days) -> Window | None:
    first = int(match.group(1)) * 3 - 2
    return _of_year(
        lambda y: Window(date(y, first, 1), months_on(date(y, first, 1), 3)), match.group(2), days
    )


def _half(match: re.Match[str], days: Days) -> Window | None:
    first = 1 if match.group(1) in {"1", "first"} else 7
    return _of_year(
        lambda y: Window(date(y, first, 1), months_on(date(y, first, 1), 6)), match.group(2), days
    )


def _year(match: re.Match[str], days: Days) -> Window | None:
    year = int(match.group(1))
    return _cut(date(year, 1, 1), date(year + 1, 1, 1), days)


def _iso_week(match: re.Match[str], days: Days) -> Window | None:
    week = int(match.group(1))
    if not 1 <= week <= 53:
        return None
    for year in (days.today.year, days.today.year - 1):
        try:
            start = date.fromisocalendar(year, week, 1)
        except ValueError:  # a year without a week 53
            continue
        if start <= days.today:
            return _cut(start, start + 7 * DAY, days)
    return None


def _week_of(match: re.Match[str], days: Days) -> Window | None:
    inner = read_point(match.group(1), days)
    if inner is None:
        return None
    start = unit_start("week", inner.start)
    return _cut(start, start + 7 * DAY, days)


def _one_day(year: str | None, month: int, day: int, days: Days) -> Window | None:
    years = [days.today.year, days.today.year - 1] if year is None else [int(year)]
    for one in years:
        full = one + 2000 if one < 100 else one
        try:
            found = date(full, month, day)
        except ValueError:
            continue
        if found <= days.today:
            return Window(found, found + DAY)
    return None


def _iso_day(match: re.Match[str], days: Days) -> Window | None:
    year, month, day = match.group(1).split("-")
    return _one_day(year, int(month), int(day), days)


def _numeric_day(match: re.Match[str], days: Days) -> Window | None:
    first, second, *rest = match.group(1).split("/")
    month, day = (first, second) if days.month_first else (second, first)
    return _one_day(rest[0] if rest else None, int(month), int(day), days)


def _day_month(match: re.Match[str], days: Days) -> Window | None:
    return _one_day(match.group(3), _MONTHS[match.group(2)], int(match.group(1)), days)


def _month_day(match: re.Match[str], days: Days) -> Window | None:
    return _one_day(match.group(3), _MONTHS[match.group(1)], int(match.group(2)), days)


def _days_ago(match: re.Match[str], days: Days) -> Window | None:
    day = days.today - _number(match.group(1)) * DAY
    return Window(day, day + DAY)


def _fixed(offset: int) -> Reader:
    def read(_: re.Match[str], days: Days) -> Window | None:
        return Window(days.today + offset * DAY, days.today + (offset + 1) * DAY)

    return read


_YEAR = r"(?:,? (\d{4}))?"
# In this order: what is longer and more exact comes first.
_POINTS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(rf"\b{pattern}\b"), reader)
    for pattern, reader in (
        (
            r"week (?:of|commencing|starting|beginning) (?:the )?([\w/ -]+?\d\w*(?: [a-z]+)?)",
            _week_of,
        ),
        (r"(\d{4}-\d{2}-\d{2})", _iso_day),
        (r"(\d{1,2}/\d{1,2}(?:/\d{2,4})?)", _numeric_day),
        (rf"(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH}){_YEAR}", _day_month),
        (rf"({_MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}", _month_day),
        (
            rf"(early|mid|late|start of|beginning of|end of|the end of) "
            rf"({_MONTH}|this month|the month|last month)",
            _third,
        ),
        (r"(?:last|past|previous) (24|48|72) ?(?:h|hrs?|hours?)", _hours),
        (rf"(?:last|past|previous|trailing|rolling|prior) {_N} ?{_UNIT}", _rolling),
        (r"(\d+)([dwm])", _rolling),
        (
            r"(?:last|past|previous|the|a)? ?fortnight",
            lambda _, d: Window(d.today - 14 * DAY, d.today),
        ),
        (r"past (week|month|quarter|year)", _rolling_one),
        (rf"{_WHOLE} before last", _before_last),
        (rf"(?:last|previous|prior) {_WHOLE}", _last),
        (rf"(?:this|current) {_WHOLE}(?: so far)?", _this),
        (rf"{_WHOLE} to date", _to_date),
        (r"([mqyw])td", _to_date),
        (r"(?:the|this|last|past|over the)? ?(?:weekend)", _weekend),
        (rf"last ({_WEEKDAY})", _last_weekday),
        (r"q([1-4])(?: (?:of )?(\d{4}))?", _quarter),
        (r"h([12])(?: (?:of )?(\d{4}))?", _half),
        (r"(first|second) half(?: of (\d{4}))?", _half),
        (r"(?:w|wk|week) ?(\d{1,2})", _iso_week),
        (rf"{_N} days ago", _days_ago),
        (r"(?:today|so far today)", _fixed(0)),
        (r"(?:yesterday|yday|yest|ystd)", _fixed(-1)),
        (rf"({_WEEKDAY})", _weekday),
        (rf"({_MONTH})(?: (\d{{4}}))?", _month),
        (r"(20\d\d)", _year),
    )
)
_NEEDS_PREPOSITION = {"may", "march", "mar", "sun", "sat", "mon", "wed", "jan", "sep", "dec"}


def read_point(text: str, days: Days) -> Window | None:
    """Read one period that fills the whole text, such as "12 oct" or "last week"."""
    for pattern, reader in _POINTS:
        match = pattern.fullmatch(text.strip())
        if match is not None:
            return reader(match, days)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A period and where in the free words it stands."""

    window: Window
    start: int
    end: int


def find_period(text: str, days: Days) -> Found | None:
    """Find the first period in free words: a range, an open "since", or a single period."""
    for search in (_range, _since, _single):
        found = search(text, days)
        if found is not None:
            return found
    return None


def _each_point(text: str, days: Days) -> list[Found]:
    """All single periods, longest first at each place, not overlapping, left to right."""
    taken: list[Found] = []
    for pattern, reader in _POINTS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < one.end and end > one.start for one in taken):
                continue
            if not _is_a_date(match.group(), text[:start]):
                continue
            window = reader(match, days)
            if window is not None:
                taken.append(Found(window=window, start=start, end=end))
    return sorted(taken, key=lambda one: one.start)


def _is_a_date(words: str, before: str) -> bool:
    """Words such as "may" and "sat" are dates only after a preposition."""
    if words.strip() not in _NEEDS_PREPOSITION:
        return True
    return (
        re.search(r"\b(in|on|since|during|for|of|from|to|until|till|vs|last|and)$", before.strip())
        is not None
    )


def _range(text: str, days: Days) -> Found | None:
    shared = _shared_month(text, days)
    if shared is not None:
        return shared
    points = _each_point(text, days)
    for first, second in itertools.pairwise(points):
        between = text[first.end : second.start].strip()
        before = text[: first.start].strip()
        opened = re.search(r"\b(from|between)$", before)
        joins = {"to", "until", "till", "through", "thru"}
        if between in joins or (between == "and" and opened and opened.group(1) == "between"):
            start = opened.start() if opened else first.start
            window = Window(first.window.start, second.window.end)
            return Found(window=window, start=start, end=second.end)
    return None


_TO = r"(?:(?:and|to|until|till|through) )?"
_SHARED = (
    re.compile(
        rf"\b(?:from |between )?(?P<a>\d{{1,2}})(?:st|nd|rd|th)? {_TO}"
        rf"(?P<b>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH})(?: (?P<y>\d{{4}}))?\b"
    ),
    re.compile(
        rf"\b(?:from |between )?(?P<m>{_MONTH}) (?P<a>\d{{1,2}})(?:st|nd|rd|th)? {_TO}"
        rf"(?P<b>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?\b"
    ),
)


def _shared_month(text: str, days: Days) -> Found | None:
    """Read "1 to 15 September" and "Sept 1-15", where two days share one month."""
    for pattern in _SHARED:
        match = pattern.search(text)
        if match is None:
            continue
        month = _MONTHS[match["m"]]
        first = _one_day(match["y"], month, int(match["a"]), days)
        if first is None or int(match["b"]) < int(match["a"]):
            continue
        last = first.start + (int(match["b"]) - int(match["a"]) + 1) * DAY
        window = _cut(first.start, last, days)
        if window is not None:
            return Found(window=window, start=match.start(), end=match.end())
    return None


def _since(text: str, days: Days) -> Found | None:
    for point in _each_point(text, days):
        before = re.search(r"\b(?:ever )?(since|from)(?: the)?$", text[: point.start].strip())
        after = re.match(r" (?:on|onwards?|until now|till now)\b", text[point.end :])
        if before is None or (before.group(1) == "from" and after is None):
            continue
        end = point.end + (after.end() if after else 0)
        window = Window(point.window.start, days.tomorrow)
        return Found(window=window, start=before.start(), end=end)
    return None


def _single(text: str, days: Days) -> Found | None:
    points = _each_point(text, days)
    if not points:
        return None
    first = points[0]
    before = re.search(rf"{_PREFIX}$", text[: first.start])
    start = before.start() if before else first.start
    return Found(window=first.window, start=start, end=first.end)


def take_period(words: Words, days: Days) -> Window | None:
    """Find a period and use up its words."""
    found = find_period(words.free(), days)
    if found is None:
        return None
    words.use(found.start, found.end, "period")
    return found.window
