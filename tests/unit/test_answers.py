"""Answers over a real database: numbers that re-run, quotes that are true, honest wording."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service import measures
from service.answer_json import as_json
from service.answers import Answers
from service.custom_metrics import custom_metric
from service.domain.answers import Intent
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.errors import Forbidden, NotFound
from service.measures import all_metrics
from service.query import DASH, Dimension, Filter, Query, Window
from storage.database import SqlDatabase, open_database
from tests.builders import a_conversation, a_page, an_analysis
from tests.unit.answering_world import ACCOUNTS, TODAY, answers_over, fill

WEEK = Window(date(2026, 11, 9), date(2026, 11, 16))
NEGATIVE = Query(metric="negative_rate", window=WEEK, compare_to=WEEK.preceding())
WHY = "why did sentiment drop last week?"


def opened(path: Path) -> SqlDatabase:
    database = open_database(
        f"sqlite:///{path}",
        metrics=all_metrics,
        zone=ZoneInfo("UTC"),
        secret=b"a made-up secret of 32 characters",
        clock=lambda: TODAY,
    )
    database.migrate()
    return database


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlDatabase]:
    """One filled database for all tests here; none of them changes what it counts."""
    filled = opened(tmp_path_factory.mktemp("answers") / "verbatim.db")
    fill(filled)
    yield filled
    filled.close()


@pytest.fixture
def answers(database: SqlDatabase) -> Answers:
    return answers_over(database)


def test_the_headline_gives_both_shares_the_points_and_their_range(answers: Answers) -> None:
    answer = answers.ask_text(WHY, SYSTEM)
    assert answer.text[1].startswith(
        "Negative share rose from 21% (147 of 700) to 31% (217 of 700), +10 points (range +5 to"
    )
    assert "because" not in " ".join(answer.text)
    assert len(answer.text) <= 12


def test_what_a_question_may_have_meant_too_is_offered_with_its_conversations(
    answers: Answers,
) -> None:
    text = "how many conversations about invoice last week?"
    answer = answers.ask_text(text, SYSTEM)
    (other,) = answer.alternatives
    assert other.words == "the word “invoice”"
    said = [{"text": text, "reading": dict(answer.reading)}]
    chosen = answers.ask_text("The word  “invoice”", SYSTEM, thread=said)
    assert chosen.reading == other.reading
    assert chosen.explore_url == other.url
    assert as_json(answer)["alternatives"] == [
        {"words": other.words, "reading": other.reading, "url": other.url}
    ]


def test_the_question_is_stated_with_its_assumption(answers: Answers) -> None:
    answer = answers.ask_text("why did sentiment drop?", SYSTEM)
    assert '"drop" = share of negative conversations up' in answer.understood
    assert "last 7 full days against the 7 before" in answer.understood
    assert f"9{DASH}15 Nov 2026 against 2{DASH}8 Nov (UTC)" in answer.understood


def test_the_parts_sum_to_the_change(answers: Answers) -> None:
    answer = answers.ask_text(WHY, SYSTEM)
    assert answer.headline is not None
    assert answer.headline.change is not None
    total = sum(part.points for part in answer.parts)
    assert total == pytest.approx(answer.headline.change.points, abs=1e-9)
    assert answer.parts[-1].dimension == "everything else"


def test_the_driver_and_the_segment_are_both_named(answers: Answers) -> None:
    cause = answers.ask_text(WHY, SYSTEM).cause
    assert cause is not None
    named = {(cause.dimension, cause.value), (cause.within_dimension, cause.within_value)}
    assert named == {(Dimension.DRIVER, "Billing"), (Dimension.SEGMENT, "enterprise")}


def test_every_number_lists_exactly_as_many_conversations(
    answers: Answers, database: SqlDatabase
) -> None:
    answer = answers.ask_text(WHY, SYSTEM)
    assert answer.headline is not None
    listing = answer.headline.current.listing.partition("?")[2]
    params = [tuple(one.split("=")) for one in listing.split("&")]
    query = Query.from_params([(name, value) for name, value in params])
    assert database.facts.count(query, SYSTEM).total == answer.headline.current.n == 217


def test_quotes_are_true_and_of_three_customers(answers: Answers, database: SqlDatabase) -> None:
    quotes = answers.ask_text(WHY, SYSTEM).quotes
    assert len({quote.account for quote in quotes}) == len(quotes) == 3
    for quote in quotes:
        stored = database.conversations.get(quote.conversation)
        assert stored is not None
        message = next(one for one in stored.messages if one.id == quote.message)
        assert message.text[quote.start : quote.end] == quote.text


def test_a_false_premise_is_corrected_and_nothing_more_is_told(answers: Answers) -> None:
    answer = answers.ask_text("why did sentiment drop for growth last week?", SYSTEM)
    assert answer.headline is not None
    assert answer.text[1] == (
        "It did not drop: 21% (74 of 350) vs 21% (73 of 350) before, no clear change."
        f" {answer.headline.current.receipt}"
    )
    assert answer.parts == ()
    assert answer.quotes == ()
    assert len(answer.text) == 3  # and the footer


def test_the_wrong_direction_is_corrected(answers: Answers) -> None:
    answer = answers.ask_text("why did sentiment improve last week?", SYSTEM)
    assert answer.text[1].startswith("It did not improve: negative share rose from 21%")


def test_a_receipt_counts_the_same_again(answers: Answers) -> None:
    answer = answers.ask(NEGATIVE, SYSTEM, intent=Intent.WHY_CHANGE)
    assert answer.headline is not None
    again = answers.recount(answer.headline.current.receipt.rpartition("/")[2], SYSTEM)
    assert again.same
    assert (again.now_n, again.now_of) == (217, 700)
    assert all(one.same for one in answers.recount_all(SYSTEM))


def test_asking_twice_publishes_once(answers: Answers, database: SqlDatabase) -> None:
    first = answers.ask(NEGATIVE, SYSTEM, intent=Intent.WHY_CHANGE)
    many = len(list(database.receipts.all_ids()))
    assert answers.ask(NEGATIVE, SYSTEM, intent=Intent.WHY_CHANGE) == first
    assert len(list(database.receipts.all_ids())) == many


def test_an_unknown_receipt_is_not_found(answers: Answers) -> None:
    with pytest.raises(NotFound):
        answers.recount("nothing", SYSTEM)


def test_a_recount_names_what_arrived(tmp_path: Path) -> None:
    database = opened(tmp_path / "small.db")
    answers = answers_over(database)
    first = a_conversation(1, created_at=TODAY - timedelta(days=1))
    database.conversations.save_page("zendesk", a_page(first))
    asked = Query(window=WEEK)
    answer = answers.ask(asked, SYSTEM, intent=Intent.COUNT)
    assert answer.headline is not None
    late = a_conversation(2, created_at=TODAY - timedelta(days=2))
    database.conversations.save_page("zendesk", a_page(late, cursor="c2"))
    recount = answers.recount(answer.headline.current.receipt.rpartition("/")[2], SYSTEM)
    assert (recount.receipt.n, recount.now_n, recount.arrived) == (1, 2, (late.key,))
    database.close()


def test_small_numbers_have_no_percentage(tmp_path: Path) -> None:
    database = opened(tmp_path / "few.db")
    answers = answers_over(database)
    talked = [a_conversation(n, created_at=TODAY - timedelta(days=1)) for n in range(1, 8)]
    database.conversations.save_page("zendesk", a_page(*talked))
    database.analyses.save([an_analysis(one, sentiment="negative") for one in talked])
    answer = answers.ask_text("negative share last week", SYSTEM)
    assert answer.text[1].startswith("Negative share: 7 of 7, few conversations.")
    database.close()


def test_nothing_is_said_to_match_nothing(answers: Answers) -> None:
    answer = answers.ask_text("negative share in January 2020", SYSTEM)
    assert "No conversations match." in answer.text[1]


def test_what_moved_under_a_whole_that_did_not_is_told(tmp_path: Path) -> None:
    database = opened(tmp_path / "verbatim.db")
    fill(database)
    elsewhere = Filter.of(Dimension.DRIVER, "Login", "Shipping")
    negative = Filter.of(Dimension.SENTIMENT, "negative")
    query = Query(window=WEEK, filters=(elsewhere, negative))
    for key in database.facts.keys(query, SYSTEM, numerator=False, limit=70):
        database.analyses.set_by_person(key, "sentiment", "neutral")
    answer = answers_over(database).ask_text(WHY, SYSTEM)
    assert answer.headline is not None
    assert answer.headline.change is not None
    assert not answer.headline.change.clear
    assert answer.cause is not None
    pair = (answer.cause.value, answer.cause.within_value)
    assert pair == ("Billing", "enterprise")
    assert answer.text[1].endswith("Inside it Billing within Enterprise clearly rose:")
    billing = next(part for part in answer.parts if part.value == "Billing")
    assert billing.clear
    assert billing.receipt
    total = sum(part.points for part in answer.parts)
    assert total == pytest.approx(answer.headline.change.points)
    database.close()


def test_a_period_without_data_says_which_days_are_stored(answers: Answers) -> None:
    answer = answers.ask_text("why did sentiment drop in 2019?", SYSTEM)
    stored = "The stored ones run from 2 Nov 2026 to 15 Nov 2026."
    assert answer.text[1] == f"No conversations match. {stored}"
    assert "too few" not in " ".join(answer.text).lower()
    assert stored in answers.ask_text("how many conversations in 2019?", SYSTEM).text[1]


def test_a_count_with_an_earlier_window_tells_both(answers: Answers) -> None:
    query = Query(window=WEEK, compare_to=WEEK.preceding())
    answer = answers.ask(query, SYSTEM, intent=Intent.COUNT)
    assert answer.text[1].startswith("Conversations: 700 vs 700 before, no clear change.")
    assert answer.headline is not None
    assert answer.headline.baseline is not None
    assert answer.headline.baseline.n == 700


def test_a_share_with_an_earlier_window_tells_whether_it_rose(answers: Answers) -> None:
    answer = answers.ask(NEGATIVE, SYSTEM, intent=Intent.COUNT)
    assert answer.text[1].startswith("Negative share rose from 21% (147 of 700) to 31%")


def test_the_footer_ends_every_answer_however_long_it_is(answers: Answers) -> None:
    answer = answers.ask_text("negative share by account last week", SYSTEM)
    assert len(answer.text) == 12
    assert answer.text[-2].startswith("More: ")
    assert "not shown, https://" in answer.text[-2]
    assert answer.text[-1].startswith("700 of 700 analysed.")
    assert "Taxonomy" in answer.text[-1]


def test_two_sides_are_compared_by_name(answers: Answers) -> None:
    answer = answers.ask_text("compare enterprise and growth sentiment last week", SYSTEM)
    assert "Enterprise is 20 points higher than Growth (range" in " ".join(answer.text)


def test_the_weeks_of_a_trend_are_said_as_dates(answers: Answers) -> None:
    answer = answers.ask_text("negative share by week since 4 November", SYSTEM)
    assert [line.partition(":")[0] for line in answer.text[2:4]] == [
        f"4{DASH}8 Nov 2026",
        f"9{DASH}15 Nov 2026",
    ]


def test_stale_data_is_said_first(database: SqlDatabase) -> None:
    later = answers_over(database, now=lambda: TODAY + timedelta(hours=5))
    assert later.ask_text(WHY, SYSTEM).text[0].startswith("The data is 5 hours old")


def test_why_gives_every_row_and_each_lens_sums(answers: Answers) -> None:
    result = answers.why(NEGATIVE, SYSTEM)
    assert set(result.lenses) == {"driver", "channel", "segment"}
    assert result.verdict == "change"
    for rows in result.lenses.values():
        total = result.composition + sum(row.rate + row.mix for row in rows)
        assert total == pytest.approx(result.delta, abs=1e-12)
        assert all(row.receipt for row in rows)


def test_a_leader_is_told_what_is_withheld(answers: Answers) -> None:
    leader = Viewer(person="lea@example.com", role=PersonRole.LEADER)
    answer = answers.ask_text(WHY, leader)
    assert answer.text[-1] == "Negative share: withheld: not validated."
    assert answer.headline is None
    with pytest.raises(Forbidden):
        answers.why(NEGATIVE, leader)


@pytest.mark.parametrize(
    ("text", "withheld"),
    [
        ("which accounts are at risk of churn?", "Churn-risk share"),
        (
            "anything unusual last week?",
            "Negative share and high-effort share and churn-risk share",
        ),
    ],
)
def test_a_leader_is_told_no_number_that_the_answer_chooses(
    answers: Answers, text: str, withheld: str
) -> None:
    leader = Viewer(person="lea@example.com", role=PersonRole.LEADER)
    answer = answers.ask_text(text, leader)
    assert answer.text[1:] == (f"{withheld}: withheld: not validated.",)
    assert (answer.headline, answer.groups, answer.quotes) == (None, (), ())


def test_an_analyst_is_told_that_nothing_was_validated(answers: Answers) -> None:
    assert "Sentiment: not validated" in answers.ask_text(WHY, SYSTEM).caveats
    counted = answers.ask_text("how many negative conversations last week?", SYSTEM)
    assert counted.caveats == ("Sentiment: not validated",)
    assert "Sentiment: not validated." in counted.text[-1]
    at_risk = answers.ask_text("which accounts are at risk?", SYSTEM)
    assert at_risk.caveats == ("Churn risk: not validated",)


def test_nobody_sees_accounts_that_are_not_theirs(answers: Answers) -> None:
    own = frozenset({ACCOUNTS[0].key})
    viewer = Viewer(person="carla@example.com", role=PersonRole.CSM, accounts=own)
    answer = answers.ask_text("show me quotes from last week", viewer)
    assert {quote.account for quote in answer.quotes} == own
    other = answers.ask_text(f"tell me about {ACCOUNTS[1].name}", viewer)
    assert other.intent is Intent.CLARIFY
    assert ACCOUNTS[1].name not in " ".join(other.options)


def test_an_account_brief_holds_its_counts(answers: Answers) -> None:
    answer = answers.ask_text(f'tell me about "{ACCOUNTS[0].name}"', SYSTEM)
    assert answer.intent is Intent.ACCOUNT_BRIEF
    assert answer.text[1].startswith("Company 01 Ltd: segment Enterprise, owner maya@example.com")
    assert len(answer.text) <= 12
    (drivers,) = (line for line in answer.text if line.startswith("Top drivers: "))
    assert all(
        f"{one.values[0]} {one.counted.n} {one.counted.receipt} (" in drivers
        for one in answer.groups
    )
    n, about = answer.headline.current.n if answer.headline else 0, answer.groups[0].values[0]
    say = f"Say: your team wrote {n} times since 17 Oct, most often about {about}"
    assert answer.text[-2].startswith(say)
    assert answer.text[-2].endswith(
        "Don't say: that a fix, a date or a discount is coming; none is on record."
    )
    assert answer.quote_rule == "the latest negative, the most typical"  # nobody praises here


def test_a_brief_gives_a_leader_no_metric_that_is_not_validated(answers: Answers) -> None:
    leader = Viewer(person="lea@example.com", role=PersonRole.LEADER)
    asked = f'tell me about "{ACCOUNTS[0].name}"'
    said = " ".join(answers.ask_text(asked, leader).text)
    assert "Sentiment: withheld: not validated" in said
    assert "Churn risk: withheld: not validated" in said
    assert "Negative" not in said
    assert "Quotes: most typical, one per customer." in said
    assert "Negative" in " ".join(answers.ask_text(asked, SYSTEM).text)


def test_a_brief_tells_what_the_workspace_asks_itself(tmp_path: Path) -> None:
    own = opened(tmp_path / "own.db")  # whose receipts count what is defined here alone
    when = TODAY - timedelta(days=2)
    one = a_conversation(1, account=ACCOUNTS[0].key, created_at=when, updated_at=when)
    own.conversations.save_page("zendesk", a_page(one, accounts=ACCOUNTS))
    own.analyses.save([an_analysis(one)])
    answers = answers_over(own)
    asked = f'tell me about "{ACCOUNTS[0].name}"'
    before = answers.ask_text(asked, SYSTEM).text
    measures.define([custom_metric(name="mood", title="Mood", question="?", values=("yes", "no"))])
    try:
        (line,) = set(answers.ask_text(asked, SYSTEM).text) - {*before}
        assert line == "Own metrics, where known: Mood: measured in none of them."
        leader = Viewer(person="lea@example.com", role=PersonRole.LEADER)
        assert "Mood: withheld: not validated" in " ".join(answers.ask_text(asked, leader).text)
    finally:
        measures.define(())
        own.close()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how many billing conversations last week", Intent.COUNT),
        ("top drivers last week", Intent.TOP),
        ("fastest growing drivers last week", Intent.TOP),
        ("which accounts had the most negative tickets last week", Intent.TOP),
        ("sentiment trend", Intent.TREND),
        ("compare enterprise and growth sentiment last week", Intent.COMPARE),
        ("how many conversations last week vs this week", Intent.COMPARE),
        ("what are people saying about billing", Intent.QUOTES),
        ("which accounts are at risk?", Intent.CHURN_LIST),
        ("why are there so many billing tickets", Intent.WHY_CHANGE),
        ("what changed last week", Intent.WHY_CHANGE),
        ("what is a driver?", Intent.DEFINITION),
        ("hello", Intent.HELP),
        ("close all tickets", Intent.REFUSE),
        ("what's the weather", Intent.REFUSE),
        ("tell me about Zorp", Intent.CLARIFY),
    ],
)
def test_every_kind_of_question_is_answered_in_twelve_lines(
    answers: Answers, text: str, intent: Intent
) -> None:
    answer = answers.ask_text(text, SYSTEM)
    assert answer.intent is intent
    assert 0 < len(answer.text) <= 12
    json.dumps(as_json(answer))


def test_the_json_has_the_promised_names(answers: Answers) -> None:
    found = as_json(answers.ask_text(WHY, SYSTEM))
    assert {
        "reading", "headline", "parts", "quotes", "caveats", "coverage", "text"
    } <= set(found)  # fmt: skip
    headline = found["headline"]
    assert isinstance(headline, dict)
    assert {"n", "of", "rate", "low", "high", "receipt"} <= set(headline["current"])
    assert set(headline["change"]) == {"points", "low", "high", "clear"}


def test_a_group_number_equals_its_own_count(answers: Answers, database: SqlDatabase) -> None:
    query = replace(NEGATIVE, group_by=(Dimension.CHANNEL,), compare_to=None)
    answer = answers.ask(query, SYSTEM, intent=Intent.COUNT)
    for group in answer.groups:
        narrowed = query.narrowed(Dimension.CHANNEL, *group.values)
        tally = database.facts.count(narrowed, SYSTEM)
        assert (tally.numerator, tally.known) == (group.counted.n, group.counted.of)
