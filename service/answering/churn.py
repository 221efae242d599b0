"""Who is at risk: the accounts (or conversations) with a churn-risk signal, and what they said.

A list of signals on record and no judgement: each account links to the conversations behind it.
"""

from dataclasses import replace
from datetime import timedelta

from service import wording
from service.answering import evidence
from service.answering.breakdown import finish, group_name, groups_of, start
from service.answering.desk import Desk
from service.answering.telling import Asked, withheld
from service.domain.answers import Answer, EvidenceLink, Group, Headline
from service.domain.measurements import YesNo
from service.query import CONVERSATIONS, NO_VALUE, Dimension, Query, Window

FLAG_LASTS = timedelta(days=45)  # a churn-risk flag without a new signal ends after this
SHOWN = 7  # lines of one message that are left for accounts
MOST = 200  # accounts counted
QUOTED = 2


def churn_list(desk: Desk, asked: Asked) -> Answer:
    """Accounts (or conversations) with a churn-risk signal in the period, or open now."""
    asked = _at_risk(desk, asked)
    if desk.withheld(asked.query):
        return withheld(desk, asked, replace(asked.query, metric="churn_risk_rate"))
    query, limit = asked.query, min(asked.reading.limit or SHOWN, SHOWN)
    counted = desk.counted(query)
    by_account = "conversation" not in asked.reading.group_by
    grouped = replace(query, group_by=(Dimension.ACCOUNT,))
    groups = groups_of(desk, grouped, most=MOST) if by_account else []
    named = [group for group in groups if group.values[0] != NO_VALUE]
    words = evidence.quotes_of(desk, query, wanted=QUOTED)
    answer = replace(
        start(desk, asked),
        headline=Headline(metric=CONVERSATIONS, current=counted),
        groups=tuple(groups),
        quotes=words,
        quote_rule=evidence.RULE if words else None,
        explore_url=counted.listing,
    )
    if not counted.n:
        return finish(desk, answer, ["No churn-risk signal in the period."])
    said = f"{wording.conversations(counted.n)} with a churn-risk signal"
    said += f", from {len(named)} account{'' if len(named) == 1 else 's'}" if by_account else ""
    lines = [f"{said}. {counted.receipt}"]
    if not by_account:
        lines += _conversations(desk, query, limit)
    elif len(named) <= limit:
        lines += _accounts(desk, grouped, named)
    else:
        lines += _accounts(desk, grouped, named[: limit - 1])
        lines.append(f"{len(named) - limit + 1} more accounts: {desk.links.group(grouped)}")
    return finish(desk, answer, [*lines, *_quoted(desk, words)], wanted=QUOTED)


def _at_risk(desk: Desk, asked: Asked) -> Asked:
    """The question as a Query over conversations with a signal, in a period."""
    query, assumed = asked.query, asked.assumed
    if query.window is None:
        today = desk.today()
        query = replace(query, window=Window(today - FLAG_LASTS, today + timedelta(days=1)))
        assumed = (*assumed, f"open now = a signal within {FLAG_LASTS.days} days")
    query = replace(query, metric=CONVERSATIONS, compare_to=None, group_by=())
    if not query.values_of(Dimension.CHURN_RISK):
        query = query.narrowed(Dimension.CHURN_RISK, YesNo.YES)
    return replace(asked, query=query, assumed=assumed)


def _accounts(desk: Desk, grouped: Query, groups: list[Group]) -> list[str]:
    """Each account with its conversations and the day of the last signal."""
    lines = []
    for group in groups:
        own = grouped.narrowed(Dimension.ACCOUNT, *group.values)
        rows = desk.database.facts.conversations(own, desk.viewer, limit=1).rows
        last = wording.full_day(rows[0].head.created_at.astimezone(desk.zone).date())
        said = f"{wording.conversations(group.counted.n)}, the last {last}"
        lines.append(f"{group_name(desk, grouped, group.values)}: {said} {group.counted.receipt}")
    return lines


def _conversations(desk: Desk, query: Query, limit: int) -> list[str]:
    rows = desk.database.facts.conversations(query, desk.viewer, limit=limit).rows
    return [f"{row.head.key} {desk.links.conversation(row.head.key)}" for row in rows]


def _quoted(desk: Desk, words: tuple[EvidenceLink, ...]) -> list[str]:
    return [wording.quote(one, desk.zone) for one in words]
