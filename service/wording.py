"""Every sentence that an answer is made of, by the rules for numbers on every surface.

It is handed finished numbers and refuses to compute one.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.domain.answers import Change, Counted, Coverage, EvidenceLink, Headline
from service.query import Window

LISTED = 4  # up to here conversations are listed and no share is given
FEW = 29  # up to here counts and no percentage
NO_MATCH = "No conversations match."
OFFSET = "Inside it some moved clearly, and the rest made up for it:"
NOTHING_RECORDED = "Also changed: nothing recorded."
NOT_VALIDATED = "not validated"
VALIDATED = "validated"
WITHHELD = "withheld: not validated"
MORE = "More: "
SHOWN_LINES = 12

HELP = (
    "Ask about customer conversations; every number links to what it counts. For example:",
    '"why did sentiment drop last week?"',
    '"how many billing conversations since Monday?"',
    '"top 5 drivers this month" or "negative share by channel last month"',
    '"sentiment trend for enterprise" or "email vs chat effort in August"',
    '"what are people saying about refunds?"',
    '"tell me about Acme" or "which accounts are at risk?"',
)

REFUSALS: Mapping[str, str] = {
    "personal_data": (
        "Personal details of a customer are masked before anything is stored, so they cannot be"
        " looked up here."
    ),
    "instructions": "Rules, prompts and keys are not part of any answer.",
    "no_write": "Answers change nothing: please make the change in the helpdesk.",
    "not_measured": "That is not measured here.",
    "out_of_scope": "That is not about customer conversations.",
    "language": "Questions are read in English only.",
}
ASKABLE = (
    "You can ask why a number changed, how many, the top drivers, a trend, a comparison, quotes,"
    " or about one account."
)

_LANGUAGES: Mapping[str, str] = {"und": "not recognised"}  # beside codes such as "de"

_SLOTS: Mapping[str, str] = {
    "account": "Which account do you mean?",
    "metric": "Which number do you mean: negative share, high-effort share, churn risk or volume?",
    "compare": "Compare it with what?",
    "subject": "What would you like to know about customer conversations?",
    "fix": "Which fix or release do you mean?",
    "funnel": "Which funnel do you mean?",
    "agent": "Which agent do you mean?",
    "owner": "Whose accounts do you mean?",
    "segment": "Which segment do you mean?",
    "period": "Which period do you mean?",
}


def percent(share: float) -> str:
    """Return a share as people read it: whole percent, halves up."""
    return f"{int(share * 100 + 0.5)}%"


def share(counted: Counted) -> str:
    """Return "31% (112 of 361)", or without a percentage where the counts are too small."""
    if counted.of == 0:
        return "no conversations"
    if counted.of <= FEW or counted.rate is None:
        return f"{counted.n} of {counted.of}"
    return f"{percent(counted.rate)} ({counted.n} of {counted.of})"


def points(value: float, *, digits: int = 0) -> str:
    """Return "+9 points"; a change of a share is never a percentage."""
    number = f"{value:+.{digits}f}"
    if float(number) == 0:
        number = number.lstrip("+-")
    return f"{number} point{'' if number.lstrip('+-') == '1' else 's'}"


def conversations(n: int) -> str:
    return f"{n} conversation{'' if n == 1 else 's'}"


def a(noun: str) -> str:
    """Return "a segment", "an account"."""
    return f"a{'n' if noun[:1] in 'aeiou' else ''} {noun.replace('_', ' ')}"


_ABBREVIATIONS = frozenset({"api", "sms"})  # channels of helpdesks


def capital(text: str) -> str:
    return text.upper() if text in _ABBREVIATIONS else text[:1].upper() + text[1:]


def period(window: Window, baseline: Window | None) -> str:
    """Return both windows; the year of the second is left out when it is the first one's."""
    if baseline is None:
        return window.words()
    years = {window.start.year, (window.end - timedelta(days=1)).year}
    same = years == {baseline.start.year, (baseline.end - timedelta(days=1)).year}
    return f"{window.words()} against {baseline.words(year=not same or len(years) > 1)}"


