"""What a small chart shows: one number over time, a bar a period, and the same numbers in words.

Knows which answers have one and which of their periods may be drawn; refuses to know pixels, and
counts nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service import measures, wording
from service.domain.answers import Answer, Counted, Intent
from service.query import ACCOUNTS, CONVERSATIONS, DASH, TIME, Dimension, Query, Window

MOST_BARS = 20  # https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
FEWEST_BARS = 2  # one bar shows nothing over time
_NAMED = 3  # periods that are not drawn
_ALL_HELD = 25  # periods; an answer that holds fewer holds all
_INTENTS = frozenset({Intent.TREND, Intent.COUNT})  # a ranking holds only the highest periods


class Unit(StrEnum):
    COUNT = "count"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekBar:
    """Conversations of one week."""

    monday: date
    n: int

    @property
    def label(self) -> str:
        return wording.day_month(self.monday)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One period: its number as it is drawn, and as it is told."""

    label: str
    value: int  # conversations, or whole percent
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Oldest bar first; none where too few periods may be drawn, which `note` says."""

    title: str
    by: str  # what one bar is, for those who do not see it
    measured: str  # what its height is
    unit: Unit
    bars: tuple[Bar, ...]
    note: str = ""

    def alternative(self) -> str:
        """The chart in words."""
        told = ", ".join(f"{bar.label} {bar.words}" for bar in self.bars)
        return f"{self.title}{self.by}: {told}."


def weekly(weeks: Sequence[WeekBar]) -> Chart | None:
    """Whole weeks of conversations."""
    bars = tuple(Bar(label=w.label, value=w.n, words=f"{w.n:,}") for w in weeks[-MOST_BARS:])
    if not bars:
        return None
    return Chart(
        title=wording.capital(f"{CONVERSATIONS} by week"),
        by=_BY[Dimension.WEEK],
        measured=wording.capital(CONVERSATIONS),
        unit=Unit.COUNT,
        bars=bars,
    )


def trend_chart(answer: Answer) -> Chart | None:
    """The chart of a number over time; None for an answer of another kind.

    A share of few conversations says little, so its period is left out and named.
    """
    query = answer.query
    if query is None or answer.intent not in _INTENTS or len(query.group_by) != 1:
        return None
    (grain,) = query.group_by
    if grain not in TIME or not answer.groups or not _is_whole(query, answer):
        return None
    periods = _periods(query, answer)
    drawn = periods[-MOST_BARS:]
    few = [one for one in drawn if _is_few(query, one[1])]
    bars = tuple(_bar(query, *one) for one in drawn if one not in few)
    if len(bars) < FEWEST_BARS:
        bars = ()
        if not few:
            return None
    return Chart(
        title=_title(query, grain, cut=len(periods) > MOST_BARS),
        by=_BY[grain],
        measured=_measured(query),
        unit=_unit(query),
        bars=bars,
        note=_note(few, drawn=bool(bars)),
    )


_BY: Mapping[Dimension, str] = {
    Dimension.DAY: "",
    Dimension.WEEK: ", each from its Monday",
    Dimension.MONTH: "",
}
Period = tuple[str, Counted | None]  # what it is called; None: no conversation at all


def _periods(query: Query, answer: Answer) -> list[Period]:
    """Every period from the first that holds something to the question's last, empty ones too."""
    (grain,) = query.group_by
    held = {group.values[0]: group.counted for group in answer.groups}
    days = sorted(date.fromisoformat(value) for value in held)
    last = max(days[-1], _last_known(query, answer) or days[-1])
    found = [day.isoformat() for day in _steps(grain, days[0], last)]
    return [(_label(query, grain, value), held.get(value)) for value in found]


def _last_known(query: Query, answer: Answer) -> date | None:
    """The question's last day, as far as it is known what came in; None without either."""
    as_of = answer.coverage.as_of if answer.coverage else None
    if query.window is None or as_of is None:
        return None
    return min(query.window.end, as_of.date()) - timedelta(days=1)


def _is_whole(query: Query, answer: Answer) -> bool:
    """Whether no period was left out for being one of the lowest: then one that is missing is
    empty.
    """
    if len(answer.groups) < _ALL_HELD:
        return True
    if answer.headline is None or query.metric == ACCOUNTS:
        return False
    return sum(group.counted.of for group in answer.groups) == answer.headline.current.of


def _steps(grain: Dimension, first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        if grain is Dimension.MONTH:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        else:
            day += timedelta(days=7 if grain is Dimension.WEEK else 1)


def _label(query: Query, grain: Dimension, value: str) -> str:
    """A week by its Monday and a month by its name; one that the question cuts, by its days."""
    whole = Query().narrowed(grain, value).window
    held = query.narrowed(grain, value).window
    if whole is None or held is None or grain is Dimension.DAY:
        return wording.day_month(date.fromisoformat(value))
    if whole != held:
        return _days(held)
    return f"{held.start:%b %Y}" if grain is Dimension.MONTH else wording.day_month(held.start)


def _days(window: Window) -> str:
    first, last = window.start, window.end - timedelta(days=1)
    if (first.year, first.month) == (last.year, last.month):
        same = f"{first.day}{DASH}" if first != last else ""
        return f"{same}{wording.day_month(last)}"
    return f"{wording.day_month(first)}{DASH}{wording.day_month(last)}"


def _is_few(query: Query, counted: Counted | None) -> bool:
    return _unit(query) is Unit.SHARE and (counted is None or counted.of <= wording.FEW)


def _bar(query: Query, label: str, counted: Counted | None) -> Bar:
    n = counted.n if counted else 0
    if counted is None or counted.rate is None or _unit(query) is Unit.COUNT:
        return Bar(label=label, value=n, words=f"{n:,}")
    percent = wording.percent(counted.rate)
    return Bar(label=label, value=int(percent.rstrip("%")), words=wording.share(counted))


def _unit(query: Query) -> Unit:
    return Unit.COUNT if query.metric in {CONVERSATIONS, ACCOUNTS} else Unit.SHARE


def _measured(query: Query) -> str:
    if _unit(query) is Unit.SHARE:
        return "% of conversations"
    return wording.capital(measures.title(query.metric))


def _title(query: Query, grain: Dimension, *, cut: bool) -> str:
    name = wording.capital(measures.title(query.metric))
    return f"{name}, last {MOST_BARS} {grain}s" if cut else f"{name} by {grain}"


def _note(few: Sequence[Period], *, drawn: bool) -> str:
    if not few:
        return ""
    told = [
        f"{label} ({wording.share(counted) if counted else 'no conversations'})"
        for label, counted in few[:_NAMED]
    ]
    more = f" and {len(few) - _NAMED} more" if len(few) > _NAMED else ""
    opening = "Not drawn" if drawn else "No chart"
    return f"{opening}, fewer than {wording.FEW + 1} conversations: {', '.join(told)}{more}."
