"""Pure rules of the pages: small numbers, highlighted slices, safe cells, clean addresses."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.conversations import Message, Role
from service.domain.measurements import Quote
from service.domain.segments import Kind
from service.errors import Misused
from service.query import Dimension, Filter, Query, Window
from service.web import charts, form, gate
from service.web.numbers import Share, percent
from service.web.spreadsheet import csv_lines, text_cell
from service.web.transcript import Span, pieces, read_span, still_there
from tests.talk import customer, talk

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def message(text: str, *, role: Role = Role.CUSTOMER, public: bool = True) -> Message:
    return Message(id="m1", role=role, public=public, created_at=NOON, text=text)


def quote(text: str, start: int, end: int, shows: str = "sentiment") -> Quote:
    return Quote(message="m1", start=start, end=end, text=text[start:end], shows=shows)


@pytest.mark.parametrize(
    ("n", "of", "words", "remark"),
    [
        (0, 0, "none known", ""),
        (1, 4, "1 of 4", "too few for a share"),
        (7, 18, "7 of 18", "few conversations"),
        (9, 30, "30% (9 of 30)", ""),
        (112, 361, "31% (112 of 361)", ""),
        (1234, 4321, "29% (1,234 of 4,321)", ""),
    ],
)
def test_a_share_says_as_much_as_its_size_allows(n: int, of: int, words: str, remark: str) -> None:
    share = Share(n=n, of=of)
    assert (share.words, share.remark) == (words, remark)


def test_a_percentage_never_rounds_some_to_none_or_nearly_all_to_all() -> None:
    assert [percent(0, 900), percent(1, 900), percent(899, 900), percent(900, 900)] == [
        "0%",
        "<1%",
        ">99%",
        "100%",
    ]


def test_a_highlight_is_the_exact_slice_behind_astral_characters() -> None:
    text = "😤😤 I give up. 👩‍👩‍👧 Refund me."
    start = text.index("Refund")
    found = pieces(message(text), (), Span(message="m1", start=start, end=len(text)))
    assert [p.text for p in found if p.linked] == ["Refund me."]
    assert [p.anchor for p in found if p.linked] == [True]


def test_overlapping_quotes_share_the_words_they_share() -> None:
    text = "charged twice, cancel my plan"
    found = pieces(message(text), (quote(text, 0, 21), quote(text, 15, 29, "churn_risk")), None)
    assert [(p.text, p.shows) for p in found] == [
        ("charged twice, ", ("sentiment",)),
        ("cancel", ("sentiment", "churn_risk")),
        (" my plan", ("churn_risk",)),
    ]


def test_only_one_piece_of_a_linked_quote_is_the_anchor() -> None:
    text = "charged twice, cancel my plan"
    found = pieces(
        message(text), (quote(text, 15, 29),), Span(message="m1", start=0, end=len(text))
    )
    assert [p.anchor for p in found] == [True, False]


@pytest.mark.parametrize(
    "said",
    [
        message("I will cancel", role=Role.AGENT),
        message("I will cancel", role=Role.BOT),
        message("I will cancel", public=False),
    ],
)
def test_nobody_but_a_customer_in_public_is_quoted(said: Message) -> None:
    assert not any(p.shows for p in pieces(said, (quote(said.text, 0, 6),), None))


def test_a_quote_that_was_reworded_is_not_highlighted() -> None:
    reworded = Quote(message="m1", start=0, end=6, text="I quit", shows="sentiment")
    assert not any(p.shows for p in pieces(message("I will cancel"), (reworded,), None))


@given(
    text=st.text(min_size=1, max_size=40),
    spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=5),
)
def test_the_pieces_joined_are_always_the_message(text: str, spans: list[tuple[int, int]]) -> None:
    quotes = [quote(text, min(span), max(span)) for span in spans if max(span) <= len(text)]
    linked = Span(message="m1", start=0, end=len(text))
    assert "".join(p.text for p in pieces(message(text), quotes, linked)) == text


@pytest.mark.parametrize(
    ("address", "span"),
    [
        ("m1:4-20", Span(message="m1", start=4, end=20)),
        ("part:7:0-1", Span(message="part:7", start=0, end=1)),
        ("m1:4", None),
        ("m1:-4-20", None),
        ("m1:4-99999999999999999999", None),
        ("", None),
    ],
)
def test_a_quote_address_is_read_or_refused(address: str, span: Span | None) -> None:
    assert read_span(address) == span


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+49 30",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
    ],
)
def test_a_text_never_reaches_a_spreadsheet_as_a_formula(formula: str) -> None:
    assert text_cell(formula) == f"'{formula}"


def test_a_control_character_hides_no_formula_from_the_rule() -> None:
    assert text_cell("\0=1") == "'=1"


def test_csv_quotes_commas_quotes_and_line_breaks() -> None:
    written = "".join(csv_lines(["a", "b"], [['says "no", thrice', "one\r\ntwo"]]))
    assert written.startswith("a,b\r\n")
    assert list(csv.reader(io.StringIO(written, newline="")))[1] == [
        'says "no", thrice',
        "one\r\ntwo",
    ]


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "x",
        "/\t/evil.example",
        "\\\\evil.example",
        "///evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(target: str) -> None:
    assert gate.safe_next(target) == "/"


def test_signing_in_leads_on_to_the_page_that_was_asked_for() -> None:
    assert gate.safe_next("/conversations/zendesk:1?quote=m1:0-4") == (
        "/conversations/zendesk:1?quote=m1:0-4"
    )


def test_the_form_counts_its_last_day_in() -> None:
    asked = form.asked([("first", "2026-11-09"), ("last", "2026-11-15"), ("driver", "")], TODAY)
    assert asked.window == Window(date(2026, 11, 9), date(2026, 11, 16))
    assert form.last_day(asked.window) == "2026-11-15"


def test_a_form_without_a_last_day_means_until_today() -> None:
    asked = form.asked([("first", "2026-11-09")], TODAY)
    assert asked.window == Window(date(2026, 11, 9), date(2026, 11, 23))


@pytest.mark.parametrize("sent", [[("last", "2026-11-09")], [("first", "soon")]])
def test_a_form_that_makes_no_period_is_refused(sent: list[tuple[str, str]]) -> None:
    with pytest.raises(Misused):
        form.asked(sent, TODAY)


def test_every_condition_can_be_removed_alone() -> None:
    query = Query(
        filters=(Filter.of(Dimension.DRIVER, "Billing"), Filter.of(Dimension.CHANNEL, "email")),
        exclude=(Filter.of(Dimension.STATUS, "open"),),
        text=("refund",),
    )
    chips = form.chips(query, {})
    assert [chip.words for chip in chips] == [
        "channel: email",
        "driver: Billing",
        "not status: open",
        "mentions “refund”",
    ]
    assert "channel=email" not in chips[0].without
    assert "driver=Billing" in chips[0].without


def test_the_form_keeps_conditions_that_a_select_cannot_show() -> None:
    query = Query(filters=(Filter.of(Dimension.SENTIMENT, "negative", "empty"),))
    sentiment = form.label_choices(query)[0]
    assert sentiment.held == (("sentiment", "empty"), ("sentiment", "negative"))
    assert not any(option.chosen for option in sentiment.options)


def test_a_stacked_bar_fills_its_width_in_proportion() -> None:
    placed = charts.stacked(
        [charts.Segment(key=k, title=k, n=n, url=None) for k, n in (("a", 1), ("b", 3))]
    )
    assert [(p.start, p.length) for p in placed] == [(0, 250), (250, 750)]


def test_a_chart_without_any_value_divides_by_nothing() -> None:
    points = [charts.Point(title="a", value=None, words="none", url=None)]
    chart = charts.bars(points, top=charts.scale(points), top_words="0")
    assert chart.marks[0].width == 0


def test_old_parts_are_pale_and_never_highlighted() -> None:
    text = "I will cancel.\nOn 2 Nov 2026 Ana wrote:\n> I will cancel.\n> Ana\n\n-- \nRosa"
    old = text.rindex("I will cancel.")
    linked = Span(message="m1", start=old, end=old + 14)
    found = pieces(message(text), (quote(text, 0, 14), quote(text, old, old + 14)), None)
    assert [(p.kind, p.shows) for p in found] == [
        (Kind.NEW, ("sentiment",)),
        (Kind.NEW, ()),
        (Kind.QUOTED, ()),
        (Kind.SIGNATURE, ()),
    ]
    conversation = talk(customer(text))
    assert not still_there(linked, conversation)
    assert still_there(Span(message="m1", start=0, end=14), conversation)