def day_month(day: date) -> str:
    return f"{day.day} {day:%b}"


def full_day(day: date) -> str:
    return f"{day_month(day)} {day.year}"


def understood(
    title: str,
    filters: Sequence[str],
    window: Window | None,
    baseline: Window | None,
    zone: str,
    assumed: Sequence[str],
) -> str:
    """State the question as it was understood, with both windows and every assumption."""
    parts = [capital(title), *filters]
    if window is not None:
        parts.append(f"{period(window, baseline)} ({zone})")
    sentence = ", ".join(parts) + "."
    return sentence + (f" Assumed: {'; '.join(assumed)}." if assumed else "")


def headline(title: str, found: Headline, asked: str | None) -> str:
    """State a change of a share. `asked` is the direction the question supposes, as a verb."""
    current, baseline, change = found.current, found.baseline, found.change
    if current.of == 0:
        return NO_MATCH
    if baseline is None:
        return f"{capital(title)}: {share(current)}{_few(current)}."
    if change is None or baseline.of == 0:
        return f"{capital(title)}: {share(current)}, before {share(baseline)}{_few(current)}."
    if not change.clear:
        opening = f"It did not {asked}: " if asked else f"{capital(title)}: "
        both = f"{share(current)} vs {share(baseline)} before"
        return f"{opening}{both}, no clear change{_few(current, baseline)}."
    return _moved(title, current, baseline, change)


def _moved(title: str, current: Counted, baseline: Counted, change: Change) -> str:
    verb = "rose" if change.points > 0 else "fell"
    sentence = f"{capital(title)} {verb} from {share(baseline)} to {share(current)}"
    if min(current.of, baseline.of) <= FEW:
        return f"{sentence}{_few(current, baseline)}."
    low, high = f"{change.low:+.0f}", f"{change.high:+.0f}"
    return f"{sentence}, {points(change.points)} (range {low} to {high})."


def opposite(asked: str, sentence: str) -> str:
    """Correct a question that supposes the wrong direction."""
    return f"It did not {asked}: {sentence[:1].lower()}{sentence[1:]}"


def _few(*counted: Counted) -> str:
    return ", few conversations" if any(0 < one.of <= FEW for one in counted) else ""


def volume(title: str, current: Counted) -> str:
    """State a count, which has no share and no points."""
    return f"{capital(title)}: {current.n}." if current.n else NO_MATCH


def volume_moved(
    title: str,
    counts: tuple[int, int],
    spans: tuple[int, int],
    *,
    clear: bool,
    asked: str | None,
) -> str:
    """State a count against an earlier one. `counts` and `spans` (days): before, now.

    Windows of different lengths are compared a day: the longer one counts more in any case.
    """
    before, now = counts
    if spans[0] == spans[1]:
        both, moved = f"{now} vs {before} before", f"from {before} to {now}"
        verb = "rose" if now > before else "fell"
    else:
        daily = [count / span for count, span in zip(counts, spans, strict=True)]
        verb = "rose" if daily[1] > daily[0] else "fell"
        title = f"{title} a day"
        told = [
            f"{one:.1f} ({n} in {span} days)"
            for one, n, span in zip(daily, counts, spans, strict=True)
        ]
        both, moved = f"{told[1]} vs {told[0]} before", f"from {told[0]} to {told[1]}"
    if clear:
        return f"{capital(title)} {verb} {moved}."
    opening = f"It did not {asked}: " if asked else f"{capital(title)}: "
    return f"{opening}{both}, no clear change."


def stored_between(first: date, last: date) -> str:
    return f"The stored ones run from {full_day(first)} to {full_day(last)}."


