"""Chooses the quotes of an answer and checks each against the stored message before it is shown.

The rule: the most typical of what these conversations say, at most one per customer. A quote that
does not match its message letter for letter is dropped.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from service import measures
from service.answering import quotable
from service.answering.desk import Desk, is_rate, numerator_query
from service.answering.typical import alike, typicality
from service.domain.answers import EvidenceLink
from service.domain.conversations import ConversationKey
from service.domain.measurements import Sentiment
from service.query import CONVERSATIONS, Dimension, Filter, Query
from service.stores import QuoteRow

QUOTES = 3
CANDIDATES = 200  # newest rows to choose from: more would cost time and change little
OF_THE_OTHER_SIDE = 50  # of which one is chosen


class Rule(StrEnum):
    """How quotes are chosen, in the words that stand beside them."""

    TYPICAL = "most typical, one per customer"
    RECENT = "most recent, one per customer"


RULE = Rule.TYPICAL.value


def quotes_of(
    desk: Desk,
    query: Query,
    *,
    wanted: int = QUOTES,
    rule: Rule = Rule.TYPICAL,
    beyond: Collection[ConversationKey] = (),
    candidates: int = CANDIDATES,
) -> tuple[EvidenceLink, ...]:
    """Return up to `wanted` quotes of the conversations that the query's number counts.

    None is of a conversation of `beyond`: those were quoted before.

    When the query names a driver or a tag, only of conversations whose first driver or tag it is:
    one that merely touches Billing says little about Billing.
    """
    asked = replace(numerator_query(query), metric=CONVERSATIONS, sort="-created")
    by_account = not query.values_of(Dimension.ACCOUNT)
    rows: list[QuoteRow] = []
    chosen: list[QuoteRow] = []
    for shows in _shows(asked, query.metric):
        found = desk.database.facts.quotes(asked, desk.viewer, shows=shows, limit=candidates)
        fit = [row for row in found if is_exact(row) and _is_fit(row, asked)]
        fit = [row for row in fit if row.conversation not in beyond]
        rows += _ordered(fit, asked.text, rule)
        chosen = choose(rows, wanted=wanted, by_account=by_account)
        if len(chosen) >= wanted:
            break
    return tuple(link(desk, row) for row in chosen)


def counter_quote(desk: Desk, *queries: Query) -> EvidenceLink | None:
    """One quote of the other side, of the first of the queries that has one."""
    for query in queries:
        other = other_side(query)
        if other is None:
            continue
        found = quotes_of(desk, other, wanted=1, candidates=OF_THE_OTHER_SIDE)
        if found:
            return found[0]
    return None


def other_side(query: Query) -> Query | None:
    """The positive conversations beside the negative ones, and the reverse; else None."""
    by_rate = {"negative_rate": Sentiment.POSITIVE, "positive_rate": Sentiment.NEGATIVE}
    by_value: dict[tuple[str, ...], Sentiment] = {
        (Sentiment.NEGATIVE.value,): Sentiment.POSITIVE,
        (Sentiment.POSITIVE.value,): Sentiment.NEGATIVE,
    }
    asked_for = query.values_of(Dimension.SENTIMENT)
    other = by_value.get(asked_for) if asked_for else by_rate.get(query.metric)
    if other is None:
        return None
    filters = tuple(one for one in query.filters if one.dimension is not Dimension.SENTIMENT)
    return replace(
        query,
        metric=CONVERSATIONS,
        filters=(*filters, Filter.of(Dimension.SENTIMENT, other.value)),
        group_by=(),
        compare_to=None,
    )


def is_exact(row: QuoteRow) -> bool:
    """Whether the quote is, letter for letter, in the message as it is stored now."""
    quote = row.quote
    return 0 <= quote.start < quote.end and row.message_text[quote.start : quote.end] == quote.text


def choose(rows: Sequence[QuoteRow], *, wanted: int, by_account: bool) -> list[QuoteRow]:
    """Keep exact quotes, in the order given, at most one per customer.

    Two that say nearly the same in the same words show one thing: the second waits until there is
    nothing else.
    """
    seen: set[str] = set()
    chosen: list[QuoteRow] = []
    for repeats in (False, True):
        for row in rows:
            customer = _customer(row, by_account=by_account)
            if len(chosen) == wanted or customer & seen or not is_exact(row):
                continue
            if not repeats and any(alike(row.quote.text, one.quote.text) for one in chosen):
                continue
            seen |= customer
            chosen.append(row)
    return chosen


def link(desk: Desk, row: QuoteRow) -> EvidenceLink:
    quote = row.quote
    return EvidenceLink(
        conversation=row.conversation,
        message=quote.message,
        start=quote.start,
        end=quote.end,
        text=quote.text,
        url=desk.links.words(
            row.conversation, message=quote.message, start=quote.start, end=quote.end
        ),
        helpdesk_url=row.helpdesk_url,
        shows=quote.shows,
        account=row.account.key if row.account else None,
        account_name=row.account.name if row.account else None,
        channel=row.channel,
        created_at=row.created_at.astimezone(desk.zone),  # its day is the workspace's
    )


def _named(asked: Query, dimension: Dimension) -> frozenset[str]:
    """Every value of every filter on one dimension: of several drivers, any may be first."""
    return frozenset(
        value for one in asked.filters if one.dimension == dimension for value in one.values
    )


def _is_first(row: QuoteRow, drivers: frozenset[str], tags: frozenset[str]) -> bool:
    """Whether the conversation is first of all about the asked driver and tag."""
    of_tag = not tags or row.tag is None or row.tag in tags
    return of_tag and (not drivers or row.driver in drivers)


def _is_fit(row: QuoteRow, asked: Query) -> bool:
    drivers, tags = _named(asked, Dimension.DRIVER), _named(asked, Dimension.TAG)
    if not _is_first(row, drivers, tags):
        return False
    text = row.quote.text
    negative = Sentiment.NEGATIVE.value in asked.values_of(Dimension.SENTIMENT)
    if negative and quotable.is_address_change(text):
        return False
    return quotable.says_something(text)


def _ordered(rows: Sequence[QuoteRow], mentions: Sequence[str], rule: Rule) -> list[QuoteRow]:
    """Best first: what mentions the asked words, what is long enough, then what the rule says."""
    near = [0.0] * len(rows)
    if rule is not Rule.RECENT:
        near = typicality([row.quote.text for row in rows])

    def key(place: int) -> tuple[bool, bool, float, float, str]:
        row, text = rows[place], rows[place].quote.text
        silent = any(words not in text.lower() for words in mentions)
        short = not quotable.is_long_enough(text)
        return silent, short, -near[place], -row.created_at.timestamp(), row.conversation

    return [rows[place] for place in sorted(range(len(rows)), key=key)]


def _customer(row: QuoteRow, *, by_account: bool) -> set[str]:
    """What two quotes of one customer have in common; within one account, only the person."""
    found = {f"conversation {row.conversation}", f"words {row.quote.text.casefold().strip()}"}
    if row.requester:
        found.add(f"requester {row.requester}")
    if by_account and row.account:
        found.add(f"account {row.account.key}")
    return found


def _shows(asked: Query, metric: str) -> Sequence[Sequence[str]]:
    """What the quotes should show: the metric asked for, else the issue; then anything else."""
    every = [*(one.name for one in measures.all_metrics()), "driver", "summary"]
    first = ["driver"]
    if is_rate(metric):
        first = [measures.rate_named(metric)[0].name]
    else:
        first = [
            metric.name
            for metric in measures.all_metrics()
            if asked.values_of(Dimension(metric.name))
        ] or first
    return (first, [name for name in every if name not in first])
