"""Puts a change into an answer of at most twelve lines: headline, parts, quotes, footer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service import wording
from service.answering import evidence
from service.answering.counts import counts_differ
from service.answering.desk import Desk, change_of, is_rate
from service.answering.explaining import (
    Explained,
    cause_sentence,
    evidence_query,
    explain,
    inside_sentence,
    offsetting,
    parts_of,
    shifts,
    windows_of,
)
from service.answering.gaps import gaps
from service.decomposition import Verdict
from service.domain.answers import (
    Answer,
    Counted,
    EvidenceLink,
    Headline,
    Intent,
    Part,
)
from service.domain.conversations import ConversationKey
from service.measures import own_rates
from service.query import CONVERSATIONS, Dimension, Query
from service.reading.model import Reading
from service.receipts import n_of

HEADLINES = ("negative_rate", "high_effort_rate", "churn_risk_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question behind an answer."""

    query: Query
    intent: Intent
    reading: Reading
    assumed: tuple[str, ...] = ()
    sides: tuple[tuple[str, ...], ...] = ()  # of a comparison: the filter values of each
    beyond: frozenset[ConversationKey] = frozenset()  # what was quoted before


def supposed(reading: Reading) -> tuple[str, int] | None:
    """The verb and the direction of the metric that a question takes for granted.

    Sentiment is reported as the negative share: when it drops, the share rises.
    """
    if reading.direction is None:
        return None
    up = reading.direction == "up"
    if reading.metric == "sentiment":
        return ("improve", -1) if up else ("drop", 1)
    return ("rise", 1) if up else ("fall", -1)


def line_one(desk: Desk, asked: Asked, query: Query) -> str:
    return wording.understood(
        desk.title(query),
        desk.filter_words(query),
        query.window,
        query.compare_to,
        str(desk.zone),
        asked.assumed,
    )


def withheld(desk: Desk, asked: Asked, *queries: Query) -> Answer:
    """Say which numbers are withheld from a leader, and nothing of their content."""
    titles = [desk.title(one) if is_rate(one.metric) else "this filter" for one in queries]
    line = f"{wording.capital(' and '.join(titles))}: {wording.WITHHELD}"
    understood = line_one(desk, asked, asked.query)
    return Answer(
        intent=asked.intent,
        query=asked.query,
        reading=asked.reading.as_dict(),
        understood=understood,
        caveats=(line,),
        text=(understood, f"{line}."),
    )


def why_change(desk: Desk, asked: Asked) -> Answer:
    """Answer "why did it change", or say that it did not."""
    query = asked.query
    query = replace(query, compare_to=windows_of(query)[1], group_by=())
    also: list[str] = []
    if asked.reading.metric is None and query.metric == CONVERSATIONS:
        headlines = [replace(query, metric=metric) for metric in (*HEADLINES, *own_rates())]
        shown = [one for one in headlines if not desk.withheld(one)]
        if not shown:
            return withheld(desk, asked, *headlines)
        query, also = _most_changed(desk, shown)
        hidden = [desk.title(one) for one in headlines if one not in shown]
        also += [f"{' and '.join(hidden)} {wording.WITHHELD}"] if hidden else []
    asked = replace(asked, query=query)
    if not is_rate(query.metric):
        return _volume_change(desk, asked)
    return _share_change(desk, asked, also)


def _most_changed(desk: Desk, headlines: Sequence[Query]) -> tuple[Query, list[str]]:
    """Of several numbers the one that moved most clearly, and what became of the others."""
    window, baseline = windows_of(headlines[0])
    best, best_size = headlines[0], -1.0
    moved: dict[str, str] = {}
    still: dict[str, str] = {}
    for one in headlines:
        now, before = desk.counted(one.during(window)), desk.counted(one.during(baseline))
        change = change_of(before, now)
        headline = Headline(metric=one.metric, current=now, baseline=before, change=change)
        if change is not None and change.clear:
            moved[one.metric] = wording.headline(desk.title(one), headline, None).rstrip(".")
        else:
            still[one.metric] = desk.title(one)
        half = (change.high - change.low) / 2 if change else 0.0
        size = abs(change.points) / half if change and half else 0.0
        if size > best_size:
            best, best_size = one, size
    also = [sentence for name, sentence in moved.items() if name != best.metric]
    same = [title for name, title in still.items() if name != best.metric]
    also += [f"no clear change in {' or '.join(same)}"] if same else []
    return best, also


