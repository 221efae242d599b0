"""Which number is meant when a question says two things of the conversations it asks about."""

import pytest

from service.domain.answers import Intent
from service.questions import assumptions, read
from tests.unit.question_cases import CATALOGUE


@pytest.mark.parametrize(
    ("text", "metric", "filters"),
    [
        (
            "negative tickets with high effort",
            "conversations",
            {"sentiment": ("negative",), "effort": ("high",)},
        ),
        ("effort for negative tickets", "high_effort_rate", {"sentiment": ("negative",)}),
        ("churn risk among complaints", "churn_risk_rate", {"sentiment": ("negative",)}),
        ("how happy are our high effort customers", "sentiment", {"effort": ("high",)}),
        ("tickets with no effort label", "conversations", {"effort": ("empty",)}),
        ("how many accounts are flagged", "accounts", {"churn_risk": ("yes",)}),
    ],
)
def test_every_word_of_a_number_is_kept(
    text: str, metric: str, filters: dict[str, tuple[str, ...]]
) -> None:
    reading = read(text, CATALOGUE)
    assert (reading.metric, dict(reading.filters)) == (metric, filters)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("why did churn risk and effort go up", "not understood and left out: “effort”"),
        ("% of tickets about billing", "a number of conversations and not a share"),
        ("average tickets per day", "not understood and left out: “average”"),
    ],
)
def test_what_is_not_answered_is_said(text: str, said: str) -> None:
    assert said in assumptions(read(text, CATALOGUE))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("why is chat worse than email", Intent.COMPARE),
        ("compare january to february", Intent.COMPARE),
        ("compare all channels", Intent.COUNT),
        ("what's wrong with billing", Intent.WHY_CHANGE),
        ("how is billing doing", Intent.WHY_CHANGE),
        ("show me negative chats", Intent.QUOTES),
        ("what do customers complain about", Intent.TOP),
        ("when did sentiment start falling", Intent.TREND),
    ],
)
def test_a_question_is_of_this_kind(text: str, intent: Intent) -> None:
    assert read(text, CATALOGUE).intent is intent


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("least happy accounts", "asc"),
        ("most unhappy accounts", "asc"),
        ("least unhappy accounts", "desc"),
    ],
)
def test_a_rank_of_moods_ranks_the_sentiment(text: str, order: str) -> None:
    reading = read(text, CATALOGUE)
    assert (reading.metric, reading.order) == ("sentiment", order)


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_the_busiest_time_is_ranked_by_time(unit: str) -> None:
    assert read(f"which {unit} had the most tickets", CATALOGUE).group_by == (unit,)
