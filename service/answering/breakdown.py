"""Counts, trends, rankings, comparisons and lists of quotes: groups of one Query, told in lines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from service import wording
from service.answering import evidence
from service.answering.desk import Desk, change_of, is_rate
from service.answering.explaining import windows_of
from service.answering.telling import Asked, counts_differ, footer_of, line_one
from service.domain.answers import Answer, Counted, Group, Headline, Tally
from service.domain.measurements import YesNo
from service.query import CONVERSATIONS, Dimension, Query, Window
from service.reading.model import Reading
from service.receipts import n_of

MOST_GROUPS = 25
MOST_STEPS = 400  # of a trend: a year of days, and some
Grouped = tuple[tuple[str, ...], Tally]
FLAG_LASTS = timedelta(days=45)  # a churn-risk flag without a new signal ends after this
_TIME = {Dimension.DAY, Dimension.WEEK, Dimension.MONTH}


def start(desk: Desk, asked: Asked) -> Answer:
    """The part that every one of these answers shares."""
    query = asked.query
    coverage = desk.coverage(query)
    return Answer(
        intent=asked.intent,
        query=query,
        reading=asked.reading.as_dict(),
        understood=line_one(desk, asked, query),
        caveats=tuple(desk.caveats(query, coverage)),
        coverage=coverage,
        explore_url=desk.links.explore(query),
    )


def finish(desk: Desk, answer: Answer, lines: Sequence[str]) -> Answer:
    """Add the first line and the footer, and keep to what one message holds."""
    first = " ".join([*desk.stale(), answer.understood])
    text = wording.shorten([first, *lines, footer_of(desk, answer)], answer.explore_url)
    return replace(answer, text=text)


def number(desk: Desk, query: Query, counted: Counted) -> str:
    """A number with its title: "Negative share: 31% (112 of 361)"."""
    if is_rate(query.metric):
        headline = Headline(metric=query.metric, current=counted)
        return wording.headline(desk.title(query), headline, None)
    return wording.volume(desk.title(query), counted, None)


def count(desk: Desk, asked: Asked) -> Answer:
    """One number, or every group's number when a breakdown was asked for."""
    answer = start(desk, asked)
    plain = replace(asked.query, group_by=(), compare_to=None)
    counted = desk.counted(plain)
    groups = groups_of(desk, asked.query, most=MOST_GROUPS) if asked.query.group_by else []
    answer = replace(
        answer,
        headline=Headline(metric=plain.metric, current=counted),
        groups=tuple(groups),
        explore_url=counted.listing,
    )
    lines = [f"{number(desk, plain, counted)} {counted.receipt}"]
    return finish(desk, answer, [*lines, *group_lines(desk, asked.query, groups)])


def trend(desk: Desk, asked: Asked) -> Answer:
    """One number a day, week or month, oldest first."""
    query = asked.query
    if not set(query.group_by) & _TIME:
        query = replace(query, group_by=(Dimension.WEEK, *query.group_by[:1]))
    asked = replace(asked, query=query)
    groups = sorted(groups_of(desk, query, most=MOST_STEPS), key=lambda group: group.values)
    counted = desk.counted(query)
    answer = replace(
        start(desk, asked),
        groups=tuple(groups),
        headline=Headline(metric=query.metric, current=counted),
        explore_url=desk.links.group(query),
    )
    total = number(desk, query, counted)
    return finish(desk, answer, [total, *group_lines(desk, query, groups)])


def top(desk: Desk, asked: Asked) -> Answer:
    """The highest or lowest groups, by value or by change."""
    query, reading = asked.query, asked.reading
    if not query.group_by:
        query = replace(query, group_by=(Dimension.DRIVER,))
    asked = replace(asked, query=query)
    if reading.rank_by == "change":
        groups, lines = _by_change(desk, query, reading)
    else:
        groups = published(desk, query, ranked(tallies(desk, query), query, reading))
        lines = group_lines(desk, query, groups)
    answer = replace(start(desk, asked), groups=tuple(groups), explore_url=desk.links.group(query))
    return finish(desk, answer, lines or [wording.NO_MATCH])


def ranked(found: Sequence[Grouped], query: Query, reading: Reading) -> list[Grouped]:
    """Order groups by number; a share of few conversations never outranks one of many."""
    down = reading.order == "asc"
    if reading.metric == "sentiment":  # reported as the negative share: the best has the least
        down = not down

    def key(group: Grouped) -> tuple[bool, float, int, tuple[str, ...]]:
        n, of = n_of(query.metric, group[1])
        value = n / of if is_rate(query.metric) else float(n)
        small = is_rate(query.metric) and of <= wording.FEW
        return small, value if down else -value, -of, group[0]

    counted = [group for group in found if n_of(query.metric, group[1])[1] > 0]
    return sorted(counted, key=key)[: reading.limit or 5]