def _share_change(desk: Desk, asked: Asked, also: Sequence[str]) -> Answer:
    query = asked.query
    found = explain(desk, query)
    change = found.headline.change
    clear = change is not None and change.clear and found.headline.current.of > 0
    parts = parts_of(desk, found) if clear else offsetting(desk, found)
    quotes: tuple[EvidenceLink, ...] = ()
    counter: EvidenceLink | None = None
    if parts:
        part = evidence_query(found, parts)
        quotes = evidence.quotes_of(desk, part)
        counter = evidence.counter_quote(desk, part, query.during(found.window))
    changed = [*also, *_volume_shift(desk, found), *shifts(found, desk)] if clear else list(also)
    coverage = desk.coverage(query.during(found.window))
    caveats = desk.caveats(query, coverage)
    if found.split.verdict is Verdict.TOO_FEW and found.headline.current.of:
        caveats.append("too few conversations for a verdict")
    answer = Answer(
        intent=asked.intent,
        query=query,
        reading=asked.reading.as_dict(),
        understood=line_one(desk, asked, query),
        headline=found.headline,
        cause=found.cause if parts else None,
        parts=parts,
        quotes=quotes,
        quote_rule=evidence.RULE if quotes else None,
        counter_quote=counter,
        also_changed=tuple(changed),
        caveats=tuple(caveats),
        coverage=coverage,
        explore_url=found.headline.current.listing,
    )
    return replace(answer, text=_text(desk, asked, found, answer))


def _text(desk: Desk, asked: Asked, found: Explained, answer: Answer) -> tuple[str, ...]:
    first = " ".join([*desk.stale(), answer.understood])
    headline = _headline(desk, asked, found)
    footer = footer_of(desk, answer)
    if found.headline.current.of == 0:
        return (first, " ".join([headline, *desk.stored_days(found.query)]), footer)
    if not answer.parts:
        if found.headline.current.of <= wording.LISTED:
            return (first, headline, f"The conversations: {answer.explore_url}", footer)
        return (first, f"{headline} {found.headline.current.receipt}", footer)
    also = "Also changed: " + "; ".join(answer.also_changed) + "."
    if not answer.also_changed:
        also = wording.NOTHING_RECORDED
    lines = [
        first,
        f"{headline} {_told(desk, found, answer.parts)}".rstrip(),
        *_part_lines(desk, found, answer.parts),
        *(wording.quote(quote, desk.zone) for quote in answer.quotes),
        also,
    ]
    return wording.shorten(lines, answer.explore_url, footer=footer)


def _told(desk: Desk, found: Explained, parts: Sequence[Part]) -> str:
    change = found.headline.change
    if change is None or not change.clear:
        return inside_sentence(desk, found)
    return cause_sentence(desk, found, parts)


def _headline(desk: Desk, asked: Asked, found: Explained) -> str:
    expected = supposed(asked.reading)
    verb = expected[0] if expected else None
    sentence = wording.headline(desk.title(found.query), found.headline, verb)
    change = found.headline.change
    if expected and change and change.clear and change.points * expected[1] < 0:
        return wording.opposite(expected[0], sentence)
    return sentence


def _part_lines(desk: Desk, found: Explained, parts: Sequence[Part]) -> list[str]:
    pair = found.pair
    lines = []
    shown = rounded([part.points for part in parts])
    for part, value in zip(parts, shown, strict=True):
        name = part.value
        if part.current is not None:
            name = desk.name(found.lens, part.value)
        elif part.dimension == "composition":
            name = "A different mix of conversations"
        line = wording.part(wording.capital(name), value, part.baseline, part.current)
        cause = found.cause
        if pair and cause and cause.within_dimension and part.value == cause.value:
            inside = desk.name(cause.within_dimension, cause.within_value or "")
            line += f" (within {inside}: {wording.share(pair[1])} before, {wording.share(pair[0])})"
        lines.append(f"{line} {part.receipt}" if part.receipt else line)
    return lines


