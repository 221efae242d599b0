"""Answers and a digest with plausible words, as the gateway gives them; made without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from service.digest import Digest, DriverLine
from service.domain.answers import (
    Answer,
    Change,
    Counted,
    Coverage,
    EvidenceLink,
    Headline,
    Intent,
)
from service.domain.conversations import AccountKey, ConversationKey
from service.query import Query, Window

HOME = "https://verbatim.example"
WEEK = Window(date(2026, 11, 9), date(2026, 11, 16))


def counted(n: int, of: int, name: str) -> Counted:
    return Counted(
        n=n, of=of, low=0.2, high=0.4, receipt=f"{HOME}/r/{name}", listing=f"{HOME}/?q={name}"
    )


def a_quote(number: int, text: str, **changed: Any) -> EvidenceLink:
    values: dict[str, Any] = {
        "conversation": ConversationKey(f"zendesk:{number}"),
        "message": "m1",
        "start": 0,
        "end": len(text),
        "text": text,
        "url": f"{HOME}/conversations/zendesk:{number}#m1",
        "helpdesk_url": None,
        "shows": "sentiment",
        "account": AccountKey("zendesk:a1"),
        "account_name": "Blue Harbor Logistics",
        "channel": "email",
        "created_at": datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
    }
    return EvidenceLink(**(values | changed))


QUOTES = (
    a_quote(1041, "We were charged twice for October and nobody can tell me when it comes back."),
    a_quote(
        1077,
        "This is the third invoice in a row with the wrong VAT number on it. We told you in "
        "August and again in September, and your team said that it was fixed.",
        account_name="Kestrel Foods",
        channel="chat",
    ),
    a_quote(
        1102,
        "If the refund is not here by Friday we will have to look for another supplier.",
        account_name="Nordlys Energi",
    ),
)
FOOTER = (
    "728 of 731 analysed; 3 failed. Data as of 16 Nov 2026 09:05. Not validated. Quotes: the most "
    f"recent, one per customer. Counter-quotes: {HOME}/?sentiment=positive. Taxonomy tax-1, "
    "analyser local-1."
)


def _line(quote: EvidenceLink) -> str:
    return f'"{quote.shown()}" ({quote.conversation}, 12 Nov 2026, {quote.channel}) {quote.url}'


def an_answer(**changed: Any) -> Answer:
    quotes = changed.get("quotes", QUOTES)
    values: dict[str, Any] = {
        "intent": Intent.WHY_CHANGE,
        "query": Query(metric="negative_rate", window=WEEK, compare_to=WEEK.preceding()),
        "reading": {"intent": "why_change", "metric": "sentiment"},
        "understood": "Negative share, 9 Nov-15 Nov 2026 against 2 Nov-8 Nov 2026 (Europe/Berlin).",
        "headline": Headline(
            metric="negative_rate",
            current=counted(121, 367, "now"),
            baseline=counted(87, 361, "before"),
            change=Change(points=9, low=2, high=15, clear=True),
        ),
        "quotes": QUOTES,
        "coverage": Coverage(
            total=731,
            analysed=728,
            failed=3,
            waiting=0,
            empty={},
            as_of=datetime(2026, 11, 16, 9, 5, tzinfo=UTC),
            taxonomy="tax-1",
            analyser="local-1",
        ),
        "explore_url": f"{HOME}/?metric=negative_rate",
    }
    answer = Answer(**(values | changed))
    return answer if "text" in changed else replace(answer, text=_text(answer, quotes))


def _text(answer: Answer, quotes: tuple[EvidenceLink, ...]) -> tuple[str, ...]:
    return (
        f"{answer.understood} Assumed: drop means more negative; the last 7 full days.",
        "Negative share rose from 24% (87 of 361) to 33% (121 of 367), +9 points (range +2 to "
        "+15). Most of the rise comes from Billing within Enterprise.",
        f"Billing: +5.8 points; 28% (41 of 146) before, 47% (73 of 155) now {HOME}/r/billing",
        f"Account access: +1.9 points; 20% (16 of 80) before, 28% (24 of 86) now {HOME}/r/access",
        f"Exports: +0.7 points; 4 of 22 before, 6 of 27 now {HOME}/r/exports",
        "Everything else: +0.6 points",
        *(_line(quote) for quote in quotes),
        "Also changed: volume 361 before, 367 now; chat 22% before, 31% now.",
        FOOTER,
    )


def a_clarification() -> Answer:
    sentence = "Which account do you mean? Acme Ltd, Acme GmbH?"
    return Answer(
        intent=Intent.CLARIFY,
        query=None,
        reading={"intent": "clarify"},
        understood=sentence,
        options=("Acme Ltd", "Acme GmbH"),
        text=(sentence,),
    )


def a_digest(**changed: Any) -> Digest:
    volume = an_answer(
        intent=Intent.COUNT,
        quotes=(),
        text=(
            "Conversations, 9 Nov-15 Nov 2026 against 2 Nov-8 Nov 2026 (Europe/Berlin).",
            "Conversations: 731, before 702 (+29).",
        ),
    )
    drivers = (
        ("Billing", 155, 121, QUOTES[0]),
        ("Account access", 86, 74, QUOTES[1]),
        ("Exports", 27, 22, None),
    )
    values: dict[str, Any] = {
        "week": "2026-W46",
        "window": WEEK,
        "volume": volume,
        "drivers": tuple(
            DriverLine(
                name=name,
                current=counted(now, now, f"{now}"),
                baseline=counted(before, before, f"{before}"),
                quote=quote,
            )
            for name, now, before, quote in drivers
        ),
        "withheld": (
            "Sentiment: withheld, not validated",
            "Churn risk: withheld, not validated",
        ),
        "trust": "728 of 731 analysed, 3 failed; data as of 2026-11-16 09:05 UTC",
        "report_url": f"{HOME}/group?by=driver",
        "lines": ("Week 2026-W46: 9 Nov-15 Nov 2026", *volume.text),
    }
    return Digest(**(values | changed))