def _by_change(desk: Desk, query: Query, reading: Reading) -> tuple[list[Group], list[str]]:
    window, baseline = windows_of(query)
    sides: list[dict[tuple[str, ...], Tally]] = [
        dict(desk.database.facts.groups(replace(query, window=w, compare_to=None), desk.viewer))
        for w in (baseline, window)
    ]
    nothing = Tally(numerator=0, complement=0, empty=0, unmeasured=0)
    sign = -1.0 if reading.direction == "down" else 1.0
    if reading.metric == "sentiment":
        sign = -sign
    moves: list[tuple[float, tuple[str, ...], Tally, Tally]] = []
    for values in {*sides[0], *sides[1]}:
        before, now = sides[0].get(values, nothing), sides[1].get(values, nothing)
        moves.append((sign * _move(query, before, now), values, before, now))
    moves.sort(key=lambda one: (-one[0], one[1]))
    groups, lines = [], []
    for size, values, before, now in moves[: reading.limit or 5]:
        if size <= 0:
            break
        current = _publish(desk, query, values, now, window)
        earlier = _publish(desk, query, values, before, baseline)
        groups.append(Group(values=values, counted=current))
        lines.append(_change_line(desk, query, values, earlier, current))
    return groups, lines


def _move(query: Query, before: Tally, now: Tally) -> float:
    (n0, of0), (n1, of1) = n_of(query.metric, before), n_of(query.metric, now)
    if not is_rate(query.metric):
        return float(n1 - n0)
    return n1 / of1 - n0 / of0 if of0 and of1 else 0.0


def _publish(
    desk: Desk, query: Query, values: tuple[str, ...], tally: Tally, window: Window
) -> Counted:
    return desk.published(narrowed(query.during(window), query.group_by, values), tally)


def _change_line(
    desk: Desk, query: Query, values: tuple[str, ...], before: Counted, now: Counted
) -> str:
    name = group_name(desk, query, values)
    if is_rate(query.metric):
        headline = Headline(
            metric=query.metric, current=now, baseline=before, change=change_of(before, now)
        )
        return f"{wording.headline(name, headline, None)} {now.receipt}"
    return f"{name}: {before.n} before, {now.n} now ({now.n - before.n:+d}) {now.receipt}"


def groups_of(desk: Desk, query: Query, *, most: int) -> list[Group]:
    """The largest groups, each with its published number."""
    found = tallies(desk, query)
    found.sort(key=lambda one: (-n_of(query.metric, one[1])[0], one[0]))
    return published(desk, query, found[:most])


def tallies(desk: Desk, query: Query) -> list[Grouped]:
    return desk.database.facts.groups(replace(query, compare_to=None), desk.viewer)


def published(desk: Desk, query: Query, found: Sequence[Grouped]) -> list[Group]:
    asked = replace(query, compare_to=None)
    return [
        Group(
            values=values,
            counted=desk.published(narrowed(asked, query.group_by, values), tally),
        )
        for values, tally in found
    ]


def narrowed(query: Query, by: Sequence[Dimension], values: Sequence[str]) -> Query:
    for dimension, value in zip(by, values, strict=True):
        query = query.narrowed(dimension, value)
    return query


def group_name(desk: Desk, query: Query, values: Sequence[str]) -> str:
    pairs = zip(query.group_by, values, strict=True)
    return wording.capital(" / ".join(desk.name(by, value) for by, value in pairs))


def group_lines(desk: Desk, query: Query, groups: Sequence[Group]) -> list[str]:
    lines = []
    for group in groups:
        name = group_name(desk, query, group.values)
        shown = wording.share(group.counted) if is_rate(query.metric) else str(group.counted.n)
        lines.append(f"{name}: {shown} {group.counted.receipt}")
    return lines


