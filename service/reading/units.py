"""Whole days, weeks, months, quarters and years: their names, where they start, how they move."""

from datetime import date, timedelta

DAY = timedelta(days=1)
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
MONTHS = {name: i for i, name in enumerate(_MONTH_NAMES, 1)}
MONTHS |= {name[:3]: i for name, i in list(MONTHS.items())} | {"sept": 9}
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = {name: i for i, name in enumerate(_DAY_NAMES)}
WEEKDAYS |= {name[:3]: i for name, i in list(WEEKDAYS.items())}
WEEKDAYS |= {"tues": 1, "thur": 3, "thurs": 3}
_COUNTS = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
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
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))


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
