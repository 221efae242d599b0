"""The bundled corpus: its size, its place in time, and the story it must keep telling."""

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.sandbox.corpus import BUNDLE, Corpus, CorpusConversation, load_corpus

WEDNESDAY = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
NOWS = [
    WEDNESDAY,
    datetime(2026, 11, 16, 0, 10, tzinfo=UTC),  # Monday, ten minutes after the week ended
    datetime(2026, 11, 15, 23, 59, tzinfo=UTC),  # Sunday: this week is not whole yet
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2027, 1, 1, 9, 0, tzinfo=UTC),
]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(now=WEDNESDAY)


@pytest.fixture(scope="module")
def bundle() -> list[dict[str, Any]]:
    lines = gzip.decompress(BUNDLE.read_bytes()).decode().splitlines()
    return [line for line in map(json.loads, lines) if line["kind"] == "conversation"]


def week_of(conversation: CorpusConversation, now: datetime) -> int:
    monday = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = monday - timedelta(days=now.weekday())
    return 12 - (end - timedelta(microseconds=1) - conversation.created_at) // timedelta(weeks=1)


def stories(corpus: Corpus, name: str) -> list[CorpusConversation]:
    account = next(account.id for account in corpus.accounts if account.name == name)
    return [told for told in corpus.conversations if told.account == account]


def test_there_are_two_thousand_conversations_of_both_helpdesks(corpus: Corpus) -> None:
    desks = Counter(told.helpdesk for told in corpus.conversations)
    assert sum(desks.values()) == 2000
    assert 1100 <= desks["zendesk"] <= 1300
    assert 700 <= desks["intercom"] <= 900


def test_sixty_accounts_have_an_owner_and_a_reserved_domain(corpus: Corpus) -> None:
    assert len(corpus.accounts) == 60
    assert {account.segment for account in corpus.accounts} == {"enterprise", "growth", "starter"}
    for account in corpus.accounts:
        assert account.domain.endswith(".example")
        assert account.owner.endswith("@ledgerly.example")
        assert account.id.isdigit()


def test_every_reference_leads_to_a_person_or_an_account(corpus: Corpus) -> None:
    accounts = {account.id for account in corpus.accounts}
    agents = {agent.id for agent in corpus.agents}
    requesters = {person.id: person for person in corpus.requesters}
    assert len(requesters) == len(corpus.requesters)
    for told in corpus.conversations:
        assert told.account is None or told.account in accounts
        assert requesters[told.requester].account == told.account
        assert told.agent is None or told.agent in agents
        for message in told.messages:
            author = {"customer": told.requester, "agent": told.agent, "bot": None}[message.role]
            assert message.author == author
            assert message.role == "bot" or author is not None


def test_a_few_people_write_for_no_account(corpus: Corpus) -> None:
    lonely = [told for told in corpus.conversations if told.account is None]
    assert 5 <= len(lonely) <= 60


def test_every_message_has_words_and_every_conversation_opens_with_a_customer(
    corpus: Corpus,
) -> None:
    for told in corpus.conversations:
        assert all(message.text.strip() for message in told.messages)
        assert told.messages[0].role == "customer"
        assert all(message.public for message in told.messages if message.role != "agent")


def test_ids_are_unique_numbers_larger_than_thirty_two_bits(corpus: Corpus) -> None:
    told = [conversation.id for conversation in corpus.conversations]
    messages = [
        message.id for conversation in corpus.conversations for message in conversation.messages
    ]
    assert len(set(told)) == len(told)
    assert len(set(messages)) == len(messages)
    assert all(int(number) > 2**32 for number in [*told, *messages])


@pytest.mark.parametrize("now", NOWS, ids=lambda now: f"{now:%Y-%m-%d %H:%M}")
@pytest.mark.parametrize("seed", [0, 7])
def test_times_are_ordered_past_and_within_thirteen_whole_weeks(now: datetime, seed: int) -> None:
    corpus = load_corpus(now=now, seed=seed)
    weeks = Counter(week_of(told, now) for told in corpus.conversations)
    assert set(weeks) == set(range(13))
    for told in corpus.conversations:
        times = [message.created_at for message in told.messages]
        assert times == sorted(times)
        assert told.created_at == times[0]
        assert told.updated_at == times[-1] <= now - timedelta(minutes=2)
        assert told.created_at.utcoffset() == timedelta(0)


def test_earlier_weeks_are_about_as_busy_as_each_other(corpus: Corpus) -> None:
    weeks = Counter(week_of(told, WEDNESDAY) for told in corpus.conversations)
    assert all(140 <= weeks[week] <= 165 for week in range(12))
    assert 165 <= weeks[12] <= 185


def test_a_third_are_single_messages_and_many_go_back_and_forth(corpus: Corpus) -> None:
    sizes = [len(told.messages) for told in corpus.conversations]
    asked = [
        sum(message.role == "customer" for message in told.messages)
        for told in corpus.conversations
    ]
    assert 0.28 <= sum(size == 1 for size in sizes) / len(sizes) <= 0.42
    assert sum(count >= 3 for count in asked) >= 200
    assert any(not m.public for told in corpus.conversations for m in told.messages)
    assert any(m.role == "bot" for told in corpus.conversations for m in told.messages)


