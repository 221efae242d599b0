"""Chooses the quotes of an answer and checks each against the stored message before it is shown.

The rule: the most recent, at most one per customer. A quote that does not match is dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from service import measures
from service.answering.desk import Desk, is_rate, numerator_query
from service.domain.answers import EvidenceLink
from service.ports import QuoteRow
from service.query import CONVERSATIONS, Dimension, Query

QUOTES = 3
_LOOK_AT = 40  # newest rows to choose from
RULE = "most recent, one per customer"


def quotes_of(desk: Desk, query: Query, *, wanted: int = QUOTES) -> tuple[EvidenceLink, ...]:
    """Return up to `wanted` quotes of the conversations that the query's number counts."""
    rows: list[QuoteRow] = []
    asked = replace(numerator_query(query), metric=CONVERSATIONS)
    by_account = not query.values_of(Dimension.ACCOUNT)
    chosen: list[QuoteRow] = []
    for shows in _shows(query.metric):
        limit = max(_LOOK_AT, wanted * 4)
        rows += desk.database.facts.quotes(asked, desk.viewer, shows=shows, limit=limit)
        chosen = choose(rows, wanted=wanted, by_account=by_account)
        if len(chosen) >= wanted:
            break
    return tuple(link(desk, row) for row in chosen)


def is_exact(row: QuoteRow) -> bool:
    """Whether the quote is, letter for letter, in the message as it is stored now."""
    quote = row.quote
    return 0 <= quote.start < quote.end and row.message_text[quote.start : quote.end] == quote.text


def choose(rows: Iterable[QuoteRow], *, wanted: int, by_account: bool) -> list[QuoteRow]:
    """Keep exact quotes, in the order given, at most one per customer."""
    seen: set[str] = set()
    chosen: list[QuoteRow] = []
    for row in rows:
        customer = _customer(row, by_account=by_account)
        if customer & seen or not is_exact(row):
            continue
        seen |= customer
        chosen.append(row)
        if len(chosen) == wanted:
            break
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
        created_at=row.created_at,
    )


def _customer(row: QuoteRow, *, by_account: bool) -> set[str]:
    """What two quotes of one customer have in common; within one account, only the person."""
    found = {f"conversation {row.conversation}"}
    if row.requester:
        found.add(f"requester {row.requester}")
    if by_account and row.account:
        found.add(f"account {row.account.key}")
    return found


def _shows(metric: str) -> Sequence[Sequence[str]]:
    """What the quotes should show: first the metric asked for, then anything measured."""
    every = [*(one.name for one in measures.all_metrics()), "driver", "summary"]
    if is_rate(metric):
        return ([measures.rate_named(metric)[0].name], every)
    return (every,)
