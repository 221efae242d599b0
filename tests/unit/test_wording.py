"""The rules for numbers on every surface: when there is a percentage, and when something rose."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service import wording
from service.answering.telling import rounded
from service.domain.answers import Change, Counted, Coverage, EvidenceLink, Headline
from service.domain.conversations import ConversationKey
from service.query import DASH, Window


def counted(n: int, of: int) -> Counted:
    return Counted(n=n, of=of, low=0.0, high=1.0, receipt="/r/1", listing="/?x")


def headline(n0: int, of0: int, n1: int, of1: int, *, clear: bool) -> Headline:
    points = 100 * (n1 / of1 - n0 / of0)
    change = Change(points=points, low=points - 6.6, high=points + 6.4, clear=clear)
    return Headline(
        metric="negative_rate", current=counted(n1, of1), baseline=counted(n0, of0), change=change
    )


@pytest.mark.parametrize(
    ("n", "of", "said"),
    [
        (0, 0, "no conversations"),
        (3, 4, "3 of 4"),
        (7, 18, "7 of 18"),
        (9, 29, "9 of 29"),
        (9, 30, "30% (9 of 30)"),
        (112, 361, "31% (112 of 361)"),
    ],
)
def test_a_share_has_a_percentage_from_thirty_on(n: int, of: int, said: str) -> None:
    assert wording.share(counted(n, of)) == said


def test_a_clear_change_rose_with_points_and_a_range() -> None:
    sentence = wording.headline("negative share", headline(87, 361, 121, 367, clear=True), None)
    assert sentence == (
        "Negative share rose from 24% (87 of 361) to 33% (121 of 367), +9 points (range +2 to +15)."
    )


def test_an_unclear_change_neither_rose_nor_fell() -> None:
    sentence = wording.headline("negative share", headline(92, 367, 87, 361, clear=False), "drop")
    assert sentence == (
        "It did not drop: 24% (87 of 361) vs 25% (92 of 367) before, no clear change."
    )


def test_few_conversations_get_no_percentage_and_say_so() -> None:
    sentence = wording.headline("negative share", headline(2, 18, 14, 18, clear=True), None)
    assert "%" not in sentence
    assert "few conversations" in sentence


def test_nothing_matches_nothing() -> None:
    empty = Headline(metric="negative_rate", current=counted(0, 0), baseline=counted(1, 2))
    assert wording.headline("negative share", empty, None) == "No conversations match."


@pytest.mark.parametrize(
    ("value", "said"),
    [(9.2, "+9 points"), (-1.0, "-1 point"), (0.2, "0 points"), (1.4, "+1 point")],
)
def test_points_are_points(value: float, said: str) -> None:
    assert wording.points(value) == said


def test_what_is_shown_sums_to_what_is_shown() -> None:
    values = [3.333, 3.333, 3.334, -0.04]
    assert sum(rounded(values)) == pytest.approx(round(sum(values), 1))


def test_a_decomposition_never_says_because() -> None:
    said = [
        wording.contributor("Billing", "Enterprise", True, most=True),
        wording.contributor("Billing", None, False, most=False),
        wording.concentrated("Acme", True, counted(2, 9), counted(31, 40)),
    ]
    assert said[0] == "Most of the rise comes from Billing within Enterprise."
    assert said[2] == (
        "The rise is concentrated in one account: Acme (2 of 9 before, 78% (31 of 40) now)."
    )
    assert not any("because" in one or "caused" in one for one in said)


def test_a_part_that_adds_by_its_number_says_so() -> None:
    said = wording.contributor(wording.share_of("Chat", "larger"), None, True, most=True)
    assert said == "Most of the rise comes from a larger share of conversations in Chat."
    assert wording.share_of("unmapped conversations", "smaller").endswith("unmapped conversations")


def test_a_share_that_moved_has_its_counts_and_no_percentage_of_few() -> None:
    said = wording.share_moved("Chat", (30, 100), (9, 20))
    assert said == "Chat's share of conversations 30% (30 of 100) before, 9 of 20 now"


def test_a_long_answer_ends_with_where_the_rest_is() -> None:
    lines = wording.shorten([str(n) for n in range(20)], "https://verbatim.example/")
    assert len(lines) == 12
    assert lines[-1] == "More: 9 lines not shown, https://verbatim.example/"


def test_the_footer_is_never_what_is_left_out() -> None:
    lines = wording.shorten([str(n) for n in range(12)], "https://v.example/", footer="Footer.")
    assert lines[-3:] == ("9", "More: 2 lines not shown, https://v.example/", "Footer.")
    assert wording.shorten(["1", "2"], None, footer="Footer.") == ("1", "2", "Footer.")


def test_of_a_long_trend_the_newest_lines_are_shown_and_fit_beside_the_total() -> None:
    found = wording.newest([str(n) for n in range(20)], "https://v.example/")
    assert found == [
        *map(str, range(12, 20)),
        "More: 12 earlier lines not shown, https://v.example/",
    ]
    assert wording.shorten(["First.", "Total.", *found], None, footer="Footer.")[2:-1] == (*found,)
    assert wording.newest([str(n) for n in range(9)], None) == [str(n) for n in range(9)]


@pytest.mark.parametrize(
    ("first", "end", "said"),
    [
        ("2026-11-09", "2026-11-16", "9{}15 Nov 2026"),
        ("2026-11-09", "2026-11-10", "Mon 9 Nov 2026"),
        ("2026-09-28", "2026-10-05", "28 Sep {} 4 Oct 2026"),
        ("2025-12-29", "2026-01-05", "29 Dec 2025 {} 4 Jan 2026"),
    ],
)
def test_a_period_says_its_month_and_year_once(first: str, end: str, said: str) -> None:
    window = Window(date.fromisoformat(first), date.fromisoformat(end))
    assert window.words() == said.format(DASH)


def test_the_earlier_period_repeats_the_year_only_when_it_differs() -> None:
    january = Window(date(2026, 1, 5), date(2026, 1, 12))
    assert wording.period(january, january.preceding()).endswith("4 Jan 2026")
    november = Window(date(2026, 11, 9), date(2026, 11, 16))
    assert wording.period(november, november.preceding()).endswith("8 Nov")


def test_counts_of_unequal_windows_are_compared_a_day() -> None:
    said = wording.volume_moved("conversations", (666, 328), (31, 22), clear=True, asked=None)
    assert said == ("Conversations a day fell from 21.5 (666 in 31 days) to 14.9 (328 in 22 days).")


def test_what_is_missing_is_said_with_what_to_do() -> None:
    said = wording.missing("zendesk", 12, date(2026, 11, 9))
    assert (
        said == "12 conversations of Zendesk are missing since 9 Nov 2026: run verbatim reconcile"
    )
    assert wording.missing("intercom", 1, None).startswith("1 conversation of Intercom is missing:")


def test_a_quote_stands_with_its_conversation_day_channel_and_link() -> None:
    link = EvidenceLink(
        conversation=ConversationKey("zendesk:7"),
        message="m1",
        start=0,
        end=300,
        text="word " * 60,
        url="https://verbatim.example/conversations/zendesk:7",
        helpdesk_url=None,
        shows="sentiment",
        account=None,
        account_name=None,
        channel="email",
        created_at=datetime(2026, 11, 14, 23, 30, tzinfo=UTC),
    )
    line = wording.quote(link, ZoneInfo("Europe/Berlin"))
    assert "(zendesk:7, 15 Nov 2026, email) https://verbatim.example/" in line
    assert len(link.shown()) <= 220
    assert link.shown().endswith("…")


def test_two_quotes_say_that_only_two_qualify() -> None:
    assert wording.quote_rule("most typical", 2, 3).endswith("only 2 qualify.")
    assert wording.quote_rule("most typical", 1, 3).endswith("only 1 qualifies.")
    assert "only" not in wording.quote_rule("most typical", 3, 3)


def test_the_footer_counts_what_failed_and_what_is_empty() -> None:
    coverage = Coverage(
        total=731,
        analysed=728,
        failed=3,
        waiting=0,
        empty={"under four words": 12},
        as_of=None,
        taxonomy="t1",
        analyser="local-1",
    )
    footer = wording.coverage(coverage, ZoneInfo("UTC"), ["Sentiment: not validated"])
    assert footer.startswith("728 of 731 analysed; 3 failed; 12 left empty (under four words)")
    assert "Sentiment: not validated" in footer


@pytest.mark.parametrize(
    ("name", "shown"), [("api", "API"), ("sms", "SMS"), ("email", "Email"), ("VIP", "VIP")]
)
def test_a_name_opens_with_a_capital_and_an_abbreviation_is_one(name: str, shown: str) -> None:
    assert wording.capital(name) == shown


@pytest.mark.parametrize(
    ("blank", "total", "found", "said"),
    [
        (0, 731, {}, "no conversation left blank because of its language"),
        (3, 20, {"de": 3}, "3 of 20 left blank because of their language; found: 3 de"),
        (
            12,
            1200,
            {"de": 9, "und": 4},
            "1.0% (12 of 1,200) left blank because of their language; "
            "found: 9 de, 4 not recognised",
        ),
    ],
)
def test_the_share_of_other_languages_is_told_with_which_they_are(
    blank: int, total: int, found: dict[str, int], said: str
) -> None:
    assert wording.languages(blank, total, found) == said
