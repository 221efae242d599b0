"""What short messages in a thread mean: replies to what was asked back, and pointing words."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.domain.answers import Intent
from service.questions import assumptions, read
from service.reading.model import Reading
from tests.unit.question_cases import CASES, CATALOGUE, FOLLOW_UPS

BEFORE = "how is sentiment at quill this week"  # Quill Press or Quill Studios
WHY = "why did sentiment drop in january"


def said(*texts: str) -> Reading:
    """The reading of the last of these messages of one thread."""
    thread: list[dict[str, object]] = []
    for text in texts:
        thread.append({"text": text, "reading": read(text, CATALOGUE, thread).as_dict()})
    return Reading.from_dict(dict(thread[-1]["reading"]))  # type: ignore[call-overload]  # a dict


@pytest.mark.parametrize(
    ("reply", "accounts"),
    [
        ("press", ("quill_press",)),
        ("2", ("quill_studios",)),
        ("both", ("quill_press", "quill_studios")),
        ("harbor", ("harbor",)),
    ],
)
def test_a_reply_names_the_account_that_was_asked_for(
    reply: str, accounts: tuple[str, ...]
) -> None:
    found = said(BEFORE, reply)
    assert (found.intent, found.filters["account"]) == (Intent.COUNT, accounts)


@pytest.mark.parametrize("reply", ["yes", "yep that one", "correct"])
def test_yes_confirms_the_one_name_that_was_offered(reply: str) -> None:
    pending = {"intent": "count", "metric": "sentiment"}
    asked = {"slot": "account", "reason": "ambiguous", "options": ["harbor"], "pending": pending}
    thread = [{"text": "hotellers?", "reading": {"intent": "clarify", "clarify": asked}}]
    found = read(reply, CATALOGUE, thread)
    assert (found.metric, found.filters) == ("sentiment", {"account": ("harbor",)})


def test_yes_does_not_choose_between_two() -> None:
    assert said(BEFORE, "yes") == said(BEFORE)


def test_why_after_a_comparison_stays_with_its_sides() -> None:
    found = said("compare chat and email on effort", "why?")
    assert (found.intent, found.filters) == (Intent.WHY_CHANGE, {"channel": ("chat", "email")})


def test_how_many_alone_counts_what_the_thread_is_about() -> None:
    found = said("quotes from chat last week", "how many?")
    assert (found.intent, found.filters["channel"]) == (Intent.COUNT, ("chat",))


def test_what_is_left_out_is_not_asked_for_any_more() -> None:
    found = said("why did billing tickets go up", "is it harbor", "exclude harbor")
    assert (found.filters, found.exclude) == ({"driver": ("billing",)}, {"account": ("harbor",)})


def test_a_refusal_in_between_does_not_end_the_thread() -> None:
    found = said("negative rate on chat last month", "delete them", "and last week?")
    assert (found.metric, found.filters) == ("negative_rate", {"channel": ("chat",)})


def test_a_ranking_of_what_a_thread_is_about_keeps_its_slice() -> None:
    found = said("negative rate by channel for pro", "sort by volume")
    assert (found.intent, found.filters) == (Intent.TOP, {"segment": ("pro",)})
    assert found.group_by == ("channel",)


def test_a_comparison_that_loses_a_side_counts_the_other() -> None:
    found = said("compare chat and email on volume", "drop chat")
    assert (found.intent, found.filters) == (Intent.COUNT, {"channel": ("email",)})


def test_a_reply_that_names_nothing_is_asked_again() -> None:
    assert said(BEFORE, "neither") == said(BEFORE)


def test_a_reply_that_gives_an_order_is_refused() -> None:
    assert said(BEFORE, "delete everything of quill press").refuse == "no_write"


def test_a_metric_that_was_asked_for_keeps_the_direction() -> None:
    found = said("why is it down?", "sentiment")
    assert (found.metric, found.direction, found.group_by) == ("sentiment", "down", ("driver",))


def test_a_side_that_was_asked_for_completes_the_comparison() -> None:
    found = said("compare harbor in january", "quill press")
    assert found.compare is not None
    assert found.compare.values == ("harbor", "quill_press")
    assert found.period == said("how many tickets in january").period


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("list them", Intent.QUOTES),
        ("was it the invoice fix?", Intent.FIX_IMPACT),
        ("vs last year", Intent.COMPARE),
        ("great, thanks", Intent.HELP),
        ("which accounts?", Intent.TOP),
    ],
)
def test_a_follow_up_asks_something_else(message: str, intent: Intent) -> None:
    assert said(WHY, message).intent is intent


def test_the_accounts_of_a_drop_are_the_least_content_first() -> None:
    assert said(WHY, "which accounts?").order == "asc"


def test_a_row_of_the_answer_before_is_named_as_left_out() -> None:
    found = said("top 3 complaints last week", "why is the first one up")
    assert "not understood and left out: “the first one”" in assumptions(found)


def test_the_same_day_last_week_is_seven_days_earlier() -> None:
    found = said("how many tickets yesterday", "same day last week")
    before = said("how many tickets yesterday")
    assert found.period is not None
    assert before.period is not None
    assert (before.period.start - found.period.start).days == 7
    assert found.period.days == 1


MESSAGES = [*(text for text, _ in CASES), *(then for _, then, _ in FOLLOW_UPS)]
WORDS = sorted({word for text in MESSAGES for word in text.split()})
ANY_MESSAGE = some.one_of(
    some.sampled_from(MESSAGES), some.lists(some.sampled_from(WORDS), max_size=8).map(" ".join)
)


@given(some.lists(ANY_MESSAGE, min_size=1, max_size=4))
def test_no_thread_leads_to_half_a_comparison_or_a_slice_that_is_left_out(texts: list[str]) -> None:
    found = said(*texts)
    assert found.compare is None or found.compare.by == "period" or len(found.compare.values) > 1
    for kind, left_out in found.exclude.items():
        assert set(found.filters.get(kind, ())).isdisjoint(left_out)