def contributor(name: str, inside: str | None, rising: bool, *, most: bool) -> str:  # noqa: FBT001  # which way the number went, not a mode
    """Name the largest part; a decomposition says where a change comes from, never why."""
    change = "rise" if rising else "fall"
    where = f"{name} within {inside}" if inside else name
    if most:
        return f"Most of the {change} comes from {where}."
    return f"The largest identified contributor to the {change} is {where}."


def moved_inside(name: str, inside: str, *, rising: bool) -> str:
    """Name a pair that moved though the whole did not."""
    return f"Inside it {name} within {inside} clearly {'rose' if rising else 'fell'}:"


def share_of(name: str, size: str) -> str:
    """Name a part that adds by its number and not by its rate; `size` is "larger" or "smaller"."""
    return f"a {size} share of {name if 'conversations' in name else f'conversations in {name}'}"


def concentrated(name: str, rising: bool, before: Counted, now: Counted) -> str:  # noqa: FBT001  # which way the number went, not a mode
    change = "rise" if rising else "fall"
    counts = f"{share(before)} before, {share(now)} now"
    return f"The {change} is concentrated in one account: {name} ({counts})."


def share_moved(name: str, before: tuple[int, int], now: tuple[int, int]) -> str:
    """A group's share of all conversations, twice: (conversations, of)."""
    told = [
        f"{n} of {of}" if of <= FEW else f"{percent(n / of)} ({n} of {of})"
        for n, of in (before, now)
    ]
    return f"{name}'s share of conversations {told[0]} before, {told[1]} now"


def part(name: str, value: float, before: Counted | None, now: Counted | None) -> str:
    sentence = f"{name}: {points(value, digits=1)}"
    if before is None or now is None:
        return sentence
    return f"{sentence}; {share(before)} before, {share(now)} now"


def quote(link: EvidenceLink, zone: ZoneInfo) -> str:
    when = full_day(link.created_at.astimezone(zone).date())
    return f'"{link.shown()}" ({link.conversation}, {when}, {link.channel}) {link.url}'


def quote_rule(rule: str, found: int, wanted: int) -> str:
    """Say how the quotes were chosen, and when fewer qualify than are usually shown."""
    said = f"Quotes: {rule}"
    if 0 < found < wanted:
        said += f"; only {found} qualif{'ies' if found == 1 else 'y'}"
    return said + "."


def say(n: int, unsolved: int, window: Window, driver: str) -> str:
    """What may be said to an account, of what stands above it, and what is on no record."""
    often = "once" if n == 1 else f"{n} times"
    about = f", most often about {driver}" if driver and n > 1 else ""
    left = f"{unsolved} of these {'is' if unsolved == 1 else 'are'} open"
    if n == 1:
        left = "it is open" if unsolved else "it is solved"
    elif not unsolved:
        left = "all are solved"
    said = f"your team wrote {often} since {window.start.day} {window.start:%b}{about}; {left}."
    return f"Say: {said} Don't say: that a fix, a date or a discount is coming; none is on record."


def coverage(
    found: Coverage, zone: ZoneInfo, notes: Sequence[str], *, first: Sequence[str] = ()
) -> str:
    """The footer: what was read, how fresh it is, and by which versions; `first` opens it."""
    said = f"{found.analysed} of {found.total} analysed" if found.total else "Nothing to analyse"
    said += f"; {found.failed} failed" if found.failed else ""
    said += f"; {found.waiting} waiting" if found.waiting else ""
    empty = sum(found.empty.values())
    if len(found.empty) == 1:
        said += f"; {empty} left empty ({next(iter(found.empty))})"
    elif empty:
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(found.empty.items()))
        said += f"; {empty} left empty ({reasons})"
    versions = f"taxonomy {found.taxonomy}, analyser {found.analyser}"
    fresh = f"data as of {moment(found.as_of, zone)}" if found.as_of else "no sync on record"
    return (
        ". ".join(capital(one.rstrip(".")) for one in (*first, said, fresh, *notes, versions)) + "."
    )


