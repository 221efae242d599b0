"""Whatever an Answer or a Digest holds, Slack takes the message, and nothing counted is lost."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.blocks import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    MAX_LINES,
    answer_message,
    digest_message,
    escape,
    notice_message,
    size,
)
from bot.rich_text import linked
from connectors.sandbox.slack_limits import refusal, texts, words_of
from service.digest import DriverLine
from service.domain.answers import Answer, Headline, Intent
from tests.contract.slack_answers import (
    FOOTER,
    HOME,
    QUOTES,
    a_clarification,
    a_digest,
    a_quote,
    an_answer,
    counted,
)

WORDS = st.one_of(
    st.text(max_size=120),
    st.sampled_from(["", " ", "\n", "\x00", "<!channel>", "*b* <https://a.example|b>"]),
    st.sampled_from(["word " * 200, "x" * 900, "🙂" * 700, "https://a.example/" + "y" * 3100]),
    st.just(f"Billing: +5.8 points; 28% (41 of 146) before {HOME}/r/abc"),
)
URLS = st.sampled_from(
    [HOME, f"{HOME}/?q=" + "z" * 2900, f"{HOME}/?q=" + "z" * 9000, "", "nonsense"]
)
COUNTS = st.builds(
    lambda n, url: replace(counted(n, n, "x"), listing=url, receipt=url),
    st.integers(0, 10**7),
    URLS,
)


@st.composite
def quotes(draw: st.DrawFn) -> Any:
    return a_quote(
        draw(st.integers(1, 10**9)),
        draw(WORDS),
        url=draw(URLS),
        account_name=draw(st.none() | WORDS),
        channel=draw(WORDS),
        created_at=draw(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))).replace(  # noqa: DTZ001  # hypothesis wants naive bounds
            tzinfo=UTC
        ),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    return an_answer(
        intent=draw(st.sampled_from(Intent)),
        text=tuple(draw(st.lists(WORDS, max_size=16))),
        quotes=tuple(draw(st.lists(quotes(), max_size=6))),
        options=tuple(draw(st.lists(WORDS, max_size=8))),
        headline=draw(
            st.none() | st.builds(lambda c: Headline(metric="conversations", current=c), COUNTS)
        ),
        explore_url=draw(st.none() | URLS),
    )


@settings(max_examples=150)
@given(answers())
def test_slack_takes_every_answer(answer: Answer) -> None:
    message = answer_message(answer, feedback="C1:1.1")
    assert refusal(message.text, message.blocks) is None
    assert len(message.blocks) <= MAX_BLOCKS
    assert size(message.blocks) <= MAX_CHARACTERS or not answer.quotes
    assert refusal(message.text, ()) is None


@settings(max_examples=60)
@given(
    st.lists(st.builds(lambda n, c, q: (n, c, q), WORDS, COUNTS, st.none() | quotes()), max_size=5),
    st.lists(WORDS, max_size=8),
    st.lists(WORDS, max_size=3),
    URLS,
)
def test_slack_takes_every_digest(
    drivers: list[Any], withheld: list[str], volume: list[str], url: str
) -> None:
    digest = a_digest(
        drivers=tuple(
            DriverLine(name=name, current=now, baseline=None, quote=quote)
            for name, now, quote in drivers
        ),
        withheld=tuple(withheld),
        volume=an_answer(text=tuple(volume)),
        report_url=url,
    )
    message = digest_message(digest)
    assert refusal(message.text, message.blocks) is None


@given(WORDS)
def test_slack_takes_every_notice(sentence: str) -> None:
    message = notice_message(sentence)
    assert refusal(message.text, message.blocks) is None


def test_every_counted_line_stands_in_the_message_and_quotes_stand_once() -> None:
    answer = an_answer()
    blocks: Any = answer_message(answer, feedback="f").blocks
    words = "".join(piece for block in blocks for piece in texts(block))  # numbers are links
    for line in answer.text:
        if line.startswith('"'):
            continue
        start = line.split(" http")[0].split(". Counter-quotes")[0]
        for piece in start.replace(": ", ":\n").replace(". ", ".\n").split("\n"):
            assert piece in words
    for quote in QUOTES:
        assert words.count(quote.shown()) == 1


def test_addresses_become_short_links_and_the_text_stays() -> None:
    elements = linked(f"28% (41 of 146) {HOME}/r/abc. See {HOME}/?q=1", home=HOME)
    assert [element["type"] for element in elements] == ["text", "link", "text", "link"]
    assert elements[1]["url"] == f"{HOME}/r/abc"
    assert [element["text"] for element in elements if element["type"] == "link"] == [
        "receipt",
        "open",
    ]


def test_a_brief_keeps_the_line_that_ends_with_a_quotes_address() -> None:
    line = f'Churn-risk signals: 3 conversations. "I leave" (zendesk:1) {QUOTES[0].url}'
    answer = an_answer(intent=Intent.ACCOUNT_BRIEF, text=("Acme.", "Eleven.", line, FOOTER))
    assert "3 conversations." in words_of(answer_message(answer, feedback="f").blocks)


def test_a_shortened_answer_keeps_its_way_to_the_rest() -> None:
    answer = an_answer(text=("Understood.", "Rose.", *"abcdef", f"More: {HOME}/more"))
    blocks: Any = answer_message(answer, feedback="f").blocks
    assert f"{HOME}/more" in str(blocks)


def test_more_lines_than_a_message_shows_are_counted() -> None:
    answer = an_answer(
        quotes=(), text=("U.", "H.", *(f"line {n}" for n in range(MAX_LINES + 3)), "F.")
    )
    assert "3 lines" in words_of(answer_message(answer, feedback="f").blocks)


def test_buttons_carry_the_question_and_lead_to_the_numbers() -> None:
    blocks: Any = answer_message(an_answer(), feedback="C1:1.1").blocks
    buttons = {button["text"]["text"]: button for button in blocks[-1]["elements"]}
    assert list(buttons) == ["Open in explorer", "Show all 121", "Useful", "Wrong"]
    assert buttons["Show all 121"]["url"].startswith(HOME)
    assert buttons["Useful"]["value"] == "C1:1.1"


def test_a_question_back_has_a_button_for_each_option() -> None:
    blocks: Any = answer_message(a_clarification(), feedback="f").blocks
    assert [button["value"] for button in blocks[-1]["elements"]] == ["Acme Ltd", "Acme GmbH"]


def test_a_digest_links_its_counts_and_says_what_is_withheld() -> None:
    message = digest_message(a_digest())
    words = words_of(message.blocks)
    for expected in ("week 2026-W46", "731, before 702", "155 conversations", "withheld"):
        assert expected in words
    assert "nothing" not in message.text
    assert message.text.startswith("Customer conversations, week 2026-W46. Conversations: 731")


@pytest.mark.parametrize(
    ("raw", "escaped"), [("<!here> & co", "&lt;!here&gt; &amp; co"), ("plain", "plain")]
)
def test_plain_message_text_is_escaped(raw: str, escaped: str) -> None:
    assert escape(raw) == escaped


def _kinds(answer: Answer) -> list[str]:
    blocks: Any = answer_message(answer, feedback="f").blocks
    return [
        element["type"] if block["type"] == "rich_text" else block["type"]
        for block in blocks
        for element in (block["elements"][:1] if block["type"] == "rich_text" else [block])
    ]


def test_a_list_has_no_number_in_bold_above_the_others() -> None:
    rows = tuple(f"{name}: {n} {HOME}/r/{n}" for n, name in enumerate(["Billing", "Exports"]))
    answer = an_answer(
        intent=Intent.TOP, headline=None, quotes=(), text=("Conversations.", *rows, FOOTER)
    )
    assert _kinds(answer)[:2] == ["context", "rich_text_list"]
    assert answer_message(answer, feedback="f").text == "Billing: 0"


def test_an_explanation_is_ordinary_text() -> None:
    answer = an_answer(
        intent=Intent.HELP,
        headline=None,
        quotes=(),
        coverage=None,
        explore_url=None,
        text=("Ask about conversations.", '"why?"', '"how many?"'),
    )
    assert _kinds(answer) == ["rich_text_section", "rich_text_list"]
    assert "bold" not in str(answer_message(answer, feedback="f").blocks)


def test_a_receipt_stays_beside_its_number() -> None:
    line = f"Conversations: 12. {HOME}/r/abc"
    answer = an_answer(intent=Intent.COUNT, quotes=(), text=("Billing.", line, FOOTER))
    message = answer_message(answer, feedback="f")
    assert message.text == "Conversations: 12."
    number: Any = message.blocks[1]["elements"]
    assert [one["text"] for one in number[0]["elements"]] == ["Conversations: 12.", " ", "receipt"]