def compare(desk: Desk, asked: Asked) -> Answer:
    """Named sides of one dimension, or two periods, next to each other."""
    compared = asked.reading.compare
    query = asked.query
    if compared is None or compared.by == "period" or not compared.values:
        return _compare_periods(desk, asked)
    by = query.group_by[0] if query.group_by else Dimension(compared.by)
    plain = replace(query, group_by=())
    sides = asked.sides or tuple((value,) for value in compared.values)
    groups = [  # one account of two helpdesks is one side with two keys
        Group(values=keys[:1], counted=desk.counted(plain.narrowed(by, *keys))) for keys in sides
    ]
    lines = group_lines(desk, replace(query, group_by=(by,)), groups)
    if len(groups) == 2 and is_rate(query.metric):
        lines.append(_difference(groups[1].counted, groups[0].counted))
    answer = replace(start(desk, replace(asked, query=plain)), groups=tuple(groups))
    return finish(desk, answer, lines)


def _difference(first: Counted, second: Counted) -> str:
    change = change_of(first, second)
    if change is None:
        return ""
    if not change.clear:
        return "No clear difference."
    low, high = f"{change.low:+.0f}", f"{change.high:+.0f}"
    return f"The first is {wording.points(change.points)} from the second (range {low} to {high})."


def _compare_periods(desk: Desk, asked: Asked) -> Answer:
    query = replace(asked.query, group_by=())
    window, baseline = windows_of(query)
    now, before = desk.counted(query.during(window)), desk.counted(query.during(baseline))
    change = change_of(before, now) if is_rate(query.metric) else None
    headline = Headline(metric=query.metric, current=now, baseline=before, change=change)
    if is_rate(query.metric):
        sentence = wording.headline(desk.title(query), headline, None)
    else:
        clear = counts_differ(before.n, now.n, (window.days, baseline.days))
        sentence = wording.volume_moved(desk.title(query), now.n, before.n, clear=clear, asked=None)
    answer = replace(start(desk, replace(asked, query=query)), headline=headline)
    return finish(desk, answer, [sentence, now.receipt, before.receipt])


def quotes(desk: Desk, asked: Asked) -> Answer:
    """Customers' own words, with the rule that chose them."""
    wanted = asked.reading.limit or evidence.QUOTES
    query = replace(asked.query, group_by=(), compare_to=None)
    found = evidence.quotes_of(desk, query, wanted=wanted)
    counted = desk.counted(replace(query, metric=CONVERSATIONS))
    answer = replace(
        start(desk, replace(asked, query=query)),
        headline=Headline(metric=CONVERSATIONS, current=counted),
        quotes=found,
        quote_rule=evidence.RULE if found else None,
        explore_url=counted.listing,
    )
    lines = [wording.quote(one, desk.zone) for one in found]
    if not counted.n:
        lines = [wording.NO_MATCH]
    elif not lines:
        lines = [f"None of {wording.conversations(counted.n)} holds a quote. {counted.listing}"]
    return finish(desk, answer, lines)


def churn_list(desk: Desk, asked: Asked) -> Answer:
    """Accounts (or conversations) with a churn-risk signal in the period, or open now."""
    query, assumed = asked.query, asked.assumed
    if query.window is None:
        today = desk.today()
        window = Window(today - FLAG_LASTS, today + timedelta(days=1))
        query = replace(query, window=window)
        assumed = (*assumed, f"open now = a signal within {FLAG_LASTS.days} days")
    query = replace(query, metric=CONVERSATIONS, compare_to=None)
    if not query.values_of(Dimension.CHURN_RISK):
        query = query.narrowed(Dimension.CHURN_RISK, YesNo.YES)
    by = Dimension.ACCOUNT
    if "conversation" in asked.reading.group_by:
        by = Dimension.CONVERSATION
    limit = asked.reading.limit or 10
    query = replace(query, group_by=())
    asked = replace(asked, query=query, assumed=assumed)
    counted = desk.counted(query)
    grouped = replace(query, group_by=(by,))
    groups = groups_of(desk, grouped, most=limit) if by is Dimension.ACCOUNT else []
    found = evidence.quotes_of(desk, query)
    answer = replace(
        start(desk, asked),
        headline=Headline(metric=CONVERSATIONS, current=counted),
        groups=tuple(groups),
        quotes=found,
        quote_rule=evidence.RULE if found else None,
        explore_url=counted.listing,
    )
    lines = [f"{wording.conversations(counted.n)} with a churn-risk signal. {counted.receipt}"]
    lines += group_lines(desk, grouped, groups)
    if by is Dimension.CONVERSATION:
        rows = desk.database.facts.conversations(query, desk.viewer, limit=limit).rows
        lines += [f"{row.head.key} {desk.links.conversation(row.head.key)}" for row in rows]
    return finish(desk, answer, [*lines, *(wording.quote(one, desk.zone) for one in found)])