def languages(blank: int, total: int, found: Mapping[str, int]) -> str:
    """Say how many conversations are not read because of their language, and which these are."""
    if not blank and not found:
        return "no conversation left blank because of its language"
    of = (
        f"{blank:,} of {total:,}"
        if total <= FEW
        else f"{blank / total:.1%} ({blank:,} of {total:,})"
    )
    told = ", ".join(f"{n:,} {_LANGUAGES.get(code, code)}" for code, n in found.items())
    return f"{of} left blank because of their language" + (f"; found: {told}" if told else "")


def missing(source: str, n: int, since: date | None) -> str:
    """Say that the helpdesk counts conversations that are not stored, and what to do."""
    verb = "is" if n == 1 else "are"
    when = f" since {full_day(since)}" if since else ""
    return f"{conversations(n)} of {capital(source)} {verb} missing{when}: run verbatim reconcile"


def set_aside(n: int) -> str:
    return f"{n} set aside: they arrived and could not be read"


def counter_quote(url: str) -> str:
    """Offer the other side; the address ends the line, so that nothing is taken for part of it."""
    return f"Counter-quote: {url}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{full_day(local.date())} {local:%H:%M}"


def stale(as_of: datetime, hours: int, zone: ZoneInfo) -> str:
    return f"The data is {hours} hours old: the last sync ended {moment(as_of, zone)}."


def clarify(slot: str, reason: str, options: Sequence[str]) -> str:
    question = _SLOTS.get(slot, "Which one do you mean?")
    if reason == "unknown":
        question = "There is no account of that name." if slot == "account" else question
        return question + (f" The nearest names: {one_of(options)}." if options else "")
    return question + (f" {capital(one_of(options))}?" if options else "")


def one_of(options: Sequence[str]) -> str:
    """Return "A, B or C"."""
    *first, last = options
    return f"{', '.join(first)} or {last}" if first else last


def no_conversations(account: str, last: str | None) -> str:
    since = f" since {last}" if last else ""
    return f"No conversations from {account}{since}. Silence is not health: nothing to conclude."


def shorten(lines: Sequence[str], more: str | None, *, footer: str = "") -> tuple[str, ...]:
    """Keep at most twelve lines: what is left out is counted and one link away.

    The footer is never left out: without it nobody knows what the numbers cover.
    """
    last = [footer] if footer else []
    if len(lines) + len(last) <= SHOWN_LINES:
        return (*lines, *last)
    kept = SHOWN_LINES - 1 - len(last)
    return (*lines[:kept], _left_out(len(lines) - kept, "", more), *last)


def newest(lines: Sequence[str], more: str | None) -> list[str]:
    """Keep the last of lines in order of time, as many as stand below a first line and a total."""
    most = SHOWN_LINES - 3  # with the footer
    if len(lines) <= most:
        return list(lines)
    kept = most - 1
    return [*lines[-kept:], _left_out(len(lines) - kept, "earlier ", more)]


def _left_out(number: int, which: str, more: str | None) -> str:
    said = f"{number} {which}line{'' if number == 1 else 's'} not shown"
    return f"{MORE}{said}, {more or 'see the explorer'}"


_DEFINITIONS: Mapping[str, str] = {
    "raw_tag": "A raw tag is a phrase found in a conversation; many are mapped to one tag.",
    "tag": "A tag is the name that raw tags were merged under; it belongs to one driver.",
    "driver": "A driver is a reason for contact; a conversation touches those of its tags.",
    "baseline": "The baseline is the earlier period that a number is compared with.",
    "validation": "A metric is validated when people agreed with at least 90% of its labels.",
    "confidence": "Confidence is how sure the analyser was; under its floor a metric is empty.",
    "alert_threshold": "An alert fires when a number clearly leaves its usual range.",
    "receipt": "A receipt stores a number's query and time, so that it can be counted again.",
}


def definition(term: str, metric: str | None) -> str:
    """Explain a word; a metric is explained by its own question."""
    if metric is not None:
        return metric
    return _DEFINITIONS.get(term, "That word has no definition here.")
