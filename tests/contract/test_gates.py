"""Effort is never given without its gate, churn never without its quote: for both analysers.

Conversations are put together at random, seeded, from sentences that ask for a wrong verdict.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from service.analysis import claude, local
from service.analysis._gates import back_and_forth
from service.domain.conversations import Conversation
from service.domain.measurements import Analysis, EmptyReason, YesNo, quote_is_true
from service.ports import Analyser
from service.settings import Settings
from service.taxonomy_files import default_taxonomy
from tests.claude_stub import running_claude_stub
from tests.talk import agent, bot, customer, talk

NOW = datetime(2026, 11, 9, tzinfo=UTC)
TAXONOMY = default_taxonomy()
MANY, SOME = 600, 120
SENTENCES = (
    "We will cancel our subscription at the end of the month.",
    "I am not cancelling, I only ask.",
    "We are switching to a competitor.",
    "Please cancel my order 1234.",
    "I already told you this twice and it still does not work.",
    "As I said before, the export fails again.",
    "Thank you, that solved it.",
    "How do I add a user?",
    "Wir k\u00fcndigen unseren Vertrag zum Jahresende.",
    "On 2 Nov 2026 Ana wrote:\n> We will cancel our plan.",
    "ok",
    "   ",
)
CLAIMS = ("We will cancel our subscription", "Please cancel my order", "nobody wrote this here")


def conversations(count: int) -> Iterator[Conversation]:
    chance = random.Random(7)  # noqa: S311 - a fuzz, not a secret
    for number in range(count):
        said = [
            chance.choice((customer, customer, agent, agent, bot))(
                " ".join(chance.sample(SENTENCES, chance.randrange(1, 4))),
                after=timedelta(minutes=chance.choice((1, 60, 5_000))),
            )
            for _ in range(chance.randrange(1, 7))
        ]
        private = frozenset(n for n in range(len(said)) if chance.random() < 0.15)
        yield talk(*said, number=number, private=private)


def check(found: Analysis, conversation: Conversation, counted: Counter[str]) -> None:
    churn, effort = found.measured("churn_risk"), found.measured("effort")
    assert churn is not None
    assert effort is not None
    if churn.value == YesNo.YES:
        quotes = [quote for quote in found.quotes if quote.shows == "churn_risk"]
        assert quotes
        assert all(quote_is_true(quote, conversation) for quote in quotes)
    if effort.value is not None:
        assert back_and_forth(conversation.messages)
    else:
        assert effort.reason is not None
    counted[f"churn {churn.value}"] += 1
    counted[f"effort {effort.value is not None}"] += 1
    counted["gated"] += effort.reason is EmptyReason.NO_BACK_AND_FORTH
    counted["unquoted"] += churn.reason is EmptyReason.NO_QUOTE


def test_the_local_analyser_gives_neither_without_its_ground() -> None:
    analyser: Analyser = local.build(clock=lambda: NOW)
    made = list(conversations(MANY))
    counted: Counter[str] = Counter()
    for conversation, found in zip(made, analyser.analyse(made, TAXONOMY), strict=True):
        check(found, conversation, counted)
    assert counted["churn yes"] > MANY // 20
    assert counted["churn no"] > MANY // 20
    assert counted["effort True"] > MANY // 20
    assert counted["gated"] > MANY // 20


def test_claude_gives_neither_without_its_ground_whatever_it_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    quotes = [
        {"message": number, "text": text, "shows": "churn_risk"}
        for number in range(1, 8)
        for text in CLAIMS
    ]
    form = {"churn_risk": "yes", "churn_tier": "explicit", "effort": "high", "quotes": quotes}
    counted: Counter[str] = Counter()
    with running_claude_stub() as stub:
        stub.will_say(json.dumps(form))
        settings = Settings.model_validate({"claude": {"api_key": "k", "base_url": stub.url}})
        analyser = claude.build(settings, clock=lambda: NOW, retries=0)
        made = list(conversations(SOME))
        for conversation, found in zip(made, analyser.analyse(made, TAXONOMY), strict=True):
            check(found, conversation, counted)
    assert counted["churn yes"] > SOME // 20
    assert counted["unquoted"] > SOME // 20
    assert counted["effort True"] > SOME // 20
    assert counted["gated"] > SOME // 20
