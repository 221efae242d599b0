"""One account in twelve lines: counts, churn signals, drivers, words, and what waits on us.

It draws no conclusion from silence and gives no score.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from service import wording
from service.answering import evidence
from service.answering.breakdown import finish, groups_of
from service.answering.desk import Desk, change_of
from service.answering.explaining import windows_of
from service.answering.telling import Asked, line_one
from service.domain.answers import Answer, Counted, EvidenceLink, Group, Headline, Intent, cut
from service.domain.conversations import Account, Status
from service.domain.flags import BY_RULE, FlagState
from service.domain.measurements import Metric, Rate, YesNo
from service.flags import Flags, ShownFlag
from service.measures import own_metrics
from service.query import CONVERSATIONS, NO_VALUE, Dimension, Filter, Query, Window
from service.stores import ListedConversation

DAYS, BEFORE = 30, 90  # a brief looks at the last 30 days against the 90 before
OPEN = (Status.OPEN.value, Status.PENDING.value)
TOP_DRIVERS = 3
TOP_VALUES = 3  # of a metric of the workspace's own
READ = 200  # conversations that are read one by one; of more, only counts are told


def account_brief(desk: Desk, asked: Asked) -> Answer:
    """Answer "what is going on with this account?"."""
    asked = replace(asked, query=_with_windows(desk, asked.query))
    query = replace(asked.query, metric=CONVERSATIONS, group_by=())
    window, baseline = windows_of(query)
    accounts = _accounts(desk, query)
    now = desk.counted(query.during(window))
    coverage = desk.coverage(query.during(window))
    answer = Answer(
        intent=Intent.ACCOUNT_BRIEF,
        query=query,
        reading=asked.reading.as_dict(),
        understood=line_one(desk, asked, query),
        headline=Headline(
            metric=CONVERSATIONS, current=now, baseline=desk.counted(query.during(baseline))
        ),
        caveats=tuple(desk.caveats(replace(query, metric="negative_rate"), coverage)),
        coverage=coverage,
        explore_url=now.listing,
    )
    opening = _who(desk, accounts)
    if now.n == 0:
        return finish(desk, answer, [opening, _silent(desk, query, accounts)])
    drivers = groups_of(
        desk, replace(query.during(window), group_by=(Dimension.DRIVER,)), most=TOP_DRIVERS + 1
    )
    drivers = [group for group in drivers if group.values[0] != NO_VALUE][:TOP_DRIVERS]
    words, rule = _words(desk, query.during(window))
    rows = desk.database.facts.conversations(query.during(window), desk.viewer, limit=READ).rows
    answer = replace(
        answer,
        groups=tuple(drivers),
        quotes=words,
        quote_rule=rule if words else None,
    )
    waiting = desk.counted(_open(query.during(window)))
    lines = [
        opening,
        _counts(desk, query, waiting, wording.conversations(now.n), _people(rows, now.n)),
        *_risk(desk, query, accounts),
        *_own_metrics(desk, query),
        *_drivers(desk, drivers, rows),
        *(wording.quote(one, desk.zone) for one in words),
        _waiting(desk, query),
        wording.say(now.n, waiting.n, window, drivers[0].values[0] if drivers else ""),
    ]
    return finish(desk, answer, lines)


def _with_windows(desk: Desk, query: Query) -> Query:
    if query.window is not None:
        window = query.window
    else:
        window = Window(desk.today() - timedelta(days=DAYS), desk.today())
    before = query.compare_to or Window(window.start - timedelta(days=BEFORE), window.start)
    return replace(query, window=window, compare_to=before)


def _accounts(desk: Desk, query: Query) -> list[Account]:
    keys = set(query.values_of(Dimension.ACCOUNT))
    return [one for one in desk.database.conversations.accounts() if one.key in keys]


def _who(desk: Desk, accounts: Sequence[Account]) -> str:
    if not accounts:
        return "No account of that name is stored."
    first = accounts[0]
    facts = (
        ("segment", desk.name(Dimension.SEGMENT, first.segment) if first.segment else None),
        ("owner", first.owner),
        ("renewal", first.renewal),
    )
    said = ", ".join(f"{name} {value or 'not connected'}" for name, value in facts)
    return f"{first.name}: {said}."


def _people(rows: Sequence[ListedConversation], n: int) -> str:
    """How many people wrote; nothing when there are more conversations than were looked at."""
    people = {row.head.requester for row in rows} - {None}
    if not people or n > len(rows):
        return ""
    return f", {len(people)} {'person' if len(people) == 1 else 'people'}"


def _drivers(desk: Desk, drivers: Sequence[Group], rows: Sequence[ListedConversation]) -> list[str]:
    """The top drivers with their first and last day and what is still open, in one line."""
    told = []
    for group in drivers:
        own = [row.head for row in rows if group.values[0] in row.drivers]
        said = f"{group.values[0]} {group.counted.n} {group.counted.receipt}"
        if own and len(own) == group.counted.n:
            days = sorted(head.created_at.astimezone(desk.zone).date() for head in own)
            when = Window(days[0], days[-1] + timedelta(days=1)).words(year=False)
            unsolved = sum(head.status.value in OPEN for head in own)
            said += f" ({when}, {unsolved} open)" if unsolved else f" ({when}, all solved)"
        told.append(said)
    return [f"Top drivers: {'; '.join(told)}. No fix on record."] if told else []


def _words(desk: Desk, query: Query) -> tuple[tuple[EvidenceLink, ...], str]:
    """The latest negative words, the most typical ones, and positive ones if there are any.

    Returned with the rule that chose them. Who is not shown sentiment gets the most typical ones:
    a choice by tone would give it away.
    """
    if "sentiment" in desk.hidden():
        return evidence.quotes_of(desk, query), evidence.RULE
    latest = evidence.quotes_of(
        desk, replace(query, metric="negative_rate"), wanted=1, rule=evidence.Rule.RECENT
    )
    happy = evidence.quotes_of(desk, replace(query, metric="positive_rate"), wanted=1)
    typical = evidence.quotes_of(desk, query)
    room = evidence.QUOTES - len(happy)
    kinds = {"the latest negative": latest, "the most typical": typical, "one positive": happy}
    rule = ", ".join(kind for kind, found in kinds.items() if found)
    return _fill(_fill(latest, typical)[:room], happy), rule


def _counts(desk: Desk, query: Query, waiting: Counted, wrote: str, people: str) -> str:
    window, baseline = windows_of(query)
    opening = f"{wrote} ({waiting.n} open){people}."
    if "sentiment" in desk.hidden():
        return f"{opening} Sentiment: {wording.WITHHELD}. {waiting.receipt}"
    share = replace(query, metric="negative_rate")
    now, before = desk.counted(share.during(window)), desk.counted(share.during(baseline))
    change = change_of(before, now)
    if min(now.of, before.of) > wording.FEW and change is not None:
        headline = Headline(metric=share.metric, current=now, baseline=before, change=change)
        said = wording.headline("negative share", headline, None)
    else:
        said = f"Negative {now.n} of {now.of}, before {before.n} of {before.of}, few conversations."
    return f"{opening} {said} {now.receipt}"


def _open(query: Query) -> Query:
    return replace(query, filters=(*query.filters, Filter.of(Dimension.STATUS, *OPEN)))


def _risk(desk: Desk, query: Query, accounts: Sequence[Account]) -> list[str]:
    if "churn_risk" in desk.hidden():
        return [f"Churn risk: {wording.WITHHELD}."]
    flags = Flags(database=desk.database, links=desk.links, clock=desk.clock)
    known = [flags.of(one.key, desk.viewer)[0] for one in accounts]
    shown = [one for one in known if one is not None]
    told = [_flag_told(desk, one) for one in shown]
    # The words behind a flag that stands are the account's signals.
    return told if any(one.evidence for one in shown) else [*told, _churn(desk, query)]


def _flag_told(desk: Desk, shown: ShownFlag) -> str:
    flag = shown.flag
    since = wording.full_day(shown.since.astimezone(desk.zone).date())
    about = f", about {', '.join(shown.drivers)}" if shown.drivers else ""
    said = f"Churn flag: {flag.state.value}, {flag.tier.value}, since {since}{about}"
    words = _newest_words(desk, shown) or desk.links.account(flag.account)
    if flag.state is FlagState.OPEN:
        return f"{said}; addressed by nobody yet. {words}"
    changed = wording.full_day(flag.changed_at.astimezone(desk.zone).date())
    who = "" if flag.changed_by == BY_RULE else f" by {flag.changed_by}"
    why = f": {flag.reason}" if flag.reason else ""
    return f"{said}; {flag.state.value}{who} on {changed}{why}. {words}"


def _newest_words(desk: Desk, shown: ShownFlag) -> str:
    """The newest of the words that a flag stands on; blank when none are left."""
    if not shown.evidence:
        return ""
    newest = shown.evidence[0]
    said = wording.full_day(newest.signal.at.astimezone(desk.zone).date())
    return f'"{cut(newest.text)}" ({newest.signal.conversation}, {said}) {newest.url}'


def _churn(desk: Desk, query: Query) -> str:
    window, _ = windows_of(query)
    flagged = query.during(window).narrowed(Dimension.CHURN_RISK, YesNo.YES)
    counted = desk.counted(flagged)
    if not counted.n:
        return "No churn-risk signal in the period."
    words = evidence.quotes_of(
        desk, replace(query.during(window), metric="churn_risk_rate"), wanted=1
    )
    newest = desk.database.facts.conversations(flagged, desk.viewer, limit=1).rows
    last = newest[0].head.created_at.astimezone(desk.zone).date()
    said = f" {wording.quote(words[0], desk.zone)}" if words else f" {counted.receipt}"
    signals = wording.conversations(counted.n)
    return f"Churn-risk signals: {signals}, the last {wording.full_day(last)}.{said}"


def _own_metrics(desk: Desk, query: Query) -> list[str]:
    """What the workspace asks itself, in one line; nothing when it asks nothing."""
    hidden = desk.hidden()
    told = [
        f"{metric.title}: {wording.WITHHELD}"
        if metric.name in hidden
        else _own_metric(desk, query, metric)
        for metric in own_metrics()
    ]
    return [f"Own metrics, where known: {'; '.join(told)}."] if told else []


def _own_metric(desk: Desk, query: Query, metric: Metric) -> str:
    """A metric's commonest values with the period before; a plain no is the rest of the yes."""
    window, baseline = windows_of(query)
    asked = [
        (rate, replace(query, metric=rate.name)) for rate in metric.rates if rate.value != YesNo.NO
    ]
    found = [(desk.counted(one.during(window)), rate, one) for rate, one in asked]
    found.sort(key=lambda each: -each[0].n)
    if not found[0][0].of:
        return f"{metric.title}: measured in none of them"
    said = [
        f"{_called(metric, rate)} {wording.share(now)},"
        f" before {wording.share(desk.counted(one.during(baseline)))} {now.receipt}"
        for now, rate, one in found[:TOP_VALUES]
        if now.n or rate is found[0][1]
    ]
    return f"{', '.join(said)} ({desk.validation(metric.name)})"


def _called(metric: Metric, rate: Rate) -> str:
    return metric.title if rate.value == YesNo.YES else f"{metric.title} {rate.value}"


def _waiting(desk: Desk, query: Query) -> str:
    window, _ = windows_of(query)
    asked = replace(_open(query.during(window)), sort="created")
    rows = desk.database.facts.conversations(asked, desk.viewer, limit=3).rows
    if not rows:
        return "Nothing waits on us."
    keys = ", ".join(row.head.key for row in rows)
    return f"Waiting on us, oldest first: {keys}. {desk.links.explore(asked)}"


def _silent(desk: Desk, query: Query, accounts: Sequence[Account]) -> str:
    rows = desk.database.facts.conversations(query.during(None), desk.viewer, limit=1).rows
    last = None
    if rows:
        last = wording.full_day(rows[0].head.created_at.astimezone(desk.zone).date())
    return wording.no_conversations(accounts[0].name if accounts else "this account", last)


def _fill(first: Sequence[EvidenceLink], more: Sequence[EvidenceLink]) -> tuple[EvidenceLink, ...]:
    seen = {one.conversation for one in first}
    extra = [one for one in more if one.conversation not in seen]
    return (*first, *extra)[: evidence.QUOTES]
