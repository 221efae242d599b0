"""Counts, trends, rankings, comparisons and lists of quotes: groups of one Query, told in lines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from service import wording
from service.answering import evidence
from service.answering.counts import counts_differ
from service.answering.desk import Desk, change_of, is_rate
from service.answering.explaining import windows_of
from service.answering.telling import Asked, footer_of, line_one
from service.domain.answers import Answer, Counted, Group, Headline, Tally
from service.query import CONVERSATIONS, TIME, Dimension, Query, Window
from service.reading.model import Reading
from service.receipts import n_of

MOST_GROUPS = 25
MOST_STEPS = 400  # of a trend: a year of days, and some
Grouped = tuple[tuple[str, ...], Tally]


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


def finish(
    desk: Desk, answer: Answer, lines: Sequence[str], *, wanted: int = evidence.QUOTES
) -> Answer:
    """Add the first line and the footer, and keep to what one message holds.

    `wanted` is how many quotes are shown when enough qualify.
    """
    first = " ".join([*desk.stale(), answer.understood])
    footer = footer_of(desk, answer, wanted=wanted)
    text = wording.shorten([first, *lines], answer.explore_url, footer=footer)
    return replace(answer, text=text)


def number(desk: Desk, query: Query, counted: Counted) -> str:
    """A number with its title: "Negative share: 31% (112 of 361)"."""
    if is_rate(query.metric):
        headline = Headline(metric=query.metric, current=counted)
        said = wording.headline(desk.title(query), headline, None)
    else:
        said = wording.volume(desk.title(query), counted)
    return " ".join([said, *desk.stored_days(query)]) if not counted.of else said


def moved(desk: Desk, query: Query) -> tuple[Headline, str]:
    """A number against its earlier window, with the sentence that says whether it moved."""
    window, baseline = windows_of(query)
    now, before = desk.counted(query.during(window)), desk.counted(query.during(baseline))
    if is_rate(query.metric):
        change = change_of(before, now)
        found = Headline(metric=query.metric, current=now, baseline=before, change=change)
        return found, wording.headline(desk.title(query), found, None)
    found = Headline(metric=query.metric, current=now, baseline=before)
    sentence = wording.volume_moved(
        desk.title(query),
        (before.n, now.n),
        (baseline.days, window.days),
        clear=counts_differ(before.n, now.n, (window.days, baseline.days)),
        asked=None,
    )
    return found, sentence


def count(desk: Desk, asked: Asked) -> Answer:
    """One number, or every group's number when a breakdown was asked for.

    With an earlier window both are told, and whether the number clearly moved.
    """
    answer = start(desk, asked)
    plain = replace(asked.query, group_by=())
    if plain.compare_to is not None:
        headline, sentence = moved(desk, plain)
    else:
        headline = Headline(metric=plain.metric, current=desk.counted(plain))
        sentence = number(desk, plain, headline.current)
    groups = groups_of(desk, asked.query, most=MOST_GROUPS) if asked.query.group_by else []
    answer = replace(
        answer,
        headline=headline,
        groups=tuple(groups),
        explore_url=headline.current.listing,
    )
    lines = [f"{sentence} {headline.current.receipt}"]
    return finish(desk, answer, [*lines, *group_lines(desk, asked.query, groups)])


def trend(desk: Desk, asked: Asked) -> Answer:
    """One number a day, week or month, oldest first; of many lines the newest are shown."""
    query = asked.query
    if not set(query.group_by) & TIME:
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
    total = f"{number(desk, query, counted)} {counted.receipt}"
    lines = group_lines(desk, query, groups)
    return finish(desk, answer, [total, *wording.newest(lines, answer.explore_url)])


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
    window, baseline = windows_of(query)
    clear = counts_differ(before.n, now.n, (window.days, baseline.days))
    doubt = "" if clear else ", no clear change"
    return f"{name}: {before.n} before, {now.n} now ({now.n - before.n:+d}){doubt} {now.receipt}"


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
    return wording.capital(" / ".join(_value(desk, query, by, value) for by, value in pairs))


def _value(desk: Desk, query: Query, by: Dimension, value: str) -> str:
    """A group's value as people say it; a week or month that the period cuts shows its days."""
    if by not in TIME:
        return desk.name(by, value)
    whole, held = Query().narrowed(by, value).window, query.narrowed(by, value).window
    if held is None or whole != held:
        return (held or Window(date.fromisoformat(value), date.max)).words()
    return f"{held.start:%B %Y}" if by is Dimension.MONTH else held.words()


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
    grouped = replace(query, group_by=(by,))
    lines = group_lines(desk, grouped, groups)
    if len(groups) == 2 and is_rate(query.metric):
        lines.append(_difference(desk, grouped, groups))
    answer = replace(start(desk, replace(asked, query=plain)), groups=tuple(groups))
    return finish(desk, answer, lines)


def _difference(desk: Desk, query: Query, groups: Sequence[Group]) -> str:
    first, second = groups
    change = change_of(second.counted, first.counted)
    if change is None:
        return ""
    if not change.clear:
        return "No clear difference."
    name, other = group_name(desk, query, first.values), group_name(desk, query, second.values)
    where = "higher" if change.points > 0 else "lower"
    size = wording.points(abs(change.points)).lstrip("+")
    low, high = f"{change.low:+.0f}", f"{change.high:+.0f}"
    return f"{name} is {size} {where} than {other} (range {low} to {high})."


def _compare_periods(desk: Desk, asked: Asked) -> Answer:
    query = replace(asked.query, group_by=())
    headline, sentence = moved(desk, query)
    answer = replace(start(desk, replace(asked, query=query)), headline=headline)
    links = [f"Now: {headline.current.receipt}"]
    links += [f"Before: {headline.baseline.receipt}"] if headline.baseline else []
    return finish(desk, answer, [sentence, *links])


def quotes(desk: Desk, asked: Asked) -> Answer:
    """Customers' own words, with the rule that chose them."""
    wanted = asked.reading.limit or evidence.QUOTES
    query = replace(asked.query, group_by=(), compare_to=None)
    found = evidence.quotes_of(desk, query, wanted=wanted, beyond=asked.beyond)
    answer = start(desk, replace(asked, query=query))
    total = answer.coverage.total if answer.coverage else 0  # words are looked for only once
    counted = desk.publish(replace(query, metric=CONVERSATIONS), total, total)
    answer = replace(
        answer,
        headline=Headline(metric=CONVERSATIONS, current=counted),
        quotes=found,
        quote_rule=evidence.RULE if found else None,
        counter_quote=evidence.counter_quote(desk, query) if found else None,
        explore_url=counted.listing,
    )
    said = wording.conversations(counted.n)
    if not counted.n:
        lines = [" ".join([wording.NO_MATCH, *desk.stored_days(query)])]
    elif not found and asked.beyond:
        lines = [f"No other quote of {said} says something. {counted.receipt}"]
    elif not found:
        lines = [f"None of {said} holds a quote that says something. {counted.receipt}"]
    else:
        said = f"{said} match; {len(found)} quoted." if counted.n > 1 else "1 conversation matches."
        lines = [f"{said} {counted.receipt}"]
    lines += [wording.quote(one, desk.zone) for one in found]
    return finish(desk, answer, lines, wanted=wanted)