def rounded(values: Sequence[float]) -> list[float]:
    """Round to tenths so that what is shown sums to the rounded total (largest remainders)."""
    total = round(sum(values) * 10)
    floors = [int(value * 10 // 1) for value in values]
    order = sorted(range(len(values)), key=lambda i: floors[i] - values[i] * 10)
    for i in order[: max(0, total - sum(floors))]:
        floors[i] += 1
    return [value / 10 for value in floors]


def footer_of(desk: Desk, answer: Answer, *, wanted: int = evidence.QUOTES) -> str:
    """What is missing, coverage, freshness, what was not validated, how quotes were chosen."""
    if answer.coverage is None or answer.query is None:
        return ""
    stale = set(desk.stale())
    notes = [caveat for caveat in answer.caveats if caveat not in stale]
    if answer.quote_rule:
        notes.append(wording.quote_rule(answer.quote_rule, len(answer.quotes), wanted))
    said = wording.coverage(answer.coverage, desk.zone, notes, first=gaps(desk, answer.query))
    if answer.counter_quote is None:
        return said
    return f"{said} {wording.counter_quote(answer.counter_quote.url)}"


def _volume_shift(desk: Desk, found: Explained) -> list[str]:
    """The number of conversations, when it clearly moved."""
    query = replace(found.query, metric=CONVERSATIONS)
    now, before = (
        desk.counted(query.during(found.window)),
        desk.counted(query.during(found.baseline)),
    )
    days = (found.window.days, found.baseline.days)
    if days[0] != days[1] or not counts_differ(before.n, now.n, days):
        return []
    return [f"volume {before.n} before, {now.n} now"]


def _volume_change(desk: Desk, asked: Asked) -> Answer:
    """A count that moved: counts before and after by the asked dimension; counts have no points."""
    query = asked.query
    window, baseline = windows_of(query)
    now, before = desk.counted(query.during(window)), desk.counted(query.during(baseline))
    clear = counts_differ(before.n, now.n, (window.days, baseline.days))
    by = _grouping(asked)
    rows = _count_rows(desk, query, by) if clear else []
    quotes = evidence.quotes_of(desk, _quoted(query, by, rows)) if clear else ()
    coverage = desk.coverage(query.during(window))
    expected = supposed(asked.reading)
    answer = Answer(
        intent=asked.intent,
        query=query,
        reading=asked.reading.as_dict(),
        understood=line_one(desk, asked, query),
        headline=Headline(metric=query.metric, current=now, baseline=before),
        parts=tuple(part for _, part in rows),
        quotes=quotes,
        quote_rule=evidence.RULE if quotes else None,
        caveats=tuple(desk.caveats(query, coverage)),
        coverage=coverage,
        explore_url=now.listing,
    )
    sentence = wording.volume_moved(
        desk.title(query),
        (before.n, now.n),
        (baseline.days, window.days),
        clear=clear,
        asked=expected[0] if expected else None,
    )
    if not now.n and not before.n:
        sentence = " ".join([wording.NO_MATCH, *desk.stored_days(query)])
    lines = [
        " ".join([*desk.stale(), answer.understood]),
        f"{sentence} {now.receipt}",
        *(line for line, _ in rows),
        *(wording.quote(quote, desk.zone) for quote in quotes),
    ]
    text = wording.shorten(lines, answer.explore_url, footer=footer_of(desk, answer))
    return replace(answer, text=text)


def _grouping(asked: Asked) -> Dimension:
    if asked.query.group_by:
        return asked.query.group_by[0]
    if asked.reading.group_by:
        return Dimension(asked.reading.group_by[0])
    return Dimension.DRIVER


def _count_rows(desk: Desk, query: Query, by: Dimension) -> list[tuple[str, Part]]:
    window, baseline = windows_of(query)
    facts = desk.database.facts
    counts: dict[str, list[int]] = {}
    for side, when in enumerate((baseline, window)):
        grouped = replace(query.during(when), group_by=(by,))
        for values, tally in facts.groups(grouped, desk.viewer):
            counts.setdefault(values[0], [0, 0])[side] = n_of(query.metric, tally)[0]
    order = sorted(counts, key=lambda v: (-abs(counts[v][1] - counts[v][0]), v))
    rows = []
    for value in order[:3]:
        before, now = counts[value]
        current = desk.publish(query.narrowed(by, value).during(window), now, now)
        earlier = desk.publish(query.narrowed(by, value).during(baseline), before, before)
        name = wording.capital(desk.name(by, value))
        line = f"{name}: {before} before, {now} now ({now - before:+d})"
        rows.append((f"{line} {current.receipt}", _count_part(by, value, current, earlier)))
    return rows


def _count_part(by: Dimension, value: str, current: Counted, earlier: Counted) -> Part:
    return Part(
        dimension=by.value,
        value=value,
        points=0.0,
        rate_effect=0.0,
        mix_effect=0.0,
        current=current,
        baseline=earlier,
        receipt=current.receipt,
        clear=False,
    )


def _quoted(query: Query, by: Dimension, rows: Sequence[tuple[str, Part]]) -> Query:
    window, _ = windows_of(query)
    if not rows:
        return query.during(window)
    return query.narrowed(by, rows[0][1].value).during(window)