def test_the_last_week_is_worse_in_enterprise_billing_and_nowhere_else(
    bundle: list[dict[str, Any]],
) -> None:
    def negative_rate(rows: list[dict[str, Any]]) -> float:
        labels = [str(row["intended"]["sentiment"]) for row in rows]
        return labels.count("negative") / len(labels)

    def is_cell(row: dict[str, Any]) -> bool:
        return bool(row["intended"]["driver"] == "Billing" and row["segment"] == "enterprise")

    before = [row for row in bundle if row["week"] < 12]
    last = [row for row in bundle if row["week"] == 12]
    assert 0.12 <= negative_rate(last) - negative_rate(before) <= 0.16
    assert negative_rate([row for row in before if is_cell(row)]) < 0.4
    assert negative_rate([row for row in last if is_cell(row)]) > 0.8
    rest = [row for row in last if not is_cell(row) and row["intended"]["story"] != "churn"]
    others = [row for row in before if not is_cell(row)]
    assert abs(negative_rate(rest) - negative_rate(others)) < 0.04


def test_the_extra_complaints_come_from_many_accounts_in_words_about_money(
    bundle: list[dict[str, Any]],
) -> None:
    worse = [row for row in bundle if row["intended"]["story"] == "billing"]
    accounts = Counter(row["account"] for row in worse)
    assert len(accounts) >= 12
    assert max(accounts.values()) <= 0.2 * len(worse)
    words = re.compile(r"charg|fee|refund|bill|pa(?:y|id)|interest|money|statement", re.I)
    for row in worse:
        said = " ".join(line["text"] for line in row["messages"] if line["role"] == "customer")
        assert words.search(said), said


@pytest.mark.parametrize("now", NOWS, ids=lambda now: f"{now:%Y-%m-%d %H:%M}")
def test_one_account_talks_of_leaving_in_the_last_ten_days(now: datetime) -> None:
    recent = [
        told
        for told in stories(load_corpus(now=now), "Harbor & Finch")
        if told.created_at > now - timedelta(days=10)
        and re.search(r"(?:cancel|close|invalidate) my account", str(told.messages))
    ]
    assert 2 <= len(recent) <= 3


@pytest.mark.parametrize("wanted", [0, 1, 60, 500, 1999, 2000, 4300])
def test_a_sample_has_the_size_asked_for_and_unique_ids(wanted: int) -> None:
    corpus = load_corpus(now=WEDNESDAY, conversations=wanted)
    assert len(corpus.conversations) == wanted
    assert len({told.id for told in corpus.conversations}) == wanted
    numbers = [message.id for told in corpus.conversations for message in told.messages]
    assert len(set(numbers)) == len(numbers)
    assert all(told.updated_at < WEDNESDAY for told in corpus.conversations)


@pytest.mark.parametrize("wanted", [300, 5000])
def test_a_sample_keeps_the_weeks_shares_and_the_story(wanted: int) -> None:
    corpus = load_corpus(now=WEDNESDAY, conversations=wanted)
    weeks = Counter(week_of(told, WEDNESDAY) for told in corpus.conversations)
    assert all(abs(weeks[week] / wanted - 152 / 2000) < 0.01 for week in range(12))
    assert abs(weeks[12] / wanted - 175 / 2000) < 0.015
    assert len(stories(corpus, "Harbor & Finch")) >= 3


@pytest.mark.parametrize("wanted", [400, 900])
def test_a_cut_bundle_keeps_the_weeks_that_are_compared(wanted: int) -> None:
    corpus = load_corpus(now=WEDNESDAY, conversations=wanted)
    weeks = Counter(week_of(told, WEDNESDAY) for told in corpus.conversations)
    assert (weeks[11], weeks[12]) == (152, 175)
    assert all(weeks[week] > 0 for week in range(11))


def test_the_same_arguments_give_the_same_corpus() -> None:
    once = load_corpus(now=WEDNESDAY, seed=3, conversations=400)
    assert once == load_corpus(now=WEDNESDAY, seed=3, conversations=400)
    other = load_corpus(now=WEDNESDAY, seed=4, conversations=400)
    assert other.conversations != once.conversations


def test_the_attribution_names_every_data_set_used(corpus: Corpus) -> None:
    attribution = (BUNDLE.parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    origins = {
        part.partition("-")[0] for told in corpus.conversations for part in told.origin.split("+")
    }
    assert {"b77", "cfpb", "mdg"} <= origins
    assert all(f"| `{origin}` |" in attribution for origin in origins)


def test_the_bundle_is_small(corpus: Corpus) -> None:
    assert BUNDLE.stat().st_size <= 3 * 2**20
    assert sum(len(str(told)) for told in corpus.conversations) <= 10 * 2**20
